"""Checkpoints: what changed, under the fence, in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core import events, jsonclean
from apps.core.tenancy import tenant, tenant_statement
from apps.executions import payloads, wait_kinds
from apps.executions.engine.states import TERMINAL, Status
from apps.executions.store.rows import NAMES, RUN_COLUMNS, RUN_NAMES, by_kind, dump, row_of
from apps.executions.store.shapes import Checkpoint, FenceLost
from apps.executions.wait_kinds import OpenWait

# Somebody holds it: whatever it would wait for, it waits for being released. What has ended has ended.
_HELD = "(%(release)s AND NOT %(ended)s AND COALESCE(hold, %(hold)s::jsonb) IS NOT NULL)"
_CHECKPOINT = f"""
WITH fenced AS (
    UPDATE executions_execution
    SET seq = seq + 1, status = CASE WHEN {_HELD} THEN 'PAUSED' ELSE %(status)s END,
        owner = CASE WHEN %(release)s THEN NULL ELSE owner END,
        hold = COALESCE(hold, %(hold)s::jsonb),
        runnable_at = CASE WHEN {_HELD} THEN NULL
            WHEN %(is_due)s OR %(status)s = 'PAUSED' THEN clock_timestamp() ELSE %(runnable_at)s END,
        finished_at = %(finished_at)s,
        output = COALESCE(%(output)s::jsonb, output), error = COALESCE(%(error)s::jsonb, error),
        response = COALESCE(response, %(response)s::jsonb),
        by_reference = COALESCE(by_reference || %(refs)s::jsonb, %(refs)s::jsonb, by_reference),
        data_bytes = data_bytes + %(size)s,
        unknown_writes = unknown_writes || %(unknown)s::jsonb
    WHERE id = %(id)s AND fence = %(fence)s AND seq = %(seq)s AND owner IS NOT NULL
    RETURNING id, workspace_id, seq, fence, status, tells_end
), written AS (
    INSERT INTO executions_noderun (execution_id, workspace_id, {NAMES})
    SELECT fenced.id, fenced.workspace_id, {", ".join("r." + name for name in RUN_NAMES)}
    FROM fenced, jsonb_to_recordset(%(runs)s::jsonb) AS r({RUN_COLUMNS})
    ON CONFLICT (execution_id, node_id, path) DO UPDATE
    SET {", ".join(f"{name} = EXCLUDED.{name}" for name in RUN_NAMES if name not in ("node_id", "path"))}
    WHERE executions_noderun.state NOT IN ('COMPLETED', 'FAILED', 'SKIPPED', 'CANCELED')
), history AS (
    INSERT INTO executions_transition (execution_id, seq, workspace_id, at, fence, changes)
    SELECT id, seq, workspace_id, %(at)s, fence, CASE WHEN status = %(status)s THEN %(changes)s::jsonb
        ELSE %(changes)s::jsonb || jsonb_build_array(jsonb_build_object('status', status)) END FROM fenced
)
SELECT seq, tells_end FROM fenced
"""


def checkpoint(point: Checkpoint) -> bool:
    """Write one checkpoint under the fence, in one transaction with the waits it opens.

    Returns whether an awaited answer came meanwhile, in which case a parked execution was made due again at once.
    Raises `FenceLost` when nothing was written because somebody else owns the execution.
    """
    ended = point.status in TERMINAL
    values = _values(point, ended=ended)
    if not point.opened and not point.withdrawn and not (point.awaited and (ended or point.is_released)):
        rows = tenant_statement(point.workspace_id, _CHECKPOINT, values)
        _confirmed(rows[0] if rows else None, ended=ended)
        return False
    with tenant(point.workspace_id), connection.cursor() as cursor:
        cursor.execute(_CHECKPOINT, values)
        _confirmed(cursor.fetchone(), ended=ended)
        for wait in point.opened:
            _open_wait(cursor, wait, point.at)
        if point.withdrawn:
            withdraw_waits(cursor, point.execution_id, point.at, by="withdrawn", named=point.withdrawn)
        if ended and point.awaited:
            withdraw_waits(cursor, point.execution_id, point.at, by=str(point.status).lower())
        if point.is_released and point.awaited and not ended:
            return _is_answered(cursor, point)
        return False


def _confirmed(row: tuple[Any, ...] | None, *, ended: bool) -> None:
    if row is None:
        raise FenceLost
    if ended and row[1]:
        events.pump.poke_on_commit()


def _values(point: Checkpoint, *, ended: bool) -> dict[str, Any]:
    texts = _texts(point)
    return {
        "id": point.execution_id,
        "fence": point.fence,
        "seq": point.seq,
        "status": str(point.status),
        "release": point.is_released,
        "ended": ended,
        "hold": dump(point.hold),
        "is_due": point.is_released and point.status is Status.RUNNING,
        "runnable_at": point.runnable_at,
        "finished_at": point.at if ended else None,
        **texts,
        "error": dump(point.error),
        "unknown": dump(point.unknown_writes) or "[]",
        "changes": dump(point.changes),
        "at": point.at,
    }


_LARGE_COLUMNS = ("params", "input", "output", "suspended")


def _texts(point: Checkpoint) -> dict[str, Any]:
    """What a checkpoint writes as JSON, large values taken out. As long as all is small, all this costs is a `len`."""
    runs = [row_of(run) for run in point.runs]
    own = {"output": point.output, "response": point.response}
    found: dict[str, Any] = {"runs": payloads.dump(runs), "refs": None} | {
        name: dump(value) for name, value in own.items()
    }
    found["size"] = point.size = len(found["runs"])
    if payloads.is_large(found["runs"]):
        for row in runs:
            left, references = payloads.taken_out(point.workspace_id, {name: row.get(name) for name in _LARGE_COLUMNS})
            row |= left
            row["by_reference"] = references or None
        found["runs"] = payloads.dump(runs)
    if any(payloads.is_large(found[name] or "") for name in own):
        left, references = payloads.taken_out(point.workspace_id, own)
        found |= {name: dump(value) for name, value in left.items()} | {"refs": dump(references)}
    return found


def is_written(point: Checkpoint) -> bool:
    """Whether a checkpoint whose commit was not confirmed is there. Raises `FenceLost` when it never can be."""
    with tenant(point.workspace_id), connection.cursor() as cursor:
        # With the lock, so that a commit which is still under way is seen as well.
        cursor.execute("SELECT seq, fence FROM executions_execution WHERE id = %s FOR UPDATE", [point.execution_id])
        row = cursor.fetchone()
    if row is None or row[1] != point.fence:
        raise FenceLost
    return bool(row[0] > point.seq)


def _open_wait(cursor: Any, wait: OpenWait, at: datetime) -> None:
    cursor.execute(
        """INSERT INTO executions_wait
           (id, workspace_id, execution_id, node_id, path, kind, title, opened_at, wake_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        [
            wait.id,
            wait.workspace_id,
            wait.execution_id,
            wait.node_id,
            wait.path,
            wait.kind,
            jsonclean.cleaned(getattr(wait.request, "title", "")),
            at,
            wait.wake_at,
        ],
    )
    handler = wait_kinds.handler_of(wait.kind)
    if handler:
        handler.opened(wait)


def _is_answered(cursor: Any, point: Checkpoint) -> bool:
    # A statement of its own: its snapshot is taken after the execution's row was locked, so an answer that was
    # committed while we waited for that lock is seen.
    cursor.execute(
        """UPDATE executions_execution SET runnable_at = clock_timestamp() WHERE id = %s AND hold IS NULL AND EXISTS (
               SELECT 1 FROM executions_wait WHERE id = ANY(%s) AND resolved_at IS NOT NULL)""",
        [point.execution_id, point.awaited],
    )
    return bool(cursor.rowcount)


def withdraw_waits(
    cursor: Any, execution_id: UUID, at: datetime, *, by: str, named: Sequence[UUID] | None = None
) -> None:
    """Close open waits of an execution, all or the named ones, and tell the kinds' handlers in the same transaction."""
    cursor.execute(
        """UPDATE executions_wait SET resolved_at = %s, resolved_by = %s
           WHERE execution_id = %s AND resolved_at IS NULL AND (%s::uuid[] IS NULL OR id = ANY(%s))
           RETURNING kind, id""",
        [at, by, execution_id, named, named],
    )
    for kind, ids in by_kind(cursor.fetchall()).items():
        handler = wait_kinds.handler_of(kind)
        if handler:
            handler.withdrawn(ids)
