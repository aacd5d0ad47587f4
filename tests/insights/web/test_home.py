"""The home page: what it says, to whom, and in how many queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import Execution, Wait
from apps.insights import selectors
from apps.workflows.models import Version, Workflow
from tests.cast import Cast


@pytest.fixture
def signed_in(client: Client) -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in


def workflow(workspace: Workspace, name: str) -> Version:
    now = clock.now()
    with tenant(workspace.id):
        made = Workflow.objects.create(workspace=workspace, name=name, draft={}, created_at=now, updated_at=now)
        return Version.objects.create(
            workspace=workspace,
            workflow=made,
            number=1,
            definition={"nodes": [], "connections": [], "settings": {}},
            digest="",
            published_by_label="t",
            published_at=now,
        )


def execution(version: Version, status: str, at: datetime | None = None, **more: Any) -> Execution:
    new_id, at = uuid7(), at or clock.now()
    with tenant(version.workspace_id):
        return Execution.objects.create(
            id=new_id,
            workspace_id=version.workspace_id,
            workflow_id=version.workflow_id,
            version=version,
            trigger_node="t",
            mode="production",
            status=status,
            lineage_id=new_id,
            created_at=at,
            **more,
        )


def question(asking: Execution, title: str, minutes: int, kind: str = "human") -> Wait:
    now = clock.now()
    with tenant(asking.workspace_id):
        return Wait.objects.create(
            workspace_id=asking.workspace_id,
            execution=asking,
            node_id=title,
            kind=kind,
            title=title,
            opened_at=now,
            wake_at=now + timedelta(minutes=minutes),
        )


def test_a_new_workspace_sees_its_first_steps(
    cast: Cast, alice: User, workspace: Workspace, signed_in: Callable[[User], Client]
) -> None:
    page = signed_in(alice).get("/w/acme/").content.decode()
    assert "First steps" in page
    assert "Make a workflow" in page
    assert page.count(">Done<") == 1  # bob is there already


def test_the_page_says_how_the_day_goes(
    cast: Cast, alice: User, workspace: Workspace, signed_in: Callable[[User], Client]
) -> None:
    orders, invoices = workflow(workspace, "Orders"), workflow(workspace, "Invoices")
    for _ in range(3):
        execution(orders, "SUCCESS")
    broken = {"code": "http.status", "message": "503 from the <b>stock</b>", "node_id": "stock"}
    for _ in range(2):
        execution(orders, "ERROR", error=broken)
    execution(invoices, "ERROR", error={"code": "executions.stopped", "message": "No VAT number."})
    asking = execution(orders, "WAITING_FOR_HUMAN")
    wait = question(asking, "Ship order A-1?", 30)
    running = execution(invoices, "RUNNING")

    page = signed_in(alice).get("/w/acme/").content.decode()

    assert "3 of 6 finished failed" in page
    assert "50%" in page
    assert "503 from the &lt;b&gt;stock&lt;/b&gt;" in page
    assert "2 runs" in page
    assert "2 causes" in page
    assert f"/w/acme/inbox/{wait.id}/" in page
    assert f"/w/acme/executions/{running.id}/" in page


def test_it_takes_at_most_twelve_queries_however_much_there_is(
    cast: Cast, alice: User, workspace: Workspace, signed_in: Callable[[User], Client]
) -> None:
    for number in range(8):
        version = workflow(workspace, f"Workflow {number}")
        for status in ("SUCCESS", "ERROR", "RUNNING", "NEW", "WAITING"):
            execution(version, status)
        question(execution(version, "WAITING_FOR_HUMAN"), f"Question {number}?", 30)
    client = signed_in(alice)
    client.get("/w/acme/")

    with CaptureQueriesContext(connection) as queries:
        client.get("/w/acme/")

    reads = [
        query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "SELECT set_config"))
    ]
    assert len(reads) <= 12, "\n".join(reads)


def test_the_live_part_comes_alone(
    cast: Cast, alice: User, workspace: Workspace, signed_in: Callable[[User], Client]
) -> None:
    execution(workflow(workspace, "Orders"), "SUCCESS")
    part = signed_in(alice).get("/w/acme/?part=live").content.decode()
    assert part.lstrip().startswith('<div id="home-live"')
    assert "<html" not in part


def test_an_outsider_sees_nothing(
    cast: Cast, charlie: User, workspace: Workspace, signed_in: Callable[[User], Client]
) -> None:
    assert signed_in(charlie).get("/w/acme/").status_code == 404


def test_yesterday_is_counted_up_to_this_time_of_day(cast: Cast, workspace: Workspace) -> None:
    now = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
    orders = workflow(workspace, "Orders")
    for at in ("2026-11-19T09:29:00+00:00", "2026-11-19T09:31:00+00:00", "2026-11-20T08:00:00+00:00"):
        execution(orders, "SUCCESS", datetime.fromisoformat(at))
    execution(orders, "CANCELED", datetime.fromisoformat("2026-11-18T08:00:00+00:00"))

    with tenant(workspace.id):
        day = selectors.day(workspace.id, now=now)

    assert (day.today.total, day.by_now_yesterday, day.success_rate) == (1, 1, 100)
    assert {at.hour: hour.total for at, hour in day.hours.items() if at.day == 19} == {9: 2}


def test_failures_are_grouped_by_workflow_and_reason(cast: Cast, workspace: Workspace) -> None:
    one, two = workflow(workspace, "One"), workflow(workspace, "Two")
    for version, code in ((one, "a"), (one, "b"), (one, "b"), (two, "b")):
        execution(version, "ERROR", error={"code": code, "message": code.upper()})
    execution(two, "TIMED_OUT", error=None)
    with tenant(workspace.id):
        done_again = Execution.objects.filter(workflow_id=one.workflow_id, error__code="b").order_by("id")[0]
    execution(one, "SUCCESS", rerun_of=done_again.id)

    with tenant(workspace.id):
        found = selectors.failures(workspace.id, since=clock.now() - timedelta(hours=1))

    assert (found[0].workflow_name, found[0].code, found[0].count, found[0].still) == ("One", "b", 2, 1)
    assert [row.still for row in found[1:]] == [1, 1, 1]


def test_questions_with_the_nearest_deadline_come_first(cast: Cast, workspace: Workspace) -> None:
    asking = execution(workflow(workspace, "Orders"), "WAITING_FOR_HUMAN")
    question(asking, "Later", 90)
    question(asking, "Soon", 5)
    question(asking, "A timer", 1, kind="timer")

    with tenant(workspace.id):
        found = selectors.questions(workspace.id)

    assert [row.title for row in found.rows] == ["Soon", "Later"]
    assert found.count == 2


def test_today_is_the_day_of_the_reader(
    cast: Cast, alice: User, workspace: Workspace, signed_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: evening)
    orders = workflow(workspace, "Orders")
    for hour in (12, 19):  # in Kolkata: yesterday, and today
        execution(orders, "SUCCESS", at=datetime(2026, 11, 20, hour, tzinfo=UTC))
    browser = signed_in(alice)
    in_utc = browser.get("/w/acme/").content.decode()
    assert "Friday, 20 November" in in_utc
    assert "2 so far today" in in_utc
    browser.cookies["agentflow_zone"] = "Asia/Kolkata"
    in_kolkata = browser.get("/w/acme/").content.decode()
    assert "Saturday, 21 November" in in_kolkata
    assert "1 so far today" in in_kolkata


@pytest.mark.parametrize("name", ["../../etc/passwd", "Europe", "Nowhere/Else", "x" * 5_000, "\\000", "/etc/localtime"])
def test_what_is_no_zone_counts_as_utc(
    cast: Cast, alice: User, workspace: Workspace, signed_in: Callable[[User], Client], name: str
) -> None:
    execution(workflow(workspace, "Orders"), "SUCCESS")
    browser = signed_in(alice)
    browser.cookies["agentflow_zone"] = name
    assert browser.get("/w/acme/").status_code == 200
