"""Imported workflows run to their end: each fixture for which everything it needs is here."""

from __future__ import annotations

from typing import Any

import pytest

from apps.workflows.graph import errors_in
from apps.workflows.lint import lint
from apps.workflows.transfer import import_document
from tests.executions.conftest import Engine
from tests.executions.worker.test_engine import answer, outputs, states
from tests.fakes.receiver import receiver
from tests.workflows.transfer.fixtures import fixture

pytestmark = pytest.mark.integration
Json = dict[str, Any]


def imported(name: str, *, leave: tuple[str, ...] = ()) -> Json:
    """A fixture as a definition that can be published, without these nodes."""
    definition: Json = import_document(fixture(name)).definition
    definition["nodes"] = [each for each in definition["nodes"] if each["id"] not in leave]
    definition["connections"] = [
        each for each in definition["connections"] if each["from"] not in leave and each["to"] not in leave
    ]
    assert errors_in(lint(definition)) == ()
    return definition


def delivered(**body: Any) -> Json:
    return {"body": body, "headers": {}, "query": {}, "method": "POST", "path": "x"}


def test_a_map_of_connections_asks_a_person(engine: Engine) -> None:
    definition = imported("connections_map", leave=("agent", "db", "history"))
    small = engine.run(definition, delivered(transaction_amount=5), trigger="trigger_1")
    assert states(small)["hil_confirmation"] == "SKIPPED"
    started = engine.start(engine.publish(definition), delivered(transaction_amount=20_000), trigger="trigger_1")
    parked = engine.until(started, "WAITING_FOR_HUMAN")
    assert parked["waits"][0]["title"] == "Approve transaction of $20000?"
    answer(engine, parked["waits"][0])
    assert engine.until(started)["output"] == {"who": "bob", "amount": 20_000}


def test_configurations_run_by_hand(engine: Engine) -> None:
    found = engine.run(
        imported("configurations", leave=("writer", "search", "notes")), {"rows": [1, 2, 3]}, trigger="by_hand"
    )
    assert found["output"]["count"] == 3
    assert found["output"]["when"]["day"].endswith("T00:00:00.000Z")


def test_triggers_beside_the_nodes_start_both_branches(engine: Engine) -> None:
    found = engine.run(imported("triggers_beside"), delivered(total=150), trigger="webhook_trigger")
    assert (states(found)["wait"], states(found)["hook"]) == ("COMPLETED", "SKIPPED")
    assert outputs(found)["tag"] == {"tag": "order"}


def test_react_flow_takes_the_way_its_condition_says(engine: Engine) -> None:
    assert engine.run(imported("react_flow"), {"question": "How?"}, trigger="1")["output"] == {"short": "How?"}


def test_n8n_orders_ship_and_answer(engine: Engine, settings: Any) -> None:
    definition = imported("n8n_orders")
    order = {"id": "A-1", "name": "Ada", "country": "DE", "items": [{"price": 5, "quantity": 2}]}
    with receiver() as there:
        settings.EGRESS_ALLOW = [there.host]
        there.says(200, {"id": 9})
        found = engine.run(definition, delivered(**order, port=int(there.host.rpartition(":")[2])), trigger="webhook")
    (call,) = there.seen
    assert (call["path"], call["headers"]["x-order"]) == ("/shipments?source=n8n", "A-1")
    assert call["body"] == {"order": "A-1", "total": 10, "note": "for Hello Ada!"}
    assert outputs(found)["edit_fields"] == {
        "order": {"id": "A-1"}, "total": 10, "greeting": "Hello Ada!", "literal": "not {{ evaluated }}", "vip": True,
    }  # fmt: skip
    assert found["response"] == {
        "status": 201,
        "body": {"ok": True, "shipment": 9, "order": "A-1"},
        "headers": {"X-From": "workflow"},
    }
    large = {**order, "items": [{"price": 600, "quantity": 2}]}
    later = engine.run(definition, delivered(**large), trigger="webhook")
    assert (later["response"]["status"], later["response"]["body"]) == (202, "A person looks at A-1")


def test_n8n_lists_are_split_sorted_and_gathered(engine: Engine) -> None:
    found = engine.run(imported("n8n_lists"), trigger="when_clicking")
    assert found["status"] == "SUCCESS", found["error"]
    assert outputs(found)["aggregate"] == {"names": ["Cleo", "Ada", "Dora"], "total": [50, 30, 12]}
    assert outputs(found)["merge"] == {"names": ["Cleo", "Ada", "Dora"], "total": [50, 30, 12], "sum_total": 97}
    assert found["output"] == {"winner": "Cleo of 4"}


def test_n8n_older_nodes_take_their_ways(engine: Engine) -> None:
    found = engine.run(imported("n8n_legacy", leave=("odd",)), trigger="start")
    assert found["status"] == "SUCCESS", found["error"]
    assert [each["city"] for each in found["output"]] == ["Ulm"]
    assert states(found)["http_request"] == "SKIPPED"
