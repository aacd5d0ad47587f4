"""Poking the workers: "something is due, look". Carries no content, so losing or doubling it changes only latency."""

from __future__ import annotations

import logging
import threading
import time
from functools import cache

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
TASK = "executions.wake"


def poke(queue: str = "default") -> None:
    """Poke the workers of `queue` as soon as the running transaction is committed (at once when there is none)."""
    transaction.on_commit(lambda: _poker().poke(queue))


class _Poker:
    """One thread per process that publishes. Pokes that come while one is on its way are melted into the next."""

    def __init__(self) -> None:
        self._due: set[str] = set()
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        threading.Thread(target=self._run, name="poker", daemon=True).start()

    def poke(self, queue: str) -> None:
        with self._lock:
            self._due.add(queue)
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            with self._lock:
                queues, self._due = self._due, set()
            try:
                for queue in queues:
                    current_app.send_task(TASK, queue=queue, ignore_result=True, retry=False, expires=5)
            except Exception as error:
                logger.warning("pokes pause for %.0f s: %s", PAUSE_SECONDS, error)
                time.sleep(PAUSE_SECONDS)


@cache
def _poker() -> _Poker:
    return _Poker()
