"""Test runs: the whole of a workflow, up to one node, or one node alone; with recorded, pinned or given data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.access.actor import Actor
from apps.core import jsonclean
from apps.core.errors import Conflict, FieldError, Invalid
from apps.core.suggest import nearest, shown
from apps.core.tenancy import tenant
from apps.executions import kept, selectors, services
from apps.executions.engine import keep
from apps.executions.engine.keep import Keeping, Past
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import State
from apps.executions.graphs import graph_of
from apps.executions.launch import accepted, origin_of, startable, trigger_of, triggers_of, who
from apps.executions.models import Execution
from apps.executions.rerun import NoVersion
from apps.executions.services import Started
from apps.nodes.contract import Trigger
from apps.workflows import services as workflow_services
from apps.workflows.graph import Graph, GraphNode, draft_of
from apps.workflows.models import Version, Workflow

LATEST = 30
"""How many executions of a workflow are looked through for data to test a node with."""
Scope = Literal["all", "until", "node"]


class NoData(Conflict):
    """Nothing is known that could go into this node."""

    code = "executions.no_data_for_node"
    default_hint = "Give an input, pin what a node before it gives back, or run the workflow up to it once."


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tested, and with which data.

    `scope`: `all` runs everything, `until` what leads to `node` and that node, `node` that node alone. `given` counts
    with `has_input`: what the trigger delivers, or, for one node, what goes into it. What is `pinned` (node id →
    output) does not run. It pauses before each of the `breakpoints`, and with `is_stepping` before every node.
    """

    workflow_id: UUID
    scope: Scope = "all"
    node: str | None = None
    is_published: bool = False
    trigger: str | None = None
    given: Any = None
    has_input: bool = False
    pinned: Mapping[str, Any] = field(default_factory=dict)
    breakpoints: tuple[str, ...] = ()
    is_stepping: bool = False
    reply_to: str | None = None
    execution_id: UUID | None = None

    @property
    def debug(self) -> dict[str, Any] | None:
        """Where it pauses, as the engine wants it told."""
        if not self.breakpoints and not self.is_stepping:
            return None
        return {"breakpoints": list(self.breakpoints), "is_stepping": self.is_stepping, "passed": []}


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The execution whose data a node is tested with."""

    execution: Execution
    past: Past


def execution_test(*, workspace_id: UUID, actor: Actor, trial: Trial, now: datetime) -> Started:
    """Start a test run of the draft as it is now, or of the published version.

    It neither waits for other executions of the workflow nor is refused because of them. Raises `WorkflowUnknown`,
    `WorkflowArchived`, `GraphInvalid` for a draft with errors, and for credentials the actor may not use where data is
    put between the nodes, `NoVersion`, `TriggerUnclear`, `InputInvalid`, `Invalid` naming a node that does not exist,
    `NoData`.
    """
    with tenant(workspace_id):
        workflow = startable(workspace_id, trial.workflow_id, actor)
        version = _version(workflow, trial, actor)
        graph = graph_of(workspace_id=workspace_id, version_id=version.id)
        _check(graph, trial)
        trigger = _trigger(graph, trial)
        recorded = None
        if trial.scope == "node":
            recorded, keeping, given = _alone(graph, trial, trigger, now)
        else:
            keeping, given = _until(graph, trial, trigger, now)
        if not keeping.starts:
            raise NoData("Nothing is left to run.", hint="Pin less.")
        started = services.execution_start(
            origin=origin_of(version, graph).without_limits(),
            trigger_node=trigger.id,
            input=given,
            now=now,
            mode="test",
            reply_to=trial.reply_to,
            execution_id=trial.execution_id,
            started_by=who(actor) | {"test": {"scope": trial.scope, "node": trial.node}},
            debug=trial.debug,
        )
        if keeping.kept or keeping.made:
            kept.write(
                execution_id=started.id,
                workspace_id=workspace_id,
                source_id=recorded.execution.id if recorded else started.id,
                keeping=keeping,
                past=recorded.past if recorded else Past(graph, {}),
                at=now,
            )
    return started


def last_input_of(*, workspace_id: UUID, workflow: Workflow, node_id: str) -> Any:
    """What would go into a node of the draft if it were tested alone now; None where nothing is known."""
    with tenant(workspace_id):
        graph = draft_of(workflow.draft)[0].graph()
        if node_id not in graph.nodes or not graph.order:
            return None
        if node_id in graph.mapped:
            return kept.input_of(_executions(workflow.id), node_id)
        edges = keep.sources(graph, node_id, {})[0]
        ports = {edge.source: edge.port for edge in reversed(edges)}
        before = graph.ancestors(node_id)
        found = _latest(graph, workflow.id, before, ports, list(ports)) if ports else None
        if found is None:
            return None
        usable = [name for name in _usable(graph, found.past, ports) if found.past.runs[name].delivers(ports[name])]
        outputs = kept.outputs_of(found.execution, usable)
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs


def _version(workflow: Workflow, trial: Trial, actor: Actor) -> Version:
    if not trial.is_published:
        return workflow_services.version_snapshot(
            workspace_id=workflow.workspace_id, workflow_id=workflow.id, actor=actor
        )
    if workflow.active_version is None:
        raise NoVersion(f"Nothing of “{workflow.name}” has been published.")
    version = workflow.active_version
    if trial.scope == "node" or trial.pinned:
        # Whoever published it let its credentials be used with what its own nodes make of an input, and nothing else.
        workflow_services.require_credentials(workflow.workspace_id, version.definition, actor)
    return version


def _check(graph: Graph, trial: Trial) -> None:
    if (trial.node is None) != (trial.scope == "all"):
        message = "Say which node is meant." if trial.node is None else "The whole of a workflow has no one node."
        raise Invalid(message, errors=[FieldError("node", message)])
    named = [("node", trial.node), ("trigger", trial.trigger), *((f"pinned.{name}", name) for name in trial.pinned)]
    named += [(f"breakpoints[{at}]", name) for at, name in enumerate(trial.breakpoints)]
    wrong = [
        FieldError(path, f"There is no node “{shown(name)}”.", hint=nearest(name, list(graph.nodes)))
        for path, name in named
        if name is not None and name not in graph.nodes
    ]
    wrong += [
        FieldError(path, f"“{graph.nodes[name].name}” runs inside a container: only that can be tested.", hint=around)
        for path, name in named
        if name is not None and name in graph.nodes and (around := keep.outermost(graph, name)) != name
    ]
    if wrong:
        raise Invalid(wrong[0].message, hint=wrong[0].hint, errors=wrong)
    jsonclean.check(dict(trial.pinned), path="pinned")


def _trigger(graph: Graph, trial: Trial) -> GraphNode:
    """Where it begins: the named trigger, or the one that leads to the node, started by hand if there are several."""
    known = triggers_of(graph)
    wanted = trial.trigger
    if wanted is None and trial.node is not None:
        before = graph.ancestors(trial.node) | {trial.node}
        leading = [node for node in known if node.id in before]
        known = leading or known
        wanted = known[0].id if known else None
    return trigger_of(graph, wanted)


def _until(graph: Graph, trial: Trial, trigger: GraphNode, now: datetime) -> tuple[Keeping, Any]:
    pinned = {name: _pinned(graph.nodes[name], value, now) for name, value in trial.pinned.items()}
    if trial.node is not None:  # what only leads to a pinned node need not run
        before = graph.ancestors(trial.node)
        for name in before - pinned.keys():
            if graph.nodes[name].is_pinned:
                pinned[name] = _pinned(graph.nodes[name], graph.nodes[name].pinned_output, now)
    keeping = keep.until(graph, trigger=trigger.id, node_id=trial.node, given=pinned)
    return keeping, accepted(trigger, trial.given)


def _alone(graph: Graph, trial: Trial, trigger: GraphNode, now: datetime) -> tuple[_Recorded | None, Keeping, Any]:
    assert trial.node is not None
    node = graph.nodes[trial.node]
    edges, _ = keep.sources(graph, node.id, {})
    if issubclass(node.cls, Trigger):
        return None, keep.alone(graph, node_id=node.id, recorded=(), given={}), accepted(node, trial.given)
    names = list(dict.fromkeys(edge.source for edge in edges))
    given: dict[str, NodeRun] = {}
    if trial.has_input and not names:
        message = f"Nothing leads to “{node.name}”, so nothing can go into it."
        raise Invalid(message, errors=[FieldError("input", message)])
    if trial.has_input:
        try:
            given = keep.given_to(graph, node.id, {}, trial.given, now)
        except ValueError as wrong:
            raise Invalid(str(wrong), errors=[FieldError("input", str(wrong))]) from None
    ports = {edge.source: edge.port for edge in reversed(edges)}
    before = graph.ancestors(node.id)
    for name in before - given.keys():
        if name in trial.pinned or graph.nodes[name].is_pinned:
            value = trial.pinned[name] if name in trial.pinned else graph.nodes[name].pinned_output
            given[name] = _pinned(graph.nodes[name], value, now, ports.get(name))
    missing = [] if trial.has_input else [name for name in names if name not in given]
    recorded = _latest(graph, trial.workflow_id, before - given.keys(), ports, missing)
    if names and recorded is None and not given.keys() & set(names):
        listed = ", ".join(f"“{graph.nodes[name].name}”" for name in missing)
        raise NoData(f"No output of {listed} is known, which “{node.name}” would be given.")
    known = _usable(graph, recorded.past, before - given.keys()) if recorded else []
    if trial.has_input:
        known = [name for name in known if name not in names]
    keeping = keep.alone(graph, node_id=node.id, recorded=known, given=given)
    begun_with = selectors.execution_value(execution=recorded.execution, name="input") if recorded else None
    return recorded, keeping, begun_with


def _latest(
    graph: Graph, workflow_id: UUID, before: Iterable[str], ports: Mapping[str, str], missing: list[str]
) -> _Recorded | None:
    """The latest execution in which what is missing ran and delivered; anything that stands before, if nothing is."""
    wanted = frozenset(before)
    if not wanted:
        return None
    for execution in _executions(workflow_id):
        past = kept.past_of(execution)
        usable = _usable(graph, past, wanted)
        ran = [name for name in usable if name in past.ran]
        if any(past.runs[name].delivers(ports[name]) for name in ran if name in missing) or (ran and not missing):
            return _Recorded(execution, past)
    return None


def _executions(workflow_id: UUID) -> QuerySet[Execution]:
    found = Execution.objects.filter(workflow_id=workflow_id).select_related("version")
    return found.order_by("-created_at").defer("output", "response", "version__definition")[:LATEST]


def _usable(graph: Graph, past: Past, names: Iterable[str]) -> list[str]:
    """The nodes whose outputs in that execution can stand for what they would give now."""

    def fits(name: str) -> bool:
        run, node, before = past.runs.get(name), graph.nodes[name], past.graph.nodes.get(name)
        return (
            run is not None
            and before is not None
            and run.state in (State.COMPLETED, State.FAILED)
            and run.port in node.ports
            and (node.type, node.subtype) == (before.type, before.subtype)
        )

    return [name for name in graph.order if name in frozenset(names) and fits(name)]


def _pinned(node: GraphNode, value: Any, now: datetime, port: str | None = None) -> NodeRun:
    leaves = port or node.port_of(value)
    return NodeRun(node.id, state=State.COMPLETED, output=value, port=leaves, finished_at=now)
