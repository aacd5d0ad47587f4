"""Code of people's own in a real execution: what it sees, what it says, how it fails, and whom it holds up."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from apps.core import clock
from apps.core.sandbox.job import CodeFailed
from apps.core.sandbox.run import run_in
from apps.core.tenancy import tenant
from apps.executions import services
from apps.executions.engine.said import lines_of
from apps.executions.models import NodeRun
from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration

TOTALS = """
# {{ $json.evil }} stays what it is: data never becomes a part of the code
print("working on", len(items))
return {"total": sum(item["amount"] for item in items) * rate, "text": "{{ $json }}", "who": who}
"""
NAMES = "console.log(index, item.name);\nreturn `${index}: ${item.name} {{ 1 + 1 }}`;"
ORDERS = [{"name": "{{ 2 * 2 }}", "amount": 2}, {"name": '"]; import os', "amount": 3}]


def workflow(**code: Any) -> dict[str, Any]:
    return definition([node("t", "TRIGGER.MANUAL"), node("code", "ACTION.RUN_CODE", **code)], ["t > code"])


def test_data_comes_in_as_values_and_never_as_code(engine: Engine) -> None:
    found = engine.run(workflow(code=TOTALS, values={"rate": "{{ 5 + 5 }}", "who": "{{ $json[1].name }}"}), ORDERS)
    assert found["output"] == {"total": 50, "text": "{{ $json }}", "who": '"]; import os'}


def test_each_item_has_its_turn(engine: Engine) -> None:
    found = engine.run(workflow(code=NAMES, language="javascript", mode="each"), ORDERS)
    assert found["output"] == ["0: {{ 2 * 2 }} {{ 1 + 1 }}", '1: "]; import os {{ 1 + 1 }}']


def test_a_fault_of_the_code_is_told_with_what_was_printed_before(engine: Engine) -> None:
    found = engine.run(workflow(code="print('so far')\nreturn input[0]['price']"), ORDERS)
    assert found["status"] == "ERROR"
    assert (found["error"]["code"], found["error"]["node_id"]) == ("code.raised", "code")
    assert found["error"]["message"] == "Line 2: KeyError: 'price'"
    with tenant(engine.workspace.id):
        run = NodeRun.objects.get(execution_id=found["id"], node_id="code")
    assert [line["message"] for line in lines_of(run.logs)] == ["so far"]


def test_code_that_dies_or_never_ends_takes_nobody_along(engine: Engine) -> None:
    sources = ("while True: pass", "import ctypes\nctypes.string_at(0)", "return 1")
    began = [engine.start(engine.publish(workflow(code=source, limit_seconds=2))) for source in sources]
    stuck, dead, well = (engine.until(execution_id, seconds=30) for execution_id in began)
    assert (stuck["error"]["code"], dead["error"]["code"], well["output"]) == ("code.timeout", "code.crashed", 1)


def test_cancelling_ends_the_code(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended, real = threading.Event(), list[str](), run_in
    over = threading.Event()

    def watched(*given: Any, **more: Any) -> Any:
        begun.set()
        try:
            return real(*given, **more)
        except CodeFailed as failed:
            ended.append(failed.kind)
            raise
        finally:
            over.set()

    monkeypatch.setattr("apps.core.sandbox.choice.run_in", watched)
    began = engine.start(engine.publish(workflow(code="while True: pass", limit_seconds=60)))
    assert begun.wait(20)
    services.execution_cancel(workspace_id=engine.workspace.id, execution_id=began, now=clock.now(), by="alice")
    engine.poke()
    assert over.wait(5), "a core is still busy for nobody"
    assert ended == ["stopped"]
