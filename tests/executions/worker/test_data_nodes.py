"""Nodes that work on data, one after the other in a real execution."""

from __future__ import annotations

from typing import Any

import pytest

from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration

ORDERS = [{"id": "A-1", "at": "28.03.2026", "lines": [{"sku": "x", "n": 2}]}, {"id": "A-2", "at": "", "lines": []}]
SCHEMA = {"type": "array", "items": {"required": ["sku"], "properties": {"n": {"type": "integer"}}}}


def shop() -> dict[str, Any]:
    return definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("lines", "ACTION.LIST", operation={"kind": "split", "path": "lines"}),
            node("check", "ACTION.VALIDATE", schema=SCHEMA),
            node(
                "due",
                "ACTION.DATETIME",
                operation={
                    "kind": "parse",
                    "text": "{{ $trigger[0].at }}",
                    "format": "dd.MM.yyyy",
                    "zone": "Europe/Berlin",
                },
            ),
            node("say", "ACTION.TEXT", operation={"kind": "template", "template": "Due {{ $json.value }}"}),
            node(
                "refuse",
                "ACTION.TEXT",
                operation={"kind": "join", "parts": "{{ $json.errors.map(e => e.path) }}", "separator": " "},
            ),
        ],
        ["t > lines", "lines > check", "check.valid > due", "due > say", "check.invalid > refuse"],
    )


def outputs(found: dict[str, Any]) -> dict[str, Any]:
    return {run["node_id"]: run["output"] for run in found["node_runs"] if run["state"] == "COMPLETED"}


def test_data_that_fits_goes_one_way(engine: Engine) -> None:
    found = engine.run(shop(), ORDERS)
    assert found["status"] == "SUCCESS"
    seen = outputs(found)
    assert seen["check"] == {"value": [{"sku": "x", "n": 2}], "errors": []}
    assert seen["say"] == {"value": "Due 2026-03-28T00:00:00.000+01:00"}
    assert "refuse" not in seen


def test_data_that_does_not_fit_goes_the_other(engine: Engine) -> None:
    found = engine.run(shop(), [{"lines": [{"sku": "x"}, {"n": "2"}]}])
    assert found["output"] == {"value": "[1] [1].n"}
    assert "due" not in outputs(found)


def test_an_item_that_does_not_fit_ends_the_execution_with_its_place(engine: Engine) -> None:
    found = engine.run(shop(), [*ORDERS, {"lines": "none"}])
    assert found["status"] == "ERROR"
    assert (found["error"]["code"], found["error"]["node_id"]) == ("list.kind", "lines")
    assert "items[2].lines is a text, not a list" in found["error"]["message"]
