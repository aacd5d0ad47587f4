"""What follows from a node's answer: retry, doubt, routing, stopping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.executions.engine import settle
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import State
from apps.nodes.contract import Done, NodeError, Retry
from apps.workflows import graph
from apps.workflows.graph import GraphNode

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def node(**overrides: Any) -> GraphNode:
    stored = {
        "id": "call",
        "name": "Call",
        "type": "ACTION",
        "subtype": "HTTP_REQUEST",
        "params": {"method": "POST", "url": "https://api.example.com"},
        **overrides,
    }
    trigger = {"id": "t", "name": "T", "type": "TRIGGER", "subtype": "MANUAL", "params": {}}
    return graph.compile({"nodes": [trigger, stored], "connections": [], "settings": {}}).nodes["call"]


def started() -> NodeRun:
    run = NodeRun("call")
    settle.start(run, NOW)
    return run


def failed(run: NodeRun, at: GraphNode, error: NodeError, *, honours: bool = False) -> settle.Settled:
    return settle.fail(run, at, error, NOW, chance=0.5, honours=honours)


def test_a_retryable_failure_backs_off_until_the_attempts_are_spent() -> None:
    at, run = node(retry={"attempts": 2, "delay_seconds": 4}), started()
    first = failed(run, at, NodeError("http.status", "503", retryable=True))
    assert (run.state, first.retry_at) == (State.RETRYING, NOW + timedelta(seconds=2))
    settle.start(run, NOW)
    last = failed(run, at, NodeError("http.status", "503", retryable=True))
    assert (run.state, last.failed, run.attempt) == (State.FAILED, True, 2)
    assert [attempt["number"] for attempt in run.attempts] == [1, 2]


def test_the_receiver_decides_how_long_to_wait_at_least() -> None:
    assert settle.pause(Retry(5, 1, 900), 1, 0.1, retry_after=120) == 120
    assert settle.pause(Retry(50, 1, 900), 40, 0.999, None) < 900


def test_an_unknown_write_asks_a_person() -> None:
    run = started()
    found = failed(run, node(), NodeError("http.timeout", "no answer", is_unknown=True, retryable=True))
    assert (run.state, found.doubtful, run.failures) == (State.NEEDS_REVIEW, True, 0)


def test_an_unknown_write_to_a_receiver_that_honours_keys_is_tried_again_under_the_same_key() -> None:
    run = started()
    found = failed(run, node(retry={"attempts": 3}), NodeError("x", "?", is_unknown=True), honours=True)
    assert run.state is State.RETRYING
    assert found.retry_at is not None
    assert run.failures == 0


def test_a_received_failure_changes_the_key() -> None:
    run = started()
    failed(run, node(retry={"attempts": 3}), NodeError("http.status", "429", retryable=True))
    assert run.failures == 1


def test_on_unknown_fail_fails() -> None:
    run = started()
    assert failed(run, node(on_unknown="fail", retry={"attempts": 1}), NodeError("x", "?", is_unknown=True)).failed


@pytest.mark.parametrize(("policy", "port"), [("continue", "main"), ("route", "error")])
def test_a_failure_that_does_not_stop_delivers_the_error_as_data(policy: str, port: str) -> None:
    run = started()
    found = failed(run, node(on_error=policy), NodeError("http.status", "404", "Look at the address."))
    assert not found.failed
    assert (run.state, run.port) == (State.FAILED, port)
    assert run.output["error"]["code"] == "http.status"


def test_finishing_keeps_what_came_out_and_where() -> None:
    run = started()
    settle.finish(run, Done({"a": 1}, "main", ("copy",)), NOW)
    assert run.delivers("main")
    assert run.delivers("copy")
    assert not run.delivers("error")
