"""Where suspects run: a process of their own, one at a time.

A node that was running each time its worker was lost may be what ended it. Here it can end only the child; when the
child has died under it three times while its parent lived, the node is to blame.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any
from uuid import UUID

import django
from django.db import InterfaceError, OperationalError, connection

from apps.core import clock
from apps.nodes.contract import NodeError, Result

if TYPE_CHECKING:
    from apps.executions.store import Loaded
    from apps.executions.worker.hand import Hand
    from apps.executions.worker.prepare import Call
    from apps.executions.worker.run import Run

logger = logging.getLogger(__name__)

MOST_DEATHS = 3
START_SECONDS = 30.0
Answer = tuple[Result | NodeError, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Job:
    """Which call is to be made, under which ownership."""

    execution_id: UUID
    workspace_id: UUID
    fence: int
    path: str
    node_id: str
    seconds: float


class ChildDied(Exception):
    """The process ended before the node did."""


class Quarantine:
    """The suspects' process of one worker. It is started for the first of them, and ends with the worker."""

    def __init__(self) -> None:
        self._child: BaseProcess | None = None
        self._line: Connection | None = None
        self._lock = threading.Lock()

    def perform(self, run: Run, call: Call) -> Result | NodeError:
        """Make the call in the child. Waits until the suspects before it are through."""
        path, node_id = call.key
        node = run.graph.nodes[node_id]
        job = Job(run.id, run.claimed.workspace_id, run.claimed.fence, path, node_id, call.timeout_seconds)
        is_unknown = call.effect == "write" and not call.honours_key
        with self._lock:
            for death in range(1, 2 if is_unknown else MOST_DEATHS + 1):
                try:
                    result, said = self._ask(job)
                except TimeoutError:
                    return NodeError(
                        "executions.node_timeout",
                        f"“{node.name}” did not end within {call.timeout_seconds:g} s.",
                        retryable=not is_unknown,
                        is_unknown=is_unknown,
                    )
                except ChildDied:
                    logger.warning("execution %s: node %s ended its process, time %s", run.id, node_id, death)
                else:
                    call.context.repeat(said)
                    return result
        return NodeError(
            "executions.worker_lost",
            f"“{node.name}” ended the process it ran in{'' if is_unknown else ', three times in a row'}.",
            "Look at what it was given: its parameters are kept with this run. The server's log names the process.",
            is_unknown=is_unknown,
        )

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.kill()
            self._child.join()
        self._child = None

    def _ask(self, job: Job) -> Answer:
        line = self._alive()
        try:
            line.send(job)
            if not line.poll(job.seconds + START_SECONDS):
                self.close()
                raise TimeoutError
            answer: Answer = line.recv()
        except (OSError, EOFError) as broken:
            self.close()
            if isinstance(broken, TimeoutError):
                raise
            raise ChildDied from None
        return answer

    def _alive(self) -> Connection:
        if self._child is None or self._line is None or not self._child.is_alive():
            fresh = multiprocessing.get_context("spawn")
            self._line, theirs = fresh.Pipe()
            self._child = fresh.Process(target=serve, args=(theirs,), name="quarantine", daemon=True)
            self._child.start()
            theirs.close()
        return self._line


# ── In the child ─────────────────────────────────────────────────────────────────────────────────────────────────────


def serve(line: Connection) -> None:
    """Make the calls that are asked for, until nobody asks any more."""
    django.setup()
    while True:
        try:
            job: Job = line.recv()
        except EOFError:
            return
        # The parent may be gone: then nobody else stops a call that never ends.
        alarm = threading.Timer(job.seconds + START_SECONDS, os._exit, [1])
        alarm.daemon = True
        alarm.start()
        try:
            line.send(_made(job))
        finally:
            alarm.cancel()
            connection.close()


def _made(job: Job) -> Answer:
    from apps.executions.worker import prepare, rounds

    taken = _taken(job)
    if isinstance(taken, NodeError):
        return taken, []
    hand, loaded = taken
    rounds.read_back(hand, loaded.runs)
    hand.past.update(loaded.answers)
    call = prepare.again(hand, hand.frames[job.path].runs[job.node_id])
    result = call.perform()
    return result, call.context.take()


def _taken(job: Job) -> tuple[Hand, Loaded] | NodeError:
    """The execution as it was written. Waits for database and storage: their absence is no fault of the node's."""
    from apps.executions import graphs, payloads, store
    from apps.executions.worker.hand import Hand as Taken

    until = time.monotonic() + job.seconds
    while True:
        try:
            own = store.claimed(execution_id=job.execution_id, workspace_id=job.workspace_id, fence=job.fence)
            claimed = store.whole(own)
            graph = graphs.graph_of(workspace_id=job.workspace_id, version_id=claimed.version_id)
            hand = Taken(claimed, graph, graphs.variables_of(graph, job.workspace_id))
            return hand, store.load(
                execution_id=job.execution_id, workspace_id=job.workspace_id, fence=job.fence, now=clock.now()
            )
        except store.FenceLost:
            return NodeError("executions.fence_lost", "Somebody else owns this execution by now.")
        except payloads.ObjectMissing:
            return NodeError("executions.value_missing", "The object storage does not hold this execution's data.")
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > until:
                return NodeError("executions.storage_away", "Its data could not be read.", retryable=True)
            time.sleep(0.5)
