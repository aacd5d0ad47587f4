"""Using what was sent to a test address: run the draft with it, or pin it as what the trigger gives back in tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.core.tenancy import tenant
from apps.executions.services import Started
from apps.executions.trial import Trial, execution_test
from apps.triggers import drafts, inbox
from apps.triggers.errors import DeliveryUnknown


def capture_run(
    *, workspace_id: UUID, workflow_id: UUID, node_id: str, delivery_id: UUID, actor: Actor, now: datetime
) -> Started:
    """Test the whole draft with what was captured. Raises `DeliveryUnknown`, and what `execution_test` raises."""
    with tenant(workspace_id):
        given = _captured(workspace_id, workflow_id, node_id, delivery_id)
        trial = Trial(workflow_id=workflow_id, trigger=node_id, given=given, has_input=True)
        return execution_test(workspace_id=workspace_id, actor=actor, trial=trial, now=now)


def capture_pin(*, workspace_id: UUID, workflow_id: UUID, node_id: str, delivery_id: UUID, actor: Actor) -> None:
    """Pin what was captured to the draft's trigger. Raises `DeliveryUnknown`, `TriggerUnknown`, `GraphInvalid`."""
    with tenant(workspace_id):
        given = _captured(workspace_id, workflow_id, node_id, delivery_id)
        drafts.trigger_pin(
            workspace_id=workspace_id, workflow_id=workflow_id, actor=actor, node_id=node_id, output=given
        )


def _captured(workspace_id: UUID, workflow_id: UUID, node_id: str, delivery_id: UUID) -> Any:
    found = inbox.delivery_get(workspace_id, delivery_id)
    if (found.workflow_id, found.node_id) != (workflow_id, node_id):
        raise DeliveryUnknown
    return inbox.request_of(found)
