"""What workflows keep under a key, for the whole workspace or for one workflow. Every change is one transaction.

A change locks its key's row, so of many at once each sees what the one before it left. Under an idempotency key it is
made once: the key is noted in the same transaction, and a repeat gets what the first time gave.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import Kind
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import Conflict, Invalid, NotFound, TooLarge
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import Value

MAX_KEY = 200
MAX_BYTES = 64_000
MAX_KEYS = 100_000
REPEATS_KNOWN_DAYS = 40
_AT_ONCE = 5_000


class ValueUnknown(NotFound):
    """There is no such value in this workspace, or its time is over."""

    code = "executions.value_unknown"


class ValueTooLarge(TooLarge):
    """A value has more than 64 KB."""

    code = "executions.value_too_large"
    default_hint = "Keep less under one key, or keep the file as an artifact and its id here."


class ValuesFull(Conflict):
    """The workspace has as many keys as it may have: 100,000."""

    code = "executions.values_full"
    default_hint = "Give keys a ttl_seconds, or delete those nobody needs."


class ValueMismatch(Invalid):
    """What is kept under this key is of another kind."""

    code = "executions.value_mismatch"


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands under a key."""

    value: Any
    revision: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a key, and what the caller is told. `is_kept` false: nothing stands there afterwards."""

    result: dict[str, Any]
    value: Any = None
    is_kept: bool = True
    is_changed: bool = True
    ttl_seconds: float | None = None
    keeps_expiry: bool = False


Decide = Callable[[Kept | None], Change]


@dataclass(frozen=True, slots=True)
class Place:
    """Whose key it is. `workflow_id` None: the whole workspace's."""

    workspace_id: UUID
    workflow_id: UUID | None
    key: str


def value_read(*, place: Place) -> Kept | None:
    """What stands under a key now, if anything."""
    with tenant(place.workspace_id), connection.cursor() as cursor:
        cursor.execute(
            """SELECT value, revision, expires_at FROM executions_value
               WHERE workspace_id = %s AND workflow_id IS NOT DISTINCT FROM %s AND key = %s AND value IS NOT NULL
                 AND (expires_at IS NULL OR expires_at > clock_timestamp())""",
            [place.workspace_id, place.workflow_id, _checked(place.key)],
        )
        row = cursor.fetchone()
    return None if row is None else Kept(_value(row[0]), row[1], row[2])


# Made, or locked as it is: the update changes nothing.
_LOCK = """
INSERT INTO executions_value (id, workspace_id, workflow_id, key, revision, created_at, updated_at)
VALUES (%s, %s, %s, %s, 0, clock_timestamp(), clock_timestamp())
ON CONFLICT (workspace_id, workflow_id, key) DO UPDATE SET key = EXCLUDED.key
RETURNING id, CASE WHEN expires_at > clock_timestamp() OR expires_at IS NULL THEN value END, revision,
    CASE WHEN expires_at > clock_timestamp() THEN expires_at END, revision = 0
"""


def value_change(*, place: Place, decide: Decide, once: str | None = None) -> dict[str, Any]:
    """Let `decide` say what becomes of a key, while nobody else can change it. Returns its `result`.

    `once` is an idempotency key: a second call under it changes nothing and returns the first's result. Raises
    `ValueTooLarge`, `ValuesFull`, `Invalid`, and whatever `decide` raises; then nothing has changed.
    """
    key = _checked(place.key)
    with tenant(place.workspace_id), connection.cursor() as cursor:
        if once is not None:
            cursor.execute(
                """INSERT INTO executions_valuewrite (workspace_id, key, written_at) VALUES (%s, %s, clock_timestamp())
                   ON CONFLICT DO NOTHING""",
                [place.workspace_id, once],
            )
            if not cursor.rowcount:
                cursor.execute(
                    "SELECT result FROM executions_valuewrite WHERE workspace_id = %s AND key = %s",
                    [place.workspace_id, once],
                )
                earlier: dict[str, Any] = _value(cursor.fetchone()[0])
                return earlier
        cursor.execute(_LOCK, [uuid7(), place.workspace_id, place.workflow_id, key])
        row_id, raw, revision, expires_at, is_new = cursor.fetchone()
        change = decide(None if raw is None else Kept(_value(raw), revision, expires_at))
        result = _write(cursor, place, row_id, change, raw is not None)
        if is_new and change.is_kept:
            _refuse_too_many(cursor, place.workspace_id)
        if once is not None:
            cursor.execute(
                "UPDATE executions_valuewrite SET result = %s WHERE workspace_id = %s AND key = %s",
                [json.dumps(result), place.workspace_id, once],
            )
    return result


def _write(cursor: Any, place: Place, row_id: UUID, change: Change, existed: bool) -> dict[str, Any]:
    if not change.is_kept or (not change.is_changed and not existed):
        cursor.execute("DELETE FROM executions_value WHERE id = %s", [row_id])
        return change.result
    if not change.is_changed:
        return change.result
    text = json.dumps(change.value, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode())
    if size > MAX_BYTES:
        raise ValueTooLarge(f"The value of “{place.key}” would have {size:,} bytes; at most {MAX_BYTES:,} are kept.")
    cursor.execute(
        """UPDATE executions_value
           SET value = %(value)s::jsonb, revision = revision + 1, updated_at = clock_timestamp(),
               expires_at = CASE WHEN %(keeps)s THEN expires_at
                                 ELSE clock_timestamp() + %(ttl)s::float8 * interval '1 second' END
           WHERE id = %(id)s RETURNING revision, expires_at""",
        {"value": text, "keeps": change.keeps_expiry and existed, "ttl": change.ttl_seconds, "id": row_id},
    )
    revision, expires_at = cursor.fetchone()
    return change.result | {"revision": revision, "expires_at": expires_at and expires_at.isoformat()}


def _refuse_too_many(cursor: Any, workspace_id: UUID) -> None:
    cursor.execute(
        "SELECT count(*) FROM (SELECT FROM executions_value WHERE workspace_id = %s LIMIT %s) AS counted",
        [workspace_id, MAX_KEYS + 1],
    )
    if cursor.fetchone()[0] > MAX_KEYS:
        raise ValuesFull(f"The workspace has {MAX_KEYS:,} keys, which is the most there may be.")


def _checked(key: str) -> str:
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise Invalid(f"A key has 1 to {MAX_KEY} printable characters.")
    return key


def values_sweep() -> int:
    """Forget values whose time is over, and changes so old that nobody repeats them. Gives how many."""
    forgotten = gone = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT executions_values_sweep(%s * interval '1 day', %s)", [REPEATS_KNOWN_DAYS, _AT_ONCE])
            gone = int(cursor.fetchone()[0])
            forgotten += gone
            if gone < _AT_ONCE:
                return forgotten


# ── For people and programs that look at it ──────────────────────────────────────────────────────────────────────────


def value_list(workspace_id: UUID, *, workflow_id: UUID | None = None, prefix: str = "") -> QuerySet[Value]:
    """The values of a workspace with their workflows, the newest key first; those that are over left out."""
    found = Value.objects.filter(workspace_id=workspace_id, value__isnull=False).select_related("workflow")
    found = found.exclude(expires_at__lte=now())
    if workflow_id is not None:
        found = found.filter(workflow_id=workflow_id)
    if prefix:
        found = found.filter(key__startswith=prefix)
    return found.order_by("-id")


def value_get(workspace_id: UUID, value_id: UUID) -> Value:
    """One value by its id. Raises `ValueUnknown`."""
    found = value_list(workspace_id).filter(id=value_id).first()
    if found is None:
        raise ValueUnknown
    return found


def value_delete(*, workspace_id: UUID, value_id: UUID, actor: Actor) -> None:
    """Take a value away, on record. Raises `ValueUnknown`, `ObjectRestricted` for who may not change its workflow."""
    with tenant(workspace_id):
        found = value_get(workspace_id, value_id)
        if found.workflow is not None:
            objects.require(
                workspace_id=workspace_id,
                actor=actor,
                kind=Kind.WORKFLOW,
                object_id=found.workflow.id,
                level="edit",
                name=found.workflow.name,
            )
        Value.objects.filter(workspace_id=workspace_id, id=value_id).delete()
        audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="value.deleted",
            target=found.key,
            data={"workflow_id": str(found.workflow_id) if found.workflow_id else None},
        )


def _value(raw: Any) -> Any:
    return json.loads(raw) if isinstance(raw, str) else raw
