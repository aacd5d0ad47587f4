"""The pulse of a worker process: its lease, renewed by the database's clock while the process is alive.

With each beat the process also sets its watch: waits, retries and deadlines are reckoned by one clock everywhere.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, connection

from apps.core import clock
from apps.executions import store

logger = logging.getLogger(__name__)

TOLERANCE = timedelta(seconds=0.5)


class Pulse:
    """A thread that renews the lease three times per lease, and at once when the database is back."""

    def __init__(self, *, worker_id: UUID, name: str, queues: Sequence[str], lease_seconds: float) -> None:
        self.worker_id, self.name, self.queues, self.lease_seconds = worker_id, name, list(queues), lease_seconds
        self._felt_until = 0.0
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    @property
    def is_felt(self) -> bool:
        """Whether the lease still runs, as far as this process can know: it errs towards no."""
        return time.monotonic() < self._felt_until

    def start(self) -> None:
        """Write the first beat as soon as the database answers. Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the lease."""
        self._is_stopping.set()
        self._thread.join(timeout=5)
        self._beat(0)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            is_done = self._beat(self.lease_seconds)
            self._is_stopping.wait(self.lease_seconds / 3 if is_done else min(1.0, self.lease_seconds / 3))

    def _beat(self, lease_seconds: float) -> bool:
        began, asked_at = time.monotonic(), clock.machine_now()
        try:
            told = store.worker_beat(
                worker_id=self.worker_id, name=self.name, queues=self.queues, lease_seconds=lease_seconds
            )
        except DatabaseError as error:
            logger.warning("the pulse could not be written: %s", str(error).strip().partition("\n")[0])
            return False
        finally:
            connection.close()
        self._felt_until = began + lease_seconds
        _follow(told, (asked_at, clock.machine_now()))
        return True


def _follow(told: datetime, between: tuple[datetime, datetime]) -> None:
    """Go by the database's clock where this machine's own is off by more than the question took."""
    earliest, latest = between
    ahead = told - earliest - (latest - earliest) / 2
    is_off = not earliest - TOLERANCE <= told <= latest + TOLERANCE
    if is_off:
        logger.warning("this machine's clock is %.1f s off; the database's is followed", -ahead.total_seconds())
    clock.correct(ahead if is_off else timedelta())
