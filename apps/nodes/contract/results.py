"""What a node answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from apps.nodes.contract.declare import Json
from apps.nodes.contract.waits import Wait


@dataclass(frozen=True, slots=True)
class Response:
    """What a caller that waits for the execution gets."""

    status: int = 200
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """The node is finished. `output` leaves by `port`; `also` names further ports that deliver the same value."""

    output: Json = None
    port: str = "main"
    also: tuple[str, ...] = ()
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The node ends the whole execution, with success or with an error of this message."""

    success: bool
    output: Json = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Suspend:
    """The node waits. Nothing is held meanwhile; later its `resume` is called with `state` and the answer."""

    wait: Wait
    state: Json = None


@dataclass(frozen=True, slots=True)
class Rounds:
    """The node is a container: its children run once per round.

    Loops over `items`, up to `parallelism` at a time; None: one after the other while the parameter `condition` holds,
    each seeing the result of the one before, and `most` rounds at most. `collects_errors`: a failed round does not
    stop the others.
    """

    items: Sequence[Json] | None
    parallelism: int = 1
    collects_errors: bool = False
    most: int = 10_000


@dataclass(frozen=True, slots=True)
class Leave:
    """The node ends the round it stands in, and with `whole` the whole container. `results`: what the round gives."""

    whole: bool
    results: tuple[Json, ...] = ()


Result: TypeAlias = Done | Stop | Suspend | Rounds | Leave


class NodeError(Exception):
    """A node could not do its work; the execution's error handling takes over.

    `retryable`: trying again may help and does no harm. `is_unknown`: a write was sent and its outcome was not seen.
    `retry_after`: seconds the receiver asked to wait. `details` is shown with the run, so it holds no secret.
    `is_afresh`: after a wait, the next attempt begins with `run` and waits anew, instead of with the same answer.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        retryable: bool = False,
        is_unknown: bool = False,
        retry_after: float | None = None,
        is_afresh: bool = False,
        details: Json = None,
    ) -> None:
        self.code, self.message, self.hint = code, message, hint
        self.retryable, self.is_unknown = retryable, is_unknown
        self.retry_after, self.is_afresh, self.details = retry_after, is_afresh, details
        super().__init__(message)
