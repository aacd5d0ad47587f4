"""The seam through which a higher app takes part in waits: one handler per kind, inside the engine's transaction.

A handler touches the database only, and only its own tables: whatever it writes is committed together with the wait.
Registered in the higher app's `AppConfig.ready`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OpenWait:
    """A wait that was just opened, with what its question needs to be shown."""

    id: UUID
    workspace_id: UUID
    execution_id: UUID
    workflow_id: UUID
    node_id: str
    node_name: str
    path: str
    kind: str
    wake_at: datetime | None
    request: Any  # one of contract.Wait, or Review


class WaitKind(Protocol):
    """What a higher app does when waits of its kind open, fall due or are withdrawn."""

    def opened(self, wait: OpenWait) -> None:
        """The wait row was inserted in this transaction."""
        ...

    def due(self, wait_ids: Sequence[UUID]) -> None:
        """Nobody answered in time; the waits were closed in this transaction."""
        ...

    def withdrawn(self, wait_ids: Sequence[UUID]) -> None:
        """The executions ended while these waits were open."""
        ...


@dataclass(frozen=True, slots=True)
class Review:
    """The engine's own question: did this write happen? `resume` is the engine's, see `worker.run`."""

    title: str
    message: str
    data: Any = None


HUMAN_KINDS = frozenset({"human", "review"})
"""The kinds of wait that ask a person."""

_kinds: dict[str, WaitKind] = {}


def register(kind: str, handler: WaitKind) -> None:
    """Let `handler` take part in waits of `kind`. Raises `RuntimeError` when somebody already does."""
    if kind in _kinds and type(_kinds[kind]) is not type(handler):
        raise RuntimeError(f"Two handlers for waits of kind {kind!r}: {_kinds[kind]!r} and {handler!r}.")
    _kinds[kind] = handler


def handler_of(kind: str) -> WaitKind | None:
    """Who takes part in waits of this kind, if anybody."""
    return _kinds.get(kind)
