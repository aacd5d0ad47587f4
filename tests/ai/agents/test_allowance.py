"""A budget is reached in the middle of an agent's work: a person allows more, or stops it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.nodes.contract import AskHuman, Done, NodeError, Suspend
from tests.ai.agents.working import Agent, Does, calls


def reached(then: str = "ask", unit: str = "usd") -> NodeError:
    details = {"budget": "0199aa00-0000-7000-8000-00000000000b", "name": "Desk", "limit": "5", "spent": "4.9"}
    return NodeError("ai.budget_reached", "Nothing left.", details=details | {"then": then, "unit": unit})


def asked(agent: Agent) -> Suspend:
    found = agent.run()
    assert isinstance(found, Suspend)
    assert isinstance(found.wait, AskHuman)
    return found


def test_what_a_person_allows_is_allowed_once_and_nothing_is_done_again() -> None:
    agent = Agent(calls("look"), reached(), reached(), {"text": "Done."}, does=[Does("look")])
    first = asked(agent)
    assert "Nothing left." in first.wait.message  # type: ignore[union-attr]
    says = {"outcome": "approved", "data": {"amount": 3}, "answered_by": {"label": "Olga"}}
    second = agent.answer(first, says)
    assert isinstance(second, Suspend)
    done = agent.answer(second, says | {"data": {"amount": 1}})
    assert isinstance(done, Done)
    assert [(each["usd"], each["by"]) for each in agent.models.allowed.values()] == [(3, "Olga"), (1, "Olga")]
    assert len(agent.does["look"].seen) == 1
    assert len(agent.models.asked) == 4


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"outcome": "rejected", "answered_by": {"label": "Olga"}}, "Olga did not allow more."),
        (None, "Nobody allowed more in time."),
        ({"outcome": "undeliverable"}, "Nobody could be asked"),
    ],
)
def test_without_it_the_agent_fails_with_the_budgets_own_error(said: Any, words: str) -> None:
    agent = Agent(reached())
    with pytest.raises(NodeError) as failed:
        agent.answer(asked(agent), said)
    assert failed.value.code == "ai.budget_reached"
    assert words in failed.value.message


def test_a_budget_that_stops_asks_nobody() -> None:
    assert Agent(reached("stop")).error().code == "ai.budget_reached"


def test_tokens_are_allowed_as_tokens() -> None:
    agent = Agent(reached(unit="tokens"), {"text": "Done."})
    agent.answer(asked(agent), {"outcome": "approved", "data": {"amount": 500}})
    assert [each["tokens"] for each in agent.models.allowed.values()] == [500]
