"""Looking at executions over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User, Workspace
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import launch, services
from apps.executions.launch import Start
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.executions.api.conftest import ASKING, Make
from tests.executions.conftest import Engine, definition, node

Api = Callable[..., APIClient]
LIST = "/api/v1/app/executions"

pytestmark = pytest.mark.usefixtures("cast")


def started(cast: Cast, workflow: Workflow, given: Any = None) -> UUID:
    return launch.execution_launch(
        workspace_id=cast.workspace.id,
        actor=cast.owner,
        start=Start(workflow_id=workflow.id, given=given),
        now=clock.now(),
    ).id


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_is_newest_first_and_paged(api: Api, alice: User, cast: Cast, make: Make) -> None:
    workflow = make()
    made = [str(started(cast, workflow)) for _ in range(5)]
    client = api(alice)
    first = client.get(f"{LIST}?page_size=2")
    assert ids(first) == [made[4], made[3]]
    second = client.get(first.json()["next"])
    assert ids(second) == [made[2], made[1]]
    last = client.get(second.json()["next"])
    assert ids(last) == [made[0]]
    assert last.json()["next"] is None
    row = first.json()["results"][0]
    assert (row["workflow_name"], row["version"], row["status"]) == ("Orders", 1, "NEW")
    assert row["started_by"]["label"] == "alice@example.com"
    assert not {"input", "output", "definition"} & row.keys(), "payloads make lists slow"


def test_the_list_is_filtered(api: Api, alice: User, cast: Cast, make: Make) -> None:
    orders, refunds = make(), make(name="Refunds")
    one, two, three = started(cast, orders), started(cast, orders), started(cast, refunds)
    services.execution_cancel(workspace_id=cast.workspace.id, execution_id=two, now=clock.now(), by="alice")
    client = api(alice)
    assert ids(client.get(f"{LIST}?workflow={orders.id}")) == [str(two), str(one)]
    assert ids(client.get(f"{LIST}?workflow_id={orders.id}")) == [str(two), str(one)]
    assert ids(client.get(f"{LIST}?status=CANCELED")) == [str(two)]
    assert ids(client.get(f"{LIST}?status=CANCELED,NEW")) == [str(three), str(two), str(one)]
    assert ids(client.get(f"{LIST}?status=CANCELED&status=ERROR")) == [str(two)]
    assert ids(client.get(f"{LIST}?search=refund")) == [str(three)]
    assert ids(client.get(f"{LIST}?search={str(one)[-12:]}")) == [str(one)]
    later = (clock.now() + timedelta(minutes=1)).isoformat().replace("+", "%2B")
    assert ids(client.get(f"{LIST}?since={later}")) == []
    assert len(ids(client.get(f"{LIST}?since=2020-01-01T00:00:00Z"))) == 3


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("status=BROKEN", "status[0]"),
        ("workflow=7", "workflow"),
        ("since=yesterday", "since"),
        ("page_size=0", "page_size"),
        ("cursor=x", "cursor"),
    ],
)
def test_filters_that_mean_nothing_are_refused(api: Api, alice: User, query: str, path: str) -> None:
    answer = api(alice).get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"].startswith(path.partition("[")[0])


def test_the_list_costs_few_queries(
    api: Api, alice: User, cast: Cast, make: Make, django_assert_max_num_queries: Any
) -> None:
    workflow = make()
    for _ in range(20):
        started(cast, workflow)
    client = api(alice)
    with django_assert_max_num_queries(12):
        assert len(ids(client.get(LIST))) == 20


# ── One execution ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_finished_execution_tells_everything(engine: Engine, api: Api, alice: User, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(), {"number": 4})
    engine.until(execution_id)
    found = api(alice).get(f"{LIST}/{execution_id}").json()
    assert (found["status"], found["input"], found["output"], found["error"]) == (
        "SUCCESS",
        {"number": 4},
        {"twice": 8},
        None,
    )
    assert (found["remaining_nodes"], found["waits"], found["resume_count"]) == ([], [], 0)
    trigger, double = found["node_runs"]
    assert (double["node_id"], double["state"], double["port"]) == ("double", "COMPLETED", "main")
    assert (double["input"], double["output"]) == ({"number": 4}, {"twice": 8})
    assert double["params"]["fields"] == [{"name": "twice", "value": 8}]
    assert double["attempts"][0]["number"] == 1
    assert trigger["output"] == {"number": 4}
    assert found["definition"]["nodes"][0]["id"] == "t"


def test_payloads_can_be_left_out_or_picked(engine: Engine, api: Api, alice: User, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(), {"number": 4})
    engine.until(execution_id)
    bare = api(alice).get(f"{LIST}/{execution_id}?payloads=false").json()
    assert "input" not in bare
    assert "output" not in bare
    assert not any({"input", "params", "output", "logs"} & run.keys() for run in bare["node_runs"])
    picked = api(alice).get(f"{LIST}/{execution_id}?node=double").json()
    trigger, double = picked["node_runs"]
    assert "output" not in trigger
    assert (double["input"], double["output"]) == ({"number": 4}, {"twice": 8})


def test_a_parked_execution_says_what_it_waits_for_and_what_is_left(
    engine: Engine, api: Api, alice: User, cast: Cast, make: Make
) -> None:
    execution_id = started(cast, make(ASKING), {"order": "A-1"})
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    found = api(alice).get(f"{LIST}/{execution_id}").json()
    (wait,) = found["waits"]
    assert (wait["node_id"], wait["kind"], wait["title"], wait["resolved_at"]) == (
        "boss",
        "human",
        "Ship order A-1?",
        None,
    )
    assert found["remaining_nodes"] == ["boss", "yes"]


def test_outsiders_and_unknown_ids_are_told_the_same(api: Api, charlie: User, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make())
    for path in ("", "/logs", "/response", "/events"):
        foreign = api(charlie).get(f"{LIST}/{execution_id}{path}")
        unknown = api(charlie).get(f"{LIST}/01a1f85f-4ac7-7317-94a8-9a83c30cc7af{path}")
        assert (foreign.status_code, unknown.status_code) == (404, 404), path
        assert foreign.json()["detail"] == unknown.json()["detail"]
    assert api(charlie).post(f"{LIST}/{execution_id}/cancel").status_code == 404
    assert api().get(f"{LIST}/{execution_id}/events").status_code == 401


# ── Response ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_response_is_there_once_it_was_given(engine: Engine, api: Api, alice: User, cast: Cast, make: Make) -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("said", "FLOW.RESPOND", status=201, body={"order": "A-1"})], ["t > said"]
    )
    execution_id = started(cast, make(document))
    early = api(alice).get(f"{LIST}/{execution_id}/response")
    if early.status_code == 404:
        assert early.json()["code"] == "executions.response_not_yet"
    engine.until(execution_id)
    found = api(alice).get(f"{LIST}/{execution_id}/response").json()
    assert (found["status"], found["body"]) == (201, {"order": "A-1"})
    assert api(alice).get(f"{LIST}/{execution_id}").json()["has_response"] is True


def test_without_a_respond_node_the_output_is_the_response(
    engine: Engine, api: Api, alice: User, cast: Cast, make: Make
) -> None:
    execution_id = started(cast, make(), {"number": 4})
    engine.until(execution_id)
    assert api(alice).get(f"{LIST}/{execution_id}/response").json() == {
        "status": 200,
        "headers": {},
        "body": {"twice": 8},
    }


def test_what_failed_has_no_response(api: Api, alice: User, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make())
    services.execution_cancel(workspace_id=cast.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")
    answer = api(alice).get(f"{LIST}/{execution_id}/response")
    assert (answer.status_code, answer.json()["code"]) == (404, "executions.no_response")


# ── Cancel ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_cancelling_ends_it_and_is_on_record(api: Api, bob: User, cast: Cast, make: Make, workspace: Workspace) -> None:
    execution_id = started(cast, make())
    answer = api(bob).post(f"{LIST}/{execution_id}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "CANCELED")
    assert answer.json()["error"]["message"] == "Cancelled by bob@example.com."
    again = api(bob).post(f"{LIST}/{execution_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "executions.already_ended")
    with tenant(workspace.id):
        (event,) = AuditEvent.objects.filter(action="execution.canceled")
    assert (event.actor_label, event.data["execution_id"]) == ("bob@example.com", str(execution_id))


def test_a_key_needs_the_scope(api: Api, alice: User, cast: Cast, make: Make) -> None:
    from apps.accounts import services as accounts

    key = accounts.api_key_create(
        workspace=cast.workspace, name="Reader", actor=cast.owner, scopes=["execution:read"]
    ).secret
    execution_id = started(cast, make())
    assert api(key).get(f"{LIST}/{execution_id}").status_code == 200
    assert api(key).post(f"{LIST}/{execution_id}/cancel").status_code == 403
