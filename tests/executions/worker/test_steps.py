"""`ctx.step`: what was done once is not done again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services, store
from apps.executions.models import Step
from apps.executions.worker.dispatcher import Dispatcher
from apps.nodes import registry
from tests.executions.conftest import Engine, definition, node
from tests.executions.worker.test_calls import there as there
from tests.fakes.receiver import Receiver

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def test_nodes() -> Iterator[None]:
    """Node types that only tests need."""
    registry.look_into(["tests.fakes.nodes"])
    yield
    registry.look_into([])


def stepping(there: Receiver, **params: Any) -> dict[str, Any]:
    return definition(
        [node("t", "TRIGGER.MANUAL"), node("s", "ACTION.TEST_STEPS", url=f"{there.url}/x", **params)], ["t > s"]
    )


def lose(engine: Engine, seen: int, there: Receiver) -> Dispatcher:
    """Take the execution away from its owner as soon as so many calls were made, and let another one have it."""
    lost = engine.dispatchers.pop()
    while len(there.seen) < seen:
        time.sleep(0.005)
    store.release(worker_id=lost.worker_id)
    engine.add_dispatcher()
    return lost


def test_ten_steps_lost_after_the_seventh_do_three_more(engine: Engine, there: Receiver) -> None:
    for _ in range(7):
        there.says()
    there.says(delay=0.8)  # the eighth is under way when its owner is lost
    for _ in range(5):
        there.says()
    execution_id = engine.start(engine.publish(stepping(there)))
    lost = lose(engine, 8, there)
    found = engine.until(execution_id)
    assert found["output"] == list(range(10))
    steps = [each["body"]["step"] for each in there.seen]
    assert steps[:8] == list(range(8))
    assert steps[8:] == [7, 8, 9]
    time.sleep(0.8)
    assert len(there.seen) == 11  # whoever lost it does nothing more
    with tenant(engine.workspace.id):
        assert Step.objects.filter(execution_id=execution_id, state="DONE").count() == 10
    lost.stop()


def test_a_write_whose_end_nobody_saw_asks(engine: Engine, there: Receiver) -> None:
    there.says()
    there.says(delay=0.8)
    execution_id = engine.start(engine.publish(stepping(there, count=3, does="write")))
    lost = lose(engine, 2, there)
    found = engine.until(execution_id, "WAITING_FOR_HUMAN")
    (asked,) = [run for run in found["node_runs"] if run["node_id"] == "s"]
    assert asked["state"] == "NEEDS_REVIEW"
    assert asked["error"]["details"] == {"step": "step:1"}
    lost.stop()


def test_every_step_has_a_key_of_its_own_and_a_retry_the_same(engine: Engine, there: Receiver) -> None:
    document = stepping(there, count=2)
    document["nodes"][1]["retry"] = {"attempts": 3, "delay_seconds": 0.01}
    there.says()
    there.says(hang_up=True)
    there.says()
    found = engine.run(document)
    assert found["status"] == "SUCCESS", found["error"]
    keys = [each["headers"]["idempotency-key"] for each in there.seen]
    assert len(keys) == 3
    assert keys[1] == keys[2] != keys[0]


def test_a_cancelled_execution_lists_the_step_that_was_sent(engine: Engine, there: Receiver) -> None:
    there.says(delay=0.8)
    execution_id = engine.start(engine.publish(stepping(there, count=3, does="write")))
    while not there.seen:
        time.sleep(0.005)
    services.execution_cancel(
        workspace_id=engine.workspace.id, execution_id=execution_id, now=clock.now(), by="alice@example.com"
    )
    found = engine.until(execution_id)
    assert [each["step"] for each in found["unknown_writes"]] == ["step:0"]
    time.sleep(0.9)
    assert len(there.seen) == 1
