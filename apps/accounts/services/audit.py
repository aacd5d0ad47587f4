"""The record of what was done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.accounts.models import AuditEvent
from apps.core.clock import now as clock_now
from apps.core.jsonclean import cleaned


def audit_record(
    *, workspace_id: UUID, actor: Actor, action: str, target: str, data: dict[str, Any] | None = None
) -> AuditEvent:
    """Record who did what to what. Call it inside the transaction of the change, so that both happen or neither.

    `action` is `noun.past` (`member.added`), `target` what people call the thing. `data` must hold no secret.
    """
    return AuditEvent.objects.create(
        workspace_id=workspace_id,
        at=clock_now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:300],
        action=action,
        target=target[:200],
        data=cleaned(data or {}),
    )
