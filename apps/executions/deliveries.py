"""What was sent outward about an execution, and sending it again."""

from __future__ import annotations

from uuid import UUID

from apps.accounts import services as accounts
from apps.accounts.access.actor import Actor
from apps.core import outbox
from apps.core.models import Message
from apps.core.tenancy import tenant
from apps.executions import selectors
from apps.executions.launch import require_execute


def delivery_list(*, workspace_id: UUID, execution_id: UUID) -> list[Message]:
    """Everything that was sent about an execution, the oldest first. Raises `ExecutionNotFound`."""
    execution = selectors.execution_get(workspace_id=workspace_id, execution_id=execution_id)
    return list(outbox.message_list(workspace_id, subject_ids=[execution.id]))


def delivery_send_again(*, workspace_id: UUID, execution_id: UUID, message_id: UUID, actor: Actor) -> Message:
    """Put one of them on its way once more, on record. Raises `ExecutionNotFound` or `MessageUnknown`."""
    with tenant(workspace_id):
        execution = selectors.execution_get(workspace_id=workspace_id, execution_id=execution_id)
        require_execute(execution.workflow, actor)
        found = outbox.message_send_again(workspace_id=workspace_id, message_id=message_id, subject_id=execution.id)
        accounts.audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="delivery.sent_again",
            target=found.target,
            data={"execution_id": str(execution_id), "delivery_id": str(message_id)},
        )
    return found
