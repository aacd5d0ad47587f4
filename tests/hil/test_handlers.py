"""Questions inside the engine's transactions: committed data, real threads, a real engine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.fixtures import Settings

from apps.accounts import selectors as accounts
from apps.accounts.access.actor import Actor, system
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.executions.models import Execution, Wait
from apps.hil import services
from apps.hil.models import Ask, Interaction, InteractionStatus, Timer, Via, Vote
from apps.hil.services import Answerer
from tests.fakes.receiver import receiver
from tests.hil.asking import again, ask, document, park, publish

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


MANY = int(os.environ.get("HIL_RACES", "20"))
"""How many answers, or rounds, a race has; `HIL_RACES=500` for the long version."""


def at_once(calls: list[Callable[[], Any]]) -> list[str]:
    """Make all these calls at the same moment, each on a connection of its own. What came of each, in any order."""
    from django.db import connection

    start = threading.Barrier(len(calls))
    said: list[str] = []

    def one(call: Callable[[], Any]) -> None:
        start.wait(30)
        try:
            call()
            said.append("won")
        except DomainError as refused:
            said.append(f"{refused.status} {refused.code} {refused.extra.get('answered_by')}")
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return said


def test_of_many_answers_at_once_from_all_ways_one_counts(
    committed_db: None, workspace: Workspace, alice: User, bob: User
) -> None:
    """The pages, a key, links, a mail and a message: whoever is second is told who was first, and when."""
    row = ask(workspace)
    links = [
        services.interaction_link_create(
            workspace_id=workspace.id,
            interaction_id=row.id,
            recipient=f"Guest {n}",
            actor=member_actor(alice, "owner"),
            now=clock.now(),
        ).link
        for n in range(5)
    ]
    key = Actor(kind="api_key", id=uuid7(), label="key Deploy", maker_id=bob.id)

    def by(answerer: Answerer, outcome: str) -> Callable[[], Any]:
        return lambda: services.interaction_answer(
            workspace_id=workspace.id, interaction_id=row.id, answerer=answerer, outcome=outcome, now=clock.now()
        )

    ways: list[Callable[[], Any]] = [
        by(Answerer.of(member_actor(alice, "owner"), Via.APP), "approved"),
        by(Answerer.of(member_actor(bob, "member"), Via.SLACK), "rejected"),
        by(Answerer.of(key, Via.API), "approved"),
        by(Answerer(system("Jonas (mail)"), "Jonas", Via.EMAIL), "rejected"),
        *(
            partial(services.interaction_answer_by_link, link=link, outcome="rejected", comment="", now=clock.now())
            for link in links
        ),
    ]
    said = at_once([ways[number % len(ways)] for number in range(MANY)])

    kept = again(workspace, row)
    assert said.count("won") == 1
    assert said.count(f"409 hil.already_answered {kept.answered_by}") == MANY - 1
    with tenant(workspace.id):
        assert Wait.objects.get(id=row.wait_id).answer["outcome"] == kept.outcome
        assert len(accounts.audit_events(workspace.id).filter(action="interaction.answered")) == 1
        assert Vote.objects.filter(interaction=row).count() == 1


def test_votes_at_once_are_counted_one_after_the_other(
    committed_db: None, workspace: Workspace, alice: User, bob: User
) -> None:
    people = {"assignees": ["alice@example.com", "bob@example.com", "eve@outside.example"], "policy": "all"}
    row = ask(workspace, people=people)
    with tenant(workspace.id):
        eve = Ask.objects.get(interaction=row, user=None)
    who = [
        Answerer.of(member_actor(alice, "owner"), Via.APP),
        Answerer.of(member_actor(bob, "member"), Via.APP),
        Answerer.asked(eve, Via.EMAIL),
    ]

    def by(answerer: Answerer) -> Callable[[], Any]:
        return lambda: services.interaction_answer(
            workspace_id=workspace.id, interaction_id=row.id, answerer=answerer, outcome="approved", now=clock.now()
        )

    said = at_once([by(answerer) for answerer in who * 4])
    kept = again(workspace, row)
    assert said.count("won") == 3
    assert (kept.outcome, len(kept.answer["votes"])) == ("approved", 3)
    with tenant(workspace.id):
        assert Vote.objects.filter(interaction=row, is_deciding=True).count() == 1


def test_a_click_and_the_deadline_at_once_never_disagree(committed_db: None, workspace: Workspace, alice: User) -> None:
    """Whoever is second is told; the question says the same as the engine's wait."""
    version = publish(workspace)
    timing = {"seconds": 3600, "business_hours": True, "reminders": [], "escalations": []}
    for _ in range(max(5, MANY // 4)):
        row = ask(workspace, execution_id=park(workspace, version), lasts=None, timing=timing)
        with tenant(workspace.id):
            Timer.objects.filter(interaction=row).update(due_at=clock.now())
        said = at_once([partial(answer, workspace, row, alice, "approved"), services.timers_fire])
        kept = again(workspace, row)
        with tenant(workspace.id):
            wait = Wait.objects.get(id=row.wait_id)
        if kept.status == InteractionStatus.ANSWERED:
            assert (wait.answer["outcome"], said) == ("approved", ["won", "won"])
        else:
            assert (kept.status, wait.resolved_by) == (InteractionStatus.TIMED_OUT, "deadline")
            assert sorted(said) == ["409 hil.timed_out None", "won"]


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


@pytest.mark.parametrize(
    ("subtype", "params", "outcome", "data", "port", "kept"),
    [
        ("INPUT", {"title": "VAT?", "form": FIELDS}, "answered", {"vat": "SE12"}, "answered", {"vat": "SE12"}),
        ("DECISION", {"title": "Which?", "options": OPTIONS}, "pine", None, "pine", None),
        (
            "DECISION",
            {"title": "Which?", "options": OPTIONS, "choose": "several"},
            "answered",
            ["pine", "oak"],
            "answered",
            ["oak", "pine"],
        ),
        (
            "REVIEW",
            {"title": "Fine?", "content": "Old."},
            "approved",
            {"content": "New."},
            "edited",
            {"content": "New."},
        ),
    ],
)
def test_every_kind_leaves_by_its_outcome_with_what_was_entered(
    engine: Engine, alice: User, subtype: str, params: dict[str, Any], outcome: str, data: Any, port: str, kept: Any
) -> None:
    execution_id = engine.start(engine.publish(asking(subtype, params, port)))
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    answer(engine.workspace, question_of(engine.workspace, execution_id), alice, outcome, data=data)
    engine.poke()
    done = engine.until(execution_id)
    assert (done["status"], done["output"]) == ("SUCCESS", {"data": kept})
    assert next(run["port"] for run in done["node_runs"] if run["node_id"] == "ask") == port


@pytest.mark.parametrize(
    ("on_timeout", "status", "port"), [("approve", "SUCCESS", "approved"), ("fail", "ERROR", None)]
)
def test_what_silence_comes_to(engine: Engine, on_timeout: str, status: str, port: str | None) -> None:
    params = {"title": "Ship?", "on_timeout": on_timeout}
    execution_id = engine.start(engine.publish(asking("CONFIRMATION", params, "approved", "rejected")))
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    row = question_of(engine.workspace, execution_id)
    with tenant(engine.workspace.id):
        Wait.objects.filter(id=row.wait_id).update(wake_at=clock.now())
        Execution.objects.filter(id=execution_id).update(runnable_at=clock.now())
    engine.poke()
    done = engine.until(execution_id)
    asked = next(run for run in done["node_runs"] if run["node_id"] == "ask")
    assert (done["status"], asked["port"]) == (status, port)
    assert (asked["error"] or {}).get("code") == (None if port else "hil.nobody_answered")


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


def test_two_branches_and_five_rounds_are_asked_and_answered_in_any_order(engine: Engine, alice: User) -> None:
    ask_ = {"type": "HUMAN_IN_THE_LOOP", "subtype": "CONFIRMATION"}
    document = {
        "nodes": [
            {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
            {"id": "left", "name": "Left", **ask_, "params": {"title": "Left?"}},
            {"id": "right", "name": "Right", **ask_, "params": {"title": "Right?"}},
            {
                "id": "loop",
                "name": "Each",
                "type": "FLOW",
                "subtype": "LOOP",
                "params": {"items": "{{ [1, 2, 3, 4, 5] }}", "parallelism": 5},
            },
            {"id": "inner", "name": "Inner", "parent": "loop", **ask_, "params": {"title": "Item {{ $item }}?"}},
        ],
        "connections": [{"from": "t", "port": "main", "to": to} for to in ("left", "right", "loop")],
        "settings": {"while_paused": "allow"},
    }
    execution_id = engine.start(engine.publish(document))
    until = time.monotonic() + 20
    rows: list[Interaction] = []
    while len(rows) < 7 and time.monotonic() < until:
        time.sleep(0.05)
        with tenant(engine.workspace.id):
            rows = list(Interaction.objects.filter(execution_id=execution_id).order_by("-title"))
    assert [row.title for row in rows] == ["Right?", "Left?", *(f"Item {n}?" for n in (5, 4, 3, 2, 1))]
    for row in rows:
        answer(engine.workspace, row, alice, "rejected" if row.title == "Item 3?" else "approved")
    engine.poke()
    done = engine.until(execution_id)
    assert done["status"] == "SUCCESS"
    (loop,) = [run for run in done["node_runs"] if run["node_id"] == "loop" and run["path"] == ""]
    assert [each["outcome"] for each in loop["output"]] == ["approved", "approved", "rejected", "approved", "approved"]
