"""Starting an execution by hand or by program: which version, which trigger, and whether the input fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts import services as accounts
from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import Kind
from apps.accounts.access.permissions import Permission
from apps.core import jsonshape
from apps.core.errors import Conflict, FieldError, Invalid
from apps.core.suggest import nearest, shown
from apps.core.tenancy import tenant
from apps.executions import selectors, services
from apps.executions.graphs import graph_of
from apps.executions.models import Execution
from apps.executions.services import Origin, Started
from apps.nodes.contract import Trigger
from apps.workflows import selectors as workflows
from apps.workflows import services as workflow_services
from apps.workflows.graph import Graph, GraphNode
from apps.workflows.models import Status, Version, Workflow


class WorkflowArchived(Conflict):
    """An archived workflow starts nothing."""

    code = "executions.workflow_archived"
    default_hint = "Activate it to bring it back."


class TriggerUnclear(Invalid):
    """The workflow can be started in several ways: say which trigger is meant."""

    code = "executions.trigger_unclear"


class InputInvalid(Invalid):
    """The input does not fit the schema of the trigger."""

    code = "executions.input_invalid"


@dataclass(frozen=True, slots=True)
class Start:
    """What somebody asks for who starts a workflow. `trigger` is a node id; None where only one can be meant."""

    workflow_id: UUID
    given: Any = None
    trigger: str | None = None
    dedupe_key: str | None = None
    reply_to: str | None = None
    execution_id: UUID | None = None
    priority: str | None = None


def execution_launch(*, workspace_id: UUID, actor: Actor, start: Start, now: datetime) -> Started:
    """Start the workflow's latest published version, or a snapshot of its draft (mode `test`) when there is none.

    Raises `WorkflowUnknown`, `WorkflowArchived`, `GraphInvalid` for a draft with errors, `TriggerUnclear`,
    `InputInvalid`, and what `execution_start` raises.
    """
    with tenant(workspace_id):
        workflow = startable(workspace_id, start.workflow_id, actor)
        version = workflow.active_version or workflow_services.version_snapshot(
            workspace_id=workspace_id, workflow_id=workflow.id, actor=actor
        )
        graph = graph_of(workspace_id=workspace_id, version_id=version.id)
        node = trigger_of(graph, start.trigger)
        origin = origin_of(version, graph)
        return services.execution_start(
            origin=replace(origin, priority=start.priority) if start.priority else origin,
            trigger_node=node.id,
            input=accepted(node, start.given),
            now=now,
            mode="production" if version.number else "test",
            dedupe_key=start.dedupe_key,
            reply_to=start.reply_to,
            execution_id=start.execution_id,
            started_by=who(actor),
        )


def execution_stop(*, workspace_id: UUID, execution_id: UUID, actor: Actor, now: datetime) -> Execution:
    """Cancel an execution on somebody's behalf, on record. Raises `ExecutionNotFound` or `AlreadyEnded`."""
    with tenant(workspace_id):
        execution = selectors.execution_get(workspace_id=workspace_id, execution_id=execution_id)
        require_execute(execution.workflow, actor)
        services.execution_cancel(workspace_id=workspace_id, execution_id=execution_id, now=now, by=actor.label)
        accounts.audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="execution.canceled",
            target=execution.workflow.name,
            data={"execution_id": str(execution_id), "workflow_id": str(execution.workflow_id)},
        )
    return execution


def origin_of(version: Version, graph: Graph) -> Origin:
    """What `execution_start` needs to know of a version."""
    return Origin.of(
        workspace_id=version.workspace_id,
        workflow_id=version.workflow_id,
        version_id=version.id,
        queue=version.queue,
        settings=graph.settings,
    )


def triggers_of(graph: Graph) -> list[GraphNode]:
    """The ways a graph can be started, the one by hand first."""
    found = [graph.nodes[node_id] for node_id in graph.triggers]
    return sorted(found, key=lambda node: node.subtype != "MANUAL")


def startable(workspace_id: UUID, workflow_id: UUID, actor: Actor | None = None) -> Workflow:
    """A workflow that may be started, by this actor if one is named.

    Raises `WorkflowUnknown`, `WorkflowArchived`, `ObjectRestricted`.
    """
    workflow = workflows.workflow_get(workspace_id, workflow_id)
    if actor is not None:
        require_execute(workflow, actor)
    if workflow.status == Status.ARCHIVED:
        raise WorkflowArchived(f"“{workflow.name}” is archived, so it starts nothing.")
    return workflow


def may_execute(workspace_id: UUID, workflow_id: UUID, actor: Actor) -> bool:
    """Whether the actor may run this workflow: by role, and as far as it is shared. Must run inside `tenant()`."""
    return actor.can(Permission.WORKFLOW_EXECUTE) and objects.may(
        workspace_id=workspace_id, actor=actor, kind=Kind.WORKFLOW, object_id=workflow_id, level="execute"
    )


def require_execute(workflow: Workflow, actor: Actor) -> None:
    """Raise `ObjectRestricted` (403) when this workflow is shared with others, or with this one for looking only.

    Must run inside `tenant()`.
    """
    objects.require(
        workspace_id=workflow.workspace_id,
        actor=actor,
        kind=Kind.WORKFLOW,
        object_id=workflow.id,
        level="execute",
        name=workflow.name,
    )


def trigger_of(graph: Graph, wanted: str | None) -> GraphNode:
    """The trigger that is meant: the named one, the only one, or the only one by hand. Raises `TriggerUnclear`."""
    known = triggers_of(graph)
    if wanted is not None:
        found = next((node for node in known if node.id == wanted), None)
        if found is None:
            message = f"The workflow has no trigger “{shown(wanted)}”."
            hint = nearest(wanted, [node.id for node in known])
            raise TriggerUnclear(message, hint=hint, errors=[FieldError("trigger", message, hint=hint)])
        return found
    by_hand = [node for node in known if node.subtype == "MANUAL"]
    for choice in (known, by_hand):
        if len(choice) == 1:
            return choice[0]
    names = ", ".join(f"{node.id} ({node.name})" for node in known)
    raise TriggerUnclear(hint=f"Send `trigger` with one of: {names}.", errors=[FieldError("trigger", "Missing.")])


def accepted(node: GraphNode, given: Any) -> Any:
    """What a trigger delivers when it is given this. Raises `InputInvalid`."""
    assert issubclass(node.cls, Trigger)
    accepted = node.cls.accept(node.params, given)
    schema = node.params.get("input_schema")
    if not isinstance(schema, Mapping) or not schema:
        return accepted
    try:
        found = jsonshape.faults(accepted, schema, path="input")
    except jsonshape.ShapeInvalid as wrong:
        raise InputInvalid(f"The input schema of “{node.name}” is no JSON Schema: {wrong}") from None
    if found:
        raise InputInvalid(f"The input does not fit what “{node.name}” asks for: {found[0].message}", errors=found)
    return accepted


def who(actor: Actor) -> dict[str, Any]:
    """Who starts, as it is kept with the execution."""
    return {"kind": actor.kind, "id": str(actor.id) if actor.id else None, "label": actor.label}
