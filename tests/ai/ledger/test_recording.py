"""A call is set aside for before, written down after, and counts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from apps.ai.gateway import Caller
from apps.ai.ledger import end
from apps.ai.ledger.recording import counted
from apps.ai.models import BudgetUse, Call, OpenCall, UsageDay
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.nodes.contract import ModelRef, NodeError
from tests.ai.ledger.conftest import answered, asked, budget, spend

pytestmark = pytest.mark.django_db


def uses(caller: Caller) -> dict[str, BudgetUse]:
    with tenant(caller.workspace_id):
        return {use.budget.name: use for use in BudgetUse.objects.select_related("budget")}


def test_a_call_is_written_down_with_who_asked_and_summed_up(agent: Caller) -> None:
    credential = uuid7()
    begun = asked(agent, ref=ModelRef(provider="openai", model="small", credential=credential))
    with tenant(agent.workspace_id):
        assert OpenCall.objects.get().most == Decimal("0.10")
    attempt = answered("0.0000001234", input=100, output=20, cached=60, written=5, reasoning=7)
    end(begun, attempt)
    end(begun, attempt)  # said again
    end(asked(agent, None), answered(None, outcome="ai.rate_limited", input=0, output=0))
    with tenant(agent.workspace_id):
        assert not OpenCall.objects.exists()
        first, second = Call.objects.order_by("id")
        day = UsageDay.objects.get()
    assert (first.id, first.execution_id, first.node_id, first.step) == (
        begun.id,
        agent.execution_id,
        "agent",
        "turn:1",
    )
    assert (first.input, first.output, first.cached, first.written, first.reasoning) == (100, 20, 60, 5, 7)
    assert (first.cost, first.ms, first.outcome, first.attempt) == (Decimal("0.0000001234"), 1500, "answered", 1)
    assert first.credential_id == credential
    assert (second.outcome, second.cost, second.attempt) == ("ai.rate_limited", None, 2)
    assert (day.calls, day.failed, day.unpriced, day.input, day.cost) == (2, 1, 1, 100, Decimal("0.0000001234"))


def test_no_word_and_no_key_stands_in_the_ledger(agent: Caller) -> None:
    canary = "sk-canary-4711"
    said = answered(outcome="ai.refused_key").model_copy(update={"message": f"Incorrect API key provided: {canary}"})
    end(asked(agent), said)
    with tenant(agent.workspace_id):
        for model in (Call, UsageDay, OpenCall):
            assert canary not in repr(list(model.objects.values())), model


@pytest.mark.parametrize(("cost", "spent"), [("0.04", "0.04"), ("0.25", "0.25")])
def test_what_a_call_did_cost_replaces_what_it_might_have(agent: Caller, cost: str, spent: str) -> None:
    budget(agent.workspace_id)
    begun = asked(agent, "0.10", tokens=500)
    held = uses(agent)["Team"]
    assert (held.reserved, held.tokens_reserved, held.spent) == (Decimal("0.10"), 500, Decimal(0))
    end(begun, answered(cost))
    settled = uses(agent)["Team"]
    assert (settled.reserved, settled.tokens_reserved) == (Decimal(0), 0)
    assert (settled.spent, settled.tokens_spent) == (Decimal(spent), 120)


def test_a_refused_call_says_by_which_budget_and_sets_nothing_aside_with_the_others(agent: Caller) -> None:
    budget(agent.workspace_id, "Wide", limit_usd=Decimal(100))
    budget(agent.workspace_id, "Agent", scope="agent", workflow_id=agent.workflow_id, node_id="agent", then="ask")
    budget(agent.workspace_id, "Run", scope="execution", period="total", limit_usd=Decimal(5))
    asked(agent, "0.60")
    with pytest.raises(NodeError) as refused:
        asked(agent, "0.50")
    error = refused.value
    assert error.code == "ai.budget_reached"
    assert error.message == (
        "The budget “Agent” has $0.40 left of $1.00, with $0.60 set aside for calls under way;"
        " this call may take up to $0.50."
    )
    assert isinstance(error.details, dict)
    assert (error.details["name"], error.details["then"]) == ("Agent", "ask")
    assert error.details["link"] == "settings/ai-budgets/"
    found = uses(agent)
    assert {name: use.reserved for name, use in found.items()} == dict.fromkeys(
        ("Wide", "Agent", "Run"), Decimal("0.60")
    )
    elsewhere = replace(agent, workflow_id=uuid7(), execution_id=uuid7())
    asked(elsewhere, "0.50")  # another agent's call
    found = uses(agent)
    assert (found["Wide"].reserved, found["Agent"].reserved) == (Decimal("1.10"), Decimal("0.60"))
    with tenant(agent.workspace_id):
        assert BudgetUse.objects.filter(budget__name="Run").count() == 2  # each execution has it to itself


def test_a_budget_in_dollars_refuses_what_has_no_price_unless_it_counts_tokens_too(agent: Caller) -> None:
    limited = budget(agent.workspace_id)
    with pytest.raises(NodeError) as refused:
        asked(agent, None)
    assert refused.value.code == "ai.price_unknown"
    assert "tokens" in refused.value.hint
    asked(agent, "0")  # a model that costs nothing has a price
    limited.limit_tokens = 1_000
    with tenant(agent.workspace_id):
        limited.save()
    end(asked(agent, None, tokens=800), answered(None, input=700, output=100))
    with pytest.raises(NodeError, match=r"200 tokens left of 1,000 tokens; this call may take up to 300 tokens"):
        asked(agent, None, tokens=300)


def test_what_an_unknown_cost_counts() -> None:
    most = Decimal("0.3")
    assert counted(answered("0.1"), most) == Decimal("0.1")
    assert counted(answered(None), most) == most
    assert counted(answered(None, outcome="ai.rate_limited", input=0, output=0), most) == 0
    assert counted(answered(None, outcome="ai.no_answer", input=9, output=1), most) == most
    assert counted(answered(None), None) == 0


def test_periods_turn_at_midnight_and_a_call_counts_when_it_began(agent: Caller, workspace: Any) -> None:
    with time_machine.travel(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), tick=False):
        budget(workspace.id, "Day", period="day")
        budget(workspace.id, "Month", limit_usd=Decimal(2))
        late = asked(agent, "0.90")
    with time_machine.travel(datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC), tick=False):
        end(late, answered("0.90"))
        asked(agent, "0.90")
    with tenant(workspace.id):
        found = {
            (use.budget.name, use.begins): (use.spent, use.reserved)
            for use in BudgetUse.objects.select_related("budget")
        }
        assert UsageDay.objects.get().day == date(2026, 11, 30)
    whole, nothing = Decimal("0.90"), Decimal(0)
    assert found == {
        ("Day", date(2026, 11, 30)): (whole, nothing),
        ("Day", date(2026, 12, 1)): (nothing, whole),
        ("Month", date(2026, 11, 1)): (whole, nothing),
        ("Month", date(2026, 12, 1)): (nothing, whole),
    }


def test_a_new_budget_knows_what_its_period_has_cost_before(agent: Caller) -> None:
    spend(agent, "0.70")
    spend(replace(agent, node_id="other"), "0.20")
    budget(agent.workspace_id, "All")
    budget(agent.workspace_id, "Agent", scope="agent", workflow_id=agent.workflow_id, node_id="agent")
    budget(agent.workspace_id, "Run", scope="execution", period="total")
    with pytest.raises(NodeError, match=r"has \$0\.10 left"):
        asked(agent, "0.15")
    spend(agent, "0.05")
    assert {name: use.spent for name, use in uses(agent).items()} == {
        "All": Decimal("0.95"),
        "Agent": Decimal("0.75"),
        "Run": Decimal("0.95"),
    }
