"""Reads that may be a moment old: from a replica of the database where there is one, behind the same wall.

`read` is the only door to the replica. How old an answer may be is known by positions in the primary's log (LSN), not
by clocks: the replica is asked how far it has come, and used only when that is far enough.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.utils import CursorWrapper

from apps.core.tenancy import tenant

logger = logging.getLogger(__name__)

ALIAS = "replica"
OLDEST_SECONDS = 5.0
SAMPLE_SECONDS = 1.0
PAUSE_SECONDS = 10.0
NOTED_SECONDS = 60
_PASSING = ("40001", "57014")  # a query that was in the way of what the replica had to replay, or took too long

R = TypeVar("R")


class NotUsable(Exception):
    """The replica cannot answer what is asked: it is behind, or it is no replica. The message says which."""


class Router:
    """Where Django's models read: inside of `read` from the replica, elsewhere as without a replica."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """The replica where `read` has led there."""
        return ALIAS if _is_here() else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Never the replica, also for what was read there."""
        return DEFAULT_DB_ALIAS if _is_here() or _came_from(hints.get("instance")) else None

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool | None:
        """A row is the same row wherever it was read."""
        return True if _came_from(one) or _came_from(other) else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """The replica gets its tables from the primary."""
        return False if db == ALIAS else None


def is_configured() -> bool:
    """Whether there is a replica (DATABASE_REPLICA_URL)."""
    return ALIAS in connections.settings


def read(workspace_id: UUID, work: Callable[[], R], *, reader: str = "") -> R:
    """What `work` returns, which only reads, inside `tenant(workspace_id)`.

    From the replica when it answers and is at most about six seconds behind, else from the primary. What `reader` has
    written itself (`wrote`) is always seen. Inside a transaction of the caller it reads what that transaction sees.
    When the replica fails in the middle, `work` is done once more, by the primary. Inside of it raw SQL uses `cursor`;
    a statement that would leave the replica raises `RuntimeError`, unless in a transaction of its own.
    """
    if is_configured() and not connections[DEFAULT_DB_ALIAS].in_atomic_block and _circuit.may_try():
        wanted = _samples.wanted()
        try:
            return _read_there(workspace_id, work, max(wanted, _noted(reader)))
        except NotUsable as reason:
            _circuit.note(str(reason))
        except (OperationalError, InterfaceError) as error:
            if getattr(error.__cause__, "sqlstate", None) not in _PASSING:
                _circuit.open(error)
    with tenant(workspace_id):
        return work()


def _read_there(workspace_id: UUID, work: Callable[[], R], wanted: int) -> R:
    with tenant(workspace_id, using=ALIAS):
        if _replayed() < wanted:
            raise NotUsable("it is more than a few seconds behind, or behind what the reader has just written")
        _circuit.close()
        with _nowhere_else():
            return work()


def cursor() -> CursorWrapper:
    """A cursor for raw SQL that reads: of the replica where `read` has led there, else of the primary."""
    return connections[ALIAS if _is_here() else DEFAULT_DB_ALIAS].cursor()


def wrote(writer: str) -> None:
    """Note that `writer` has just written and committed, so that their next `read` shows it. Never raises."""
    if not is_configured():
        return
    try:
        cache.set(_key(writer), _position(), NOTED_SECONDS)
    except Exception as error:
        # What was written is committed; that the next list may be seconds old must not make it a failure.
        logger.warning("cannot note what was written for the replica's readers: %s", error)


def lag(patience: float = 2.0) -> float:
    """How many seconds the replica took just now to reach what the primary had written.

    Raises `NotUsable` after `patience` seconds, or a database error.
    """
    wanted, began = _position(), time.monotonic()
    while _replayed() < wanted:
        if time.monotonic() - began > patience:
            raise NotUsable(f"it is more than {patience:.0f} s behind")
        time.sleep(0.05)
    return time.monotonic() - began


# ── Where a statement goes ───────────────────────────────────────────────────────────────────────────────────────────


def _is_here() -> bool:
    """Whether `read` has led to the replica, and no transaction on the primary was begun since."""
    return (
        ALIAS in connections.settings
        and connections[ALIAS].in_atomic_block
        and not connections[DEFAULT_DB_ALIAS].in_atomic_block
    )


def _came_from(instance: Any) -> bool:
    return instance is not None and instance._state.db == ALIAS


@contextmanager
def _nowhere_else() -> Iterator[None]:
    """Outside of a transaction the primary shows no workspace: an empty list instead of an error. So it is refused."""

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if context["connection"].in_atomic_block:
            return execute(sql, params, many, context)
        raise RuntimeError("This statement belongs to a read from the replica: use apps.core.replica.cursor().")

    with connections[DEFAULT_DB_ALIAS].execute_wrapper(refuse):
        yield


# ── How far the replica has come ─────────────────────────────────────────────────────────────────────────────────────


def _position() -> int:
    """Up to where the primary has written."""
    with connections[DEFAULT_DB_ALIAS].cursor() as found:
        found.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
        return int(found.fetchone()[0])


def _replayed() -> int:
    """Up to where the replica has replayed. Raises `NotUsable` when it is none (any more)."""
    with connections[ALIAS].cursor() as found:
        found.execute(
            "SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END"
        )
        at = found.fetchone()[0]
    if at is None:
        raise NotUsable("what answers at DATABASE_REPLICA_URL is no replica")
    return int(at)


def _key(writer: str) -> str:
    return f"wrote:{writer}"


def _noted(reader: str) -> int:
    if not reader:
        return 0
    try:
        return int(cache.get(_key(reader), 0))
    except Exception as error:
        raise NotUsable(f"nobody knows what the reader has written ({type(error).__name__})") from None


class _Samples:
    """Where the primary was a moment ago: what the replica must have reached. Asked once a second at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._older = self._newer = (float("-inf"), 0)

    def wanted(self) -> int:
        """A position the primary had reached at most about six seconds ago."""
        now = time.monotonic()
        with self._lock:
            at, _ = self._newer
            if now - at <= SAMPLE_SECONDS:
                return self._older[1]
        fresh = (now, _position())
        with self._lock:
            self._older = self._newer if now - self._newer[0] <= OLDEST_SECONDS else fresh
            self._newer = fresh
            return self._older[1]


class _Circuit:
    """Whether the replica is worth trying. After a failure it is left alone; then one reader at a time finds out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tried_again_at = float("-inf")  # when it may be tried again
        self._said = ""

    def may_try(self) -> bool:
        """Whether this reader may go there."""
        with self._lock:
            if not self._said:
                return True
            if time.monotonic() < self._tried_again_at:
                return False
            self._tried_again_at = time.monotonic() + PAUSE_SECONDS
            return True

    def open(self, error: Exception) -> None:
        """It failed."""
        with self._lock:
            self._tried_again_at = time.monotonic() + PAUSE_SECONDS
            was, self._said = self._said, str(error).strip() or type(error).__name__
        if not was:
            logger.warning("the replica fails, lists are read from the primary: %s", self._said.splitlines()[0])

    def note(self, reason: str) -> None:
        """It answers, but not what is wanted."""
        logger.debug("read from the primary instead of the replica: %s", reason)

    def close(self) -> None:
        """It works."""
        with self._lock:
            was, self._said = self._said, ""
        if was:
            logger.warning("the replica is back")


_samples = _Samples()
_circuit = _Circuit()
