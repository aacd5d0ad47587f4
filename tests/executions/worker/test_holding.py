"""Pausing by hand, going on, breakpoints and stepping."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from apps.accounts.access.actor import Actor
from apps.accounts.models import User
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import holding
from apps.executions.models import Execution
from apps.executions.services import AlreadyEnded
from tests.executions.conftest import Engine, definition, fields, node
from tests.executions.worker.test_calls import there as there
from tests.executions.worker.test_engine import states
from tests.fakes.receiver import Receiver

pytestmark = pytest.mark.integration


def actor_of(engine: Engine, alice: User) -> Actor:
    return Actor(kind="user", id=alice.id, label="alice")


def chain(*middle: dict[str, Any]) -> dict[str, Any]:
    names = ["t", *[each["id"] for each in middle], "end"]
    return definition(
        [node("t", "TRIGGER.MANUAL"), *middle, node("end", "ACTION.TRANSFORM", fields=fields(done="yes"))],
        [f"{a} > {b}" for a, b in pairwise(names)],
    )


def hold(engine: Engine, alice: User, execution_id: UUID) -> None:
    holding.execution_hold(
        workspace_id=engine.workspace.id,
        execution_id=execution_id,
        actor=actor_of(engine, alice),
        now=clock.now(),
        reason="look",
    )


def release(engine: Engine, alice: User, execution_id: UUID) -> None:
    holding.execution_release(
        workspace_id=engine.workspace.id, execution_id=execution_id, actor=actor_of(engine, alice), now=clock.now()
    )
    engine.poke()


def test_a_held_timer_does_not_go_on_until_it_is_released(engine: Engine, alice: User) -> None:
    execution_id = engine.start(engine.publish(chain(node("w", "FLOW.WAIT", duration={"seconds": 0.6}))))
    engine.until(execution_id, "WAITING")
    hold(engine, alice, execution_id)
    engine.until(execution_id, "PAUSED")
    time.sleep(1.2)
    assert engine.snapshot(execution_id)["status"] == "PAUSED"
    with pytest.raises(holding.AlreadyHeld):
        hold(engine, alice, execution_id)
    release(engine, alice, execution_id)
    assert engine.until(execution_id)["status"] == "SUCCESS"


def test_what_runs_ends_and_nothing_new_starts(engine: Engine, alice: User, there: Receiver) -> None:
    there.says(delay=2.0)
    document = chain(node("call", "ACTION.HTTP_REQUEST", url=f"{there.url}/x"))
    execution_id = engine.start(engine.publish(document))
    while not there.seen:
        time.sleep(0.01)
    hold(engine, alice, execution_id)
    found = engine.until(execution_id, "PAUSED")
    assert states(found)["call"] == "COMPLETED"
    assert states(found).get("end", "PENDING") == "PENDING"
    release(engine, alice, execution_id)
    assert engine.until(execution_id)["output"] == {"done": "yes"}


def test_what_never_ran_can_be_held_too(idle: Engine, alice: User) -> None:
    execution_id = idle.start(idle.publish(chain()))
    hold(idle, alice, execution_id)
    idle.add_dispatcher()
    time.sleep(0.5)
    assert idle.snapshot(execution_id)["status"] == "PAUSED"
    release(idle, alice, execution_id)
    assert idle.until(execution_id)["status"] == "SUCCESS"


def test_an_answer_to_a_held_execution_waits_for_its_release(engine: Engine, alice: User) -> None:
    from tests.executions.worker.test_loops import _answer

    document = chain(node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Well?"))
    document["connections"][1]["port"] = "approved"
    execution_id = engine.start(engine.publish(document))
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    hold(engine, alice, execution_id)
    _answer(engine, execution_id, "", "approved")
    time.sleep(1.3)
    assert engine.snapshot(execution_id)["status"] == "PAUSED"
    release(engine, alice, execution_id)
    assert engine.until(execution_id)["output"] == {"done": "yes"}


def debugged(engine: Engine, document: dict[str, Any], **debug: Any) -> UUID:
    """Start a test run with breakpoints."""
    dispatchers, engine.dispatchers = engine.dispatchers, []
    execution_id = engine.start(engine.publish(document), mode="test", debug=debug)
    engine.dispatchers = dispatchers
    engine.poke()
    return execution_id


def test_it_stops_before_a_breakpoint_and_goes_on(engine: Engine, alice: User) -> None:
    document = chain(
        node("a", "ACTION.TRANSFORM", fields=fields(x="1")), node("b", "ACTION.TRANSFORM", fields=fields(x="2"))
    )
    execution_id = debugged(engine, document, breakpoints=["b"])
    found = engine.until(execution_id, "PAUSED")
    assert (states(found)["a"], states(found).get("b", "PENDING")) == ("COMPLETED", "PENDING")
    with tenant(engine.workspace.id):
        assert Execution.objects.get(id=execution_id).hold["nodes"] == [["", "b"]]
    how: dict[str, Any] = {
        "workspace_id": engine.workspace.id,
        "execution_id": execution_id,
        "actor": actor_of(engine, alice),
    }
    holding.execution_continue(**how, now=clock.now(), how="step")
    engine.poke()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and states(engine.snapshot(execution_id)).get("b") != "COMPLETED":
        time.sleep(0.02)
    found = engine.until(execution_id, "PAUSED")
    assert states(found).get("end", "PENDING") == "PENDING"
    holding.execution_continue(**how, now=clock.now(), how="continue")
    engine.poke()
    assert engine.until(execution_id)["status"] == "SUCCESS"
    with pytest.raises(AlreadyEnded):
        holding.execution_continue(**how, now=clock.now(), how="step")
