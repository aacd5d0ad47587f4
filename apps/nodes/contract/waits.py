"""What a node may wait for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeAlias

from apps.nodes.contract.declare import Json

EVENT_NAME = r"^[A-Za-z0-9_.:-]{1,100}$"
"""What an event may be called."""


@dataclass(frozen=True, slots=True)
class Timer:
    """Wait until a moment. `resume` gets `None` as its answer."""

    kind: ClassVar[str] = "timer"
    until: datetime

    @property
    def wakes_at(self) -> datetime | None:
        """When it ends by itself."""
        return self.until


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way a question can be answered: it is a port, a button and an API value at once."""

    name: str
    label: str
    style: str = "secondary"  # primary | secondary | danger


@dataclass(frozen=True, slots=True)
class AskHuman:
    """Wait for a person. `resume` gets `{"outcome", "comment", "data", "answered_by", "answered_at", "votes"}`.

    `deadline`: when nobody has answered by then, the outcome is `timeout`, and the record says `deadline_outcome`.
    `data` is shown with the question. The rest is what the humans' app makes of it, as JSON: `form` what the answer
    must bring, `people` who is asked and how their answers count, `timing` reminders, escalations and business hours
    (then `deadline` is None, and the app ends the wait itself), `channels` where they are asked, `rules` what an
    answer needs. The outcome is `undeliverable` (with `message` and `hint`) when there is nobody to ask.
    """

    kind: ClassVar[str] = "human"
    question: str  # CONFIRMATION | INPUT | DECISION | REVIEW
    title: str
    outcomes: tuple[Outcome, ...]
    message: str = ""
    data: Json = None
    deadline: datetime | None = None
    priority: str = "normal"
    form: Json = None
    people: Json = None
    timing: Json = None
    channels: Json = None
    rules: Json = None
    deadline_outcome: str = "timeout"

    @property
    def wakes_at(self) -> datetime | None:
        """When nobody is asked any more."""
        return self.deadline


@dataclass(frozen=True, slots=True)
class Callback:
    """Wait for a call of the node's own address, which exists from the start of the execution: see `callback_method`.

    `resume` gets `{"id", "method", "headers", "query", "body", "received_at"}`, or `None` when nobody had called by
    `deadline`. A call that came before the node waited counts.
    """

    kind: ClassVar[str] = "callback"
    deadline: datetime | None = None
    title: str = ""

    @property
    def wakes_at(self) -> datetime | None:
        """When a call comes too late."""
        return self.deadline


@dataclass(frozen=True, slots=True)
class Event:
    """Wait for an event of this name in the workspace, posted from a minute before on.

    `match`: the value (text, number, truth value) that must stand at each dotted path of the event's data. `resume`
    gets `{"id", "name", "data", "posted_at"}`, or `None` when there was none by `deadline`.
    """

    kind: ClassVar[str] = "event"
    name: str
    match: Mapping[str, Json] = field(default_factory=dict)
    deadline: datetime | None = None

    @property
    def wakes_at(self) -> datetime | None:
        """When nothing is waited for any more."""
        return self.deadline

    @property
    def title(self) -> str:
        """What is waited for, in one line."""
        where = ", ".join(f"{path} = {value}" for path, value in self.match.items())
        return f"{self.name} where {where}" if where else self.name


@dataclass(frozen=True, slots=True)
class RunChild:
    """Run another workflow once per input, `parallelism` at a time across all workers, and wait until all have ended.

    `workflow`: its id or its name. `resume` gets `{"children": […]}` in the order of the inputs, each with
    `execution_id`, `status`, `output` and `error` (None when it succeeded); with `stops` it gets only the first that
    failed, with its `index`, and the others are cancelled. Without `waits` it gets `{"started": [ids]}` at once. When
    nothing could be started it gets `{"refused": {"code", "message", "hint"}}`, and None past the deadline.
    """

    kind: ClassVar[str] = "child"
    workflow: str
    inputs: tuple[Json, ...]
    parallelism: int = 1
    waits: bool = True
    stops: bool = True
    deadline: datetime | None = None

    @property
    def wakes_at(self) -> datetime | None:
        """When nothing is waited for any more."""
        return self.deadline


Wait: TypeAlias = Timer | AskHuman | Callback | Event | RunChild
