"""Many calls at once, of threads and processes: a limit is never passed, and nothing is lost or left over."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from decimal import Decimal

import pytest
from django.db import OperationalError, connections

from apps.ai.gateway import Caller
from apps.ai.ledger import end, recording
from apps.ai.models import BudgetUse, Call, OpenCall, UsageDay
from apps.core.tenancy import tenant, tenant_statement
from apps.nodes.contract import NodeError
from tests.ai.ledger.conftest import answered, asked, budget, spend
from tests.ai.ledger.crowd import crowd

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("committed_db")]


@pytest.fixture(autouse=True)
def _no_connection_left() -> Iterator[None]:
    """What threads of the test held."""
    yield
    connections.close_all()


def test_of_a_hundred_calls_in_three_processes_exactly_those_begin_that_the_budgets_admit(agent: Caller) -> None:
    budget(agent.workspace_id, "Wide", limit_usd=Decimal("9.00"))
    budget(agent.workspace_id, "Admits 37", limit_usd=Decimal("3.799"))
    budget(agent.workspace_id, "Run", scope="execution", period="total", limit_usd=Decimal("4.00"))
    known = json.dumps(asdict(agent), default=str)
    others = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.ai.ledger.crowd", known, "33", "0.10"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for other in others:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
    for other in others:
        assert other.stdin is not None
        other.stdin.write("go\n")
        other.stdin.flush()
    let_in = crowd(json.loads(known), 34, "0.10")
    let_in += sum(int(other.communicate()[0]) for other in others)
    assert let_in == 37
    with tenant(agent.workspace_id):
        assert OpenCall.objects.count() == 37
        reserved = dict(BudgetUse.objects.values_list("budget__name", "reserved"))
    assert reserved == dict.fromkeys(("Wide", "Admits 37", "Run"), Decimal("3.70"))


def test_calls_that_begin_and_end_together_add_up(agent: Caller) -> None:
    budget(agent.workspace_id, "Wide", limit_usd=Decimal(90))
    budget(agent.workspace_id, "Agent", scope="agent", workflow_id=agent.workflow_id, node_id="agent")

    def one(number: int) -> bool:
        try:
            begun = asked(agent, "0.05", step=f"turn:{number}")
        except NodeError:
            return False
        end(begun, answered("0.03"))
        return True

    with ThreadPoolExecutor(12) as pool:
        done = sum(pool.map(one, range(42)))
    spent = Decimal("0.03") * done
    with tenant(agent.workspace_id):
        assert Call.objects.count() == done
        assert (UsageDay.objects.get().calls, UsageDay.objects.get().cost) == (done, spent)
        uses = set(BudgetUse.objects.values_list("spent", "reserved", "tokens_spent"))
    assert uses == {(spent, Decimal(0), 120 * done)}
    assert Decimal("0.03") * 20 <= spent <= 1


def test_a_broken_connection_loses_no_row_and_counts_nothing_twice(
    agent: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget(agent.workspace_id)
    broken: list[str] = []

    def breaks(workspace_id: object, statement: str, given: object) -> object:
        if len(broken) in (0, 3):  # before it was said
            broken.append("before")
            raise OperationalError("the server closed the connection")
        found = tenant_statement(workspace_id, statement, given)  # type: ignore[arg-type]
        if len(broken) in (1, 4):  # after it was done, before it was heard
            broken.append("after")
            raise OperationalError("the server closed the connection")
        broken.append("")
        return found

    monkeypatch.setattr(recording, "tenant_statement", breaks)
    spend(agent, "0.04")
    assert broken == ["before", "after", "", "before", "after", ""]
    with tenant(agent.workspace_id):
        use = BudgetUse.objects.get()
        assert Call.objects.count() == UsageDay.objects.get().calls == 1
    assert (use.spent, use.reserved) == (Decimal("0.04"), Decimal(0))


def test_without_a_database_a_call_is_refused_before_it_is_sent(agent: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*given: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(recording, "tenant_statement", away)
    monkeypatch.setattr(recording, "BEGIN_SECONDS", 0.3)
    with pytest.raises(NodeError) as refused:
        asked(agent)
    assert (refused.value.code, refused.value.retryable) == ("ai.ledger_unreachable", True)
