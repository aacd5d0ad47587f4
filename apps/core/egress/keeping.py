"""Connections kept open between requests."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import httpcore2

MOST_IDLE = 256
Key = tuple[bytes, bytes, int]


class Kept:
    """Idle connections by where they lead. Thread-safe.

    httpcore's own pool looks at every connection it has for every request it sends and every answer it ends; here a
    request costs one look-up. There is no limit on connections in use: who calls has a thread each, and those are
    limited. The one used last is taken first, so that those too many age and are closed.
    """

    def __init__(self, connect: Callable[[httpcore2.Origin], httpcore2.HTTPConnection], *, seconds: float) -> None:
        self._connect, self._seconds = connect, seconds
        self._lock = threading.Lock()
        self._idle: dict[Key, deque[tuple[httpcore2.HTTPConnection, float]]] = {}
        self._tidy_at = 0.0

    def take(self, origin: httpcore2.Origin) -> httpcore2.HTTPConnection:
        """A connection to there for the caller alone: one that is open and was not closed by the peer, else a new one,
        which connects with its first request.
        """
        while True:
            with self._lock:
                idle = self._idle.get(_key(origin))
                connection = idle.pop()[0] if idle else None
            if connection is None:
                return self._connect(origin)
            if not connection.has_expired():
                return connection
            connection.close()

    def give(self, connection: httpcore2.HTTPConnection, origin: httpcore2.Origin) -> None:
        """Keep it for the next caller if it can take another request, else close it."""
        if not connection.is_idle():
            connection.close()
            return
        now = time.monotonic()
        with self._lock:
            idle = self._idle.setdefault(_key(origin), deque())
            idle.append((connection, now + self._seconds))
            surplus = [idle.popleft()[0]] if len(idle) > MOST_IDLE else []
            if now >= self._tidy_at:
                self._tidy_at = now + self._seconds
                surplus += self._aged(now)
        for each in surplus:
            each.close()

    def close(self) -> None:
        """Close those that are idle."""
        with self._lock:
            found = [connection for idle in self._idle.values() for connection, _ in idle]
            self._idle.clear()
        for connection in found:
            connection.close()

    def _aged(self, now: float) -> list[httpcore2.HTTPConnection]:
        found = []
        for key, idle in list(self._idle.items()):
            while idle and idle[0][1] < now:
                found.append(idle.popleft()[0])
            if not idle:
                del self._idle[key]
        return found


def _key(origin: httpcore2.Origin) -> Key:
    return origin.scheme, origin.host, origin.port
