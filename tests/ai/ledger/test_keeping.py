"""What a dead process left, and what is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from apps.ai.gateway import Caller
from apps.ai.ledger import end, keeping
from apps.ai.models import LOST, BudgetUse, Call, OpenCall, UsageDay
from apps.core import clock
from apps.core.tenancy import tenant
from tests.ai.ledger.conftest import answered, asked, budget, spend

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_what_a_dead_process_set_aside_is_free_after_an_hour_and_stands_in_the_ledger(agent: Caller) -> None:
    budget(agent.workspace_id)
    with time_machine.travel(NOON, tick=False):
        late = asked(agent, "0.60", tokens=50)
    with time_machine.travel(NOON + timedelta(minutes=59), tick=False):
        assert keeping.calls_lose(now=clock.now()) == 0
    with time_machine.travel(NOON + timedelta(minutes=61), tick=False):
        assert keeping.calls_lose(now=clock.now()) == 1
        with tenant(agent.workspace_id):
            use, lost, day = BudgetUse.objects.get(), Call.objects.get(), UsageDay.objects.get()
            assert not OpenCall.objects.exists()
        assert (use.reserved, use.tokens_reserved, use.spent) == (Decimal(0), 0, Decimal(0))
        assert (lost.id, lost.outcome, lost.cost, day.calls, day.failed, day.unpriced) == (late.id, LOST, None, 1, 1, 1)
        end(late, answered("0.50"))  # it was only slow
    with tenant(agent.workspace_id):
        use, found, day = BudgetUse.objects.get(), Call.objects.get(), UsageDay.objects.get()
    assert (found.outcome, found.cost) == ("answered", Decimal("0.50"))
    assert (use.reserved, use.spent) == (Decimal(0), Decimal("0.50"))
    assert (day.calls, day.failed, day.unpriced, day.cost) == (1, 0, 0, Decimal("0.50"))


def test_old_calls_go_and_their_sums_stay(agent: Caller, settings: Any) -> None:
    budget(agent.workspace_id, "Run", scope="execution", period="total")
    kept = budget(agent.workspace_id, "Ever", period="total")
    with time_machine.travel(NOON, tick=False):
        spend(agent)
    with time_machine.travel(NOON + timedelta(days=400, seconds=1), tick=False):
        spend(agent)
        settings.AI_LEDGER_DAYS = 0
        assert keeping.calls_forget(now=clock.now()) == 0
        settings.AI_LEDGER_DAYS = 400
        assert keeping.calls_forget(now=clock.now()) == 2
    with tenant(agent.workspace_id):
        assert Call.objects.count() == 1
        assert sum(day.cost for day in UsageDay.objects.all()) == Decimal("0.08")
        assert BudgetUse.objects.get().budget_id == kept.id
