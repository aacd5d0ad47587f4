"""What a channel is: one class that delivers a question, reminds of it, and changes what it wrote in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from apps.accounts.models import Workspace
from apps.core.errors import DomainError
from apps.core.models import Message
from apps.hil.models import ChannelKind, ChannelSetup, Delivery, Interaction


class CannotDeliver(DomainError):
    """The question could not be delivered. `is_final`: trying again does not help."""

    code = "hil.cannot_deliver"
    status = 502

    def __init__(self, message: str, *, hint: str = "", is_final: bool = False, server_code: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.is_final, self.server_code = is_final, server_code


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to send. `setup` is the workspace's settings of the channel; None: it has none.

    `data` is what the one who planned it says besides, such as the text of a question back.
    """

    workspace: Workspace
    interaction: Interaction
    delivery: Delivery
    setup: ChannelSetup | None
    message: Message
    now: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the message stands now. `thread`: by what replies name it."""

    place: dict[str, Any]
    thread: str = ""
    answer: str = ""


class Channel(Protocol):
    """Called without a transaction, by the outbox, at least once. Raises `CannotDeliver`."""

    kind: ClassVar[ChannelKind]

    def deliver(self, job: Job) -> Placed:
        """Put the question there."""
        ...

    def remind(self, job: Job) -> None:
        """Say again that it waits, below what was sent."""
        ...

    def update(self, job: Job) -> None:
        """Bring what was sent up to date: votes so far, or who decided, when and what."""
        ...

    def say(self, job: Job) -> None:
        """Say `data["text"]` below what was sent, to whoever wrote: a question back, or why something was refused."""
        ...
