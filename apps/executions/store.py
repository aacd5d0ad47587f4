"""The engine's transactions as SQL. Everything the worker knows it reads and writes here; `docs/engine.md` is the map.

Lock order everywhere: execution, node run, wait. Every write carries the fence under which the execution was claimed:
an owner that was presumed dead and replaced cannot write any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.core import events, jsonclean
from apps.core.tenancy import tenant
from apps.executions import payloads, wait_kinds
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import TERMINAL, State, Status
from apps.executions.wait_kinds import OpenWait


@dataclass(frozen=True, slots=True)
class Claimed:
    """An execution this process now owns. `is_fresh`: it has never run, so there is nothing to load."""

    id: UUID
    workspace_id: UUID
    workflow_id: UUID
    version_id: UUID
    trigger_node: str
    mode: str
    fence: int
    seq: int
    input: Any
    lineage_id: UUID
    reply_to: str | None
    response: dict[str, Any] | None
    created_at: datetime
    started_at: datetime
    resume_count: int
    by_reference: dict[str, Any] | None = None
    data_bytes: int = 0
    hold: dict[str, Any] | None = None
    debug: dict[str, Any] | None = None
    is_limited: bool = False  # somebody may wait for its place

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was ever written for it."""
        return self.seq == 0


@dataclass(slots=True)
class Checkpoint:
    """What one commit says: the node runs that changed, waits that opened, and where the execution stands now."""

    execution_id: UUID
    workspace_id: UUID
    fence: int
    seq: int
    status: Status
    at: datetime
    runs: list[NodeRun]
    changes: list[dict[str, Any]]
    opened: list[OpenWait] = field(default_factory=list)
    awaited: list[UUID] = field(default_factory=list)  # every wait still open: looked at again, or withdrawn at the end
    withdrawn: list[UUID] = field(default_factory=list)  # waits that are not wanted any more
    hold: dict[str, Any] | None = None  # why it stops here, when the engine itself pauses it
    is_released: bool = False
    runnable_at: datetime | None = None
    output: Any = None
    error: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    unknown_writes: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0  # characters of its node runs, known once it is written


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was written of an execution so far: node runs, and the waits that were resolved since.

    `at`: the moment up to which everything that had fallen due is among the answers.
    """

    at: datetime
    runs: list[NodeRun]
    answers: dict[UUID, tuple[str, Any]]  # wait → (resolved_by, answer)
    open: dict[UUID, tuple[str, datetime | None]]  # wait → (kind, when it falls due)
    closed: dict[UUID, tuple[str, datetime]]  # wait → (kind, when it was resolved)


@dataclass(frozen=True, slots=True)
class News:
    """What happened to an owned execution behind its owner's back."""

    execution_id: UUID
    fence: int
    has_answers: bool
    is_held: bool


class FenceLost(Exception):
    """The execution has another owner, or ended, since it was claimed. Everything in hand must be dropped."""


_CLAIMED = """
SELECT id, workspace_id, workflow_id, version_id, trigger_node, mode, fence, seq, input, lineage_id, reply_to,
       response, created_at, started_at, resume_count, by_reference, data_bytes, hold, debug
"""


def claim(*, worker_id: UUID, queues: Sequence[str], places: int, capacity: int | None = None) -> list[Claimed]:
    """Take up to `places` due executions that have a place, the least recently served workspace first.

    `capacity` is how many this process can hold at all: no workspace gets more than 80 % of it. See `executions_claim`.
    """
    quota = settings.WORKSPACE_MAX_CONCURRENT or None
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{_CLAIMED}, is_limited
            FROM (SELECT (found.execution).*, is_limited FROM executions_claim(%s, %s, %s, %s, %s) found) claimed""",
            [worker_id, list(queues), places, capacity, quota],
        )
        return [_claimed(row) for row in cursor.fetchall()]


def claimed(*, execution_id: UUID, workspace_id: UUID, fence: int) -> Claimed:
    """An execution this worker claimed earlier. Raises `FenceLost` when it is not ours any more."""
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute(
            f"{_CLAIMED}, true FROM executions_execution WHERE id = %s AND fence = %s AND owner IS NOT NULL",
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
            _value(row[8]),
            *row[9:11],
            _value(row[11]),
            *row[12:15],
            _value(row[15]),
            row[16],
            *map(_value, row[17:19]),
            *row[19:],
        )
    )


def whole(claimed: Claimed) -> Claimed:
    """The same with what is kept outside its row. Raises `StorageAway`, or `ObjectMissing` when it was lost."""
    if not claimed.by_reference:
        return claimed
    references = {name: found for name, found in claimed.by_reference.items() if name in ("input", "response")}
    return replace(claimed, **payloads.brought_back(claimed.workspace_id, {}, references))


_RUN_COLUMNS = """node_id text, path text, state text, attempt int, effect text, params jsonb, output jsonb, port text,
    also jsonb, error jsonb, suspended jsonb, wait_id uuid, retry_at timestamptz, started_at timestamptz,
    attempt_at timestamptz, finished_at timestamptz, failures int, attempts jsonb, logs jsonb, by_reference jsonb,
    losses int"""
_RUN_NAMES = [part.split()[0] for part in _RUN_COLUMNS.replace("\n", " ").split(",")]
_NAMES = ", ".join(_RUN_NAMES)

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
    INSERT INTO executions_noderun (execution_id, workspace_id, {_NAMES})
    SELECT fenced.id, fenced.workspace_id, {", ".join("r." + name for name in _RUN_NAMES)}
    FROM fenced, jsonb_to_recordset(%(runs)s::jsonb) AS r({_RUN_COLUMNS})
    ON CONFLICT (execution_id, node_id, path) DO UPDATE
    SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _RUN_NAMES if name not in ("node_id", "path"))}
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
    texts = _texts(point)
    with tenant(point.workspace_id), connection.cursor() as cursor:
        cursor.execute(
            _CHECKPOINT,
            {
                "id": point.execution_id,
                "fence": point.fence,
                "seq": point.seq,
                "status": str(point.status),
                "release": point.is_released,
                "ended": ended,
                "hold": _dump(point.hold),
                "is_due": point.is_released and point.status is Status.RUNNING,
                "runnable_at": point.runnable_at,
                "finished_at": point.at if ended else None,
                **texts,
                "error": _dump(point.error),
                "unknown": _dump(point.unknown_writes) or "[]",
                "changes": _dump(point.changes),
                "at": point.at,
            },
        )
        row = cursor.fetchone()
        if row is None:
            raise FenceLost
        if ended and row[1]:
            events.pump.poke_on_commit()
        for wait in point.opened:
            _open_wait(cursor, wait, point.at)
        if point.withdrawn:
            withdraw_waits(cursor, point.execution_id, point.at, by="withdrawn", named=point.withdrawn)
        if ended and point.awaited:
            withdraw_waits(cursor, point.execution_id, point.at, by=str(point.status).lower())
        if point.is_released and point.awaited and not ended:
            return _is_answered(cursor, point)
        return False


_LARGE_COLUMNS = ("params", "output", "suspended")


def _texts(point: Checkpoint) -> dict[str, Any]:
    """What a checkpoint writes as JSON, large values taken out. As long as all is small, all this costs is a `len`."""
    runs = [row_of(run) for run in point.runs]
    own = {"output": point.output, "response": point.response}
    found: dict[str, Any] = {"runs": payloads.dump(runs), "refs": None} | {
        name: _dump(value) for name, value in own.items()
    }
    found["size"] = point.size = len(found["runs"])
    if payloads.is_large(found["runs"]):
        for row in runs:
            left, references = payloads.taken_out(point.workspace_id, {name: row[name] for name in _LARGE_COLUMNS})
            row |= left
            row["by_reference"] = references or None
        found["runs"] = payloads.dump(runs)
    if any(payloads.is_large(found[name] or "") for name in own):
        left, references = payloads.taken_out(point.workspace_id, own)
        found |= {name: _dump(value) for name, value in left.items()} | {"refs": _dump(references)}
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
    for kind, ids in _by_kind(cursor.fetchall()).items():
        handler = wait_kinds.handler_of(kind)
        if handler:
            handler.withdrawn(ids)


# Of a round that is over only its own row is read: with a thousand rounds the cost stays in what is still open.
_LOAD = f"""
WITH over AS (
    SELECT path FROM executions_noderun
    WHERE execution_id = %s AND effect = 'round' AND state IN ('COMPLETED', 'FAILED', 'SKIPPED', 'CANCELED')
)
SELECT {_NAMES} FROM executions_noderun
WHERE execution_id = %s AND (path = '' OR (
    (effect IS NOT DISTINCT FROM 'round' OR path NOT IN (SELECT path FROM over))
    AND regexp_replace(path, '/?[^/]*$', '') NOT IN (SELECT path FROM over)))
"""


def load(*, execution_id: UUID, workspace_id: UUID, fence: int, now: datetime) -> Loaded:
    """Read an execution back. Timers and deadlines that have passed are resolved here, in the same transaction.

    Raises `FenceLost` when it is not ours any more.
    """
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute(
            """SELECT greatest(%s, clock_timestamp()) FROM executions_execution
               WHERE id = %s AND fence = %s AND owner IS NOT NULL FOR UPDATE""",
            [now, execution_id, fence],
        )
        row = cursor.fetchone()
        if row is None:
            raise FenceLost
        # The database's clock decided that it is due; a worker whose clock is behind must not see it otherwise, or the
        # execution would be parked and claimed again until that clock has caught up.
        now = row[0]
        cursor.execute(
            """UPDATE executions_wait SET resolved_at = %s, resolved_by = 'deadline'
               WHERE execution_id = %s AND resolved_at IS NULL AND wake_at <= %s RETURNING kind, id""",
            [now, execution_id, now],
        )
        for kind, ids in _by_kind(cursor.fetchall()).items():
            handler = wait_kinds.handler_of(kind)
            if handler:
                handler.due(ids)
        cursor.execute(_LOAD, [execution_id, execution_id])
        runs = cursor.fetchall()
        cursor.execute(
            "SELECT id, resolved_by, answer, resolved_at, kind, wake_at FROM executions_wait WHERE execution_id = %s",
            [execution_id],
        )
        waits = cursor.fetchall()
    return Loaded(
        at=now,
        runs=[run_of(row, workspace_id) for row in runs],
        answers={row[0]: (row[1], _value(row[2])) for row in waits if row[3]},
        open={row[0]: (row[4], row[5]) for row in waits if not row[3]},
        closed={row[0]: (row[4], row[3]) for row in waits if row[3]},
    )


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


def let_in() -> int:
    """Make due whoever waits for a place that is free, because the one who gave it up could not see them yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT executions_limits_sweep()")
        found: int = cursor.fetchone()[0]
    return found


def row_of(run: NodeRun) -> dict[str, Any]:
    """A node run as the columns of its row."""
    return {
        "node_id": run.node_id,
        "path": run.path,
        "state": run.state,
        "attempt": run.attempt,
        "effect": run.effect,
        "params": run.params,
        "output": run.output,
        "port": run.port,
        "also": run.also,
        "error": run.error,
        "suspended": run.suspended,
        "wait_id": run.wait_id,
        "retry_at": run.retry_at,
        "started_at": run.started_at,
        "attempt_at": run.attempt_at,
        "finished_at": run.finished_at,
        "failures": run.failures,
        "attempts": run.attempts,
        "logs": run.logs,
        "by_reference": None,
        "losses": run.losses,
    }


def run_of(row: Sequence[Any], workspace_id: UUID) -> NodeRun:
    """A node run from the columns of its row, in the order of `_RUN_NAMES`, with what is kept outside the row."""
    found = dict(zip(_RUN_NAMES, row, strict=True))
    for name in ("params", "output", "error", "suspended", "attempts", "logs", "also", "by_reference"):
        found[name] = _value(found[name])
    references = found.pop("by_reference")
    if references:
        found = payloads.brought_back(workspace_id, found, references)
    return NodeRun(**{**found, "state": State(found["state"]), "also": tuple(found["also"] or ())})


def _by_kind(rows: Iterable[tuple[str, UUID]]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for kind, wait_id in rows:
        found.setdefault(kind, []).append(wait_id)
    return found


def _dump(value: Any) -> str | None:
    return None if value is None else payloads.dump(value)


def _value(raw: Any) -> Any:
    return json.loads(raw) if isinstance(raw, str) else raw
