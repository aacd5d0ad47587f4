"""CONFIRMATION: what is asked, and what the answers lead to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.hil.nodes.confirmation import Confirmation
from apps.hil.nodes.decision import Decision
from apps.nodes.contract import AskHuman, Done, Suspend
from apps.nodes.params import ParamsInvalid, validated
from tests.nodes.running import NOW, FakeContext, params_of, run


def test_the_question_is_put_with_everything_a_person_needs() -> None:
    params = {
        "title": "{{ $json.order }}",
        "message": "Large",
        "data": {"total": "{{ $json.total }}"},
        "priority": "high",
    }
    result = run(Confirmation, params, {"order": 7, "total": 1200})
    assert isinstance(result, Suspend)
    assert isinstance(result.wait, AskHuman)
    assert (result.wait.question, result.wait.title, result.wait.message) == ("CONFIRMATION", "7", "Large")
    assert (result.wait.data, result.wait.priority) == ({"total": 1200}, "high")
    assert [outcome.name for outcome in result.wait.outcomes] == ["approved", "rejected"]
    assert result.wait.deadline == NOW + timedelta(days=1)


@pytest.mark.parametrize("outcome", ["approved", "rejected", "timeout"])
def test_the_answer_leaves_by_its_outcome(outcome: str) -> None:
    answer = {"outcome": outcome, "comment": None, "data": None, "answered_by": None, "answered_at": None}
    params = params_of(Confirmation, {"title": "Ship?"})
    by = "deadline" if outcome == "timeout" else "person"
    done = answer | {"decided_by": by, "votes": []}
    assert Confirmation().resume(params, FakeContext(), None, answer) == Done(done, port=outcome)
    assert outcome in Confirmation.ports


@pytest.mark.parametrize(
    "params", [{}, {"title": ""}, {"title": "x", "timeout_seconds": 59}, {"title": "x", "timeout_seconds": 2_592_001}]
)
def test_what_cannot_be_asked(params: Any) -> None:
    with pytest.raises(ParamsInvalid):
        validated(Confirmation, params)


def test_two_who_choose_one_after_the_other_may_differ() -> None:
    params = {"who": {"policy": "sequence", "assignees": "a@example.com, b@example.com"}, "options": [{"name": "x"}]}
    assert "undecided" in Decision.ports_of(params)
