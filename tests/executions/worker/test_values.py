"""A node that keeps something, and its owner lost in the middle of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Execution, Value
from apps.executions.worker.values import NodeValues
from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration

COUNT = definition(
    [node("t", "TRIGGER.MANUAL"), node("count", "ACTION.KEY_VALUE", operation="increment", key="n")], ["t > count"]
)


def test_an_owner_lost_after_the_commit_counts_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The change is committed, the engine does not know it yet, and another process takes the execution up."""
    is_done, may_go_on, increments = threading.Event(), threading.Event(), []
    increment = NodeValues.increment

    def slow(self: NodeValues, *given: Any, **more: Any) -> dict[str, Any]:
        told = increment(self, *given, **more)
        increments.append(told)
        if len(increments) == 1:
            is_done.set()
            may_go_on.wait(10)
        return told

    monkeypatch.setattr(NodeValues, "increment", slow)
    execution_id = engine.start(engine.publish(COUNT))
    assert is_done.wait(5)
    with tenant(engine.workspace.id):
        Execution.objects.filter(id=execution_id).update(owner=None, runnable_at=clock.now())
    engine.add_dispatcher()
    found = engine.until(execution_id)
    may_go_on.set()

    assert found["status"] == "SUCCESS"
    assert found["output"]["value"] == 1
    assert increments[0] == increments[1]
    with tenant(engine.workspace.id):
        assert Value.objects.get(key="n").value == 1


def test_a_refusal_fails_the_node_with_words(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("put", "ACTION.KEY_VALUE", operation="set", key="n", value="many"),
            node("count", "ACTION.KEY_VALUE", operation="increment", key="n"),
        ],
        ["t > put", "put > count"],
    )
    found = engine.run(document)
    assert (found["status"], found["error"]["code"]) == ("ERROR", "values.value_mismatch")
    assert "holds a text" in found["error"]["message"]


def test_the_same_node_in_each_round_of_a_loop_counts(engine: Engine) -> None:
    inner = node("count", "ACTION.KEY_VALUE", operation="increment", key="n", _parent="each")
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("each", "FLOW.LOOP", items="{{ $json }}", parallelism=4), inner],
        ["t > each"],
    )
    found = engine.run(document, list(range(12)))
    assert found["status"] == "SUCCESS"
    with tenant(engine.workspace.id):
        assert Value.objects.get(key="n").value == 12


def test_each_part_of_a_nodes_work_counts_its_own_changes(engine: Engine) -> None:
    origin = engine.publish(definition([node("t", "TRIGGER.MANUAL")], []))
    kept = NodeValues(workspace_id=engine.workspace.id, workflow_id=origin.workflow_id, idempotency_key="node")
    assert kept.under("first").increment("count")["value"] == 1
    assert kept.under("second").increment("count")["value"] == 2
    assert kept.under("first").increment("count")["value"] == 1, "it was made already"
