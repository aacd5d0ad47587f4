"""What can be done to executions: start, cancel, answer what they wait for. Each is one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.core import events
from apps.core.errors import Conflict, NotFound, TooLarge
from apps.core.ids import uuid7
from apps.core.telemetry import trace
from apps.core.tenancy import tenant
from apps.executions import limits, live, metrics, payloads, store
from apps.executions.engine.states import TERMINAL, Status
from apps.executions.origin import PRIORITIES
from apps.executions.origin import Origin as Origin
from apps.executions.poke import poke

DEFAULT_TIMEOUT_SECONDS = 30 * 86_400
MAX_INPUT_BYTES = 16_000_000


class BlockedByPause(Conflict):
    """Another execution of this workflow waits for a person, and the workflow's `while_paused` is `block`."""

    code = "executions.blocked_by_pause"
    default_hint = "Answer the open question, or set while_paused to queue or allow in the workflow's settings."


class InputTooLarge(TooLarge):
    """The input of an execution has more than 16 MB."""

    code = "executions.input_too_large"
    default_hint = "Send a link to it, or keep it as an artifact, and let the workflow fetch it."


class AlreadyEnded(Conflict):
    """This execution has already ended."""

    code = "executions.already_ended"


class AlreadyAnswered(Conflict):
    """This was answered already."""

    code = "executions.already_answered"


@dataclass(frozen=True, slots=True)
class Started:
    """The execution that a start gave. `is_new` is false when the same delivery, or the same burst, had started it.

    `is_merged`: it is one with a start of its burst, which goes on with this input.
    """

    id: UUID
    is_new: bool
    is_merged: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """A row of a higher floor that the statement which writes an execution writes, too: both are there or neither.

    `sql` is an INSERT that reads from `started` (id, workspace_id, workflow_id, trigger_node, created_at).
    """

    sql: str
    params: Mapping[str, Any]


_START = """
INSERT INTO executions_execution (id, workspace_id, workflow_id, version_id, trigger_node, mode, status, queue,
    priority, runnable_at, held_by, fence, seq, resume_count, max_concurrent, lineage_id, dedupe_key, reply_to, input,
    unknown_writes, started_by, created_at, deadline_at, by_reference, concurrency_key, key_limit, key_counts,
    rate_count, rate_seconds, slot_at, debounce_key, debounce_until, depth, tells_end, trace)
SELECT %(id)s, %(workspace)s, %(workflow)s, %(version)s, %(trigger)s, %(mode)s, 'NEW', %(queue)s,
    %(priority)s, COALESCE(%(due)s, clock_timestamp()),
    CASE WHEN paused.is AND %(pause)s = 'queue' THEN 'pause' ELSE %(held)s END,
    0, 0, 0, %(max_concurrent)s, %(lineage)s, %(dedupe)s, %(reply_to)s, %(input)s::jsonb, '[]', %(by)s::jsonb,
    %(now)s, clock_timestamp() + %(timeout)s * interval '1 second', %(refs)s::jsonb, %(key)s, %(key_limit)s,
    %(key_counts)s, %(rate_count)s, %(rate_seconds)s, %(slot)s, %(debounce_key)s,
    clock_timestamp() + %(debounce_wait)s * interval '1 second', %(depth)s, %(tells_end)s, %(trace)s
FROM (SELECT %(pause)s <> 'allow' AND EXISTS (
          SELECT 1 FROM executions_execution p
          WHERE p.workflow_id = %(workflow)s AND p.mode = 'production'
              AND p.status IN ('PAUSED', 'WAITING_FOR_HUMAN')) AS is) paused
WHERE NOT (paused.is AND %(pause)s = 'block')
ON CONFLICT (workspace_id, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING
RETURNING id, workspace_id, workflow_id, trigger_node, created_at
"""


def execution_start(
    *,
    origin: Origin,
    trigger_node: str,
    input: Any,
    now: datetime,
    mode: str = "production",
    dedupe_key: str | None = None,
    reply_to: str | None = None,
    started_by: dict[str, Any] | None = None,
    execution_id: UUID | None = None,
    lineage_id: UUID | None = None,
    debug: dict[str, Any] | None = None,
    depth: int = 0,
    beside: Beside | None = None,
) -> Started:
    """Write a new execution, due as soon as its workflow's limits let it be, and poke the workers after the commit.

    By the database's clock it becomes due and its time runs out, since that clock also decides both; `now` is what is
    shown as its beginning, `depth` counts the executions that led to it. `beside` is written with it. Large input is
    in object storage before anything is written. With a `dedupe_key` that this workspace used before, nothing is
    written and the earlier execution is returned. Raises `BlockedByPause` when the workflow refuses starts while a
    person is asked, `QueueFull`, `RateExceeded`, `KeyFailed`, `InputTooLarge`, or `StorageAway`. Must run inside
    `tenant()`, or opens it itself.
    """
    new_id = execution_id or uuid7()
    timeout = origin.timeout_seconds or DEFAULT_TIMEOUT_SECONDS
    text, refs = payloads.dump(input), None
    if payloads.is_large(text):
        if len(text) > MAX_INPUT_BYTES:
            raise InputTooLarge(f"The input has {len(text):,} characters; at most {MAX_INPUT_BYTES:,} are accepted.")
        left, references = payloads.taken_out(origin.workspace_id, {"input": input})
        text, refs = payloads.dump(left["input"]), payloads.dump(references)
    with tenant(origin.workspace_id), connection.cursor() as cursor:
        columns = limits.OPEN
        is_nearly_full = limits.is_nearly_full(cursor, origin.workspace_id)
        if is_nearly_full or origin.is_gated:
            earlier = _started_before(cursor, origin, dedupe_key)
            if earlier:
                return Started(earlier, is_new=False)
            if is_nearly_full:
                limits.make_sure_of_room(cursor, origin.workspace_id)
            stored = {"input": text, "by_reference": refs}
            admission = limits.admit(cursor, origin, given=input, stored=stored, mode=mode, now=now)
            if admission.merged_into:
                limits.remember(cursor, origin.workspace_id, dedupe_key, admission.merged_into)
                return Started(admission.merged_into, is_new=False, is_merged=True)
            columns = admission.columns
        cursor.execute(
            f"WITH started AS ({_START}), beside AS ({beside.sql}) SELECT id FROM started" if beside else _START,
            columns
            | (dict(beside.params) if beside else {})
            | {
                "id": new_id,
                "workspace": origin.workspace_id,
                "workflow": origin.workflow_id,
                "version": origin.version_id,
                "trigger": trigger_node,
                "mode": mode,
                "queue": origin.queue,
                "priority": PRIORITIES[origin.priority],
                "pause": origin.while_paused,
                "max_concurrent": origin.max_concurrent,
                "lineage": lineage_id or new_id,
                "dedupe": dedupe_key,
                "reply_to": reply_to,
                "input": text,
                "refs": refs,
                "by": json.dumps(started_by),
                "now": now,
                "timeout": timeout,
                "depth": depth,
                "trace": trace.header(),
                "tells_end": origin.tells_end and mode == "production",
            },
        )
        if cursor.fetchone() is None:
            earlier = _started_before(cursor, origin, dedupe_key)
            if earlier is None:
                raise BlockedByPause
            return Started(earlier, is_new=False)
        if debug:
            cursor.execute("UPDATE executions_execution SET debug = %s WHERE id = %s", [json.dumps(debug), new_id])
        poke(origin.queue)
    return Started(new_id, is_new=True)


def _started_before(cursor: Any, origin: Origin, dedupe_key: str | None) -> UUID | None:
    if dedupe_key is None:
        return None
    cursor.execute(
        """SELECT id FROM executions_execution WHERE workspace_id = %(workspace)s AND dedupe_key = %(key)s
           UNION ALL
           SELECT execution_id FROM executions_merged WHERE workspace_id = %(workspace)s AND dedupe_key = %(key)s""",
        {"workspace": origin.workspace_id, "key": dedupe_key},
    )
    row = cursor.fetchone()
    return row[0] if row else None


_END = """
WITH ended AS (
    UPDATE executions_execution
    SET status = %(status)s, fence = fence + 1, seq = seq + 1, owner = NULL, runnable_at = NULL, held_by = NULL,
        hold = NULL, finished_at = %(now)s, error = %(error)s::jsonb,
        unknown_writes = unknown_writes || COALESCE((
            SELECT jsonb_agg(jsonb_build_object('node_id', n.node_id, 'path', n.path, 'params', n.params)
                || CASE WHEN n.by_reference ? 'params'
                   THEN jsonb_build_object('by_reference', n.by_reference -> 'params') ELSE '{}' END)
            FROM executions_noderun n WHERE n.execution_id = %(id)s AND n.effect = 'write'
              AND n.state IN ('RUNNING', 'NEEDS_REVIEW')), '[]'::jsonb) || COALESCE((
            SELECT jsonb_agg(jsonb_build_object('node_id', s.node_id, 'path', s.path, 'params', NULL, 'step', s.key))
            FROM executions_step s
            WHERE s.execution_id = %(id)s AND s.state = 'STARTED' AND s.effect = 'write'), '[]'::jsonb)
    WHERE id = %(id)s RETURNING id, workspace_id, seq, fence, reply_to, response, by_reference
), stopped AS (
    UPDATE executions_noderun SET state = 'CANCELED', finished_at = %(now)s
    WHERE execution_id = %(id)s AND state IN ('PENDING', 'RUNNING', 'WAITING_INPUT', 'RETRYING', 'NEEDS_REVIEW')
    RETURNING jsonb_build_object('node_id', node_id, 'path', path, 'state', state, 'attempt', attempt,
        'started_at', started_at, 'finished_at', finished_at) AS change
), history AS (
    INSERT INTO executions_transition (execution_id, seq, workspace_id, at, fence, changes)
    SELECT id, seq, workspace_id, %(now)s, fence,
           COALESCE((SELECT jsonb_agg(change) FROM stopped), '[]'::jsonb) || COALESCE((
               SELECT jsonb_agg(jsonb_build_object('wait', jsonb_build_object('id', w.id, 'node_id', w.node_id,
                   'kind', w.kind, 'resolved_at', %(now)s::timestamptz, 'resolved_by', %(closed_by)s::text)))
               FROM executions_wait w WHERE w.execution_id = %(id)s AND w.resolved_at IS NULL), '[]'::jsonb)
           || %(change)s::jsonb FROM ended
    RETURNING changes
)
SELECT ended.seq, ended.reply_to, ended.response, ended.by_reference, history.changes FROM ended, history
"""


def execution_cancel(*, workspace_id: UUID, execution_id: UUID, now: datetime, by: str, waits: bool = True) -> None:
    """End an execution as CANCELED, at once: nobody is asked any more, and what still runs can no longer write.

    Writes whose outcome is unknown are listed on it. Raises `NotFound`, or `AlreadyEnded`. One that somebody else has
    locked is waited for, or else (`waits` is false) left as it is.
    """
    error = {"code": "executions.canceled", "message": f"Cancelled by {by}."}
    try:
        _end(
            workspace_id=workspace_id,
            execution_id=execution_id,
            now=now,
            status=Status.CANCELED,
            error=error,
            waits=waits,
        )
    except NotFound:
        if waits:
            raise


def execution_expire(*, workspace_id: UUID, execution_id: UUID, now: datetime) -> None:
    """End an execution that is past its deadline as TIMED_OUT.

    Does nothing when it has ended meanwhile, or while somebody else has it locked: the next sweep names it again.
    """
    error = {
        "code": "executions.timed_out",
        "message": "The execution did not end within its time.",
        "hint": "Raise timeout_seconds in the workflow's settings.",
    }
    try:
        _end(
            workspace_id=workspace_id,
            execution_id=execution_id,
            now=now,
            status=Status.TIMED_OUT,
            error=error,
            waits=False,
        )
    except (AlreadyEnded, NotFound):
        return


def execution_fail(*, workspace_id: UUID, execution_id: UUID, fence: int, now: datetime) -> None:
    """End an execution the engine itself cannot go on with. Does nothing when somebody else owns it."""
    error = {
        "code": "executions.engine_fault",
        "message": "The engine could not go on with this execution.",
        "hint": "This is a fault of AgentFlow. The server's log has the details.",
    }
    try:
        _end(
            workspace_id=workspace_id,
            execution_id=execution_id,
            now=now,
            status=Status.ERROR,
            error=error,
            fence=fence,
        )
    except (AlreadyEnded, NotFound):
        return


def _end(
    *,
    workspace_id: UUID,
    execution_id: UUID,
    now: datetime,
    status: Status,
    error: dict[str, Any],
    fence: int | None = None,
    waits: bool = True,
) -> None:
    change = [{"status": str(status), "finished_at": now.isoformat(), "error_code": error["code"]}]
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT status, fence, owner IS NULL, mode, started_at FROM executions_execution WHERE id = %s FOR UPDATE"
            + ("" if waits else " SKIP LOCKED"),
            [execution_id],
        )
        row = cursor.fetchone()
        if row is None:
            raise NotFound("There is no such execution.")
        if row[0] in TERMINAL or (fence is not None and (row[1] != fence or row[2])):
            raise AlreadyEnded(f"This execution has already ended: {row[0]}.")
        cursor.execute(
            _END,
            {
                "id": execution_id,
                "status": str(status),
                "now": now,
                "error": json.dumps(error),
                "change": json.dumps(change),
                "closed_by": str(status).lower(),
            },
        )
        seq, reply_to, response, references, changes = cursor.fetchone()
        store.withdraw_waits(cursor, execution_id, now, by=str(status).lower())
        events.pump.poke_on_commit()
    given = None if response is None else json.loads(response)
    outcome = {"execution_id": str(execution_id), "status": str(status), "response": given, "output": None}

    def tell() -> None:
        metrics.ended(status=str(status), mode=row[3], started_at=row[4], at=now)
        live.changed(execution_id, seq=seq, at=now, changes=json.loads(changes))
        if reply_to and "response" not in json.loads(references or "{}"):  # a large one is read by whoever waits
            live.reply(reply_to, outcome | {"error": error})

    transaction.on_commit(tell)  # the caller's transaction may be wider than this one


def wait_resolve(*, workspace_id: UUID, wait_id: UUID, answer: dict[str, Any], by: str, now: datetime) -> UUID:
    """Answer what an execution waits for; it becomes due at once. Returns the execution.

    One compare-and-set decides: of many answers at once, one wins and the others raise `AlreadyAnswered` with who and
    when. Raises `NotFound`. The caller's own writes join the same transaction when it opened `tenant()`.
    """
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute("SELECT execution_id FROM executions_wait WHERE id = %s", [wait_id])
        row = cursor.fetchone()
        if row is None:
            raise NotFound("Nothing waits for this answer.")
        execution_id: UUID = row[0]
        cursor.execute("SELECT queue FROM executions_execution WHERE id = %s FOR UPDATE", [execution_id])
        (queue,) = cursor.fetchone()
        cursor.execute(
            """UPDATE executions_wait SET resolved_at = %s, resolved_by = %s, answer = %s
               WHERE id = %s AND resolved_at IS NULL""",
            [now, by, json.dumps(answer), wait_id],
        )
        if not cursor.rowcount:
            cursor.execute("SELECT resolved_by, resolved_at FROM executions_wait WHERE id = %s", [wait_id])
            who, when = cursor.fetchone()
            raise AlreadyAnswered(
                f"Already answered by {who} at {when:%Y-%m-%d %H:%M:%S} UTC.",
                answered_by=who,
                answered_at=when.isoformat(),
            )
        cursor.execute(
            """UPDATE executions_execution SET runnable_at = clock_timestamp()
               WHERE id = %s AND owner IS NULL AND hold IS NULL""",
            [execution_id],
        )
        poke(queue)
    return execution_id
