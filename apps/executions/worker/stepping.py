"""The steps of one node run: each is done once, and its result given back when the node runs again."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from apps.core import jsonclean
from apps.core.tenancy import tenant
from apps.executions import payloads
from apps.executions.store import Claimed, FenceLost
from apps.nodes.contract import Effect, NodeError

logger = logging.getLogger(__name__)

MOST_STEPS = 10_000
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Known:
    """A step as it was written."""

    state: str
    result: Any
    failures: int


class Steps:
    """What `ctx.step` does. May be used by several threads of one node at once.

    `reenters`: the node ran before, so that there may be steps. `repeats_unknown`: a write whose outcome nobody saw is
    done again, under the same key, because a person or the node's `on_unknown` said so.
    """

    def __init__(
        self, claimed: Claimed, node_id: str, path: str, *, seconds: float, reenters: bool, repeats_unknown: bool
    ) -> None:
        self._claimed, self._node_id, self._path = claimed, node_id, path
        self._until = time.monotonic() + seconds
        self._repeats_unknown = repeats_unknown
        self._known: dict[str, Known] | None = None if reenters else {}
        self._lock = threading.Lock()

    def do(self, key: str, call: Callable[[str], Any], effect: Effect, *, honours_key: bool) -> Any:
        """The result of the step, done now or earlier. Raises what `call` raises, and `NodeError` when a write was sent
        earlier and nobody saw what became of it.
        """
        if not key or len(key) > LONGEST_KEY:
            raise ValueError(f"A step's key has 1 to {LONGEST_KEY} characters; this has {len(key)}.")
        known = self._look_up(key)
        if known is not None and known.state == "DONE":
            return known.result
        is_write = effect is Effect.WRITE
        if known is not None and known.state == "STARTED" and not (honours_key or self._repeats_unknown):
            raise NodeError(
                "executions.outcome_unknown",
                f"Step “{key}” was sent, and its outcome was not seen.",
                "Look at the receiving system, then say what happened.",
                is_unknown=True,
                details={"step": key},
            )
        if is_write:
            self._write(key, "STARTED", effect, None)
        try:
            result = jsonclean.cleaned(call(self._key_of(key, known.failures if known else 0)))
        except NodeError as failed:
            if is_write and not failed.is_unknown:
                self._write(key, "FAILED", effect, None)
            raise
        self._write(key, "DONE", effect, result)
        return result

    def is_done(self, key: str) -> bool:
        """Whether the step's result is there already."""
        known = self._look_up(key)
        return known is not None and known.state == "DONE"

    def _look_up(self, key: str) -> Known | None:
        with self._lock:
            if self._known is None:
                self._known = self._persist(self._load)
            if len(self._known) >= MOST_STEPS and key not in self._known:
                raise NodeError(
                    "executions.too_many_steps",
                    f"This node took {MOST_STEPS:,} steps, more than a node may.",
                    "Split the work between several nodes, or use a LOOP.",
                )
            return self._known.get(key)

    def _load(self) -> dict[str, Known]:
        with tenant(self._claimed.workspace_id), connection.cursor() as cursor:
            cursor.execute(
                """SELECT key, state, result, failures, by_reference FROM executions_step
                   WHERE execution_id = %s AND node_id = %s AND path = %s""",
                [self._claimed.id, self._node_id, self._path],
            )
            rows = cursor.fetchall()
        return {row[0]: Known(row[1], self._result(row[2], row[4]), row[3]) for row in rows}

    def _result(self, inline: Any, references: Any) -> Any:
        found, elsewhere = (json.loads(raw) if isinstance(raw, str) else raw for raw in (inline, references))
        return payloads.brought_back(self._claimed.workspace_id, {"result": found}, elsewhere or {})["result"]

    def _write(self, key: str, state: str, effect: Effect, result: Any) -> None:
        text = None if state != "DONE" else payloads.dump(result)

        def write() -> bool:
            inline, references = text, None
            if text is not None and payloads.is_large(text):
                _, kept = payloads.taken_out(self._claimed.workspace_id, {"result": result})
                inline, references = None, payloads.dump(kept)
            with connection.cursor() as cursor:  # one statement, which is a transaction of its own
                cursor.execute(
                    "SELECT executions_step(%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb)",
                    [
                        self._claimed.id,
                        self._claimed.fence,
                        self._node_id,
                        self._path,
                        key,
                        state,
                        str(effect),
                        inline,
                        references,
                    ],
                )
                return bool(cursor.fetchone()[0])

        if not self._persist(write):
            raise FenceLost
        with self._lock:
            assert self._known is not None
            earlier = self._known.get(key)
            failures = (earlier.failures if earlier else 0) + (state == "FAILED")
            self._known[key] = Known(state, result, failures)

    def _persist(self, work: Callable[[], Any]) -> Any:
        """Do it as soon as the database answers: each of these may be done twice. Gives up with the node's time."""
        pause = 0.1
        while True:
            try:
                return work()
            except (OperationalError, InterfaceError) as error:
                if time.monotonic() > self._until:
                    raise
                logger.warning("a step waits for the database: %s", str(error).strip().partition("\n")[0])
                time.sleep(pause)
                pause = min(pause * 2, 2.0)
            finally:
                connection.close()  # a thread that waits for the network holds no connection

    def _key_of(self, key: str, failures: int) -> str:
        return step_key(self._claimed.lineage_id, self._node_id, self._path, key, failures)


def step_key(lineage_id: UUID, node_id: str, path: str, step: str, failures: int) -> str:
    """The key a receiver can recognise a repeat of this step by; a new one after each received failure."""
    digest = hashlib.sha256(f"{lineage_id}\0{node_id}\0{path}\0{step}".encode()).hexdigest()[:40]
    return f"{digest}:{failures}" if failures else digest
