"""What models cost, as people see it, and how they limit it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts import services as accounts
from apps.accounts.access.objects import Kind
from apps.ai.gateway import Caller
from apps.ai.ledger import end
from apps.ai.models import Budget, BudgetUse
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.nodes.contract import ModelRef
from apps.workflows.models import Workflow
from tests.ai.ledger.conftest import answered, asked, spend
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def workflow(cast: Cast) -> Workflow:
    """One with an agent."""
    now = clock.now()
    draft = {
        "nodes": [{"id": "a", "name": "Reader", "type": "AI_AGENT"}, {"id": "t", "name": "Start", "type": "TRIGGER"}]
    }
    with tenant(cast.workspace.id):
        return Workflow.objects.create(
            workspace=cast.workspace, name="=Invoices", draft=draft, created_at=now, updated_at=now
        )


@pytest.fixture
def agent(cast: Cast, workflow: Workflow) -> Caller:
    """Its agent, in an execution."""
    return Caller(cast.workspace.id, workflow.id, uuid7(), "a")


def test_an_empty_page_says_what_will_be_there(cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)
    page = client.get("/w/acme/settings/ai-usage/").content.decode()
    assert "No model has been asked yet" in page
    assert 'href="/w/acme/settings/ai-budgets/"' in page


def test_the_page_tells_of_workflows_agents_models_and_purposes_in_few_statements(
    cast: Cast, client: Client, agent: Caller
) -> None:
    spend(agent, "1.50")
    end(asked(agent, None, ref=ModelRef(provider="ollama", model="tiny")), answered(None))
    spend(Caller(cast.workspace.id), "0.50")
    client.force_login(cast.bob)
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/w/acme/settings/ai-usage/?period=7").content.decode()
    said = [
        each["sql"]
        for each in queries
        if not re.match("SAVEPOINT|RELEASE|SELECT (set_config|current_setting)", each["sql"])
    ]
    assert len(said) <= 12, [each[:90] for each in said]
    assert sum("ai_usage_day" in each for each in said) == 3
    for words in ("$2.00", "=Invoices · Reader", "openai/small", "Pages of this workspace", "nothing to compare with"):
        assert words in page, words
    sheet = client.get("/w/acme/settings/ai-usage/?period=month&format=csv")
    assert sheet["Content-Type"].startswith("text/csv")
    lines = sheet.content.decode().splitlines()
    assert len(lines) == 4
    assert "'=Invoices" in sheet.content.decode()


def test_what_is_hidden_from_somebody_is_in_none_of_their_sums(
    cast: Cast, client: Client, agent: Caller, workflow: Workflow
) -> None:
    spend(agent, "1.50")
    spend(Caller(cast.workspace.id), "0.50")
    accounts.object_share(
        workspace_id=cast.workspace.id,
        actor=cast.owner,
        kind=Kind.WORKFLOW,
        object_id=workflow.id,
        name=workflow.name,
        others="none",
        people={},
    )
    client.force_login(cast.bob)
    page = client.get("/w/acme/settings/ai-usage/").content.decode()
    assert "$0.50" in page
    assert "Invoices" not in page


def test_an_owner_makes_changes_raises_and_deletes_a_budget(
    cast: Cast, client: Client, agent: Caller, workflow: Workflow
) -> None:
    client.force_login(cast.alice)
    page = "/w/acme/settings/ai-budgets/"
    form = {"name": "Reader", "covers": f"agent:{workflow.id}:a", "period": "month", "then": "ask"}
    refused = client.post(page, form)
    assert refused.status_code == 422
    assert "Give a limit in dollars, in tokens, or both." in refused.content.decode()
    assert client.post(page, form | {"limit_usd": "2.50"}).status_code == 302
    spend(agent, "2.25")
    listed = client.get(page).content.decode()
    assert "=Invoices · Reader, a month" in listed
    assert 'value="90"' in listed
    with tenant(cast.workspace.id):
        made = Budget.objects.get()
    one = f"{page}{made.id}/"
    assert "2.5" in client.get(one).content.decode()
    assert client.post(one, {"name": "Reader", "limit_usd": "3", "then": "stop"}).status_code == 302
    assert client.post(one, {"allow": "yes", "usd": ""}).status_code == 422
    assert client.post(one, {"allow": "yes", "usd": "4.5"}).status_code == 302
    assert "by alice@example.com" in client.get(one).content.decode()
    with tenant(cast.workspace.id):
        assert (Budget.objects.get().limit_usd, BudgetUse.objects.get().more) == (Decimal(3), Decimal("4.5"))
    client.force_login(cast.bob)
    seen = client.get(page).content.decode()
    assert "Make a budget" not in seen
    assert client.post(f"{one}delete/").status_code == 403
    client.force_login(cast.alice)
    assert client.post(f"{one}delete/").status_code == 302
    with tenant(cast.workspace.id):
        assert not Budget.objects.exists()
