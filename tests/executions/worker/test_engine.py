"""Workflows run by the real engine on the real database: what a user would see of each control flow."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services
from apps.executions.models import Execution, Transition, Wait
from apps.executions.services import AlreadyAnswered, AlreadyEnded, BlockedByPause
from tests.executions.conftest import Engine, definition, fields, node, seconds_from_now

pytestmark = pytest.mark.integration


def states(snapshot: dict[str, Any]) -> dict[str, str]:
    return {run["node_id"]: run["state"] for run in snapshot["node_runs"]}


def outputs(snapshot: dict[str, Any]) -> dict[str, object]:
    return {run["node_id"]: run["output"] for run in snapshot["node_runs"]}


ASK = {"title": "Ship {{ $json.order }}?", "timeout_seconds": 3600}


def test_a_chain_of_pure_nodes_is_one_checkpoint(engine: Engine) -> None:
    names = [f"s{at}" for at in range(10)]
    steps = [node(name, "ACTION.TRANSFORM", fields=fields(n="{{ $json.n + 1 }}")) for name in names]
    order = ["t", *names]
    edges = [f"{a} > {b}" for a, b in pairwise(order)]
    found = engine.run(definition([node("t", "TRIGGER.MANUAL"), *steps], edges), {"n": 0})
    assert found["status"] == "SUCCESS"
    assert found["output"] == {"n": 10}
    with tenant(engine.workspace.id):
        assert Transition.objects.filter(execution_id=found["id"]).count() == 1


def test_a_branch_joins_and_the_other_side_is_skipped(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("big", "FLOW.IF", condition="{{ $json.n > 10 }}"),
            node("high", "ACTION.TRANSFORM", fields=fields(size="high")),
            node("low", "ACTION.TRANSFORM", fields=fields(size="low")),
            node("join", "FLOW.MERGE", mode="all", combine="merge_objects"),
        ],
        ["t > big", "big.true > high", "big.false > low", "high > join", "low > join"],
    )
    found = engine.run(document, {"n": 11})
    assert states(found)["low"] == "SKIPPED"
    assert outputs(found)["join"] == {"size": "high"}


def test_a_failed_expression_ends_the_execution_with_where_and_why(engine: Engine) -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("a", "ACTION.TRANSFORM", fields=fields(x="{{ $json.amont * 2 }}"))],
        ["t > a"],
    )
    found = engine.run(document, {"amount": 3})
    assert found["status"] == "ERROR"
    assert found["error"]["node_id"] == "a"
    assert "amount" in found["error"]["message"] + found["error"].get("hint", "")


def test_an_error_can_be_routed(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("a", "ACTION.TRANSFORM", fields=fields(x="{{ $json.no.no * 2 }}"), _on_error="route"),
            node("saved", "ACTION.TRANSFORM", fields=fields(code="{{ $json.error.code }}")),
        ],
        ["t > a", "a.error > saved"],
    )
    found = engine.run(document, {})
    assert (found["status"], outputs(found)["saved"]) == ("SUCCESS", {"code": "expressions.failed"})


def test_stop_ends_the_execution(engine: Engine) -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("end", "FLOW.STOP", outcome="error", message="No {{ $json.what }} today")],
        ["t > end"],
    )
    found = engine.run(document, {"what": "luck"})
    assert (found["status"], found["error"]["message"]) == ("ERROR", "No luck today")
    assert states(found)["end"] == "FAILED"


def test_a_timer_parks_holding_nothing_and_goes_on_by_itself(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("nap", "FLOW.WAIT", until=seconds_from_now(0.8)),
            node("after", "ACTION.TRANSFORM", fields=fields(done=True)),
        ],
        ["t > nap", "nap > after"],
    )
    execution_id = engine.start(engine.publish(document))
    parked = engine.until(execution_id, "WAITING")
    assert parked["waits"][0]["kind"] == "timer"
    began = time.monotonic()
    found = engine.until(execution_id)
    assert found["status"] == "SUCCESS"
    assert time.monotonic() - began < 1.6
    assert found["resume_count"] == 1


def two_questions(engine: Engine) -> dict[str, Any]:
    return definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("a", "HUMAN_IN_THE_LOOP.CONFIRMATION", **ASK),
            node("b", "HUMAN_IN_THE_LOOP.CONFIRMATION", **ASK),
            node("join", "FLOW.MERGE", mode="all", combine="list"),
        ],
        ["t > a", "t > b", "a.approved > join", "b.approved > join"],
    )


def answer(engine: Engine, wait: dict[str, Any], outcome: str = "approved") -> None:
    services.wait_resolve(
        workspace_id=engine.workspace.id,
        wait_id=wait["id"],
        answer={
            "outcome": outcome,
            "comment": "",
            "data": None,
            "answered_by": "bob",
            "answered_at": clock.now().isoformat(),
        },
        by="bob",
        now=clock.now(),
    )
    engine.poke()


def test_two_branches_wait_and_are_answered_in_any_order(engine: Engine) -> None:
    execution_id = engine.start(engine.publish(two_questions(engine)), {"order": "A-1"})
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN")
    second, first = parked["waits"][1], parked["waits"][0]
    assert second["title"] == "Ship A-1?"
    answer(engine, second)
    answer(engine, first)
    found = engine.until(execution_id)
    assert found["status"] == "SUCCESS"
    assert states(found)["join"] == "COMPLETED"


def test_a_question_is_answered_once(engine: Engine) -> None:
    execution_id = engine.start(engine.publish(two_questions(engine)), {"order": "A-1"})
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN")
    answer(engine, parked["waits"][0])
    with pytest.raises(AlreadyAnswered, match="Already answered by bob at"):
        answer(engine, parked["waits"][0], "rejected")


def test_a_deadline_takes_the_timeout_port(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("a", "HUMAN_IN_THE_LOOP.CONFIRMATION", **ASK),
            node("late", "ACTION.TRANSFORM", fields=fields(late=True)),
        ],
        ["t > a", "a.timeout > late"],
    )
    execution_id = engine.start(engine.publish(document), {"order": 1})
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    with tenant(engine.workspace.id):
        Wait.objects.filter(execution_id=execution_id).update(wake_at=clock.now())
        Execution.objects.filter(id=execution_id).update(runnable_at=clock.now())
    engine.poke()
    found = engine.until(execution_id)
    assert outputs(found)["late"] == {"late": True}


def test_cancelling_ends_it_at_once_and_nobody_is_asked_any_more(engine: Engine) -> None:
    execution_id = engine.start(engine.publish(two_questions(engine)), {"order": 1})
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    services.execution_cancel(workspace_id=engine.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")
    found = engine.snapshot(execution_id)
    assert found["status"] == "CANCELED"
    assert {wait["resolved_by"] for wait in found["waits"]} == {"canceled"}
    assert states(found)["a"] == "CANCELED"
    with pytest.raises(AlreadyEnded):
        services.execution_cancel(
            workspace_id=engine.workspace.id, execution_id=execution_id, now=clock.now(), by="alice"
        )


def test_a_delivery_starts_one_execution(engine: Engine) -> None:
    origin = engine.publish(definition([node("t", "TRIGGER.MANUAL")], []))
    first = services.execution_start(origin=origin, trigger_node="t", input=1, now=clock.now(), dedupe_key="d-1")
    again = services.execution_start(origin=origin, trigger_node="t", input=2, now=clock.now(), dedupe_key="d-1")
    assert (first.is_new, again.is_new, again.id) == (True, False, first.id)


def test_while_a_person_is_asked_starts_are_refused_by_default(engine: Engine) -> None:
    origin = engine.publish(two_questions(engine))
    engine.until(engine.start(origin, {"order": 1}), "WAITING_FOR_HUMAN")
    with pytest.raises(BlockedByPause):
        engine.start(origin, {"order": 2})


def test_while_a_person_is_asked_starts_can_queue(engine: Engine) -> None:
    document = two_questions(engine)
    document["settings"] = {"while_paused": "queue"}
    origin = engine.publish(document)
    first = engine.start(origin, {"order": 1})
    parked = engine.until(first, "WAITING_FOR_HUMAN")
    second = engine.start(origin, {"order": 2})
    time.sleep(0.3)
    assert engine.snapshot(second)["status"] == "NEW"
    for wait in parked["waits"]:
        answer(engine, wait)
    engine.until(first)
    engine.until(second, "WAITING_FOR_HUMAN")


def test_a_test_that_waits_for_a_person_keeps_nobody_out(engine: Engine) -> None:
    document = two_questions(engine)
    origin = engine.publish(document)
    engine.until(engine.start(origin, {"order": 1}, mode="test"), "WAITING_FOR_HUMAN")
    engine.until(engine.start(origin, {"order": 2}), "WAITING_FOR_HUMAN")
    with pytest.raises(BlockedByPause):
        engine.start(origin, {"order": 3})


def test_who_queues_behind_a_person_is_let_in_beside_a_test_that_waits(engine: Engine) -> None:
    document = two_questions(engine)
    document["settings"] = {"while_paused": "queue"}
    origin = engine.publish(document)
    engine.until(engine.start(origin, {"order": 1}, mode="test"), "WAITING_FOR_HUMAN")
    first = engine.start(origin, {"order": 2})
    parked = engine.until(first, "WAITING_FOR_HUMAN")
    second = engine.start(origin, {"order": 3})
    for wait in parked["waits"]:
        answer(engine, wait)
    engine.until(first)
    engine.until(second, "WAITING_FOR_HUMAN")


def test_at_most_so_many_run_at_once(engine: Engine) -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("nap", "FLOW.WAIT", duration={"seconds": 1})], ["t > nap"], max_concurrent=1
    )
    origin = engine.publish(document)
    ids = [engine.start(origin) for _ in range(5)]
    assert {engine.until(each)["status"] for each in ids} == {"SUCCESS"}


def test_an_execution_past_its_time_is_timed_out(engine: Engine) -> None:
    document = two_questions(engine)
    document["settings"] = {"timeout_seconds": 1}
    found = engine.until(engine.start(engine.publish(document), {"order": 1}), "TIMED_OUT")
    assert found["error"]["code"] == "executions.timed_out"
