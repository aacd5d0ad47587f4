"""Budgets are made, changed and raised on record, and people hear when one runs low."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from apps.accounts.models import AuditEvent, Notice
from apps.ai.errors import BudgetInvalid, BudgetNameTaken, BudgetUnknown
from apps.ai.gateway import Caller
from apps.ai.ledger import allow, budgets
from apps.ai.ledger.budgets import Wanted
from apps.ai.models import Budget, BudgetUse, Call
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import hiding, tenant
from apps.nodes.contract import NodeError
from tests.ai.ledger.conftest import asked, budget, spend
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def make(cast: Cast, **given: Any) -> Budget:
    wanted: dict[str, Any] = {"name": "Team", "scope": "workspace", "period": "month", "limit_usd": Decimal(1)} | given
    return budgets.budget_create(
        workspace_id=cast.workspace.id, actor=cast.owner, wanted=Wanted(**wanted), now=clock.now()
    )


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ({"limit_usd": None}, "limit_usd"),
        ({"limit_usd": Decimal(-1)}, "limit_usd"),
        ({"limit_tokens": 10**16}, "limit_tokens"),
        ({"name": " "}, "name"),
        ({"then": "shrug"}, "then"),
        ({"period": "week"}, "period"),
        ({"scope": "workflow"}, "workflow_id"),
        ({"workflow_id": uuid7()}, "workflow_id"),
        ({"scope": "agent", "workflow_id": uuid7()}, "node_id"),
        ({"scope": "execution"}, "period"),
    ],
)
def test_what_cannot_be_a_budget_is_refused_where_it_is_wrong(cast: Cast, wanted: dict[str, Any], path: str) -> None:
    with pytest.raises(BudgetInvalid) as refused:
        make(cast, **wanted)
    assert path in [error.path for error in refused.value.errors]


def test_a_budget_is_made_changed_raised_once_and_deleted_on_record(cast: Cast, agent: Caller) -> None:
    now, workspace_id = clock.now(), cast.workspace.id
    made = make(cast, then="ask")
    with pytest.raises(BudgetNameTaken):
        make(cast)
    with pytest.raises(BudgetInvalid):
        budgets.budget_update(
            workspace_id=workspace_id, actor=cast.owner, budget_id=made.id, changes={"scope": "execution"}, now=now
        )
    budgets.budget_update(
        workspace_id=workspace_id, actor=cast.owner, budget_id=made.id, changes={"limit_usd": Decimal(2)}, now=now
    )
    spend(agent, "1.95")
    with pytest.raises(NodeError, match="left of"):
        asked(agent, "0.50")
    for _ in range(2):  # the same answer, told twice
        allow(agent, made.id, key="question-1", by="bob@example.com", usd=Decimal("0.50"))
    asked(agent, "0.50")
    with pytest.raises(NodeError):
        asked(agent, "0.06")
    with pytest.raises(BudgetInvalid):
        allow(agent, made.id, key="question-2", by="bob@example.com", tokens=5)
    with tenant(workspace_id):
        (standing,) = budgets.standings(workspace_id, [made], now=clock.now())
        assert standing.use is not None
        assert (standing.use.spent, standing.limit_usd) == (
            Decimal("1.95"),
            Decimal("1.50"),
        )  # of the row as it was read
    budgets.budget_delete(workspace_id=workspace_id, actor=cast.owner, budget_id=made.id)
    with tenant(workspace_id):
        told = AuditEvent.objects.filter(action__startswith="budget.").order_by("id")
        assert [event.action.partition(".")[2] for event in told] == ["created", "changed", "raised", "deleted"]
        assert told[2].data["by"] == "bob@example.com"
        assert Call.objects.count() == 1


def test_a_budget_per_execution_is_raised_for_that_one_alone(cast: Cast, agent: Caller) -> None:
    made = make(cast, name="Run", scope="execution", period="total")
    allow(agent, made.id, key="q", by="bob", usd=Decimal(1))
    asked(agent, "1.50")
    with pytest.raises(NodeError):
        asked(Caller(agent.workspace_id, agent.workflow_id, uuid7(), "agent"), "1.50")


def test_owners_hear_once_at_eighty_per_cent_and_once_when_it_is_used_up(cast: Cast, agent: Caller) -> None:
    budget(agent.workspace_id, limit_usd=Decimal(1))
    spend(agent, "0.79")
    assert not _notices(cast)
    for cost in ("0.01", "0.01"):
        spend(agent, cost)
    assert _notices(cast) == [(cast.alice.id, "The budget “Team” is used up by more than 80 %", 1)]
    for _ in range(3):
        with pytest.raises(NodeError):
            asked(agent, "0.50")
    found = _notices(cast)
    assert [title for _, title, _ in found][1:] == ["The budget “Team” is reached"]
    assert {count for _, _, count in found} == {1}


def test_what_is_hidden_or_anothers_is_not_there(cast: Cast, agent: Caller) -> None:
    workspace_id = cast.workspace.id
    made = make(cast, name="Secret", scope="workflow", workflow_id=agent.workflow_id)
    spend(agent)
    assert agent.workflow_id is not None
    with hiding([agent.workflow_id]), tenant(workspace_id):
        assert not Call.objects.exists()
        assert not BudgetUse.objects.exists()
        with pytest.raises(BudgetUnknown):
            budgets.budget_get(workspace_id, made.id)
    with tenant(cast.other_workspace.id):
        assert not Call.objects.exists()
        with pytest.raises(BudgetUnknown):
            budgets.budget_get(cast.other_workspace.id, made.id)


def _notices(cast: Cast) -> list[tuple[UUID, str, int]]:
    with tenant(cast.workspace.id):
        rows = Notice.objects.filter(kind="budget.near").order_by("id")
        return list(rows.values_list("user_id", "title", "count"))
