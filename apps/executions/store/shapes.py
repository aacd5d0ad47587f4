"""What the worker reads from and writes to the database, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.executions.engine.noderun import Key, NodeRun
from apps.executions.engine.states import Status
from apps.executions.wait_kinds import OpenWait


@dataclass(frozen=True, slots=True)
class Claimed:
    """An execution this process now owns. `is_fresh`: it has never run, so there is nothing to load."""

    id: UUID
    workspace_id: UUID
    workflow_id: UUID
    version_id: UUID
    trigger_node: str
    mode: str
    fence: int
    seq: int
    input: Any
    lineage_id: UUID
    reply_to: str | None
    response: dict[str, Any] | None
    created_at: datetime
    started_at: datetime
    resume_count: int
    by_reference: dict[str, Any] | None = None
    data_bytes: int = 0
    hold: dict[str, Any] | None = None
    debug: dict[str, Any] | None = None
    is_contended: bool = False  # somebody may wait for its place
    trace: str | None = None  # of the request that started it

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was ever written for it."""
        return self.seq == 0


@dataclass(slots=True)
class Checkpoint:
    """What one commit says: the node runs that changed, waits that opened, and where the execution stands now."""

    execution_id: UUID
    workspace_id: UUID
    fence: int
    seq: int
    status: Status
    at: datetime
    runs: list[NodeRun]
    changes: list[dict[str, Any]]
    opened: list[OpenWait] = field(default_factory=list)
    awaited: list[UUID] = field(default_factory=list)  # every wait still open: looked at again, or withdrawn at the end
    withdrawn: list[UUID] = field(default_factory=list)  # waits that are not wanted any more
    hold: dict[str, Any] | None = None  # why it stops here, when the engine itself pauses it
    is_released: bool = False
    runnable_at: datetime | None = None
    output: Any = None
    error: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    unknown_writes: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0  # characters of its node runs, known once it is written


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was written of an execution so far: node runs, and the waits that were resolved since.

    `at`: the moment up to which everything that had fallen due is among the answers.
    """

    at: datetime
    fence: int  # under which the last checkpoint was written; 0: there is none
    runs: list[NodeRun]
    answers: dict[UUID, tuple[str, Any]]  # wait → (resolved_by, answer)
    open: dict[UUID, tuple[str, datetime | None]]  # wait → (kind, when it falls due)
    closed: dict[UUID, tuple[str, datetime]]  # wait → (kind, when it was resolved)
    further: frozenset[Key] = frozenset()  # what runs, and had a step done under its last owner


@dataclass(frozen=True, slots=True)
class News:
    """What happened to an owned execution behind its owner's back."""

    execution_id: UUID
    fence: int
    has_answers: bool
    is_held: bool


class FenceLost(Exception):
    """The execution has another owner, or ended, since it was claimed. Everything in hand must be dropped."""
