"""When a system is left alone and when it is tried again, whatever happens in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from apps.executions.engine import circuit as engine
from apps.executions.engine.circuit import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    THRESHOLD,
    WINDOW,
    Circuit,
    State,
)

START = datetime(2030, 1, 1, tzinfo=UTC)
TRIAL = 35.0


def opened(at: datetime = START) -> Circuit:
    found = Circuit()
    for _ in range(THRESHOLD):
        found = engine.failed(found, at)
    return found


def test_five_failures_in_a_row_open_it() -> None:
    found = Circuit()
    for _ in range(THRESHOLD - 1):
        found = engine.failed(found, START)
        assert found.state is State.CLOSED
    found = engine.failed(found, START)
    assert (found.state, found.until) == (State.OPEN, START + timedelta(seconds=FIRST_PAUSE_SECONDS))


def test_a_success_between_them_begins_anew() -> None:
    found = Circuit()
    for _ in range(50):
        for _ in range(THRESHOLD - 1):
            found = engine.failed(found, START)
        found = engine.succeeded(found)
    assert found.state is State.CLOSED


def test_failures_far_apart_do_not_add_up() -> None:
    found, at = Circuit(), START
    for _ in range(50):
        found, at = engine.failed(found, at), at + WINDOW + timedelta(seconds=1)
    assert (found.state, found.failures) == (State.CLOSED, 1)


def test_a_trial_that_succeeds_closes_it_and_one_that_fails_doubles_the_pause() -> None:
    found, at, pauses = opened(), START, []
    for _ in range(8):
        pauses.append(found.pause_seconds)
        at += timedelta(seconds=found.pause_seconds)
        found = engine.ask(found, at, trial_seconds=TRIAL).circuit
        assert found.state is State.HALF_OPEN
        found = engine.failed(found, at)
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]
    found = engine.ask(found, at + timedelta(seconds=300), trial_seconds=TRIAL).circuit
    assert engine.succeeded(found).state is State.CLOSED


def test_a_trial_that_is_not_made_is_given_back() -> None:
    at = START + timedelta(seconds=FIRST_PAUSE_SECONDS)
    trial = engine.ask(opened(), at, trial_seconds=TRIAL).circuit
    assert not engine.ask(trial, at, trial_seconds=TRIAL).is_allowed
    again = engine.ask(engine.left(trial, at), at, trial_seconds=TRIAL)
    assert again.is_allowed
    assert again.circuit == trial
    assert engine.left(opened(), at) == opened(), "only a trial has a place to give back"


def test_what_the_system_asks_for_counts_within_bounds() -> None:
    found = Circuit()
    for _ in range(THRESHOLD):
        found = engine.failed(found, START, asked_seconds=60)
    assert found.pause_seconds == 60
    found = engine.ask(found, START + timedelta(seconds=60), trial_seconds=TRIAL).circuit
    assert engine.failed(found, START, asked_seconds=86_400).pause_seconds == LONGEST_PAUSE_SECONDS


@given(st.floats(0, FIRST_PAUSE_SECONDS - 0.001))
def test_while_it_is_open_nobody_calls(seconds: float) -> None:
    verdict = engine.ask(opened(), START + timedelta(seconds=seconds), trial_seconds=TRIAL)
    assert not verdict.is_allowed
    assert 0 < verdict.retry_seconds <= FIRST_PAUSE_SECONDS


class Calls(RuleBasedStateMachine):
    """Calls that begin and end in any order, from any number of workers that see one row."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit, self.now = Circuit(), START
        self.trial_until: datetime | None = None
        self.in_a_row = 0

    @rule(seconds=st.floats(0, 120))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def call(self) -> None:
        was = self.circuit
        verdict = engine.ask(was, self.now, trial_seconds=TRIAL)
        self.circuit = verdict.circuit
        if was.state is State.CLOSED:
            assert verdict.is_allowed
        elif verdict.is_allowed:
            assert self.trial_until is None or self.now >= self.trial_until, "two trials at once"
            self.trial_until = self.now + timedelta(seconds=TRIAL)
        else:
            assert verdict.retry_seconds > 0
            assert verdict.circuit == was

    @rule(asked=st.sampled_from([0.0, 30.0, 10_000.0]))
    def a_call_fails(self, asked: float) -> None:
        was = self.circuit
        self.circuit = engine.failed(was, self.now, asked_seconds=asked)
        if was.state is State.HALF_OPEN:
            self.trial_until = None
            assert self.circuit.state is State.OPEN
        if was.state is State.OPEN:
            assert self.circuit.until == was.until, "a late failure must not put the trial off"

    @rule()
    def a_call_succeeds(self) -> None:
        was = self.circuit
        self.circuit = engine.succeeded(was)
        if was.state is not State.OPEN:
            self.trial_until = None
            assert (self.circuit.state, self.circuit.failures) == (State.CLOSED, 0)

    @invariant()
    def it_makes_sense(self) -> None:
        found = self.circuit
        if found.state is State.CLOSED:
            assert found.failures < THRESHOLD
            assert found.until is None
        else:
            assert found.until is not None
            assert found.failures >= THRESHOLD
            assert FIRST_PAUSE_SECONDS <= found.pause_seconds <= LONGEST_PAUSE_SECONDS
            assert found.until <= self.now + timedelta(seconds=LONGEST_PAUSE_SECONDS)


TestCalls = Calls.TestCase
