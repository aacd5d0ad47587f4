"""Looking after what agents remember: clear it, take something out, forget what is over."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import Kind
from apps.accounts.services import audit_record
from apps.ai import selectors
from apps.ai.errors import MemoryNotFound
from apps.ai.memory import sessions
from apps.ai.models import MemoryFact, MemoryMessage, MemoryPiece, MemorySession
from apps.core.tenancy import tenant

MOST_AT_ONCE = 200
_SWEPT_AT_ONCE = 500


def memory_clear(*, workspace_id: UUID, session_ids: Sequence[UUID], actor: Actor) -> int:
    """Forget these sessions with all that is in them, on record. Gives how many there were.

    A run that is under way keeps what it has loaded, and adds what it says to a new session. Raises `MemoryNotFound`
    for the only one that was named, `ObjectRestricted` for who may not change its workflow; then nothing is forgotten.
    """
    with tenant(workspace_id):
        rows = list(selectors.memories(workspace_id).filter(id__in=session_ids[:MOST_AT_ONCE]).select_for_update())
        if not rows and len(session_ids) == 1:
            raise MemoryNotFound
        for row in rows:
            _require(row, actor)
        for row in rows:
            sessions.forget(row)
            row.delete()
            _record(row, actor, "memory.cleared", entries=row.entries)
    return len(rows)


def memory_entry_delete(*, workspace_id: UUID, session_id: UUID, entry_id: UUID, actor: Actor) -> None:
    """Take one message, fact or piece out, on record. Raises `MemoryNotFound`, `ObjectRestricted`.

    What cannot stand without it (the answer of a tool without its call) is not shown to agents any more.
    """
    with tenant(workspace_id):
        row = selectors.memories(workspace_id).filter(id=session_id).select_for_update().first()
        if row is None:
            raise MemoryNotFound
        _require(row, actor)
        gone = sum(
            kept.objects.filter(session=row, id=entry_id).delete()[0]
            for kept in (MemoryMessage, MemoryFact, MemoryPiece)
        )
        if not gone:
            raise MemoryNotFound
        sessions.count(row)
        _record(row, actor, "memory.entry_deleted", entry=str(entry_id))


def memories_sweep() -> int:
    """Forget, in every workspace, what nobody has used for as long as it was to be kept. Gives how many sessions."""
    forgotten = gone = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ai_memory_sweep(%s)", [_SWEPT_AT_ONCE])
            gone = int(cursor.fetchone()[0])
        forgotten += gone
        if gone < _SWEPT_AT_ONCE:
            return forgotten


def _require(row: MemorySession, actor: Actor) -> None:
    if row.workflow_id is not None:
        objects.require(
            workspace_id=row.workspace_id,
            actor=actor,
            kind=Kind.WORKFLOW,
            object_id=row.workflow_id,
            level="edit",
            name=row.key,
        )


def _record(row: MemorySession, actor: Actor, action: str, **data: object) -> None:
    known = {"kind": row.kind, "workflow_id": str(row.workflow_id) if row.workflow_id else None}
    audit_record(workspace_id=row.workspace_id, actor=actor, action=action, target=row.key, data=known | data)
