"""An agent comes to a real budget of its workspace: an owner allows more, or it stops."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from apps.ai.models import BudgetUse
from apps.core.tenancy import tenant
from apps.executions import store
from apps.hil.models import Interaction
from tests.ai.agents.conftest import Connected
from tests.ai.ledger.conftest import budget
from tests.executions.conftest import definition, node
from tests.fakes.scripted import Call, Say, Used
from tests.hil.asking import answer

if TYPE_CHECKING:
    from apps.accounts.models import User

pytestmark = pytest.mark.integration
LIMIT = Decimal("0.002")
DEAR = Used(10_000, 10)
"""More than the limit, and known only when it is spent."""


def document(connected: Connected) -> dict[str, Any]:
    nodes = [node("t", "TRIGGER.MANUAL"), connected.agent("look", max_tokens=50), connected.calls("look")]
    return definition(nodes, ["t > desk"])


def says(connected: Connected) -> None:
    connected.openai.says(Say(calls=(Call("look", {"n": "1"}),), used=DEAR))
    connected.openai.answers(lambda asked: Say("Done.", delay=0.5))


def test_what_an_owner_allows_is_allowed_once_also_when_the_worker_is_lost(connected: Connected, alice: User) -> None:
    engine = connected.engine
    team = budget(engine.workspace.id, limit_usd=LIMIT, then="ask")
    says(connected)
    execution_id = engine.start(engine.publish(document(connected)))
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    assert len(connected.openai.asked) == 1, "nothing is sent that could pass the limit"
    with tenant(engine.workspace.id):
        (row,) = Interaction.objects.all()
    assert "Team" in row.title
    answer(engine.workspace, row, alice, data={"amount": 1})
    engine.poke()
    until = time.monotonic() + 10
    while len(connected.openai.asked) < 2:
        assert time.monotonic() < until
        time.sleep(0.005)
    store.release(worker_id=engine.dispatchers[-1].worker_id)
    engine.add_dispatcher()
    done = engine.until(execution_id)
    assert (done["status"], done["output"]["text"]) == ("SUCCESS", "Done.")
    assert len(connected.openai.asked) == 3, "only the turn that was under way is asked again"
    assert len(connected.there.seen) == 1
    with tenant(engine.workspace.id):
        use = BudgetUse.objects.get(budget=team)
        assert Interaction.objects.count() == 1
    assert (use.more, [each["usd"] for each in use.raises]) == (Decimal(1), ["1"])
    assert use.spent > LIMIT


def test_a_budget_that_stops_refuses_the_turn_and_asks_nobody(connected: Connected) -> None:
    engine = connected.engine
    budget(engine.workspace.id, limit_usd=LIMIT, then="stop")
    says(connected)
    done = engine.run(document(connected))
    assert (done["status"], len(connected.openai.asked)) == ("ERROR", 1)
    (desk,) = [run for run in done["node_runs"] if run["node_id"] == "desk"]
    assert desk["error"]["code"] == "ai.budget_reached"
    with tenant(engine.workspace.id):
        assert not Interaction.objects.exists()
