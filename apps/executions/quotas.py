"""How much a workspace may have at once: what its owner wishes, within what the operator allows."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from apps.accounts import services as accounts
from apps.accounts.access.actor import Actor
from apps.core import replica
from apps.core.clock import now
from apps.core.errors import FieldError, Invalid
from apps.core.tenancy import tenant
from apps.executions import limits
from apps.executions.models import Quota

MOST = 1_000_000


class QuotaTooLarge(Invalid):
    """This is more than the operator allows the workspace."""

    code = "executions.quota_too_large"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit. `own`: what the owner wishes; `most`: what the operator allows; `used`: how much is taken now."""

    own: int | None
    most: int | None
    used: int

    @property
    def effective(self) -> int | None:
        """What counts; None: no limit."""
        known = [value for value in (self.own, self.most) if value is not None]
        return min(known, default=None)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a workspace: executions that run at once, and executions that are queued."""

    max_concurrent: Limit
    queue_depth: Limit


def quota_get(workspace_id: UUID) -> Limits:
    """The limits of a workspace as they are now."""
    row = Quota.objects.filter(workspace_id=workspace_id).first() or Quota()
    with replica.cursor() as cursor:
        cursor.execute(
            """SELECT (SELECT count(*) FROM executions_execution WHERE workspace_id = %(id)s AND status = 'RUNNING'),
                      (SELECT count(*) FROM executions_execution WHERE workspace_id = %(id)s AND status = 'NEW')""",
            {"id": workspace_id},
        )
        running, queued = cursor.fetchone()
    return Limits(
        Limit(row.max_concurrent, _first(row.most_concurrent, settings.WORKSPACE_MAX_CONCURRENT), running),
        Limit(row.queue_depth, _first(row.most_queued, settings.WORKSPACE_QUEUE_DEPTH), queued),
    )


def quota_set(*, workspace_id: UUID, actor: Actor, max_concurrent: int | None, queue_depth: int | None) -> Limits:
    """Say what the owner wishes; None: as much as the operator allows. Raises `QuotaTooLarge`."""
    with tenant(workspace_id):
        known = quota_get(workspace_id)
        wished = {"max_concurrent": max_concurrent, "queue_depth": queue_depth}
        for name, value in wished.items():
            most = getattr(known, name).most
            if value is not None and most is not None and value > most:
                message = f"At most {most:,} are allowed here."
                raise QuotaTooLarge(message, errors=[FieldError(name, message)], hint="The operator can allow more.")
        Quota.objects.update_or_create(workspace_id=workspace_id, defaults=wished | {"changed_at": now()})
        accounts.audit_record(
            workspace_id=workspace_id, actor=actor, action="workspace.limits_changed", target="limits", data=wished
        )
        limits.forget()
        return quota_get(workspace_id)


def quota_allow(*, workspace_id: UUID, actor: Actor, most_concurrent: int | None, most_queued: int | None) -> Limits:
    """Say what the operator allows; None: what the installation's settings allow everybody."""
    allowed = {"most_concurrent": most_concurrent, "most_queued": most_queued}
    with tenant(workspace_id):
        Quota.objects.update_or_create(workspace_id=workspace_id, defaults=allowed | {"changed_at": now()})
        accounts.audit_record(
            workspace_id=workspace_id, actor=actor, action="workspace.limits_allowed", target="limits", data=allowed
        )
        limits.forget()
        return quota_get(workspace_id)


def _first(own: int | None, default: int) -> int | None:
    return own if own is not None else default or None
