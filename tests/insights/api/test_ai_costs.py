"""What models cost and may cost, for programs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.ai.gateway import Caller
from apps.ai.ledger import end
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.nodes.contract import ModelRef
from apps.workflows.models import Workflow
from tests.ai.ledger.conftest import answered, asked, spend
from tests.cast import Cast

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
BUDGETS = "/api/v1/app/ai/budgets/"


@pytest.fixture
def agent(cast: Cast) -> Caller:
    """An agent of alice's workspace."""
    now = clock.now()
    draft = {"nodes": [{"id": "a", "name": "Reader", "type": "AI_AGENT"}]}
    with tenant(cast.workspace.id):
        made = Workflow.objects.create(
            workspace=cast.workspace, name="Invoices", draft=draft, created_at=now, updated_at=now
        )
    return Caller(cast.workspace.id, made.id, uuid7(), "a", "0", is_test=True)


def test_calls_are_filtered_and_usage_is_summed_up_with_names(cast: Cast, api: Api, agent: Caller) -> None:
    spend(agent, "1.50", step="turn:1")
    large = ModelRef(provider="anthropic", model="large")
    end(asked(agent, None, ref=large, step="turn:2"), answered(None, outcome="ai.overloaded", input=0, output=0))
    spend(Caller(cast.workspace.id), "0.50")
    bob = api(cast.bob)
    calls = bob.get("/api/v1/app/ai/calls/").json()["results"]
    assert len(calls) == 3
    assert "message" not in calls[0]
    for query, count in {
        f"execution={agent.execution_id}": 2,
        f"workflow={agent.workflow_id}&node=a&path=0&step=turn:2": 1,
        "outcome=failed": 1,
        "outcome=ai.overloaded": 1,
        "provider=openai&model=small": 2,
        "is_test=true": 2,
        "purpose=compare": 0,
        "until=1943-05-24T18:13:59Z": 0,
        "since=2100-01-01T00:00:00Z": 0,
        "until=2100-01-01T00:00:00Z&page_size=2": 2,
    }.items():
        assert len(bob.get(f"/api/v1/app/ai/calls/?{query}").json()["results"]) == count, query
    assert bob.get("/api/v1/app/ai/calls/?colour=red").status_code == 400
    found = bob.get("/api/v1/app/ai/usage/").json()
    assert Decimal(found["total"]["cost_usd"]) == Decimal("2.00")
    assert (found["total"]["calls"], found["total"]["failed"], found["total"]["unpriced"]) == (3, 1, 1)
    assert [(each["workflow"], each["agent"]) for each in found["agents"]] == [("Invoices", "Reader")]
    assert [each["model"] for each in found["models"]] == ["small", "large"]
    assert bob.get("/api/v1/app/ai/usage/?since=2020-01-01&until=2026-01-01").status_code == 400
    assert api(cast.charlie).get("/api/v1/app/ai/usage/").json()["total"]["calls"] == 0


def test_a_budget_is_made_only_for_what_there_is(cast: Cast, api: Api, agent: Caller) -> None:
    alice = api(cast.alice)
    wanted: dict[str, Any] = {"name": "Reader", "scope": "agent", "period": "day", "limit_tokens": 1_000}
    for given, path in (
        ({"workflow_id": str(uuid7()), "node_id": "a"}, "workflow_id"),
        ({"workflow_id": str(agent.workflow_id), "node_id": "b"}, "node_id"),
        ({"limit_tokens": None}, "limit_usd"),
    ):
        refused = alice.post(BUDGETS, wanted | given)
        assert refused.status_code == 400
        assert path in [error["path"] for error in refused.json()["errors"]], given
    made = alice.post(BUDGETS, wanted | {"workflow_id": str(agent.workflow_id), "node_id": "a"})
    assert made.status_code == 201
    assert alice.post(BUDGETS, made.json() | {}).status_code == 400  # members it does not know
    spend(agent)
    one = f"{BUDGETS}{made.json()['id']}/"
    assert alice.get(one).json()["spent_tokens"] == 120
    assert alice.patch(one, {"scope": "workspace"}).status_code == 400
    assert Decimal(alice.patch(one, {"limit_usd": "2.5"}).json()["limit_usd"]) == Decimal("2.5")
    for _ in range(2):
        assert alice.post(f"{one}allow/", {"tokens": 50, "key": "k"}).json()["more_tokens"] == 50
    assert len(alice.get(BUDGETS).json()["results"]) == 1
    assert alice.delete(one).status_code == 204
    assert alice.get(one).json()["code"] == "ai.budget_unknown"
