"""The dispatcher as a part of a Celery worker: it starts and stops with it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from celery import bootsteps
from django.conf import settings

from apps.core import relay
from apps.core.ids import uuid7
from apps.executions import store
from apps.executions.worker.dispatcher import Dispatcher

_running: list[Dispatcher] = []


def poke() -> None:
    """Let every dispatcher of this process look for work."""
    for dispatcher in _running:
        dispatcher.poke()


class DispatcherStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Starts one dispatcher per Celery worker process.

    `AGENTFLOW_WORKER_ID` names the worker's row, so that whoever supervises the process can release what it held.
    """

    requires: ClassVar[set[str]] = {"celery.worker.components:Pool"}
    sweeps: ClassVar[Sequence[Callable[[], object]]] = (store.let_in,)

    def __init__(self, parent: Any, **options: Any) -> None:
        self.queues = [queue.name for queue in parent.app.amqp.queues.consume_from.values()] or ["default"]
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
        self.dispatcher.start()
        _running.append(self.dispatcher)

    def stop(self, parent: Any) -> None:
        """Hand over and end."""
        if self.dispatcher in _running:
            _running.remove(self.dispatcher)
            self.dispatcher.stop()
            relay.rest()

    terminate = stop
