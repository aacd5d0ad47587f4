"""Who owns what: claims, leases, and what happens behind an owner's back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.core.tenancy import tenant
from apps.executions import payloads
from apps.executions.store.rows import value
from apps.executions.store.shapes import Claimed, FenceLost, News

_CLAIMED = """
SELECT id, workspace_id, workflow_id, version_id, trigger_node, mode, fence, seq, input, lineage_id, reply_to,
       response, created_at, started_at, resume_count, by_reference, data_bytes, hold, debug, is_contended, trace
"""


def claim(*, worker_id: UUID, queues: Sequence[str], places: int, capacity: int | None = None) -> list[Claimed]:
    """Take up to `places` due executions that have a place, the least recently served workspace first.

    `capacity` is how many this process can hold at all: no workspace gets more than 80 % of it. See `executions_claim`.
    """
    quota = settings.WORKSPACE_MAX_CONCURRENT or None
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_CLAIMED} FROM executions_claim(%s, %s, %s, %s, %s)",
            [worker_id, list(queues), places, capacity, quota],
        )
        return [_claimed(row) for row in cursor.fetchall()]


def claimed(*, execution_id: UUID, workspace_id: UUID, fence: int) -> Claimed:
    """An execution this worker claimed earlier. Raises `FenceLost` when it is not ours any more."""
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute(
            f"{_CLAIMED} FROM executions_execution WHERE id = %s AND fence = %s AND owner IS NOT NULL",
            [execution_id, fence],
        )
        row = cursor.fetchone()
    if row is None:
        raise FenceLost
    return _claimed(row)


def _claimed(row: Sequence[Any]) -> Claimed:
    return Claimed(
        *(
            *row[:8],
            value(row[8]),
            *row[9:11],
            value(row[11]),
            *row[12:15],
            value(row[15]),
            row[16],
            *map(value, row[17:19]),
            *row[19:],
        )
    )


def whole(claimed: Claimed) -> Claimed:
    """The same with what is kept outside its row. Raises `StorageAway`, or `ObjectMissing` when it was lost."""
    if not claimed.by_reference:
        return claimed
    references = {name: found for name, found in claimed.by_reference.items() if name in ("input", "response")}
    return replace(claimed, **payloads.brought_back(claimed.workspace_id, {}, references))


def release(*, worker_id: UUID, execution_ids: Iterable[UUID] | None = None) -> None:
    """Hand executions back, due at once: all this worker owns, or the named ones."""
    named = None if execution_ids is None else list(execution_ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT executions_release(%s, %s)", [worker_id, named])


def news(*, worker_id: UUID) -> list[News]:
    """The executions this worker owns according to the database, and which have answers waiting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, fence, has_answers, is_held FROM executions_news(%s)", [worker_id])
        return [News(*row) for row in cursor.fetchall()]


def worker_beat(*, worker_id: UUID, name: str, queues: Sequence[str], lease_seconds: float) -> datetime:
    """Renew this process's lease, by the database's clock. Returns what that clock says."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO executions_worker (id, name, queues, started_at, alive_until)
               VALUES (%(id)s, %(name)s, %(queues)s, clock_timestamp(), clock_timestamp() + %(lease)s * interval '1 s')
               ON CONFLICT (id) DO UPDATE SET alive_until = EXCLUDED.alive_until
               RETURNING clock_timestamp()""",
            {"id": worker_id, "name": name, "queues": json.dumps(list(queues)), "lease": lease_seconds},
        )
        found: datetime = cursor.fetchone()[0]
    return found


def sweep(*, lease_seconds: float) -> list[tuple[UUID, UUID]]:
    """Free what dead owners held, make due what was held back, and name the executions past their deadline.

    Any number of processes may sweep; one at a time does it, the others return at once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT execution_id, workspace_id FROM executions_sweep(%s)", [lease_seconds])
        return list(cursor.fetchall())


MOST_TIMERS = 2_000


def timers_fire() -> int:
    """Resolve timers that have fallen due, 2,000 at a time, oldest first. Returns how many.

    An execution that is taken up resolves its own; this is for when thousands fall due at the same moment.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT executions_timers_fire(%s)", [MOST_TIMERS])
        found: int = cursor.fetchone()[0]
    return found


def let_in() -> int:
    """Make due whoever waits for a place that is free, because the one who gave it up could not see them yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT executions_limits_sweep()")
        found: int = cursor.fetchone()[0]
    return found
