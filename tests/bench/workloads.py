"""The workloads W1 to W4 and W6: the same work as the peers' scripts do, as our definitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Node = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """One workload: its definition, what is sent, what must come back, and how often at which concurrency."""

    name: str
    title: str
    definition: dict[str, Any]
    body: dict[str, Any]
    is_right: Callable[[Any], bool]
    sizes: dict[int, int]


def _node(node_id: str, type_: str, subtype: str, **params: Any) -> Node:
    return {"id": node_id, "name": node_id, "type": type_, "subtype": subtype, "params": params}


def _hook(path: str) -> Node:
    return _node("hook", "TRIGGER", "WEBHOOK", path=path, method="POST", respond="result")


def _fields(**values: Any) -> dict[str, Any]:
    return {"fields": [{"name": name, "value": value} for name, value in values.items()]}


def _edge(source: str, target: str, port: str = "main") -> dict[str, str]:
    return {"from": source, "port": port, "to": target}


def _answer(**body: Any) -> Node:
    return _node("answer", "FLOW", "RESPOND", status=200, body=body)


SETTINGS = {"while_paused": "allow"}


def w1() -> Workload:
    """Echo."""
    nodes = [
        _hook("w1"),
        _node("double", "ACTION", "TRANSFORM", **_fields(y="{{ $json.body.x * 2 }}")),
        _answer(y="{{ $json.y }}"),
    ]
    connections = [_edge("hook", "double"), _edge("double", "answer")]
    definition = {"nodes": nodes, "connections": connections, "settings": SETTINGS}
    return Workload(
        "w1",
        "webhook → TRANSFORM → RESPOND",
        definition,
        {"x": 21},
        lambda r: r == {"y": 42},
        {1: 200, 10: 1000, 50: 3000},
    )


def w2() -> Workload:
    """A chain of ten."""
    names = [f"step{at}" for at in range(1, 11)]
    nodes = [_hook("w2"), _node(names[0], "ACTION", "TRANSFORM", **_fields(n="{{ $json.body.n + 1 }}"))]
    nodes += [_node(name, "ACTION", "TRANSFORM", **_fields(n="{{ $json.n + 1 }}")) for name in names[1:]]
    nodes.append(_answer(n="{{ $json.n }}"))
    order = ["hook", *names, "answer"]
    connections = [_edge(a, b) for a, b in pairwise(order)]
    definition = {"nodes": nodes, "connections": connections, "settings": SETTINGS}
    return Workload("w2", "ten TRANSFORMs", definition, {"n": 0}, lambda r: r == {"n": 10}, {1: 200, 10: 800, 50: 2000})


def w3() -> Workload:
    """A branch."""
    nodes = [
        _hook("w3"),
        _node("big", "FLOW", "IF", condition="{{ $json.body.n > 10 }}"),
        _node("high", "ACTION", "TRANSFORM", **_fields(size="high")),
        _node("low", "ACTION", "TRANSFORM", **_fields(size="low")),
        _node("join", "FLOW", "MERGE", mode="all", combine="merge_objects"),
        _answer(size="{{ $json.size }}"),
    ]
    connections = [
        _edge("hook", "big"),
        _edge("big", "high", "true"),
        _edge("big", "low", "false"),
        _edge("high", "join"),
        _edge("low", "join"),
        _edge("join", "answer"),
    ]
    definition = {"nodes": nodes, "connections": connections, "settings": SETTINGS}
    return Workload(
        "w3",
        "IF → a TRANSFORM on either side → MERGE",
        definition,
        {"n": 20},
        lambda r: r == {"size": "high"},
        {1: 200, 10: 1000, 50: 3000},
    )


def w4(slow_url: str) -> Workload:
    """Fan out to five slow calls."""
    names = [f"call{at}" for at in range(1, 6)]
    nodes = [_hook("w4")]
    nodes += [
        _node(name, "ACTION", "HTTP_REQUEST", method="GET", url=f"{slow_url}?ms=200&step={name}") for name in names
    ]
    nodes.append(_node("join", "FLOW", "MERGE", mode="all", combine="list"))
    nodes.append(_answer(calls="{{ $json.length }}"))
    connections = [_edge("hook", name) for name in names] + [_edge(name, "join") for name in names]
    connections.append(_edge("join", "answer"))
    definition = {"nodes": nodes, "connections": connections, "settings": SETTINGS}
    return Workload(
        "w4",
        "five parallel 200 ms calls → MERGE",
        definition,
        {"x": 1},
        lambda r: r == {"calls": 5},
        {1: 10, 10: 80, 50: 300},
    )


def steps() -> Workload:
    """Ten steps in one node, each durable on its own."""
    nodes = [_hook("steps"), _node("work", "ACTION", "TEST_STEPS", count=10), _answer(n="{{ $json.length }}")]
    definition = {"nodes": nodes, "connections": [_edge("hook", "work"), _edge("work", "answer")], "settings": SETTINGS}
    sizes = {1: 100, 10: 300, 50: 600}
    return Workload("steps", "one node, ten durable steps", definition, {"n": 0}, lambda r: r == {"n": 10}, sizes)


def w6() -> Workload:
    """An approval by a call: answers at once with the address it then waits at."""
    nodes = [
        _hook("w6"),
        _answer(id="{{ $json.body.id }}", resume='{{ $execution.callback_url["approval"] }}'),
        _node("approval", "FLOW", "WAIT", mode="callback"),
        _node("done", "ACTION", "TRANSFORM", **_fields(approved=True)),
    ]
    connections = [_edge("hook", "answer"), _edge("answer", "approval"), _edge("approval", "done")]
    definition = {"nodes": nodes, "connections": connections, "settings": SETTINGS}
    return Workload("w6", "RESPOND → WAIT for a call → TRANSFORM", definition, {"id": 0}, lambda r: True, {})
