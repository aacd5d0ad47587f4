"""What keeps a start from running at once: keys, rates and bursts of its workflow, and the queue of its workspace.

Whether there is a place is decided when an execution is claimed, see `executions_claim`. Here is decided what can only
be known when it starts: its key, its slot, whether it is one with a start that still waits, and whether there is room.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.core import jsonclean
from apps.core.errors import DomainError, Invalid
from apps.executions.origin import Origin
from apps.nodes.expressions import ExprError, Scope, compile_template

_LONGEST_KEY = 200
_FRESH_SECONDS = 1.0
_RETRY_SECONDS = 5


class RateExceeded(DomainError):
    """More executions of this workflow were started than its rate lets begin."""

    code = "executions.rate_exceeded"
    status = 429
    default_hint = "Come again later, or set on_excess to queue in the workflow's settings."


class QueueFull(DomainError):
    """So many executions of this workspace are queued that no more are accepted."""

    code = "executions.queue_full"
    status = 429
    default_hint = "Come again when some of them have run. An owner sees the limit under Settings → Limits."


class KeyFailed(Invalid):
    """The key of the workflow's settings cannot be computed from this input."""

    code = "executions.key_failed"


@dataclass(frozen=True, slots=True)
class Admission:
    """How a new execution begins to wait. `merged_into`: it is one with that execution, which waits already."""

    columns: dict[str, Any]
    merged_into: UUID | None = None


OPEN: dict[str, Any] = {
    "due": None,
    "held": None,
    "key": None,
    "key_limit": None,
    "key_counts": None,
    "rate_count": None,
    "rate_seconds": None,
    "slot": None,
    "debounce_key": None,
    "debounce_wait": None,
}
"""The columns of an execution that nothing keeps from running."""


def admit(cursor: Any, origin: Origin, *, given: Any, stored: dict[str, Any], mode: str, now: datetime) -> Admission:
    """What the limits of its workflow mean for a start. Locks the workflow where the order of starts decides.

    A test is not kept back by rate and debounce. `stored` are the columns that a later start of a burst replaces.
    Raises `KeyFailed`, or `RateExceeded`.
    """
    found = dict(OPEN)
    rate, debounce = (None, None) if mode == "test" else (origin.rate, origin.debounce)
    key = key_of(origin.concurrency.key, given, origin, now) if origin.concurrency else None
    burst = None
    if debounce:
        burst = key_of(debounce.key, given, origin, now) if debounce.key else ""
    if rate or burst is not None:
        # Not for ever: who has it may be frozen.
        cursor.execute("SELECT set_config('lock_timeout', '5s', true)")
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"executions_limit:{origin.workflow_id}"]
        )
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")
    if debounce and burst is not None:
        merged_into = _merge(cursor, origin, burst, debounce.seconds, stored)
        if merged_into:
            return Admission(found, merged_into)
        found |= {"debounce_key": burst, "debounce_wait": debounce.max_wait_seconds or 10 * debounce.seconds}
        cursor.execute("SELECT clock_timestamp() + %s * interval '1 second'", [debounce.seconds])
        (found["due"],) = cursor.fetchone()
    if origin.concurrency and key:
        found |= {"key": key, "key_limit": origin.concurrency.limit, "key_counts": origin.concurrency.counts}
    if rate:
        cursor.execute(
            "SELECT s.at, EXTRACT(epoch FROM s.at - clock_timestamp()) FROM executions_slot(%s, %s, %s, %s) s (at)",
            [origin.workflow_id, rate.count, rate.per_seconds, UUID(int=0)],
        )
        slot, seconds = cursor.fetchone()
        if rate.on_excess == "refuse" and seconds > 0:
            raise RateExceeded(
                f"At most {rate.count:,} executions of this workflow begin in {rate.per_seconds:g} s.",
                headers={"Retry-After": str(int(seconds) + 1)},
            )
        slot = max(slot, found["due"] or slot)
        found |= {"rate_count": rate.count, "rate_seconds": rate.per_seconds, "slot": slot, "due": slot}
    found["held"] = _room(cursor, origin, key)
    return Admission(found)


def key_of(template: str, given: Any, origin: Origin, now: datetime) -> str | None:
    """The key of a start; None when the expression gives null or nothing. Raises `KeyFailed`."""
    scope = Scope(json=given, input={"main": given}, trigger=given, now=now.astimezone(ZoneInfo(origin.timezone)))
    try:
        value = compile_template(template).evaluate(scope)
    except ExprError as wrong:
        raise KeyFailed(
            f"The key “{template[:100]}” of the workflow's settings: {wrong.message}.",
            hint=wrong.hint or "Send what it asks for, or correct the expression.",
        ) from None
    if value is None or value == "":
        return None
    text: str = jsonclean.cleaned(value if isinstance(value, str) else json.dumps(value, sort_keys=True))
    return text if len(text) <= _LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()


def _merge(cursor: Any, origin: Origin, burst: str, seconds: float, stored: dict[str, Any]) -> UUID | None:
    """Give the execution of this burst that still waits another input, and let it wait on."""
    columns = "".join(f"{name} = %({name})s, " for name in stored)
    cursor.execute(
        f"""UPDATE executions_execution
            SET {columns} version_id = %(version)s,
                runnable_at = least(clock_timestamp() + %(seconds)s * interval '1 second', debounce_until)
            WHERE workflow_id = %(workflow)s AND debounce_key = %(burst)s AND status = 'NEW' RETURNING id""",
        stored | {"version": origin.version_id, "workflow": origin.workflow_id, "burst": burst, "seconds": seconds},
    )
    row = cursor.fetchone()
    return row[0] if row else None


def remember(cursor: Any, workspace_id: UUID, dedupe_key: str | None, execution_id: UUID) -> None:
    """Let a delivery that was merged lead to the execution it is part of, however often it is sent."""
    if dedupe_key is not None:
        cursor.execute(
            "INSERT INTO executions_merged (workspace_id, dedupe_key, execution_id) VALUES (%s, %s, %s)",
            [workspace_id, dedupe_key, execution_id],
        )


def _room(cursor: Any, origin: Origin, key: str | None) -> str | None:
    """Where it waits at once because others wait there already. Who frees a place lets them out in their order."""
    if key:
        cursor.execute(
            """SELECT 1 FROM executions_execution
               WHERE workflow_id = %s AND held_by = 'key' AND concurrency_key = %s LIMIT 1""",
            [origin.workflow_id, key],
        )
        if cursor.fetchone():
            return "key"
    if origin.max_concurrent:
        cursor.execute(
            "SELECT 1 FROM executions_execution WHERE workflow_id = %s AND held_by = 'workflow' LIMIT 1",
            [origin.workflow_id],
        )
        if cursor.fetchone():
            return "workflow"
    return None


# ── The queue of a workspace ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Estimate:
    """How full the queue was when it was last looked at, and how many this process has started since."""

    at: float
    queued: int
    limit: int | None
    since: int = 0

    @property
    def is_near(self) -> bool:
        """Whether the limit could be reached before the next look."""
        return self.limit is not None and self.queued + self.since >= self.limit - max(self.limit // 5, 200)


_estimates: dict[UUID, _Estimate] = {}

_QUEUED = """
SELECT (SELECT count(*) FROM executions_execution WHERE workspace_id = %(workspace)s AND status = 'NEW'),
       COALESCE((SELECT least(queue_depth, COALESCE(most_queued, %(default)s::int)) FROM executions_quota
                 WHERE workspace_id = %(workspace)s), %(default)s::int)
"""


def is_nearly_full(cursor: Any, workspace_id: UUID) -> bool:
    """Whether a start must make sure that there is room. Far from the limit that is asked once a second at most."""
    known = _estimates.get(workspace_id)
    if known is None or time.monotonic() - known.at > _FRESH_SECONDS:
        if len(_estimates) > 10_000:
            _estimates.clear()
        known = _estimates[workspace_id] = _Estimate(time.monotonic(), *_queued(cursor, workspace_id))
    known.since += 1
    return known.is_near


def make_sure_of_room(cursor: Any, workspace_id: UUID) -> None:
    """Count, one start at a time, so that the limit holds at every instant. Raises `QueueFull`."""
    cursor.execute("SELECT set_config('lock_timeout', '5s', true)")
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"executions_queue:{workspace_id}"])
    cursor.execute("SELECT set_config('lock_timeout', '0', true)")
    queued, limit = _queued(cursor, workspace_id)
    if limit is not None and queued >= limit:
        raise QueueFull(
            f"{queued:,} executions of this workspace are queued; at most {limit:,} may be.",
            headers={"Retry-After": str(_RETRY_SECONDS)},
            limit=limit,
        )


def forget() -> None:
    """Look again at the next start, because a limit was changed."""
    _estimates.clear()


def _queued(cursor: Any, workspace_id: UUID) -> tuple[int, int | None]:
    default = settings.WORKSPACE_QUEUE_DEPTH or None
    cursor.execute(_QUEUED, {"workspace": workspace_id, "default": default})
    queued, limit = cursor.fetchone()
    return queued, limit
