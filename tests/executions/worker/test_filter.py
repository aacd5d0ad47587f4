"""FILTER in a real execution: what a closed gate skips, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.executions.conftest import Engine, definition, fields, node

pytestmark = pytest.mark.integration


def gated(*edges: str) -> dict[str, Any]:
    return definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("gate", "FLOW.FILTER", condition="{{ $json.n > 10 }}"),
            node("step", "ACTION.TRANSFORM", fields=fields(size="{{ $json.n }}")),
            node("after", "ACTION.TRANSFORM", fields=fields(done=True)),
            node("beside", "ACTION.TRANSFORM", fields=fields(beside=True)),
            node("join", "FLOW.MERGE"),
        ],
        ["t > gate", "gate > step", "step > after", "t > beside", "after > join", "beside > join", *edges],
    )


def seen(engine: Engine, document: dict[str, Any], n: int) -> tuple[dict[str, str], Any]:
    found = engine.run(document, {"n": n})
    assert found["status"] == "SUCCESS"
    return {run["node_id"]: run["state"] for run in found["node_runs"]}, found["output"]


def test_an_open_gate_lets_its_input_through(engine: Engine) -> None:
    states, output = seen(engine, gated(), 11)
    assert set(states.values()) == {"COMPLETED"}
    assert output == {"after": {"done": True}, "beside": {"beside": True}}


def test_a_closed_gate_skips_what_depends_on_it_alone(engine: Engine) -> None:
    states, output = seen(engine, gated(), 10)
    assert {name for name, state in states.items() if state == "SKIPPED"} == {"step", "after"}
    assert (states["gate"], output) == ("COMPLETED", {"beside": {"beside": True}})


def test_what_is_held_back_can_be_used(engine: Engine) -> None:
    states, output = seen(engine, gated("gate.dropped > after"), 10)
    assert (states["step"], states["after"]) == ("SKIPPED", "COMPLETED")
    assert output == {"after": {"done": True}, "beside": {"beside": True}}


def test_an_execution_may_end_at_a_closed_gate(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("gate", "FLOW.FILTER", condition="{{ $json.n > 10 }}"),
            node("step", "ACTION.TRANSFORM", fields=fields(size="{{ $json.n }}")),
        ],
        ["t > gate", "gate > step"],
    )
    states, _ = seen(engine, document, 1)
    assert states == {"t": "COMPLETED", "gate": "COMPLETED", "step": "SKIPPED"}
