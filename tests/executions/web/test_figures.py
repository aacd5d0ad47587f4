"""The figures beside each workflow in its list."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Workspace
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.executions.selectors import LATEST_RUNS, LatestRun
from apps.executions.web.figures import SPARKS, figures
from apps.workflows.models import Version, Workflow
from tests.cast import Cast
from tests.executions.api.conftest import Make

URL = "/w/acme/workflows/figures/"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def run(status: str, seconds: float | None = None) -> LatestRun:
    return LatestRun(status, NOW, None if seconds is None else NOW + timedelta(seconds=seconds))


# ── Of runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_runs_there_is_nothing_to_say() -> None:
    found = figures(uuid7(), [], 0)
    assert (found.sparks, found.success, found.last_at, found.typical, found.is_low) == ((), None, None, "", False)


def test_only_ends_count_for_success_and_only_successes_for_the_typical_length() -> None:
    runs = [run("RUNNING"), run("CANCELED", 50), run("ERROR", 90), run("TIMED_OUT", 900)]
    runs += [run("SUCCESS", 1), run("SUCCESS", 2), run("SUCCESS", 30)]
    found = figures(uuid7(), runs, 4)
    assert (found.success, found.is_low, found.typical, found.waiting) == (60.0, True, "2 s", 4)
    assert found.last_at == NOW


def test_bars_stand_oldest_first_and_higher_for_longer() -> None:
    runs = [run("RUNNING"), run("SUCCESS", 100), run("ERROR", 25), run("SUCCESS", 0)]
    found = figures(uuid7(), runs, 0)
    assert [(spark.status, spark.level) for spark in found.sparks] == [
        ("SUCCESS", 5),
        ("ERROR", 10),
        ("SUCCESS", 16),
        ("RUNNING", 10),
    ]
    assert len(figures(uuid7(), [run("SUCCESS", 1)] * 99, 0).sparks) == SPARKS


# ── The fragment ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Bob's browser."""
    client = Client()
    client.force_login(cast.bob)
    return client


def add(workspace: Workspace, workflow: Workflow, status: str, ago: int, seconds: int | None = None) -> None:
    new_id, at = uuid7(), clock.now() - timedelta(minutes=ago)
    with tenant(workspace.id):
        version = Version.objects.filter(workflow=workflow).latest("number")
        Execution.objects.create(
            id=new_id,
            workspace_id=workspace.id,
            workflow_id=workflow.id,
            version=version,
            trigger_node="t",
            mode="production",
            status=status,
            lineage_id=new_id,
            created_at=at,
            finished_at=None if seconds is None else at + timedelta(seconds=seconds),
        )


def cells(answer: Any, workflow_id: UUID) -> dict[str, str]:
    """The text of a workflow's cells."""
    found = {}
    parts = re.split(r'<span id="', answer.content.decode())[1:]
    for part in parts:
        name, _, rest = part.partition('"')
        kind, _, of = name.partition("-")
        if of == str(workflow_id):
            found[kind] = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", rest.partition(">")[2])).strip()
    return found


def test_one_answer_has_the_cells_of_every_workflow(browser: Client, cast: Cast, make: Make) -> None:
    orders, quiet = make(), make(name="Quiet")
    for status, ago, seconds in (("SUCCESS", 9, 2), ("ERROR", 8, 1), ("WAITING_FOR_HUMAN", 7, None)):
        add(cast.workspace, orders, status, ago, seconds)

    answer = browser.get(f"{URL}?id={orders.id}&id={quiet.id}&id=nonsense&id={orders.id}")

    assert answer.content.decode().count(f'id="runs-{orders.id}"') == 1
    found = cells(answer, orders.id)
    assert (found["success"], found["waiting"], found["typical"]) == ("50%", "1", "2 s")
    assert found["last"]
    assert cells(answer, quiet.id) == {
        "runs": "No runs yet",
        "success": "",
        "waiting": "",
        "last": "Never",
        "typical": "",
    }
    assert browser.get(URL).status_code == 200


def test_it_takes_two_queries_and_looks_at_the_newest_runs_only(browser: Client, cast: Cast, make: Make) -> None:
    many = [make(name=f"Number {number}") for number in range(3)]
    add(cast.workspace, many[0], "ERROR", LATEST_RUNS + 5, 1)
    for ago in range(LATEST_RUNS):
        add(cast.workspace, many[0], "SUCCESS", ago, 1)
    browser.get(URL)
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(f"{URL}?{'&'.join(f'id={workflow.id}' for workflow in many)}")
    own = [query["sql"] for query in captured if "executions_execution" in query["sql"]]
    assert len(own) == 2, own
    assert cells(answer, many[0].id)["success"] == "100%"


def test_outsiders_learn_nothing(cast: Cast, make: Make) -> None:
    orders = make()
    add(cast.workspace, orders, "SUCCESS", 1, 1)
    client = Client()
    client.force_login(cast.charlie)
    assert client.get(f"{URL}?id={orders.id}").status_code == 404
    answer = client.get(f"/w/umbrella/workflows/figures/?id={orders.id}")
    assert cells(answer, orders.id)["runs"] == "No runs yet"


def test_the_list_of_workflows_asks_for_them_once(browser: Client, cast: Cast, make: Make) -> None:
    one, two = make(), make(name="Refunds")
    page = browser.get("/w/acme/workflows/").content.decode()
    (asked,) = re.findall(rf'hx-get="({URL}\?[^"]+)"', page)
    assert {str(one.id), str(two.id)} == set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", asked))
    for kind in ("runs", "success", "waiting", "last", "typical"):
        assert f'id="{kind}-{one.id}"' in page
