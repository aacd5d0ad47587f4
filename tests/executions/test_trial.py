"""Test runs of the whole, of a part and of one node, through a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from pytest_django.fixtures import Settings

from apps.accounts.access.resolve import member_actor
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from apps.executions import trial
from apps.executions.models import Execution
from apps.executions.rerun import NoVersion
from apps.executions.trial import NoData, Trial
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.executions.api.conftest import make
from tests.executions.conftest import Engine, Json, definition, fields, node
from tests.executions.test_rerun import runs, states
from tests.fakes.receiver import Receiver, receiver

pytestmark = pytest.mark.integration
__all__ = ["make"]


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    with receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


@pytest.fixture
def orders(there: Receiver, make: Any) -> Workflow:
    """Start → price → charge (calls out) → ship; and audit beside it."""
    found: Workflow = make(order(there), is_draft=True)
    return found


def order(there: Receiver) -> Json:
    return definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("price", "ACTION.TRANSFORM", fields=fields(sum="{{ $json.number * 2 }}")),
            node("charge", "ACTION.HTTP_REQUEST", method="POST", url=f"{there.url}/charge", json="{{ $json }}"),
            node("ship", "ACTION.TRANSFORM", fields=fields(paid="{{ $json.status }}", sum="{{ $node['price'].sum }}")),
            node("audit", "ACTION.HTTP_REQUEST", method="POST", url=f"{there.url}/audit"),
        ],
        ["t > price", "price > charge", "charge > ship", "t > audit"],
    )


def run_test(engine: Engine, cast: Cast, workflow: Workflow, **given: Any) -> Json:
    started = trial.execution_test(
        workspace_id=engine.workspace.id,
        actor=member_actor(cast.alice, "owner"),
        trial=Trial(workflow_id=workflow.id, **given),
        now=clock.now(),
    )
    engine.poke()
    return engine.until(started.id)


def sent(there: Receiver) -> list[tuple[str, Any]]:
    return [(seen["path"], seen["body"]) for seen in there.seen]


def test_the_whole_is_tested_as_it_is_drawn(engine: Engine, cast: Cast, orders: Workflow, there: Receiver) -> None:
    found = run_test(engine, cast, orders, given={"number": 3}, has_input=True)
    assert (found["status"], found["mode"], found["version"]) == ("SUCCESS", "test", None)
    assert runs(found)["ship"]["output"] == {"paid": 200, "sum": 6}
    with tenant(engine.workspace.id):
        by = Execution.objects.get(id=UUID(found["id"])).started_by
    assert by is not None
    assert by["test"] == {"scope": "all", "node": None}


def test_up_to_a_node_nothing_else_runs(engine: Engine, cast: Cast, orders: Workflow, there: Receiver) -> None:
    found = run_test(engine, cast, orders, scope="until", node="charge", given={"number": 3})
    assert states(found) == {
        "t": "COMPLETED",
        "price": "COMPLETED",
        "charge": "COMPLETED",
        "ship": "SKIPPED",
        "audit": "SKIPPED",
    }
    assert sent(there) == [("/charge", {"sum": 6})]


def test_pinned_data_stands_in_for_nodes_and_for_what_only_leads_to_them(
    engine: Engine, cast: Cast, orders: Workflow, there: Receiver
) -> None:
    found = run_test(engine, cast, orders, scope="until", node="ship", pinned={"charge": {"status": 402}})
    assert found["output"] == {"paid": 402, "sum": None}
    assert states(found)["price"] == "SKIPPED"
    assert sent(there) == []
    assert runs(found)["charge"]["kept_from"] == found["id"]
    found = run_test(engine, cast, orders, pinned={"charge": {"status": 1}}, given={"number": 1})
    assert runs(found)["ship"]["output"]["paid"] == 1
    assert sent(there) == [("/audit", None)]


def test_what_is_pinned_in_the_draft_counts_too(engine: Engine, cast: Cast, there: Receiver, make: Any) -> None:
    document = order(there)
    document["nodes"][2]["pinned_output"] = {"status": 7}
    found = run_test(engine, cast, make(document, is_draft=True), scope="node", node="ship")
    assert found["output"] == {"paid": 7, "sum": None}
    assert sent(there) == []


@pytest.mark.parametrize(("pinned", "reached"), [({"outcome": "rejected"}, "no"), ({"comment": "ok"}, "yes")])
def test_what_is_pinned_leaves_by_the_outcome_it_names_or_by_the_first(
    engine: Engine, cast: Cast, make: Any, pinned: dict[str, str], reached: str
) -> None:
    nodes = [
        node("t", "TRIGGER.MANUAL"),
        node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship it?") | {"pinned_output": pinned},
        node("yes", "ACTION.TRANSFORM", fields=fields(got="{{ $json }}")),
        node("no", "ACTION.TRANSFORM", fields=fields(got="{{ $json }}")),
    ]
    found = run_test(
        engine, cast, make(definition(nodes, ["t > ask", "ask.approved > yes", "ask.rejected > no"]), is_draft=True)
    )
    assert [name for name in ("yes", "no") if states(found)[name] == "COMPLETED"] == [reached]
    assert found["output"] == {"got": pinned}


def test_one_node_takes_what_the_last_execution_recorded(
    engine: Engine, cast: Cast, orders: Workflow, there: Receiver
) -> None:
    with pytest.raises(NoData, match="No output of “charge” is known"):
        run_test(engine, cast, orders, scope="node", node="ship")
    run_test(engine, cast, orders, given={"number": 3})
    run_test(engine, cast, orders, scope="until", node="price", given={"number": 9})
    there.seen.clear()
    found = run_test(engine, cast, orders, scope="node", node="ship")
    assert found["output"] == {"paid": 200, "sum": 6}
    assert (states(found)["price"], states(found)["audit"]) == ("COMPLETED", "SKIPPED")
    assert sent(there) == []
    found = run_test(engine, cast, orders, scope="node", node="charge")
    assert sent(there) == [("/charge", {"sum": 18})], "the newest output of the node before it"
    assert states(found)["ship"] == "SKIPPED"


def test_one_node_takes_what_it_is_given(engine: Engine, cast: Cast, orders: Workflow, there: Receiver) -> None:
    found = run_test(engine, cast, orders, scope="node", node="charge", given={"sum": 5}, has_input=True)
    assert sent(there) == [("/charge", {"sum": 5})]
    assert runs(found)["charge"]["input"] == {"sum": 5}
    found = run_test(engine, cast, orders, scope="node", node="t", given={"number": 5}, has_input=True)
    assert states(found) == {"t": "COMPLETED"} | dict.fromkeys(("price", "charge", "ship", "audit"), "SKIPPED")


def test_the_other_branch_of_a_decision_can_be_tested_alone(engine: Engine, cast: Cast, make: Any) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("big", "FLOW.IF", condition="{{ false }}"),
            node("yes", "ACTION.TRANSFORM", fields=fields(a="{{ $json.a }}")),
        ],
        ["t > big", "big.true > yes"],
    )
    workflow = make(document, is_draft=True)
    run_test(engine, cast, workflow)
    with pytest.raises(NoData):
        run_test(engine, cast, workflow, scope="node", node="yes")
    found = run_test(engine, cast, workflow, scope="node", node="yes", given={"a": 1}, has_input=True)
    assert found["output"] == {"a": 1}


def test_the_published_version_can_be_run_test(engine: Engine, cast: Cast, orders: Workflow, make: Any) -> None:
    with pytest.raises(NoVersion):
        run_test(engine, cast, orders, is_published=True)
    found = run_test(engine, cast, make(definition([node("t", "TRIGGER.MANUAL")], [])), is_published=True)
    assert (found["version"], found["mode"]) == (1, "test")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"scope": "node"}, "node"),
        ({"scope": "all", "node": "ship"}, "node"),
        ({"scope": "until", "node": "shop"}, "node"),
        ({"pinned": {"shop": 1}}, "pinned.shop"),
        ({"trigger": "x"}, "trigger"),
    ],
)
def test_what_does_not_exist_is_named(
    engine: Engine, cast: Cast, orders: Workflow, given: dict[str, Any], path: str
) -> None:
    with pytest.raises(Invalid) as refused:
        run_test(engine, cast, orders, **given)
    assert refused.value.errors[0].path == path


def test_a_loop_is_tested_as_a_whole(engine: Engine, cast: Cast, make: Any) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("loop", "FLOW.LOOP", items="{{ $json }}"),
            node("double", "ACTION.TRANSFORM", fields=fields(n="{{ $json * 2 }}"), _parent="loop"),
            node("end", "ACTION.TRANSFORM", fields=fields(all="{{ $json }}")),
        ],
        ["t > loop", "loop > end"],
    )
    workflow = make(document, is_draft=True)
    found = run_test(engine, cast, workflow, scope="node", node="loop", given=[1, 2], has_input=True)
    assert runs(found)["loop"]["output"] == [{"n": 2}, {"n": 4}]
    found = run_test(engine, cast, workflow, scope="node", node="end")
    assert found["output"] == {"all": [{"n": 2}, {"n": 4}]}
    with pytest.raises(Invalid, match="“double” runs inside a container"):
        run_test(engine, cast, workflow, scope="node", node="double")


def test_a_test_is_not_kept_out_by_what_waits_for_a_person(engine: Engine, cast: Cast, make: Any) -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="?", timeout_seconds=60)],
        ["t > ask"],
    )
    workflow = make(document)
    waiting = trial.execution_test(
        workspace_id=engine.workspace.id,
        actor=member_actor(cast.alice, "owner"),
        trial=Trial(workflow_id=workflow.id),
        now=clock.now(),
    )
    engine.poke()
    engine.until(waiting.id, "WAITING_FOR_HUMAN")
    found = run_test(engine, cast, workflow, scope="node", node="t")
    assert found["status"] == "SUCCESS"
