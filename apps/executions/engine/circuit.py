"""When another system is left alone, and when it is tried again. Pure: the moment is passed in.

Closed: it is called. After five failures in a row, none more than a minute after the one before, it is open: nobody
calls it for a while. Then it is half open: one call is let through as a trial, and what becomes of it decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

THRESHOLD = 5
WINDOW = timedelta(seconds=60)
FIRST_PAUSE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 300.0
_LOOK_AGAIN_SECONDS = 2.0


class State(StrEnum):
    """Whether the system is called."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of one system. `until`: open, when it is tried again; half open, when the trial counts as lost."""

    state: State = State.CLOSED
    failures: int = 0
    pause_seconds: float = 0.0
    failed_at: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may be made now; if not, in how many seconds it is worth asking again."""

    circuit: Circuit
    is_allowed: bool
    retry_seconds: float = 0.0


def ask(circuit: Circuit, now: datetime, *, trial_seconds: float) -> Verdict:
    """Before a call that ends within `trial_seconds`. Of all that ask in a pause that is over, one is let through."""
    if circuit.state is State.CLOSED:
        return Verdict(circuit, is_allowed=True)
    assert circuit.until is not None
    if now < circuit.until:
        left = (circuit.until - now).total_seconds()
        return Verdict(
            circuit,
            is_allowed=False,
            retry_seconds=left if circuit.state is State.OPEN else min(left, _LOOK_AGAIN_SECONDS),
        )
    trial = replace(circuit, state=State.HALF_OPEN, until=now + timedelta(seconds=trial_seconds))
    return Verdict(trial, is_allowed=True)


def failed(circuit: Circuit, now: datetime, *, asked_seconds: float = 0.0) -> Circuit:
    """After a call that failed. `asked_seconds`: how long the system itself asked to be left alone."""
    is_in_a_row = circuit.failed_at is not None and now - circuit.failed_at <= WINDOW
    failures = circuit.failures + 1 if is_in_a_row or circuit.state is not State.CLOSED else 1
    found = replace(circuit, failures=failures, failed_at=now)
    if circuit.state is State.OPEN or (circuit.state is State.CLOSED and failures < THRESHOLD):
        return found  # when it is open already, this call began before
    pause = FIRST_PAUSE_SECONDS if circuit.state is State.CLOSED else circuit.pause_seconds * 2
    pause = min(max(pause, asked_seconds), LONGEST_PAUSE_SECONDS)
    return replace(found, state=State.OPEN, pause_seconds=pause, until=now + timedelta(seconds=pause))


def left(circuit: Circuit, now: datetime) -> Circuit:
    """After a call that was let through and then not made: whoever asks next is the trial."""
    return replace(circuit, state=State.OPEN, until=now) if circuit.state is State.HALF_OPEN else circuit


def succeeded(circuit: Circuit) -> Circuit:
    """After a call that was answered. While it is open only the trial counts: this call began before."""
    return circuit if circuit.state is State.OPEN else Circuit(failed_at=circuit.failed_at)
