"""The law of states, walked at random and compared with what the documents promise."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from apps.executions.engine.states import (
    EXECUTION,
    NODE,
    SETTLED,
    TERMINAL,
    Event,
    IllegalTransition,
    NodeEvent,
    State,
    Status,
    execution_next,
    node_next,
)


def test_nothing_leaves_a_terminal_state() -> None:
    assert not [key for key in EXECUTION if key[0] in TERMINAL]
    assert not [key for key in NODE if key[0] in SETTLED]


def test_what_the_table_does_not_name_is_refused_by_name() -> None:
    with pytest.raises(IllegalTransition, match="succeed is not possible in NEW"):
        execution_next(Status.NEW, Event.SUCCEED)
    with pytest.raises(IllegalTransition, match="complete is not possible in PENDING"):
        node_next(State.PENDING, NodeEvent.COMPLETE)


class Walk(RuleBasedStateMachine):
    """Any sequence of events: legal ones lead somewhere, illegal ones change nothing, terminal states are for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.status, self.state = Status.NEW, State.PENDING
        self.ended: Status | None = None

    @rule(event=st.sampled_from(list(Event)))
    def execution(self, event: Event) -> None:
        try:
            self.status = execution_next(self.status, event)
        except IllegalTransition:
            return
        if self.status in TERMINAL:
            assert self.ended is None
            self.ended = self.status

    @rule(event=st.sampled_from(list(NodeEvent)))
    def node(self, event: NodeEvent) -> None:
        if (self.state, event) in NODE:
            self.state = node_next(self.state, event)

    @invariant()
    def terminal_is_for_ever(self) -> None:
        if self.ended:
            assert self.status is self.ended


Walk.TestCase.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
TestWalk = Walk.TestCase
