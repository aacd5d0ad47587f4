"""Circuit breakers: systems that keep failing are left alone for a while, per workspace and by all workers.

What is known is in the database. Each process looks once a second at the few that have failed; a system that has not
costs a call one look-up in memory.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import QuerySet

from apps.accounts import services as accounts
from apps.accounts.access.actor import Actor
from apps.core.egress import CircuitOpen
from apps.core.errors import NotFound
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.engine import circuit as engine
from apps.executions.engine.circuit import Circuit, State, Verdict
from apps.executions.models import Circuit as Row

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
_MARGIN_SECONDS = 5.0

_known: dict[tuple[UUID, str], Circuit] = {}
_looked_at: float | None = None
_lock = threading.Lock()


def target_of(url: str) -> str:
    """The system an address belongs to, as `host:port`; empty when the address cannot be read."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""


# ── Around a call ────────────────────────────────────────────────────────────────────────────────────────────────────


def before(workspace_id: UUID, target: str, *, timeout: float) -> bool:
    """Whether the system has failed lately, so that what becomes of the call is worth telling.

    Raises `CircuitOpen` while it is left alone. Never waits for a database that is away.
    """
    known = _look(workspace_id, target)
    if known is None:
        return False
    if known.state is State.CLOSED:
        return True
    verdict: list[Verdict] = []

    def ask(circuit: Circuit, now: datetime) -> Circuit:
        verdict.append(engine.ask(circuit, now, trial_seconds=timeout + _MARGIN_SECONDS))
        return verdict[-1].circuit

    row = _change(workspace_id, target, ask)
    if row is not None and not verdict[-1].is_allowed:
        seconds = verdict[-1].retry_seconds
        raise CircuitOpen(
            f"{target} failed {row.failures} times in a row and is left alone for now. The last time: {row.last_error}",
            retry_after=seconds + random.uniform(0, min(seconds / 4, 5.0)),
        )
    return True


def after_failure(workspace_id: UUID, target: str, error: str, *, asked_seconds: float = 0.0) -> None:
    """Note that a call failed because of the other side: it was not reached, did not answer, or was overburdened."""
    _change(
        workspace_id,
        target,
        lambda circuit, now: engine.failed(circuit, now, asked_seconds=asked_seconds),
        error=error,
    )


def after_success(workspace_id: UUID, target: str) -> None:
    """Note that a system that had failed answered."""
    _change(workspace_id, target, lambda circuit, now: engine.succeeded(circuit))


def after_leaving(workspace_id: UUID, target: str) -> None:
    """Note that a call `before` let through was not made: it decides nothing, and another one may be the trial."""
    _change(workspace_id, target, engine.left)


def forget() -> None:
    """Look at the database again at the next call."""
    global _looked_at
    _known.clear()
    _looked_at = None


def _look(workspace_id: UUID, target: str) -> Circuit | None:
    # One thread looks for all. The others do not wait for it, except for the first look of the process.
    if _is_stale() and _lock.acquire(blocking=_looked_at is None):
        try:
            if _is_stale():
                _look_at_all()
        finally:
            _lock.release()
    return _known.get((workspace_id, target))


def _is_stale() -> bool:
    return _looked_at is None or time.monotonic() - _looked_at >= LOOK_SECONDS


def _look_at_all() -> None:
    global _known, _looked_at
    with _apart(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM executions_troubled_circuits()")
        _known = {(row[0], row[1]): Circuit(State(row[2]), *row[3:]) for row in cursor.fetchall()}
    _looked_at = time.monotonic()


def _change(
    workspace_id: UUID, target: str, step: Callable[[Circuit, datetime], Circuit], *, error: str = ""
) -> Row | None:
    """Apply a step under the row's lock. None when the system has no row, or the database is away."""
    if not target:
        return None
    row: Row | None = None
    with _apart(), tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        if error:
            Row.objects.bulk_create(
                [Row(id=uuid7(), workspace_id=workspace_id, target=target, changed_at=now)], ignore_conflicts=True
            )
        row = Row.objects.select_for_update().filter(workspace_id=workspace_id, target=target).first()
        if row is None:
            return None
        was = Circuit(State(row.state), row.failures, row.pause_seconds, row.failed_at, row.until)
        found = step(was, now)
        _write(row, found, now, error or row.last_error)
        if found.failures:
            _known[workspace_id, target] = found
        else:
            _known.pop((workspace_id, target), None)
        if found.state is not was.state:
            logger.info("circuit of %s in workspace %s: %s", target, workspace_id, found.state)
    return row


def _write(row: Row, found: Circuit, now: datetime, error: str) -> None:
    if row.state != found.state:
        row.changed_at = now
    row.state, row.failures, row.pause_seconds = str(found.state), found.failures, found.pause_seconds
    row.failed_at, row.until, row.last_error = found.failed_at, found.until, error[:500]
    row.save()


@contextmanager
def _apart() -> Any:
    """Short database work beside a call: it gives the connection back, and a database that is away stops no call."""
    try:
        yield
    except (DatabaseError, InterfaceError) as away:
        logger.warning("circuits cannot be looked at: %s", str(away).partition("\n")[0])
        connection.close()
    finally:
        if not connection.in_atomic_block:
            connection.close()  # a thread that waits for the network holds no connection


# ── For people ───────────────────────────────────────────────────────────────────────────────────────────────────────


def circuit_list(workspace_id: UUID) -> QuerySet[Row]:
    """The systems of a workspace that failed lately, those that are left alone first."""
    return Row.objects.filter(workspace_id=workspace_id).order_by("-state", "-failed_at", "id")


def circuit_reset(*, workspace_id: UUID, circuit_id: UUID, actor: Actor) -> Row:
    """Call a system again at once, on record. Raises `NotFound`."""
    with tenant(workspace_id), connection.cursor() as cursor:
        row = Row.objects.select_for_update().filter(workspace_id=workspace_id, id=circuit_id).first()
        if row is None:
            raise NotFound("There is no such system.")
        cursor.execute("SELECT clock_timestamp()")
        was = row.state
        _write(row, Circuit(failed_at=row.failed_at), cursor.fetchone()[0], row.last_error)
        accounts.audit_record(
            workspace_id=workspace_id, actor=actor, action="circuit.reset", target=row.target, data={"was": was}
        )
    _known.pop((workspace_id, row.target), None)
    return row
