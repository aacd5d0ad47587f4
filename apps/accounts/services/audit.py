"""The record of what was done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.accounts.access.actor import Actor
from apps.accounts.chain import digest_of
from apps.accounts.models import AuditEvent
from apps.core import origin
from apps.core.clock import now as clock_now
from apps.core.ids import uuid7
from apps.core.jsonclean import cleaned

_FORGET_BATCH = 1_000


def audit_record(
    *, workspace_id: UUID, actor: Actor, action: str, target: str, data: dict[str, Any] | None = None
) -> AuditEvent:
    """Record who did what to what, and from where. Call it inside the transaction of the change, so that both happen
    or neither.

    `action` is `noun.past` (`member.added`), `target` what people call the thing. `data` must hold no secret. Its place
    in the chain of the workspace is found when the transaction commits: nobody waits for anybody before.
    """
    event = _made(workspace_id, actor, action, target, data)
    event.save(force_insert=True)
    return event


def audit_recorded(*, workspace_id: UUID, actor: Actor, action: str, data: dict[str, Any], since: datetime) -> bool:
    """Whether the record has this of the same actor, in the same way in and from the same place, since then, with
    these members of `data`.
    """
    where = origin.current()
    return AuditEvent.objects.filter(
        workspace_id=workspace_id,
        actor_id=actor.id,
        actor_kind=actor.kind,
        action=action,
        data__contains=data,
        at__gt=since,
        address=where.address,
    ).exists()


def audit_record_all(
    *, workspace_id: UUID, actor: Actor, action: str, told: Iterable[tuple[str, dict[str, Any]]]
) -> list[AuditEvent]:
    """As `audit_record`, of many things of one kind at once, each with its target and data, in one statement."""
    events = [_made(workspace_id, actor, action, target, data) for target, data in told]
    AuditEvent.objects.bulk_create(events)
    return events


def _made(workspace_id: UUID, actor: Actor, action: str, target: str, data: dict[str, Any] | None) -> AuditEvent:
    where = origin.current()
    event = AuditEvent(
        id=uuid7(),
        workspace_id=workspace_id,
        at=clock_now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=cleaned(actor.label[:300]),
        action=action,
        target=cleaned(target[:200]),
        data=cleaned(data or {}),
        via=actor.via if where.address or actor.via != "session" else "",  # nobody has a session outside of a request
        address=where.address,
        user_agent=cleaned(where.user_agent),
    )
    event.digest = digest_of(event)
    return event


def audit_forget() -> int:
    """Delete some of what is older than AUDIT_RETENTION_DAYS, in every workspace; gives how much that was.

    What is left stays one chain: its head remembers the last link that went.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_audit_forget(%s, %s)", [settings.AUDIT_RETENTION_DAYS, _FORGET_BATCH])
        (gone,) = cursor.fetchone()
    return int(gone)
