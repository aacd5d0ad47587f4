"""Nodes that call out: parallel calls, retries, unknown outcomes, and what happens when their owner is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import services, store
from apps.executions.models import Execution, NodeRun, Wait
from tests.executions.conftest import Engine, definition, fields, node
from tests.executions.worker.test_engine import outputs, states
from tests.fakes.receiver import Receiver, receiver

pytestmark = pytest.mark.integration


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    with receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


def calling(
    there: Receiver, method: str = "GET", *, own: dict[str, Any] | None = None, **params: Any
) -> dict[str, Any]:
    call = node("call", "ACTION.HTTP_REQUEST", method=method, url=f"{there.url}/x", **params) | (own or {})
    return definition(
        [
            node("t", "TRIGGER.MANUAL"),
            call,
            node("end", "ACTION.TRANSFORM", fields=fields(status="{{ $json.status }}")),
        ],
        ["t > call", "call > end"],
    )


def test_branches_call_out_at_the_same_time(engine: Engine, there: Receiver) -> None:
    names = [f"c{at}" for at in range(5)]
    for _ in names:
        there.says(delay=0.3)
    calls = [node(name, "ACTION.HTTP_REQUEST", method="GET", url=f"{there.url}/{name}") for name in names]
    join = node("join", "FLOW.MERGE", mode="all", combine="list")
    edges = [f"t > {name}" for name in names] + [f"{name} > join" for name in names]
    began = time.monotonic()
    found = engine.run(definition([node("t", "TRIGGER.MANUAL"), *calls, join], edges))
    assert found["status"] == "SUCCESS"
    assert len(found["output"]) == 5
    assert time.monotonic() - began < 1.2


def test_a_read_is_tried_again_after_a_pause(engine: Engine, there: Receiver) -> None:
    there.says(503)
    found = engine.run(calling(there, own={"retry": {"attempts": 3, "delay_seconds": 0.1}}))
    assert outputs(found)["end"] == {"status": 200}
    call = next(run for run in found["node_runs"] if run["node_id"] == "call")
    assert call["attempt"] == 2
    assert call["attempts"][0]["error"]["code"] == "http.status"


def test_a_write_that_was_refused_as_busy_is_tried_again_under_a_new_key(engine: Engine, there: Receiver) -> None:
    there.says(503, Retry_After="0")
    found = engine.run(calling(there, "POST", json={"a": 1}, own={"retry": {"attempts": 2, "delay_seconds": 0.1}}))
    assert found["status"] == "SUCCESS"
    keys = [seen["headers"]["idempotency-key"] for seen in there.seen]
    assert keys[1] == f"{keys[0]}:1"


def test_a_write_without_an_answer_asks_a_person(engine: Engine, there: Receiver) -> None:
    there.says(hang_up=True)
    execution_id = engine.start(engine.publish(calling(there, "POST", json={"a": 1})))
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN")
    assert states(parked)["call"] == "NEEDS_REVIEW"
    assert parked["waits"][0]["kind"] == "review"
    decide(engine, parked, {"outcome": "happened", "data": {"status": 201}})
    assert outputs(engine.until(execution_id))["end"] == {"status": 201}
    assert len(there.seen) == 1


def test_a_person_can_have_it_run_again_under_the_same_key(engine: Engine, there: Receiver) -> None:
    there.says(hang_up=True)
    execution_id = engine.start(engine.publish(calling(there, "POST", json={"a": 1})))
    decide(engine, engine.until(execution_id, "WAITING_FOR_HUMAN"), {"outcome": "run_again"})
    assert engine.until(execution_id)["status"] == "SUCCESS"
    keys = {seen["headers"]["idempotency-key"] for seen in there.seen}
    assert (len(there.seen), len(keys)) == (2, 1)


def test_a_person_can_say_it_failed(engine: Engine, there: Receiver) -> None:
    there.says(hang_up=True)
    execution_id = engine.start(engine.publish(calling(there, "POST", json={"a": 1})))
    decide(engine, engine.until(execution_id, "WAITING_FOR_HUMAN"), {"outcome": "failed"})
    found = engine.until(execution_id)
    assert (found["status"], found["error"]["node_id"]) == ("ERROR", "call")


def test_a_put_without_an_answer_is_sent_again_by_itself(engine: Engine, there: Receiver) -> None:
    there.says(hang_up=True)
    found = engine.run(calling(there, "PUT", json={"a": 1}, own={"retry": {"attempts": 2, "delay_seconds": 0.1}}))
    assert found["status"] == "SUCCESS"
    assert len({seen["headers"]["idempotency-key"] for seen in there.seen}) == 1


def test_cancelling_lists_the_write_that_may_have_happened(engine: Engine, there: Receiver) -> None:
    there.says(delay=1.5)
    execution_id = engine.start(engine.publish(calling(there, "POST", json={"a": 1})))
    while not there.seen:
        time.sleep(0.01)
    services.execution_cancel(workspace_id=engine.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")
    time.sleep(1.7)
    found = engine.snapshot(execution_id)
    assert (found["status"], states(found)["call"]) == ("CANCELED", "CANCELED")
    assert [entry["node_id"] for entry in found["unknown_writes"]] == ["call"]


def test_a_node_past_its_time_fails(engine: Engine, there: Receiver) -> None:
    there.says(delay=4)
    found = engine.run(calling(there, own={"timeout_seconds": 1, "retry": {"attempts": 1}}))
    assert found["status"] == "ERROR"
    assert "timeout" in found["error"]["code"]


def decide(engine: Engine, parked: dict[str, Any], answer: dict[str, Any]) -> None:
    services.wait_resolve(
        workspace_id=engine.workspace.id, wait_id=parked["waits"][0]["id"], answer=answer, by="bob", now=clock.now()
    )
    engine.poke()


# ── Owners that are lost ─────────────────────────────────────────────────────────────────────────────────────────────


def lost_while_calling(engine: Engine, document: dict[str, Any]) -> Any:
    """An execution whose owner died after it committed that `call` is running."""
    execution_id = engine.start(engine.publish(document))
    dead = uuid7()
    (claimed,) = store.claim(worker_id=dead, queues=["default"], places=5)
    assert claimed.id == execution_id
    with tenant(engine.workspace.id):
        now = clock.now()
        common = {"workspace_id": engine.workspace.id, "execution_id": execution_id, "started_at": now}
        NodeRun.objects.create(**common, node_id="t", state="COMPLETED", port="main", attempt=1, finished_at=now)
        params = document["nodes"][1]["params"]
        effect = "read" if params["method"] == "GET" else "write"
        NodeRun.objects.create(**common, node_id="call", state="RUNNING", attempt=1, effect=effect, params=params)
        Execution.objects.filter(id=execution_id).update(seq=1)
    return execution_id


def test_a_read_whose_owner_was_lost_runs_again(idle: Engine, there: Receiver) -> None:
    execution_id = lost_while_calling(idle, calling(there))
    idle.add_dispatcher(lease_seconds=0.1)
    assert idle.until(execution_id)["status"] == "SUCCESS"
    assert len(there.seen) == 1


def test_a_write_whose_owner_was_lost_asks_a_person(idle: Engine, there: Receiver) -> None:
    execution_id = lost_while_calling(idle, calling(there, "POST", json={"a": 1}))
    idle.add_dispatcher(lease_seconds=0.1)
    found = idle.until(execution_id, "WAITING_FOR_HUMAN")
    assert states(found)["call"] == "NEEDS_REVIEW"
    assert there.seen == []


def test_a_presumed_dead_owner_cannot_write(idle: Engine, there: Receiver) -> None:
    there.says(delay=1.2)
    slow = idle.add_dispatcher()
    execution_id = idle.start(idle.publish(calling(there)))
    while not there.seen:
        time.sleep(0.01)
    store.release(worker_id=slow.worker_id)  # what the sweep does when the lease ran out
    idle.dispatchers.clear()
    idle.add_dispatcher()
    found = idle.until(execution_id)
    assert found["status"] == "SUCCESS"
    time.sleep(1.3)
    assert idle.snapshot(execution_id)["seq"] == found["seq"]
    slow.stop()


def test_stopping_hands_over_what_has_not_ended(idle: Engine, there: Receiver) -> None:
    there.says(delay=0.5)
    first = idle.add_dispatcher()
    execution_id = idle.start(idle.publish(calling(there)))
    while not there.seen:
        time.sleep(0.01)
    first.stop()
    idle.dispatchers.remove(first)
    with tenant(idle.workspace.id):
        assert Execution.objects.get(id=execution_id).owner is None
    idle.add_dispatcher()
    assert idle.until(execution_id)["status"] == "SUCCESS"
    assert len(there.seen) == 1


def test_one_wait_row_per_question(engine: Engine, there: Receiver) -> None:
    there.says(hang_up=True)
    there.says(hang_up=True)
    execution_id = engine.start(engine.publish(calling(there, "POST", json={"a": 1})))
    first = engine.until(execution_id, "WAITING_FOR_HUMAN")
    decide(engine, first, {"outcome": "run_again"})
    time.sleep(0.5)
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    with tenant(engine.workspace.id):
        assert Wait.objects.filter(execution_id=execution_id).count() == 2
        assert Wait.objects.filter(execution_id=execution_id, resolved_at=None).count() == 1


def test_the_first_answer_goes_on_while_the_slower_branch_runs_to_its_end(engine: Engine, there: Receiver) -> None:
    there.says(body={"who": "slow"}, delay=1.0)
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("slow", "ACTION.HTTP_REQUEST", method="GET", url=f"{there.url}/slow"),
            node("fast", "ACTION.TRANSFORM", fields=fields(who="fast")),
            node("first", "FLOW.MERGE", mode="any", combine="merge_objects"),
            node("end", "FLOW.RESPOND", status=200, body={"who": "{{ $json.who }}"}),
        ],
        ["t > slow", "t > fast", "slow > first", "fast > first", "first > end"],
    )
    execution_id = engine.start(engine.publish(document))
    found = engine.until(execution_id)
    assert found["response"]["body"] == {"who": "fast"}
    assert states(found) == dict.fromkeys(("t", "slow", "fast", "first", "end"), "COMPLETED")
