"""The law of states: what an execution and a node run may become. Pure.

One table each, *(state, event) → state*. What is not in a table is refused by name. The database repeats the law:
CHECK constraints on the states, and a trigger that never lets a terminal execution change.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where an execution stands."""

    NEW = "NEW"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    WAITING_FOR_HUMAN = "WAITING_FOR_HUMAN"
    PAUSED = "PAUSED"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELED = "CANCELED"
    TIMED_OUT = "TIMED_OUT"


class State(StrEnum):
    """Where one node of an execution stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    WAITING_INPUT = "WAITING_INPUT"
    RETRYING = "RETRYING"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELED = "CANCELED"


TERMINAL = frozenset({Status.SUCCESS, Status.ERROR, Status.CANCELED, Status.TIMED_OUT})
SETTLED = frozenset({State.COMPLETED, State.FAILED, State.SKIPPED, State.CANCELED})
HUMAN = frozenset({Status.WAITING_FOR_HUMAN, Status.PAUSED})


class Event(StrEnum):
    """What can happen to an execution."""

    CLAIM = "claim"
    WAIT = "wait"
    ASK = "ask"
    HOLD = "hold"
    RELEASE = "release"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"
    EXPIRE = "expire"


class NodeEvent(StrEnum):
    """What can happen to a node run."""

    START = "start"
    SKIP = "skip"
    COMPLETE = "complete"
    FAIL = "fail"
    SUSPEND = "suspend"
    RESUME = "resume"
    BACK_OFF = "back_off"
    DOUBT = "doubt"
    CANCEL = "cancel"


class IllegalTransition(Exception):
    """Something tried to do what its state does not allow."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"{event} is not possible in {state}")


_LIVE = (Status.NEW, Status.RUNNING, Status.WAITING, Status.WAITING_FOR_HUMAN, Status.PAUSED)

EXECUTION: dict[tuple[Status, Event], Status] = {
    **{(state, Event.CLAIM): Status.RUNNING for state in _LIVE},
    (Status.RUNNING, Event.WAIT): Status.WAITING,
    (Status.RUNNING, Event.ASK): Status.WAITING_FOR_HUMAN,
    **{(state, Event.HOLD): Status.PAUSED for state in _LIVE if state is not Status.PAUSED},
    (Status.PAUSED, Event.RELEASE): Status.WAITING,
    (Status.RUNNING, Event.SUCCEED): Status.SUCCESS,
    (Status.RUNNING, Event.FAIL): Status.ERROR,
    **{(state, Event.CANCEL): Status.CANCELED for state in _LIVE},
    **{(state, Event.EXPIRE): Status.TIMED_OUT for state in _LIVE},
}

NODE: dict[tuple[State, NodeEvent], State] = {
    (State.PENDING, NodeEvent.START): State.RUNNING,
    (State.PENDING, NodeEvent.SKIP): State.SKIPPED,
    (State.PENDING, NodeEvent.FAIL): State.FAILED,
    (State.RUNNING, NodeEvent.START): State.RUNNING,
    (State.RUNNING, NodeEvent.COMPLETE): State.COMPLETED,
    (State.RUNNING, NodeEvent.FAIL): State.FAILED,
    (State.RUNNING, NodeEvent.SUSPEND): State.WAITING_INPUT,
    (State.RUNNING, NodeEvent.BACK_OFF): State.RETRYING,
    (State.RUNNING, NodeEvent.DOUBT): State.NEEDS_REVIEW,
    (State.WAITING_INPUT, NodeEvent.RESUME): State.RUNNING,
    (State.RETRYING, NodeEvent.START): State.RUNNING,
    (State.NEEDS_REVIEW, NodeEvent.START): State.RUNNING,
    (State.NEEDS_REVIEW, NodeEvent.COMPLETE): State.COMPLETED,
    (State.NEEDS_REVIEW, NodeEvent.FAIL): State.FAILED,
    **{
        (state, NodeEvent.CANCEL): State.CANCELED
        for state in (State.PENDING, State.RUNNING, State.WAITING_INPUT, State.RETRYING, State.NEEDS_REVIEW)
    },
}


def execution_next(status: Status, event: Event) -> Status:
    """The state after `event`. Raises `IllegalTransition` naming both."""
    try:
        return EXECUTION[status, event]
    except KeyError:
        raise IllegalTransition(status, event) from None


def node_next(state: State, event: NodeEvent) -> State:
    """The node run's state after `event`. Raises `IllegalTransition` naming both."""
    try:
        return NODE[state, event]
    except KeyError:
        raise IllegalTransition(state, event) from None
