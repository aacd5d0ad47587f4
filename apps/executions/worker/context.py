"""What a running node gets to see: the engine's side of `nodes.contract.Context`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.nodes.contract import Http

MAX_LOG_LINES = 200


class NodeContext:
    """One attempt of one node. Holds no database connection and no secret."""

    __slots__ = ("http", "idempotency_key", "inputs", "lines", "now", "sources", "timeout_seconds", "trigger_input")

    def __init__(
        self,
        *,
        inputs: Mapping[str, Any],
        sources: Mapping[str, Any],
        trigger_input: Any,
        now: datetime,
        http: Http,
        idempotency_key: str,
        timeout_seconds: float,
    ) -> None:
        self.inputs = inputs
        self.sources = sources
        self.trigger_input = trigger_input
        self.now = now
        self.http = http
        self.idempotency_key = idempotency_key
        self.timeout_seconds = timeout_seconds
        self.lines: list[dict[str, Any]] = []

    @property
    def json(self) -> Any:
        """The value on the main input."""
        return self.inputs.get("main")

    def log(self, message: str, *, level: str = "info", data: Any = None) -> None:
        """Keep a line for the run's log; past 200 lines the rest is counted, not kept."""
        if len(self.lines) < MAX_LOG_LINES:
            self.lines.append({"level": level, "message": message[:2_000], "data": data})
        elif len(self.lines) == MAX_LOG_LINES:
            self.lines.append({"level": "warning", "message": "Further log lines of this node were dropped."})


def idempotency_key(*, lineage_id: UUID, node_id: str, path: str, failures: int) -> str:
    """The key a receiver can recognise a repeat by.

    The same while the outcome is unknown, also across re-runs of one lineage; a new one after each received failure.
    """
    digest = hashlib.sha256(f"{lineage_id}\0{node_id}\0{path}".encode()).hexdigest()[:40]
    return f"{digest}:{failures}" if failures else digest
