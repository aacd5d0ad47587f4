"""One node of one execution, as the engine holds it. Changed only by the functions of this package. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.executions.engine.states import NodeEvent, State, node_next

Key = tuple[str, str]
"""Which node run of an execution: its path and its node id."""

# What stands in `effect` of node runs that call nothing themselves.
CONTAINER, ROUND = "container", "round"


@dataclass(slots=True, eq=False)
class NodeRun:
    """A node run: its state, what it was given, what came out, and every attempt before the present one.

    A container has one of its own, and one for each of its rounds, under the path of the round.
    """

    node_id: str
    path: str = ""
    state: State = State.PENDING
    attempt: int = 0
    effect: str | None = None
    params: Any = None
    input: Any = None  # what came in, where a connection makes another value; else it is what the sources gave
    output: Any = None
    port: str | None = None
    also: tuple[str, ...] = ()
    error: dict[str, Any] | None = None
    verdicts: dict[str, Any] | None = None  # what the conditions of the connections from here came to
    suspended: Any = None
    wait_id: UUID | None = None
    retry_at: datetime | None = None
    started_at: datetime | None = None
    attempt_at: datetime | None = None
    finished_at: datetime | None = None
    failures: int = 0
    losses: int = 0  # how often in a row its worker was lost while it ran, with no step of it done
    attempts: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """Which one it is."""
        return self.path, self.node_id

    @property
    def is_settled(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.state in (State.COMPLETED, State.FAILED, State.SKIPPED, State.CANCELED)

    def delivers(self, port: str) -> bool:
        """Whether its value leaves by this port."""
        return port == self.port or port in self.also

    def become(self, event: NodeEvent) -> None:
        """Take the step the law allows. Raises `IllegalTransition`."""
        self.state = node_next(self.state, event)


def unmet_of(verdicts: dict[str, Any] | None) -> list[str]:
    """The conditions of connections from a node that did not hold, as they stand in the definition."""
    return [condition for condition, verdict in (verdicts or {}).items() if verdict is False]
