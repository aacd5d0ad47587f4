"""What an execution that goes on from an earlier one begins with: which node runs are kept, and what runs again. Pure.

A kept node run is settled from the start, so that the engine takes such an execution up like any other that was
interrupted: what has no settled node run yet, runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.core.errors import FieldError
from apps.core.suggest import nearest, shown
from apps.executions.engine import plan
from apps.executions.engine.noderun import ROUND, Key, NodeRun
from apps.executions.engine.rounds import parts_of
from apps.executions.engine.states import SETTLED, State
from apps.nodes.contract import OnUnknown
from apps.workflows.graph import Edge, Graph

Runs = Mapping[str, NodeRun]


@dataclass(frozen=True, slots=True)
class Past:
    """What an earlier execution left behind: the node runs outside of containers by node, without payloads."""

    graph: Graph
    runs: Runs
    ended_at: datetime | None = None
    unknown: frozenset[Key] = frozenset()
    """The node runs whose write was sent and whose outcome nobody saw."""
    ran: frozenset[str] = frozenset()
    """Nodes that ran in that execution itself, rather than being kept or given."""


@dataclass(slots=True)
class Keeping:
    """What the new execution begins with. With `misfits` it must not begin at all."""

    kept: list[str] = field(default_factory=list)
    """Nodes whose node runs are copied, those of finished containers with everything inside."""
    inside: list[Key] = field(default_factory=list)
    """Node runs inside containers that go on: copied, too."""
    reopened: list[Key] = field(default_factory=list)
    """Containers that go on with the rounds they had not finished, and those rounds."""
    doubted: list[Key] = field(default_factory=list)
    """Writes whose outcome is unknown: the engine asks about them, or repeats them under the same key."""
    made: list[NodeRun] = field(default_factory=list)
    """Node runs that are written anew: skipped ones, given ones, and counts of failures that go on."""
    starts: list[str] = field(default_factory=list)
    """What runs first."""
    has_steps: bool = False
    """Whether nodes that run again keep the steps they had done."""
    misfits: list[FieldError] = field(default_factory=list)
    """Why it cannot be done, one finding per node."""


def lasts(run: NodeRun, ended_at: datetime | None) -> bool:
    """Whether a node run came to an end of its own that a later execution can build on.

    A node that ended the whole execution did not, nor did what was stopped with it. What was cancelled before the end
    was cancelled by the workflow itself.
    """
    if run.state in (State.COMPLETED, State.FAILED):
        return run.port is not None
    if run.state is State.CANCELED:
        return run.finished_at is not None and ended_at is not None and run.finished_at < ended_at
    return run.state is State.SKIPPED


def keep(
    graph: Graph, past: Past, *, trigger: str, first: str | None, given: Runs | None = None, is_same_lineage: bool
) -> Keeping:
    """Keep what `past` finished, except `first` and what follows from it; `first` None: go on where it failed.

    `given` replaces what the sources of `first` delivered. In the same lineage, counts of received failures and doubts
    about writes go on. `graph` may be of another version than `past.graph`: nodes are matched by their ids, and what
    does not fit is listed.
    """
    found = Keeping()
    found.misfits = [*_ends(graph, trigger, first)]
    if found.misfits:
        return found
    again = frozenset() if first is None else frozenset({first}) | graph.descendants(first)
    is_same = graph is past.graph
    runs = {
        node_id: run
        for node_id, run in past.runs.items()
        if lasts(run, past.ended_at)
        and node_id not in again
        and node_id in graph.nodes
        # Which ways a newer version takes, it decides itself.
        and (is_same or run.state is not State.SKIPPED)
    }
    if not is_same:
        found.misfits = [*_changed(graph, past, runs), *_came_new(graph, past, runs, trigger, first)]
        if found.misfits:
            return found
    given = given or {}
    runs = {node_id: run for node_id, run in runs.items() if node_id not in given}
    found.kept = [node_id for node_id in graph.order if node_id in runs]
    found.made = [*given.values()]
    _follow(graph, found, {**runs, **given}, trigger)
    if first is not None and first not in found.starts:
        found.misfits = [*_unreached(graph, past, {**runs, **given}, first)]
    if is_same_lineage:
        _go_on(graph, past, found)
    return found


def reopenable(graph: Graph, past: Past, found: Keeping) -> list[str]:
    """The containers among what runs first that had begun rounds; of the same version only."""
    if graph is not past.graph:
        return []
    return [name for name in found.starts if graph.levels.get(name) and name in past.runs and past.runs[name].attempt]


def reopen(graph: Graph, past: Past, found: Keeping, container: NodeRun, within: Iterable[NodeRun]) -> None:
    """Let a container go on with the rounds it had not finished; `within` are the node runs inside of it.

    In a round that goes on, what had finished is kept.
    """
    rounds: dict[Key, list[NodeRun]] = {}
    nodes: dict[str, list[NodeRun]] = {}
    for run in within:
        if run.effect == ROUND:
            rounds.setdefault(parts_of(run.path)[:2], []).append(run)
        else:
            nodes.setdefault(run.path, []).append(run)
    _Reopening(graph, past, found, rounds, nodes).container(container)


@dataclass(frozen=True, slots=True)
class _Reopening:
    graph: Graph
    past: Past
    found: Keeping
    rounds: Mapping[Key, list[NodeRun]]
    nodes: Mapping[str, list[NodeRun]]

    def container(self, own: NodeRun) -> bool:
        """Take up a container; False where it had not begun a round."""
        begun = self.rounds.get(own.key, ())
        if begun:
            self.found.reopened.append(own.key)
        for each in begun:
            if each.state is State.COMPLETED or (each.state is State.FAILED and each.port is not None):
                self._copy(each, each.path)
            else:
                self.found.reopened.append(each.key)
                for run in self.nodes.get(each.path, ()):
                    self._node(run)
        return bool(begun)

    def _node(self, run: NodeRun) -> None:
        node = self.graph.nodes[run.node_id]
        if lasts(run, None):
            self.found.inside.append(run.key)
            self._below(run)
        elif self.graph.levels.get(run.node_id) and self.container(run):
            return
        elif run.key in self.past.unknown and node.on_unknown is OnUnknown.ASK:
            self.found.doubted.append(run.key)
        elif run.failures:
            self.found.made.append(NodeRun(run.node_id, run.path, failures=run.failures))

    def _copy(self, own: NodeRun, path: str) -> None:
        """A round that is over, with everything inside."""
        self.found.inside.append(own.key)
        for run in self.nodes.get(path, ()):
            self.found.inside.append(run.key)
            self._below(run)

    def _below(self, run: NodeRun) -> None:
        for each in self.rounds.get(run.key, ()):
            self._copy(each, each.path)


def alone(graph: Graph, *, node_id: str, recorded: Iterable[str], given: Runs) -> Keeping:
    """Run one node by itself: everything else is kept as `recorded` or `given`, or skipped."""
    found = Keeping(kept=[name for name in recorded if name != node_id and name not in given])
    rest = [name for name in graph.levels[None] if name != node_id and name not in found.kept and name not in given]
    found.made = [*given.values(), *_skipped(rest)]
    found.starts = [node_id]
    return found


def until(graph: Graph, *, trigger: str, node_id: str | None, given: Runs) -> Keeping:
    """Run only what `node_id` depends on, and it; None: everything. What is `given` does not run, nor what only leads
    there."""
    found = Keeping(made=[*given.values()])
    if node_id is not None:
        wanted = _needed(graph, node_id, given)
        found.made += _skipped(name for name in graph.levels[None] if name not in wanted and name not in given)
    _follow(graph, found, {run.node_id: run for run in found.made}, trigger)
    return found


def held(runs: Runs) -> plan.Condition:
    """Whether the condition of a connection held, as far as it was evaluated; else it may."""
    return lambda edge: edge.condition is None or (runs[edge.source].verdicts or {}).get(edge.condition) is not False


def outermost(graph: Graph, node_id: str) -> str:
    """The outermost container a node stands in; the node itself where it stands in none."""
    parent = graph.nodes[node_id].parent
    return node_id if parent is None else outermost(graph, parent)


def sources(graph: Graph, node_id: str, runs: Runs) -> tuple[list[Edge], bool]:
    """The connections by which a value on the main input of a node would come, and whether they brought one before."""
    edges = [edge for edge in graph.incoming.get(node_id, ()) if edge.input == "main"]
    is_held = held(runs)
    brought = [
        edge for edge in edges if edge.source in runs and runs[edge.source].delivers(edge.port) and is_held(edge)
    ]
    return (brought, True) if brought else (edges, False)


def given_to(graph: Graph, node_id: str, runs: Runs, value: Any, now: datetime) -> dict[str, NodeRun]:
    """Node runs of the sources of a node that make `value` its input, whatever its connections would make of it.

    With one source it is what that one delivers; with several it is an object keyed by their node ids, as the node
    sees it. Raises `ValueError` saying which keys are meant.
    """
    edges, _ = sources(graph, node_id, runs)
    names = list(dict.fromkeys(edge.source for edge in edges))
    values = {names[0]: value} if len(names) == 1 else value
    if not isinstance(values, dict) or not values or not values.keys() <= set(names):
        raise ValueError(f"Several nodes lead here: give an object with one member for each of {', '.join(names)}.")
    found = {
        edge.source: NodeRun(
            edge.source,
            state=State.COMPLETED,
            output=values[edge.source],
            port=edge.port,
            finished_at=now,
            verdicts={edge.condition: True} if edge.condition is not None else None,
        )
        for edge in reversed(edges)
        if edge.source in values
    }
    if node_id in graph.mapped:
        found[node_id] = NodeRun(node_id, input=value)
    return found


# ── What does not fit ────────────────────────────────────────────────────────────────────────────────────────────────


def _ends(graph: Graph, trigger: str, first: str | None) -> Iterator[FieldError]:
    if trigger not in graph.triggers:
        yield FieldError("trigger", f"This version has no trigger “{shown(trigger)}”, by which the execution began.")
    if first is not None and first not in graph.nodes:
        hint = nearest(first, list(graph.nodes))
        yield FieldError("from", f"This version has no node “{shown(first)}”.", hint=hint)
    elif first is not None and (around := outermost(graph, first)) != first:
        name = graph.nodes[around].name
        message = f"“{graph.nodes[first].name}” runs inside “{name}”, once for each round."
        yield FieldError("from", message, hint=f"Begin at “{name}” ({around}).")


def _changed(graph: Graph, past: Past, runs: Runs) -> Iterator[FieldError]:
    for node_id in (node_id for node_id in graph.order if node_id in runs):
        run, node, before = runs[node_id], graph.nodes[node_id], past.graph.nodes.get(node_id)
        if before is not None and (node.type, node.subtype) != (before.type, before.subtype):
            yield _misfit(node_id, f"“{node.name}” was of type {before.subtype} and is of type {node.subtype} now.")
        elif run.port is not None and run.port not in node.ports:
            yield _misfit(node_id, f"“{node.name}” went on by “{run.port}”, and has no such port any more.")


def _came_new(graph: Graph, past: Past, runs: Runs, trigger: str, first: str | None) -> Iterator[FieldError]:
    before = frozenset().union(*(graph.ancestors(name) for name in (*runs, *([first] if first else []))))
    reachable = graph.descendants(trigger)
    for node_id in graph.order:
        if node_id in before and node_id in reachable and node_id not in past.graph.nodes:
            name = graph.nodes[node_id].name
            yield _misfit(node_id, f"“{name}” is new, and stands before what would be kept.")


def _unreached(graph: Graph, past: Past, runs: Runs, first: str) -> Iterator[FieldError]:
    open_ = [edge.source for edge in graph.incoming.get(first, ()) if edge.source not in runs]
    for node_id in dict.fromkeys(open_):
        state = past.runs[node_id].state if node_id in past.runs else State.PENDING
        if state not in SETTLED or not lasts(past.runs[node_id], past.ended_at):
            yield _misfit(node_id, f"“{graph.nodes[node_id].name}” did not finish, so nothing is kept of it.")
            return
    name = graph.nodes[first].name
    yield FieldError("from", f"The execution took another way: nothing that is kept leads to “{name}”.")


def _misfit(node_id: str, message: str) -> FieldError:
    return FieldError(f"nodes.{node_id}", message)


# ── What follows ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _follow(graph: Graph, found: Keeping, settled: Runs, trigger: str) -> None:
    """Write down what is skipped from the start, and find out what runs first."""
    runs = plan.begin(graph, trigger)
    found.made += _skipped(
        node_id for node_id, run in runs.items() if run.state is State.SKIPPED and node_id not in settled
    )
    runs.update(settled)
    found.starts = plan.resumable(graph, runs, held(runs)).ready
    if runs[trigger].state is State.PENDING:
        found.starts.insert(0, trigger)


def _go_on(graph: Graph, past: Past, found: Keeping) -> None:
    for node_id, run in past.runs.items():
        if node_id not in graph.nodes or node_id in found.kept or any(made.node_id == node_id for made in found.made):
            continue
        node, before = graph.nodes[node_id], past.graph.nodes.get(node_id)
        is_same_type = before is not None and (node.type, node.subtype) == (before.type, before.subtype)
        is_asked = run.key in past.unknown and node_id in found.starts and node.on_unknown is OnUnknown.ASK
        if is_asked and is_same_type:
            found.doubted.append(run.key)
        elif run.failures:
            found.made.append(NodeRun(node_id, failures=run.failures))


def _needed(graph: Graph, node_id: str, given: Runs) -> frozenset[str]:
    seen, todo = {node_id}, [node_id]
    while todo:
        for edge in graph.incoming.get(todo.pop(), ()):
            if edge.source not in seen and edge.source not in given:
                seen.add(edge.source)
                todo.append(edge.source)
    return frozenset(seen)


def _skipped(names: Iterable[str]) -> list[NodeRun]:
    return [NodeRun(name, state=State.SKIPPED) for name in names]
