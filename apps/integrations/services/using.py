"""The record of uses: one row per credential, workflow and day, and no write per call."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 10.0
_Key = tuple[UUID, UUID, UUID, date]
_MOST_DAYS = 10_000

_UPSERT = """
INSERT INTO integrations_credential_use
    (id, workspace_id, credential_id, workflow_id, day, count, first_at, last_at, last_execution_id)
SELECT %s, %s, c.id, %s, %s, %s, %s, %s, %s FROM integrations_credential c WHERE c.id = %s
ON CONFLICT (credential_id, workflow_id, day) DO UPDATE SET
    count = integrations_credential_use.count + EXCLUDED.count,
    last_at = GREATEST(integrations_credential_use.last_at, EXCLUDED.last_at),
    last_execution_id = EXCLUDED.last_execution_id
"""
_TOUCH = """
UPDATE integrations_credential SET last_used_at = %s WHERE id = %s AND (last_used_at IS NULL OR last_used_at < %s)
"""


@dataclass(slots=True)
class _Tally:
    count: int
    first_at: datetime
    last_at: datetime
    execution_id: UUID | None


_lock = threading.Lock()
_pending: dict[_Key, _Tally] = {}
_written: set[_Key] = set()
_timer: threading.Timer | None = None


def credential_used(
    *, workspace_id: UUID, credential_id: UUID, workflow_id: UUID, execution_id: UUID | None = None
) -> None:
    """Note that a workflow used a credential. To be called outside of a transaction.

    The first use of a day by this process is written at once, the others within 10 seconds: a process that dies loses
    numbers, never the fact. What cannot be written is kept for the next time; it does not keep the node from running.
    """
    at = clock.now()
    key = (workspace_id, credential_id, workflow_id, at.date())
    with _lock:
        tally = _pending.setdefault(key, _Tally(0, at, at, execution_id))
        tally.count, tally.last_at, tally.execution_id = tally.count + 1, at, execution_id
        is_first = key not in _written
        if not is_first:
            _schedule()
    if is_first:
        uses_flush()


def uses_flush() -> None:
    """Write what was noted and is not written yet."""
    global _timer
    with _lock:
        taken = dict(_pending)
        _pending.clear()
        if _timer is not None:
            _timer.cancel()
        _timer = None
    for key, tally in taken.items():
        try:
            _write(key, tally)
        except (DatabaseError, InterfaceError) as failed:
            logger.warning("uses of a credential wait to be written: %s", str(failed).partition("\n")[0])
            _put_back(key, tally)
        else:
            with _lock:
                if len(_written) > _MOST_DAYS:
                    _written.clear()
                _written.add(key)


def _write(key: _Key, tally: _Tally) -> None:
    workspace_id, credential_id, workflow_id, day = key
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [
                uuid7(),
                workspace_id,
                workflow_id,
                day,
                tally.count,
                tally.first_at,
                tally.last_at,
                tally.execution_id,
                credential_id,
            ],
        )
        cursor.execute(_TOUCH, [tally.last_at, credential_id, tally.last_at])


def _put_back(key: _Key, tally: _Tally) -> None:
    with _lock:
        later = _pending.get(key)
        if later is None:
            _pending[key] = tally
        else:
            later.count, later.first_at = later.count + tally.count, tally.first_at
        _schedule()


def _schedule() -> None:
    """Called with the lock held."""
    global _timer
    if _timer is None:
        _timer = threading.Timer(FLUSH_SECONDS, _flush_and_close)
        _timer.daemon = True
        _timer.start()


def _flush_and_close() -> None:
    try:
        uses_flush()
    finally:
        connection.close()
