"""Test addresses: a webhook of a draft that takes deliveries while somebody has its page open, and starts nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.core.errors import Conflict
from apps.core.ids import uuid7
from apps.core.suggest import shown
from apps.core.tenancy import tenant
from apps.nodes.contract import Trigger
from apps.triggers.errors import TriggerUnknown
from apps.triggers.models import Delivery, Listening
from apps.triggers.switches import require_edit
from apps.workflows import selectors as workflows
from apps.workflows.graph import GraphNode, draft_of

OPEN_FOR = timedelta(seconds=120)
KEPT_FOR = timedelta(hours=24)
SHOWN = 10


class NoWebhook(Conflict):
    """Only a webhook has a test address."""

    code = "triggers.no_webhook"


def listening_open(*, workspace_id: UUID, workflow_id: UUID, node_id: str, actor: Actor, now: datetime) -> Listening:
    """Listen at the test address of a draft's webhook for two minutes from now; again, for two minutes more.

    Raises `WorkflowUnknown`, `TriggerUnknown`, `NoWebhook`, `ObjectRestricted`.
    """
    with tenant(workspace_id):
        require_edit(workflows.workflow_get(workspace_id, workflow_id), actor)
        node = draft_webhook(workspace_id, workflow_id, node_id)
        assert issubclass(node.cls, Trigger)
        addresses = node.cls.addresses(node.params, node_id=node.id)
        found, _ = Listening.objects.update_or_create(
            workspace_id=workspace_id,
            workflow_id=workflow_id,
            node_id=node_id,
            defaults={
                "path": addresses[0].partition(" ")[2],
                "methods": [address.partition(" ")[0] for address in addresses],
                "opened_by": actor.label,
                "until_at": now + OPEN_FOR,
            },
            create_defaults={
                "id": uuid7(),
                "path": addresses[0].partition(" ")[2],
                "methods": [address.partition(" ")[0] for address in addresses],
                "opened_by": actor.label,
                "opened_at": now,
                "until_at": now + OPEN_FOR,
            },
        )
    return found


def listening_close(*, workspace_id: UUID, workflow_id: UUID, node_id: str, actor: Actor) -> None:
    """Listen there no more. Raises `WorkflowUnknown`, `ObjectRestricted`."""
    with tenant(workspace_id):
        require_edit(workflows.workflow_get(workspace_id, workflow_id), actor)
        Listening.objects.filter(workspace_id=workspace_id, workflow_id=workflow_id, node_id=node_id).delete()


def open_until(workspace_id: UUID, workflow_id: UUID, node_id: str) -> datetime | None:
    """Until when a test address is open; None when nobody opened it. Must run inside `tenant()`."""
    rows = Listening.objects.filter(workspace_id=workspace_id, workflow_id=workflow_id, node_id=node_id)
    return rows.values_list("until_at", flat=True).first()


def captured(workspace_id: UUID, workflow_id: UUID, node_id: str, *, now: datetime) -> list[Delivery]:
    """What was sent to a test address in the last day, the newest first. Must run inside `tenant()`."""
    rows = Delivery.objects.filter(
        workspace_id=workspace_id, workflow_id=workflow_id, node_id=node_id, source="test"
    ).exclude(verdict="accepted")
    return list(rows.filter(received_at__gte=now - KEPT_FOR).order_by("-id")[:SHOWN])


def draft_webhook(workspace_id: UUID, workflow_id: UUID, node_id: str) -> GraphNode:
    """A webhook of the draft. Raises `WorkflowUnknown`, `TriggerUnknown`, `NoWebhook`. Must run inside `tenant()`."""
    draft, _ = draft_of(workflows.workflow_get(workspace_id, workflow_id).draft)
    node = draft.nodes.get(node_id)
    if node is None or not issubclass(node.cls, Trigger):
        raise TriggerUnknown(f"The draft has no trigger “{shown(node_id)}”.")
    if node.subtype != "WEBHOOK":
        raise NoWebhook(f"“{node.name}” is no webhook, so it has no test address.")
    return node
