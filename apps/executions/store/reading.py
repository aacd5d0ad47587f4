"""Reading an execution back, with what has fallen due meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.tenancy import tenant
from apps.executions import wait_kinds
from apps.executions.store.rows import NAMES, by_kind, run_of, value
from apps.executions.store.shapes import FenceLost, Loaded

# Of a round that is over only its own row is read: with a thousand rounds the cost stays in what is still open.
_LOAD = f"""
WITH over AS (
    SELECT path FROM executions_noderun
    WHERE execution_id = %s AND effect = 'round' AND state IN ('COMPLETED', 'FAILED', 'SKIPPED', 'CANCELED')
)
SELECT {NAMES} FROM executions_noderun
WHERE execution_id = %s AND (path = '' OR (
    (effect IS NOT DISTINCT FROM 'round' OR path NOT IN (SELECT path FROM over))
    AND regexp_replace(path, '/?[^/]*$', '') NOT IN (SELECT path FROM over)))
"""

_FURTHER = """
SELECT n.path, n.node_id FROM executions_noderun n
WHERE n.execution_id = %s AND n.state = 'RUNNING' AND n.losses > 0 AND EXISTS (
    SELECT 1 FROM executions_step s
    WHERE s.execution_id = n.execution_id AND s.node_id = n.node_id AND s.path = n.path
      AND s.state = 'DONE' AND s.finished_at > n.attempt_at)
"""


def load(*, execution_id: UUID, workspace_id: UUID, fence: int, now: datetime, has_runs: bool = True) -> Loaded:
    """Read an execution back. Timers and deadlines that have passed are resolved here, in the same transaction.

    Without `has_runs` only its waits, which is enough for one that is in hand. Values that are kept outside their rows
    are fetched after the transaction. Raises `FenceLost` when it is not ours any more, `StorageAway`.
    """
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute(
            """SELECT greatest(%s, clock_timestamp()), COALESCE((SELECT t.fence FROM executions_transition t
                   WHERE t.execution_id = e.id AND t.seq = e.seq), 0)
               FROM executions_execution e WHERE id = %s AND fence = %s AND owner IS NOT NULL FOR UPDATE OF e""",
            [now, execution_id, fence],
        )
        row = cursor.fetchone()
        if row is None:
            raise FenceLost
        # The database's clock decided that it is due; a worker whose clock is behind must not see it otherwise, or the
        # execution would be parked and claimed again until that clock has caught up.
        now, written_under = row
        cursor.execute(
            """UPDATE executions_wait SET resolved_at = %s, resolved_by = 'deadline'
               WHERE execution_id = %s AND resolved_at IS NULL AND wake_at <= %s RETURNING kind, id""",
            [now, execution_id, now],
        )
        for kind, ids in by_kind(cursor.fetchall()).items():
            handler = wait_kinds.handler_of(kind)
            if handler:
                handler.due(ids)
        runs: list[Any] = []
        further: list[Any] = []
        if has_runs:
            cursor.execute(_LOAD, [execution_id, execution_id])
            runs = cursor.fetchall()
            cursor.execute(_FURTHER, [execution_id])
            further = cursor.fetchall()
        cursor.execute(
            "SELECT id, resolved_by, answer, resolved_at, kind, wake_at FROM executions_wait WHERE execution_id = %s",
            [execution_id],
        )
        waits = cursor.fetchall()
    return Loaded(
        at=now,
        fence=written_under,
        runs=[run_of(row, workspace_id) for row in runs],
        answers={row[0]: (row[1], value(row[2])) for row in waits if row[3]},
        open={row[0]: (row[4], row[5]) for row in waits if not row[3]},
        closed={row[0]: (row[4], row[3]) for row in waits if row[3]},
        further=frozenset((path, node_id) for path, node_id in further),
    )
