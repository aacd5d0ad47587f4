"""What may run next. Pure: the graph and the node runs in, names of nodes out.

A node runs once, when each of its incoming connections is resolved (delivered or skipped) and at least one delivered.
A node all of whose connections were skipped is skipped itself, and so is what depends on it alone. A node that says how
many deliveries are enough runs as soon as it has them, or as soon as it can never have them, and then fails itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import NodeEvent, State, Status
from apps.workflows.graph import Edge, Graph

Runs = dict[str, NodeRun]
Condition = Callable[[Edge], bool]


@dataclass(slots=True)
class Plan:
    """What follows from the present state: nodes to run, and nodes that were just skipped."""

    ready: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def begin(graph: Graph, trigger: str) -> Runs:
    """The node runs of a fresh execution that starts at `trigger`.

    Every other trigger is skipped, and so is every node that nothing from `trigger` can lead to.
    """
    runs = fresh(graph, None, "")
    others = [node_id for node_id in runs if node_id != trigger and not graph.incoming.get(node_id)]
    for node_id in others:
        runs[node_id].become(NodeEvent.SKIP)
    follow(graph, runs, others, lambda edge: True)
    return runs


def fresh(graph: Graph, level: str | None, path: str) -> Runs:
    """The node runs of a level on which nothing has happened yet."""
    return {node_id: NodeRun(node_id, path) for node_id in graph.levels.get(level, ())}


def entries(graph: Graph, runs: Runs) -> list[NodeRun]:
    """The node runs of a round that nothing leads to."""
    return [run for node_id, run in runs.items() if not graph.incoming.get(node_id)]


def losers(graph: Graph, runs: Runs, winner: str) -> list[NodeRun]:
    """What is still open and leads to `winner` alone: every path from there ends in it."""
    found = {node_id for node_id in graph.ancestors(winner) if node_id in runs and not runs[node_id].is_settled}
    while True:
        kept = {
            node_id
            for node_id in found
            if all(edge.target == winner or edge.target in found for edge in graph.outgoing[node_id])
        }
        if kept == found:
            return [runs[node_id] for node_id in graph.order if node_id in found]
        found = kept


def follow(graph: Graph, runs: Runs, changed: Iterable[str], holds: Condition) -> Plan:
    """What follows from the nodes in `changed` being settled. Skips cascade; `holds` evaluates an edge's condition.

    The same end is reached whatever the order in which nodes settle.
    """
    plan, todo = Plan(), list(changed)
    while todo:
        for edge in graph.outgoing.get(todo.pop(), ()):
            run = runs[edge.target]
            if run.state is not State.PENDING:
                continue
            verdict = _ready(graph, runs, edge.target, holds)
            if verdict is True:
                if edge.target not in plan.ready:
                    plan.ready.append(edge.target)
            elif verdict is False:
                run.become(NodeEvent.SKIP)
                plan.skipped.append(edge.target)
                todo.append(edge.target)
    return plan


def resumable(graph: Graph, runs: Runs, holds: Condition) -> Plan:
    """What may run in an execution that was just loaded: everything not yet decided is looked at again."""
    plan = Plan()
    for node_id in [node_id for node_id in graph.order if node_id in runs]:
        run = runs[node_id]
        if run.state is not State.PENDING or not graph.incoming.get(node_id):
            continue
        verdict = _ready(graph, runs, node_id, holds)
        if verdict is True:
            plan.ready.append(node_id)
        elif verdict is False:
            run.become(NodeEvent.SKIP)
            plan.skipped.append(node_id)
    return plan


def _ready(graph: Graph, runs: Runs, node_id: str, holds: Condition) -> bool | None:
    """True: run it. False: skip it. None: something it depends on is still open."""
    needs = graph.nodes[node_id].needs
    delivered = pending = 0
    for edge in graph.incoming[node_id]:
        source = runs[edge.source]
        if not source.is_settled:
            if needs is None:
                return None
            pending += 1
        elif source.delivers(edge.port) and holds(edge):
            delivered += 1
    if needs is None or not pending:
        return delivered > 0
    is_decided = delivered >= needs or (delivered > 0 and delivered + pending < needs)
    return True if is_decided else None


def delivered(graph: Graph, runs: Mapping[str, NodeRun], node_id: str, holds: Condition) -> list[Edge]:
    """The connections that brought this node a value, in the order they were drawn."""
    return [
        edge
        for edge in graph.incoming.get(node_id, ())
        if runs[edge.source].is_settled and runs[edge.source].delivers(edge.port) and holds(edge)
    ]


def inputs(runs: Mapping[str, NodeRun], edges: list[Edge], values: Mapping[Edge, Any] | None = None) -> dict[str, Any]:
    """The value on each input port: one delivery is the value itself, several are an object keyed by source node id.

    `values`: what arrives by connections that do not pass on what their source gave.
    """
    by_port: dict[str, dict[str, Any]] = {}
    for edge in edges:
        value = values[edge] if values and edge in values else runs[edge.source].output
        by_port.setdefault(edge.input, {})[edge.source] = value
    return {port: next(iter(found.values())) if len(found) == 1 else found for port, found in by_port.items()} or {
        "main": None
    }


def shown(given: Mapping[str, Any]) -> Any:
    """What came into a node, as it is kept and shown: the value on the main input, or all by port."""
    return given["main"] if set(given) == {"main"} else dict(given)


def taken(edges: list[Edge], kept: Any) -> dict[str, Any]:
    """The value on each input port, of what was kept as `shown`."""
    return {"main": kept} if {edge.input for edge in edges} <= {"main"} else dict(kept)


def by_source(edges: list[Edge], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values that came in, by the node they came from."""
    several = {port for port in given if len({edge.source for edge in edges if edge.input == port}) > 1}
    return {
        edge.source: given[edge.input][edge.source] if edge.input in several else given[edge.input] for edge in edges
    }


def output(graph: Graph, runs: Mapping[str, NodeRun], fallback: Any = None) -> Any:
    """What the execution as a whole returns: the output of the leaf that finished last."""
    leaves = [
        run
        for node_id, run in runs.items()
        if run.state is State.COMPLETED and run.finished_at and not graph.outgoing.get(node_id)
    ]
    if not leaves:
        return fallback
    return max(leaves, key=lambda run: (run.finished_at, graph.order.index(run.node_id))).output


def is_over(runs: Runs) -> bool:
    """Whether nothing can happen any more."""
    return all(run.is_settled for run in runs.values())


def standing(runs: Iterable[NodeRun]) -> Status:
    """Where an execution stands that has not ended: running if anything runs, else waiting for whom.

    With nothing open at all it is finished, which this function calls SUCCESS; whether it ended well is not its
    business.
    """
    states = {run.state for run in runs}
    if State.RUNNING in states:
        return Status.RUNNING
    if states & {State.NEEDS_REVIEW}:
        return Status.WAITING_FOR_HUMAN
    if states & {State.WAITING_INPUT, State.RETRYING}:
        return Status.WAITING
    return Status.SUCCESS
