"""Poking the workers: "something is due, look". Carries no content, so losing or doubling it changes only latency.

A poke is a broadcast: whoever serves the queue hears it at once, and when nobody does, nothing piles up in the broker.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import cache

from celery import current_app
from django.db import transaction
from kombu.entity import Exchange
from kombu.messaging import Producer

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
PATIENCE_SECONDS = 0.002  # pokes that come so close together are one


def exchange_of(queue: str) -> Exchange:
    """Where the workers of a queue are poked."""
    return Exchange(f"agentflow.wake.{queue}", type="fanout", durable=False, delivery_mode="transient")


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
                with current_app.producer_pool.acquire(block=True) as producer:
                    for queue in queues:
                        _publish(producer, queue)
                time.sleep(PATIENCE_SECONDS)
            except Exception as error:
                logger.warning("pokes pause for %.0f s: %s", PAUSE_SECONDS, error)
                time.sleep(PAUSE_SECONDS)


def _publish(producer: Producer, queue: str) -> None:
    exchange = exchange_of(queue)
    producer.publish({}, exchange=exchange, declare=[exchange], serializer="json", retry=False)


@cache
def _poker() -> _Poker:
    return _Poker()
