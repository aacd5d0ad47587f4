"""What a redriven node has done in steps, it does not do again."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services
from apps.executions.models import Execution
from tests.executions.conftest import Engine, definition, node
from tests.executions.test_rerun import again, keys
from tests.executions.worker.test_calls import there as there
from tests.executions.worker.test_steps import test_nodes as test_nodes
from tests.fakes.receiver import Receiver

pytestmark = pytest.mark.integration


def stepping(there: Receiver, **params: Any) -> dict[str, Any]:
    steps = node("s", "ACTION.TEST_STEPS", url=f"{there.url}/x", **params)
    steps["retry"] = {"attempts": 1}
    return definition([node("t", "TRIGGER.MANUAL"), steps], ["t > s"])


def steps_sent(there: Receiver) -> list[int]:
    return [each["body"]["step"] for each in there.seen]


def test_steps_that_were_done_are_not_done_again(engine: Engine, there: Receiver) -> None:
    there.says()
    there.says()
    there.says(hang_up=True)  # which this node takes for a refusal
    failed = engine.until(engine.start(engine.publish(stepping(there, count=4, does="write"))), "ERROR")
    assert steps_sent(there) == [0, 1, 2]
    found = engine.until(again(engine, UUID(failed["id"]), begins="failed"))
    assert found["status"] == "SUCCESS"
    assert steps_sent(there) == [0, 1, 2, 2, 3]
    assert keys(there)[3] == f"{keys(there)[2]}:1"
    fresh = engine.until(again(engine, UUID(failed["id"]), begins="node", node="s"))
    assert fresh["status"] == "SUCCESS"
    assert steps_sent(there)[5:] == [0, 1, 2, 3], "from a node on, all of it is done again"


def test_a_step_nobody_saw_the_end_of_is_asked_about(engine: Engine, there: Receiver) -> None:
    there.says()
    there.says(delay=1.0)
    first = engine.start(engine.publish(stepping(there, count=3, does="write")))
    while len(there.seen) < 2:
        time.sleep(0.005)
    services.execution_cancel(workspace_id=engine.workspace.id, execution_id=first, now=clock.now(), by="alice")
    with tenant(engine.workspace.id):
        assert [each["node_id"] for each in Execution.objects.get(id=first).unknown_writes][-1] == "s"
    second = again(engine, first, begins="failed")
    found = engine.until(second, "WAITING_FOR_HUMAN")
    assert [run["state"] for run in found["node_runs"] if run["node_id"] == "s"] == ["NEEDS_REVIEW"]
    assert steps_sent(there) == [0, 1]
