"""How much data an execution may make, and how it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.executions.conftest import Engine, definition, fields, node, seconds_from_now
from tests.fakes.receiver import receiver

pytestmark = pytest.mark.integration

COPY: list[dict[str, Any]] = fields(all="{{ $json }}")


def chain(megabytes: int) -> dict[str, Any]:
    """Two copies with a checkpoint between them."""
    return definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("one", "ACTION.TRANSFORM", fields=COPY),
            node("wait", "FLOW.WAIT", until=seconds_from_now(1.5)),
            node("two", "ACTION.TRANSFORM", fields=COPY),
        ],
        ["t > one", "one > wait", "wait > two"],
        max_data_mb=megabytes,
    )


def test_an_execution_that_makes_too_much_data_ends_and_says_why(engine: Engine, objects: Path) -> None:
    ended = engine.run(chain(1), "x" * 600_000)
    assert ended["status"] == "ERROR"
    assert ended["error"]["code"] == "executions.data_too_large"
    assert "more than 1 MB" in ended["error"]["message"]
    assert {run["node_id"] for run in ended["node_runs"] if run["state"] == "COMPLETED"} == {"t", "one"}


def test_within_its_limit_it_ends_well(engine: Engine, objects: Path) -> None:
    ended = engine.run(chain(4), "x" * 600_000)
    assert ended["status"] == "SUCCESS", ended["error"]


def test_a_node_that_returns_too_much_fails_like_any_other(engine: Engine, objects: Path, settings: Any) -> None:
    with receiver() as there:
        settings.EGRESS_ALLOW = [there.host]
        there.says(body="x" * 16_000_001)
        big = node("big", "ACTION.HTTP_REQUEST", url=f"{there.url}/x", max_bytes=20_000_000, _on_error="route")
        told = node("told", "ACTION.TRANSFORM", fields=fields(code="{{ $json.error.code }}"))
        ended = engine.run(definition([node("t", "TRIGGER.MANUAL"), big, told], ["t > big", "big.error > told"]))
    assert ended["status"] == "SUCCESS", ended["error"]
    assert ended["output"] == {"code": "executions.output_too_large"}
