"""Questions inside the engine's transactions: committed data, real threads, a real engine."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.fixtures import Settings

from apps.accounts import selectors as accounts
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.executions.models import Execution, Wait
from apps.hil import services
from apps.hil.models import Interaction, InteractionStatus, Via
from apps.hil.services import Answerer
from tests.fakes.receiver import receiver
from tests.hil.asking import again, ask, document

if TYPE_CHECKING:
    from tests.executions.conftest import Engine

pytestmark = pytest.mark.integration


def answer(workspace: Workspace, row: Interaction, user: User, outcome: str, **more: Any) -> Interaction:
    return services.interaction_answer(
        workspace_id=workspace.id,
        interaction_id=row.id,
        answerer=Answerer.of(member_actor(user, "owner"), Via.APP),
        outcome=outcome,
        now=clock.now(),
        **more,
    )


def test_of_twenty_answers_at_once_one_counts(committed_db: None, workspace: Workspace, alice: User, bob: User) -> None:
    from django.db import connection

    row = ask(workspace)
    start = threading.Barrier(20)
    said: list[str] = []

    def one(number: int) -> None:
        start.wait(10)
        try:
            answer(workspace, row, (alice, bob)[number % 2], ("approved", "rejected")[number % 2])
            said.append("won")
        except DomainError as refused:
            said.append(f"{refused.status} {refused.code} {refused.extra.get('answered_by')}")
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    kept = again(workspace, row)
    assert said.count("won") == 1
    assert said.count(f"409 hil.already_answered {kept.answered_by}") == 19
    with tenant(workspace.id):
        assert Wait.objects.get(id=row.wait_id).answer["outcome"] == kept.outcome
        assert len(accounts.audit_events(workspace.id).filter(action="interaction.answered")) == 1


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


def test_an_answer_and_a_cancellation_at_once_never_disagree(engine: Engine, alice: User) -> None:
    """Whoever is second is refused, whatever the order; the question says the same as the run."""
    from django.db import connection

    for _ in range(5):
        execution_id = engine.start(engine.publish(document()), {"order": "A-1"})
        engine.until(execution_id, "WAITING_FOR_HUMAN")
        row = question_of(engine.workspace, execution_id)
        start = threading.Barrier(2)
        refused: list[str] = []

        def cancel(execution_id: Any = execution_id, start: threading.Barrier = start) -> None:
            start.wait(10)
            try:
                executions.execution_cancel(
                    workspace_id=engine.workspace.id, execution_id=execution_id, now=clock.now(), by="alice"
                )
            finally:
                connection.close()

        thread = threading.Thread(target=cancel)
        thread.start()
        start.wait(10)
        try:
            answer(engine.workspace, row, alice, "approved")
        except DomainError as error:
            refused.append(error.code)
        thread.join(10)
        kept = again(engine.workspace, row)
        assert kept.status == (InteractionStatus.WITHDRAWN if refused else InteractionStatus.ANSWERED)
        assert refused in ([], ["hil.withdrawn"])
        time.sleep(0.01)


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
