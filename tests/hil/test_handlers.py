"""Questions inside the engine's transactions: committed data, real threads, a real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.fixtures import Settings

from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.executions.models import Execution, Wait
from apps.hil.models import Interaction, InteractionStatus
from tests.fakes.receiver import receiver
from tests.hil.asking import again, answer, document

if TYPE_CHECKING:
    from tests.executions.conftest import Engine

pytestmark = pytest.mark.integration


def question_of(workspace: Workspace, execution_id: Any) -> Interaction:
    with tenant(workspace.id):
        return Interaction.objects.get(execution_id=execution_id)


def test_a_run_asks_in_the_transaction_that_parks_it_and_goes_on_with_the_answer(engine: Engine, alice: User) -> None:
    execution_id = engine.start(engine.publish(document()), {"order": "A-1"})
    engine.until(execution_id, "WAITING_FOR_HUMAN")

    row = question_of(engine.workspace, execution_id)
    assert (row.title, row.node_name, row.data, row.is_pending) == (
        "Ship order A-1?",
        "Manager",
        {"order": "A-1"},
        True,
    )
    assert [way["name"] for way in row.outcomes] == ["approved", "rejected"]
    assert row.deadline_at is not None

    answer(engine.workspace, row, alice, "approved", comment="Fine.")
    engine.poke()
    done = engine.until(execution_id)

    ports = {run["node_id"]: (run["state"], run["port"]) for run in done["node_runs"]}
    assert done["status"] == "SUCCESS"
    assert ports["ask"] == ("COMPLETED", "approved")
    assert (ports["ship"][0], ports["refuse"][0]) == ("COMPLETED", "SKIPPED")
    answered = next(run["output"] for run in done["node_runs"] if run["node_id"] == "ask")
    assert (answered["comment"], answered["answered_by"]["label"]) == ("Fine.", "Alice")


def test_silence_leaves_by_timeout_and_closes_the_question(engine: Engine) -> None:
    execution_id = engine.start(engine.publish(document()), {"order": "A-1"})
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    row = question_of(engine.workspace, execution_id)
    with tenant(engine.workspace.id):  # the hour is over
        Wait.objects.filter(id=row.wait_id).update(wake_at=clock.now())
        Execution.objects.filter(id=execution_id).update(runnable_at=clock.now())
    engine.poke()

    done = engine.until(execution_id)

    kept = again(engine.workspace, row)
    assert (kept.status, kept.outcome, kept.answered_by) == (InteractionStatus.TIMED_OUT, "timeout", None)
    assert next(run["port"] for run in done["node_runs"] if run["node_id"] == "ask") == "timeout"


def test_cancelling_a_run_withdraws_its_question(engine: Engine) -> None:
    execution_id = engine.start(engine.publish(document()), {"order": "A-1"})
    engine.until(execution_id, "WAITING_FOR_HUMAN")

    executions.execution_cancel(
        workspace_id=engine.workspace.id, execution_id=execution_id, now=clock.now(), by="alice"
    )

    assert question_of(engine.workspace, execution_id).status == InteractionStatus.WITHDRAWN


def test_a_write_nobody_saw_the_end_of_is_asked_about_and_goes_on_with_what_came_back(
    engine: Engine, alice: User, settings: Settings
) -> None:
    with receiver() as there:
        settings.EGRESS_ALLOW = [there.host]
        there.says(hang_up=True)
        call = {"method": "POST", "url": f"{there.url}/shipments", "json": {"order": "A-1"}}
        execution_id = engine.start(
            engine.publish(
                {
                    "nodes": [
                        {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
                        {"id": "ship", "name": "Ship", "type": "ACTION", "subtype": "HTTP_REQUEST", "params": call},
                    ],
                    "connections": [{"from": "t", "port": "main", "to": "ship"}],
                    "settings": {},
                }
            )
        )
        engine.until(execution_id, "WAITING_FOR_HUMAN")

        row = question_of(engine.workspace, execution_id)
        assert (row.kind, row.title, row.deadline_at) == ("REVIEW_UNKNOWN", "Did “Ship” happen?", None)
        assert row.allowed == ["happened", "run_again", "failed"]
        assert row.data["parameters"]["url"] == f"{there.url}/shipments"
        assert row.data["error"]["message"] == row.message != ""
        assert row.data["idempotency_key"] == there.seen[0]["headers"]["idempotency-key"]

        answer(engine.workspace, row, alice, "happened", data={"id": "S-1"})
        engine.poke()
        done = engine.until(execution_id)

        assert (done["status"], done["output"]) == ("SUCCESS", {"id": "S-1"})
        assert len(there.seen) == 1


def asking(subtype: str, params: dict[str, Any], *ports: str) -> dict[str, Any]:
    """A question, and a node behind each of these ports, named after it."""
    done = {
        "type": "ACTION",
        "subtype": "TRANSFORM",
        "params": {"fields": [{"name": "data", "value": "{{ $json.data }}"}]},
    }
    return {
        "nodes": [
            {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
            {"id": "ask", "name": "Ask", "type": "HUMAN_IN_THE_LOOP", "subtype": subtype, "params": params},
            *({"id": port, "name": port, **done} for port in ports),
        ],
        "connections": [
            {"from": "t", "port": "main", "to": "ask"},
            *({"from": "ask", "port": port, "to": port} for port in ports),
        ],
        "settings": {"while_paused": "allow"},
    }


FIELDS = {"type": "object", "required": ["vat"], "properties": {"vat": {"type": "string"}}}
OPTIONS = [{"name": "oak"}, {"name": "pine"}]


def test_a_rule_answers_without_pausing_and_nobody_to_ask_fails(engine: Engine) -> None:
    quiet = {"title": "Ship?", "auto_approve_when": "{{ $json.total < 100 }}"}
    execution_id = engine.start(engine.publish(asking("CONFIRMATION", quiet, "approved", "rejected")), {"total": 12})
    done = engine.until(execution_id)
    asked = next(run for run in done["node_runs"] if run["node_id"] == "ask")
    assert (asked["port"], asked["output"]["decided_by"], done["resume_count"]) == ("approved", "rule", 0)
    assert asked["logs"][0]["message"] == "Nobody was asked: auto_approve_when is true. It counts as “approved”."

    nobody = {"title": "Ship?", "who": {"assignees": "{{ $json.people }}"}}
    execution_id = engine.start(engine.publish(asking("CONFIRMATION", nobody, "approved", "rejected")), {"people": []})
    done = engine.until(execution_id)
    asked = next(run for run in done["node_runs"] if run["node_id"] == "ask")
    assert (done["status"], asked["error"]["code"]) == ("ERROR", "hil.nobody_to_ask")
