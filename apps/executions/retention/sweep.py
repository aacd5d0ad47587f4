"""One tick of retention: a little work, in short transactions, wherever it was left.

A workspace is looked through in rounds, from its oldest execution on; its row remembers how far. What has to go goes in
batches: objects first, then rows in one transaction, so that a crash leaves nothing that nobody knows. Executions that
have ended never change, so nothing has to be locked while objects are removed.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from apps.core.models import Message
from apps.core.tenancy import tenant
from apps.executions import artifacts, payloads
from apps.executions.models import Artifact, Execution, Payload, Retention, StorageUse, Wait
from apps.executions.retention.archive import archived
from apps.executions.retention.policy import Policy, kind_of, policy_of

logger = logging.getLogger(__name__)

TICK_SECONDS = 3.0
ROUND_PAUSE = timedelta(hours=1)
LOOKED_AT = 500
DELETED = 200
COLLECTED = 100
LISTED = 500
UNUSED_FOR = timedelta(days=1)
"""How long an object is left that no row refers to: whoever has just written it is about to commit."""


@dataclass(slots=True)
class Swept:
    """What a tick did."""

    executions: int = 0
    objects: int = 0
    is_done: bool = True


def sweep(*, now: datetime, seconds: float = TICK_SECONDS) -> Swept:
    """Work through every workspace whose round is due, for about `seconds`. Any number of processes may do it.

    While the object storage is away nothing is deleted: it is tried again at the next tick.
    """
    until, swept = time.monotonic() + seconds, Swept()
    with connection.cursor() as cursor:
        cursor.execute("SELECT executions_retention_due(%s)", [now])
        workspaces: list[UUID] = [row[0] for row in cursor.fetchall()]
    try:
        for workspace_id in workspaces:
            while _step(workspace_id, now, swept):
                if time.monotonic() >= until:
                    swept.is_done = False
                    return swept
    except payloads.StorageAway as away:
        swept.is_done = False
        logger.warning("retention waits for the object storage: %s", away)
    return swept


def _step(workspace_id: UUID, now: datetime, swept: Swept) -> bool:
    """One batch of a workspace. Returns whether there may be more."""
    with tenant(workspace_id):
        row = Retention.objects.filter(workspace_id=workspace_id).first()
        if row is not None and row.next_round_at is not None and row.next_round_at > now:
            return False
        policy = policy_of(row)
        looked_at = _next(workspace_id, policy, row.scanned_to if row else None, now)
    over = [found for found in looked_at if policy.is_over(**found.facts, now=now)]
    batch = over[:DELETED]
    if batch:
        deleted = _delete(workspace_id, [found.id for found in batch], policy)
        swept.executions += len(deleted)
        if deleted and len(deleted) < len(over):
            return True  # the rest of what was looked at comes again: nothing was moved on
    if len(looked_at) == LOOKED_AT:
        _move_on(workspace_id, scanned_to=looked_at[-1].created_at)
        return True
    swept.objects += _collect(workspace_id, now)
    _measure(workspace_id, now)
    _move_on(workspace_id, scanned_to=None, next_round_at=now + ROUND_PAUSE, swept_to=_adopt(workspace_id, now))
    return False


@dataclass(frozen=True, slots=True)
class _Found:
    id: UUID
    created_at: datetime
    facts: dict[str, Any]


def _next(workspace_id: UUID, policy: Policy, after: datetime | None, now: datetime) -> list[_Found]:
    rows = Execution.objects.filter(workspace_id=workspace_id, created_at__lt=now - policy.shortest)
    if after is not None:
        rows = rows.filter(created_at__gt=after)
    found = rows.order_by("created_at").values_list("id", "created_at", "status", "mode", "finished_at")[:LOOKED_AT]
    return [_Found(row[0], row[1], {"status": row[2], "mode": row[3], "finished_at": row[4]}) for row in found]


# ── Executions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _delete(workspace_id: UUID, ids: list[UUID], policy: Policy) -> list[UUID]:
    with tenant(workspace_id):
        ids = _not_awaited(workspace_id, ids)
        if policy.is_archived:
            ids = archived(workspace_id, ids)
        files = list(Artifact.objects.filter(workspace_id=workspace_id, execution_id__in=ids))
    for file in files:
        payloads.storage().delete(artifacts.key_of(file))
    with tenant(workspace_id):
        rows = list(
            Execution.objects.select_for_update(skip_locked=True)
            .filter(workspace_id=workspace_id, id__in=ids, finished_at__isnull=False)
            .values_list("id", "created_at", "workflow_id", "status", "mode", "data_bytes")
        )
        gone = [row[0] for row in rows]
        _count(workspace_id, rows)
        with connection.cursor() as cursor:
            for table in _tables():
                cursor.execute(f"DELETE FROM {table} WHERE execution_id = ANY(%s)", [gone])
        Message.objects.filter(workspace_id=workspace_id, subject_id__in=gone).delete()
        Execution.objects.filter(workspace_id=workspace_id, id__in=gone).only("id").delete()
    return gone


def _not_awaited(workspace_id: UUID, ids: list[UUID]) -> list[UUID]:
    """Those whose result nobody waits for any more: a parent that calls many takes them over when all have ended."""
    awaited = Wait.objects.filter(workspace_id=workspace_id, kind="child", resolved_at=None).values("id")
    found = Execution.objects.filter(workspace_id=workspace_id, id__in=ids).exclude(parent_wait_id__in=awaited)
    free = set(found.values_list("id", flat=True))
    return [one for one in ids if one in free]


@cache
def _tables() -> list[str]:
    """The tables whose rows are keyed by an execution without a foreign key to it, of every app."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models()
        if isinstance(model._meta.pk, models.CompositePrimaryKey)
        and "execution_id" in model._meta.pk.field_names
        and isinstance(model._meta.get_field("execution_id"), models.UUIDField)
    )


def _count(workspace_id: UUID, rows: Iterable[tuple[Any, ...]]) -> None:
    """Tell the daily figures what is gone."""
    counts: Counter[tuple[Any, UUID, str]] = Counter()
    sizes: Counter[tuple[Any, UUID]] = Counter()
    for _, created_at, workflow_id, status, mode, size in rows:
        day = created_at.astimezone(UTC).date()
        counts[day, workflow_id, kind_of(status, mode)] += 1
        sizes[day, workflow_id] += size
    with connection.cursor() as cursor:
        for (day, workflow_id), size in sizes.items():
            gone = [counts[day, workflow_id, kind] for kind in ("succeeded", "failed", "tested")]
            cursor.execute(
                """INSERT INTO executions_usage_day AS u
                       (workspace_id, day, workflow_id, succeeded, failed, tested, unfinished, data_bytes,
                        deleted_succeeded, deleted_failed, deleted_tested, deleted_bytes)
                   VALUES (%(workspace)s, %(day)s, %(workflow)s, %(a)s, %(b)s, %(c)s, 0, %(size)s,
                        %(a)s, %(b)s, %(c)s, %(size)s)
                   ON CONFLICT (workspace_id, day, workflow_id) DO UPDATE
                   SET deleted_succeeded = u.deleted_succeeded + EXCLUDED.deleted_succeeded,
                       deleted_failed = u.deleted_failed + EXCLUDED.deleted_failed,
                       deleted_tested = u.deleted_tested + EXCLUDED.deleted_tested,
                       deleted_bytes = u.deleted_bytes + EXCLUDED.deleted_bytes""",
                {
                    "workspace": workspace_id,
                    "day": day,
                    "workflow": workflow_id,
                    **dict(zip("abc", gone, strict=True)),
                    "size": size,
                },
            )


def _move_on(workspace_id: UUID, **where: Any) -> None:
    with tenant(workspace_id):
        Retention.objects.update_or_create(workspace_id=workspace_id, defaults=where)


# ── Objects ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _collect(workspace_id: UUID, now: datetime) -> int:
    """Remove the large values that no execution refers to any more, each under the lock of its row."""
    removed = 0
    while True:
        with tenant(workspace_id), connection.cursor() as cursor:
            cursor.execute(
                """SELECT sha256 FROM executions_payload p
                   WHERE workspace_id = %(workspace)s AND touched_at < %(before)s AND NOT EXISTS (
                       SELECT FROM executions_payload_use u
                       WHERE u.workspace_id = p.workspace_id AND u.sha256 = p.sha256)
                   LIMIT %(count)s FOR UPDATE SKIP LOCKED""",
                {"workspace": workspace_id, "before": now - UNUSED_FOR, "count": COLLECTED},
            )
            found = [row[0] for row in cursor.fetchall()]
            for sha256 in found:
                payloads.storage().delete(payloads.key_of(workspace_id, sha256))
            Payload.objects.filter(workspace_id=workspace_id, sha256__in=found).delete()
        removed += len(found)
        if len(found) < COLLECTED:
            return removed


def _adopt(workspace_id: UUID, now: datetime) -> str:
    """Make rows for objects that have none, a page per round; they are removed a day later unless somebody uses them.

    Such objects are left by a rolled back start, or by a database that was restored from an earlier day.
    """
    prefix = f"{workspace_id}/payloads/"
    with tenant(workspace_id):
        after = Retention.objects.filter(workspace_id=workspace_id).values_list("swept_to", flat=True).first() or ""
    keys = list(payloads.storage().keys(prefix, after=after, limit=LISTED))
    with tenant(workspace_id):
        Payload.objects.bulk_create(
            [Payload(workspace_id=workspace_id, sha256=key.rpartition("/")[2], size=0, touched_at=now) for key in keys],
            ignore_conflicts=True,
        )
    return keys[-1] if len(keys) == LISTED else ""


def _measure(workspace_id: UUID, now: datetime) -> None:
    with tenant(workspace_id):
        for kind, rows in (
            ("payloads", Payload.objects.filter(workspace_id=workspace_id)),
            ("artifacts", Artifact.objects.filter(workspace_id=workspace_id, is_stored=True)),
        ):
            found = rows.aggregate(count=models.Count("*"), size=models.Sum("size"))
            StorageUse.objects.update_or_create(
                workspace_id=workspace_id,
                kind=kind,
                defaults={"objects_count": found["count"], "size": found["size"] or 0, "measured_at": now},
            )
