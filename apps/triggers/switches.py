"""Switching one trigger of an active workflow off and on, without a new version."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import Kind
from apps.accounts.services import audit_record
from apps.core.ids import uuid7
from apps.core.suggest import nearest, shown
from apps.core.tenancy import tenant
from apps.nodes.contract import Trigger
from apps.triggers import due_times
from apps.triggers.due_times import NeverDue
from apps.triggers.errors import TriggerUnknown
from apps.triggers.models import Schedule, Switch
from apps.workflows import selectors as workflows
from apps.workflows.graph import GraphNode, draft_of
from apps.workflows.models import Workflow


def trigger_pause(
    *, workspace_id: UUID, workflow_id: UUID, node_id: str, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Let one trigger start nothing any more; the others go on. Stays until `trigger_resume`, whatever is published.

    A webhook answers 503 meanwhile, a schedule leaves out what comes due. Raises `WorkflowUnknown`, `TriggerUnknown`,
    `ObjectRestricted`.
    """
    with tenant(workspace_id):
        workflow, node = _find(workspace_id, workflow_id, node_id, actor)
        _, is_new = Switch.objects.get_or_create(
            workspace_id=workspace_id,
            workflow_id=workflow.id,
            node_id=node.id,
            defaults={"id": uuid7(), "reason": reason.strip()[:500], "paused_by": actor.label, "paused_at": now},
        )
        Schedule.objects.filter(workspace_id=workspace_id, workflow_id=workflow.id, node_id=node.id).update(
            is_paused=True
        )
        if is_new:
            _record(workflow, node, actor, "paused")


def trigger_resume(*, workspace_id: UUID, workflow_id: UUID, node_id: str, actor: Actor, now: datetime) -> None:
    """Switch it on again. A schedule goes on with what comes due from now on. Raises as `trigger_pause` does."""
    with tenant(workspace_id):
        workflow, node = _find(workspace_id, workflow_id, node_id, actor)
        gone, _ = Switch.objects.filter(workspace_id=workspace_id, workflow_id=workflow.id, node_id=node.id).delete()
        rows = Schedule.objects.filter(workspace_id=workspace_id, workflow_id=workflow.id, node_id=node.id)
        for schedule in rows.select_for_update().filter(is_paused=True):
            schedule.is_paused = False
            by = due_times.jitter_of(schedule.rule, f"{workflow.id}:{node.id}")
            try:
                rule = due_times.rule_of(schedule.expression, schedule.timezone, schedule.rule)
                schedule.next_fire_at = due_times.next_after(rule, now - by) + by
            except NeverDue as never:
                schedule.next_fire_at, schedule.error = None, str(never)
            schedule.save(update_fields=["is_paused", "next_fire_at", "error"])
        if gone:
            _record(workflow, node, actor, "resumed")


def _find(workspace_id: UUID, workflow_id: UUID, node_id: str, actor: Actor) -> tuple[Workflow, GraphNode]:
    workflow = workflows.workflow_get(workspace_id, workflow_id)
    require_edit(workflow, actor)
    nodes: dict[str, GraphNode] = {}
    for definition in (workflow.draft, workflow.active_version.definition if workflow.active_version else None):
        if definition is not None:
            draft, _ = draft_of(definition)
            nodes |= {node.id: node for node in draft.nodes.values() if issubclass(node.cls, Trigger)}
    if node_id not in nodes:
        message = f"“{workflow.name}” has no trigger “{shown(node_id)}”."
        raise TriggerUnknown(message, hint=nearest(node_id, list(nodes)))
    return workflow, nodes[node_id]


def require_edit(workflow: Workflow, actor: Actor) -> None:
    """Raise `ObjectRestricted` (403) unless the actor may change this workflow. Must run inside `tenant()`."""
    objects.require(
        workspace_id=workflow.workspace_id,
        actor=actor,
        kind=Kind.WORKFLOW,
        object_id=workflow.id,
        level="edit",
        name=workflow.name,
    )


def _record(workflow: Workflow, node: GraphNode, actor: Actor, verb: str) -> None:
    audit_record(
        workspace_id=workflow.workspace_id,
        actor=actor,
        action=f"trigger.{verb}",
        target=f"{workflow.name}: {node.name}",
        data={"workflow_id": str(workflow.id), "node_id": node.id},
    )
