"""Doing an execution again: from its start, from a node, or from where it failed; with the same input or another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.core.errors import Conflict, FieldError, Invalid
from apps.core.tenancy import tenant
from apps.executions import kept, selectors, services
from apps.executions.engine import keep
from apps.executions.engine.keep import Keeping, Past
from apps.executions.engine.states import Status
from apps.executions.graphs import graph_of
from apps.executions.launch import accepted, origin_of, startable, who
from apps.executions.models import Execution
from apps.executions.services import Started
from apps.nodes.contract import OnUnknown
from apps.workflows import services as workflow_services
from apps.workflows.graph import Graph
from apps.workflows.graph import compile as compiled
from apps.workflows.models import Version, Workflow

FAILURES = (Status.ERROR, Status.TIMED_OUT, Status.CANCELED)
Begins = Literal["start", "failed", "node"]
Which = Literal["same", "newest", "draft"]


class NotEnded(Conflict):
    """This execution has not ended yet, so there is nothing to go on from."""

    code = "executions.not_ended"
    default_hint = "Wait for its end or cancel it. From its start it can be run again now."


class NothingFailed(Conflict):
    """This execution did not fail, so there is no step to go on from."""

    code = "executions.nothing_failed"
    default_hint = "Say from which node, or run it again from its start."


class DoesNotFit(Conflict):
    """What this execution finished does not fit where it is to go on. The document lists what."""

    code = "executions.rerun_does_not_fit"
    default_hint = "Begin at an earlier node or at the start, or take the version it ran with."


class LookFirst(Conflict):
    """A step was sent, nobody saw the answer, and it would be sent again."""

    code = "executions.look_first"
    default_hint = "Look at the receiving system, then run this execution again by itself."


class NoVersion(Conflict):
    """Nothing of this workflow has been published."""

    code = "executions.no_version"
    default_hint = "Publish it, or take the draft."


@dataclass(frozen=True, slots=True)
class Again:
    """How an execution is to be done again.

    It begins at its `start`, where it `failed`, or at a `node`. `version`: `same`, the `newest` published one, or the
    `draft` as it is now, which makes it a test. `input` counts with `has_input`: at the start it is what the trigger
    delivers, at a node what goes into that node.
    """

    begins: Begins = "start"
    node: str | None = None
    version: Which = "same"
    input: Any = None
    has_input: bool = False


def begins_at(text: str) -> dict[str, Any]:
    """`start`, `failed` or a node's id (`node:<id>` where the id is one of the words) as members of `Again`."""
    if text in ("start", "failed"):
        return {"begins": text}
    return {"begins": "node", "node": text.removeprefix("node:")}


def execution_rerun(
    *,
    workspace_id: UUID,
    execution_id: UUID,
    actor: Actor,
    now: datetime,
    again: Again | None = None,
    queue: str | None = None,
    dedupe_key: str | None = None,
    is_unattended: bool = False,
) -> Started:
    """Start an execution that does another one again, in whole or from a node on. The earlier one never changes.

    What was finished before the place it begins at is kept, with its outputs. One that did not succeed is redriven
    with the same input in its own lineage: a write whose outcome is unknown is sent under the same idempotency key, or
    asked about first. Otherwise the new execution has a lineage of its own, and what it sends is meant to be sent.
    Where nobody watches (`is_unattended`) it waits where the workflow refuses starts while a person is asked, and is
    refused where a write of unknown outcome would be sent again without asking.

    Raises `ExecutionNotFound`, `WorkflowUnknown`, `WorkflowArchived`, `NotEnded`, `NothingFailed`, `NoVersion`,
    `DoesNotFit`, `LookFirst`, `InputInvalid`, `BlockedByPause`, `GraphInvalid` for a draft with errors, and for
    credentials the actor may not use.
    """
    again = again or Again()
    with tenant(workspace_id):
        earlier = selectors.execution_get(workspace_id=workspace_id, execution_id=execution_id)
        workflow = startable(workspace_id, earlier.workflow_id, actor)
        version = _version(workflow, earlier, again, actor)
        graph = graph_of(workspace_id=workspace_id, version_id=version.id)
        is_same_lineage = earlier.status in FAILURES and not again.has_input
        plan = None if again.begins == "start" else _plan(earlier, graph, again, now, is_same_lineage=is_same_lineage)
        given = selectors.execution_value(execution=earlier, name="input")
        if again.has_input and again.begins == "start":
            given = accepted(_trigger(graph, earlier.trigger_node), again.input)
        # No start of a burst: it would be merged into another execution, or another's input into what it kept.
        origin = replace(origin_of(version, graph), debounce=None)
        if is_unattended and plan is not None:
            _look_first(earlier, graph, plan[0])
        if is_unattended and origin.while_paused == "block":
            origin = replace(origin, while_paused="queue")
        started = services.execution_start(
            origin=replace(origin, queue=queue) if queue else origin,
            trigger_node=_trigger(graph, earlier.trigger_node).id,
            input=given,
            now=now,
            mode="test" if again.version == "draft" else earlier.mode,
            dedupe_key=dedupe_key,
            started_by=who(actor) | {"rerun_of": str(earlier.id)},
            lineage_id=earlier.lineage_id if is_same_lineage else None,
        )
        if started.is_new:
            Execution.objects.filter(workspace_id=workspace_id, id=started.id).update(rerun_of=earlier.id)
            if plan is not None:
                keeping, past = plan
                kept.write(
                    execution_id=started.id,
                    workspace_id=workspace_id,
                    source_id=earlier.id,
                    keeping=keeping,
                    past=past,
                    at=now,
                )
    return started


@dataclass(frozen=True, slots=True)
class Outlook:
    """What doing it again would mean: what is kept, what runs first, and the input that goes in there as before."""

    kept: tuple[str, ...]
    starts: tuple[str, ...]
    asks: tuple[str, ...]
    """Writes of unknown outcome that a person is asked about, or that are repeated under the same key."""
    input: Any


def rerun_outlook(*, workspace_id: UUID, execution_id: UUID, again: Again) -> Outlook:
    """What `execution_rerun` would do, without doing it; names of nodes in the order of the graph.

    Raises what it raises, except what only a start can find out.
    """
    with tenant(workspace_id):
        earlier = selectors.execution_get(workspace_id=workspace_id, execution_id=execution_id)
        workflow = startable(workspace_id, earlier.workflow_id)
        if again.version == "draft":
            graph = compiled(workflow.draft)
        else:
            graph = graph_of(
                workspace_id=workspace_id, version_id=_published_version(workflow, earlier, again.version).id
            )
        trigger = _trigger(graph, earlier.trigger_node)
        if again.begins == "start":
            value = selectors.execution_value(execution=earlier, name="input")
            return Outlook((), (trigger.name,), (), value)
        keeping, _ = _plan(earlier, graph, again, earlier.created_at, is_same_lineage=earlier.status in FAILURES)
        settled, doubted = frozenset(keeping.kept), frozenset(name for _, name in keeping.doubted)
        return Outlook(
            kept=_names(graph, settled),
            starts=_names(graph, frozenset(keeping.starts) - doubted),
            asks=_names(graph, doubted),
            input=_went_in(earlier, again),
        )


def _names(graph: Graph, node_ids: frozenset[str]) -> tuple[str, ...]:
    return tuple(graph.nodes[node_id].name for node_id in graph.order if node_id in node_ids)


def _went_in(earlier: Execution, again: Again) -> Any:
    """What went into the node it begins at, as far as it was reached."""
    if again.node is None:
        return None
    shown = selectors.execution_snapshot(execution=earlier, node_id=again.node)
    return next(
        (run.get("input") for run in shown["node_runs"] if (run["node_id"], run["path"]) == (again.node, "")), None
    )


def _version(workflow: Workflow, earlier: Execution, again: Again, actor: Actor) -> Version:
    if again.version == "draft":
        return workflow_services.version_snapshot(
            workspace_id=workflow.workspace_id, workflow_id=workflow.id, actor=actor
        )
    version = _published_version(workflow, earlier, again.version)
    # Nobody has published what a test run names; and whoever published a version let its credentials be used with what
    # its own nodes make of an input, not with what somebody puts between them.
    if version.number is None or (again.node is not None and again.has_input):
        workflow_services.require_credentials(workflow.workspace_id, version.definition, actor)
    return version


def _published_version(workflow: Workflow, earlier: Execution, which: Which) -> Version:
    if which == "same":
        return earlier.version
    if workflow.active_version is None:
        raise NoVersion(f"Nothing of “{workflow.name}” has been published.")
    return workflow.active_version


def _trigger(graph: Graph, node_id: str) -> Any:
    if node_id not in graph.triggers:
        message = f"This version has no trigger “{node_id}”, by which the execution began."
        raise DoesNotFit(message, errors=[FieldError("trigger", message)])
    return graph.nodes[node_id]


def _plan(
    earlier: Execution, graph: Graph, again: Again, now: datetime, *, is_same_lineage: bool
) -> tuple[Keeping, Past]:
    if not earlier.is_terminal:
        raise NotEnded(f"This execution has not ended yet: it is {earlier.status}.")
    if again.node is None and earlier.status not in FAILURES:
        raise NothingFailed(f"This execution did not fail: it ended as {earlier.status}.")
    past = kept.past_of(earlier)
    given = None
    if again.has_input:
        given = _given(graph, past, again, now)
    keeping = keep.keep(
        graph,
        past,
        trigger=earlier.trigger_node,
        first=again.node,
        given=given,
        is_same_lineage=is_same_lineage,
    )
    if keeping.misfits:
        first = keeping.misfits[0]
        more = f" ({len(keeping.misfits) - 1} more)" if len(keeping.misfits) > 1 else ""
        raise DoesNotFit(f"It cannot go on there. {first.message}{more}", errors=keeping.misfits)
    if not keeping.starts and not keeping.doubted:
        raise NothingFailed("Nothing of this execution is left to run.")
    if again.begins == "failed" and is_same_lineage:
        keeping.has_steps = graph is past.graph
        for container in keep.reopenable(graph, past, keeping):
            within = kept.inside_of(earlier, container)
            keep.reopen(graph, past, keeping, past.runs[container], within)
    return keeping, past


def _look_first(earlier: Execution, graph: Graph, keeping: Keeping) -> None:
    """Refuse what would repeat a write that the workflow wants a person to be asked about."""
    settled = {*(("", name) for name in keeping.kept), *keeping.inside, *keeping.doubted}
    for write in earlier.unknown_writes:
        node, key = graph.nodes.get(write["node_id"]), (write.get("path", ""), write["node_id"])
        is_looked_at = keeping.has_steps if write.get("step") else key in settled
        if node is not None and node.on_unknown is OnUnknown.ASK and not is_looked_at:
            raise LookFirst(f"“{node.name}” was sent, nobody saw the answer, and it would be sent again.")


def _given(graph: Graph, past: Past, again: Again, now: datetime) -> dict[str, Any]:
    node_id = again.node
    if node_id is None:
        message = "An input goes in at the start or at a node: say which."
        raise Invalid(message, errors=[FieldError("from", message)])
    if node_id not in graph.nodes:
        return {}
    if not graph.incoming.get(node_id):
        message = f"Nothing goes into “{graph.nodes[node_id].name}”: give the input at the start."
        raise Invalid(message, errors=[FieldError("input", message)])
    try:
        return dict(keep.given_to(graph, node_id, past.runs, again.input, now))
    except ValueError as wrong:
        raise Invalid(str(wrong), errors=[FieldError("input", str(wrong))]) from None
