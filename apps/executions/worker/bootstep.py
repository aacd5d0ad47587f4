"""The dispatcher as a part of a Celery worker: it starts and stops with it."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from celery import bootsteps
from django.conf import settings
from kombu.entity import Queue
from kombu.messaging import Consumer

from apps.core import relay
from apps.core.ids import uuid7
from apps.core.sandbox import choice
from apps.core.telemetry import metrics
from apps.executions import live, store
from apps.executions.poke import exchange_of
from apps.executions.worker.dispatcher import Dispatcher

_running: list[Dispatcher] = []


def poke() -> None:
    """Let every dispatcher of this process look for work."""
    for dispatcher in _running:
        dispatcher.poke()


def _queues_of(app: Any) -> list[str]:
    return [queue.name for queue in app.amqp.queues.consume_from.values()] or ["default"]


class WakeStep(bootsteps.ConsumerStep):  # type: ignore[misc]
    """Hears the pokes for the queues this worker serves.

    Not as a Celery task: a poke carries nothing, and a task costs ten times as much to take in.
    """

    def start(self, c: Any) -> None:
        """Listen."""
        self._served = _queues_of(c.app)
        super().start(c)

    def get_consumers(self, channel: Any) -> list[Consumer]:
        """One consumer with a queue of its own on each broadcast; it goes when the worker goes."""
        queues = [
            Queue(
                f"agentflow.wake.{name}.{uuid7()}", exchange_of(name), durable=False, exclusive=True, auto_delete=True
            )
            for name in self._served
        ]
        return [Consumer(channel, queues=queues, on_message=lambda message: poke(), no_ack=True)]


class DispatcherStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Starts one dispatcher per Celery worker process.

    `AGENTFLOW_WORKER_ID` names the worker's row, so that whoever supervises the process can release what it held.
    """

    requires: ClassVar[set[str]] = {"celery.worker.components:Pool"}
    sweeps: ClassVar[Sequence[Callable[[], object]]] = (store.let_in, store.timers_fire)

    def __init__(self, parent: Any, **options: Any) -> None:
        self.queues = _queues_of(parent.app)
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        """Begin to claim executions."""
        self.dispatcher = Dispatcher(
            worker_id=UUID(os.environ.get("AGENTFLOW_WORKER_ID") or str(uuid7())),
            name=f"{socket.gethostname()}:{os.getpid()}",
            queues=self.queues,
            lease_seconds=settings.ENGINE_LEASE_SECONDS,
            sweeps=self.sweeps,
        )
        if settings.METRICS_LISTEN:
            metrics.serve(settings.METRICS_LISTEN)
        live.only_watched()
        # Hundreds of threads wait for answers: one that has its answer must not wait 5 ms for one that computes.
        sys.setswitchinterval(0.0005)
        threading.Thread(target=choice.warm, name="sandbox", daemon=True).start()
        self.dispatcher.start()
        _running.append(self.dispatcher)

    def stop(self, parent: Any) -> None:
        """Hand over and end."""
        if self.dispatcher in _running:
            _running.remove(self.dispatcher)
            self.dispatcher.stop()
            relay.rest()

    terminate = stop
