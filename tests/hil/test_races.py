"""Answers, deadlines and cancellations at the same moment: always one decision, and one continuation.

`HIL_RACES=500` for the long version, which prints how the rounds went.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

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
from apps.hil.models import Ask, Entry, Interaction, InteractionStatus, Timer, Via, Vote
from apps.hil.services import Answerer
from tests.hil.asking import again, answer, ask, document, park, publish
from tests.hil.test_handlers import question_of

if TYPE_CHECKING:
    from tests.executions.conftest import Engine

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

MANY = int(os.environ.get("HIL_RACES", "20"))
"""How many answers, or rounds, a race has."""
LONG, BATCH = 100, 20


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


def test_the_engines_deadline_and_clicks_at_once_are_one_decision_and_one_continuation(
    engine: Engine, alice: User, bob: User, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two people click while the engine's own wait falls due: somebody first, the others told who or when."""
    origin = engine.publish(document())
    came: Counter[str] = Counter()
    for begin in range(0, MANY, BATCH):
        runs = [engine.start(origin, {"order": "A-1"}) for _ in range(min(BATCH, MANY - begin))]
        for execution_id in runs:
            engine.until(execution_id, "WAITING_FOR_HUMAN", seconds=30)
        due_at = clock.now() + timedelta(milliseconds=400)
        with tenant(engine.workspace.id):
            asked = list(Interaction.objects.filter(execution_id__in=runs))
            Interaction.objects.filter(execution_id__in=runs).update(deadline_at=due_at)
            Wait.objects.filter(execution_id__in=runs).update(wake_at=due_at)
            Execution.objects.filter(id__in=runs).update(runnable_at=due_at)

        said = _around(engine, due_at, [(row, user) for row in asked for user in (alice, bob)])

        for row in asked:
            done = engine.until(row.execution_id, seconds=30)
            came[_one_decision(engine.workspace, row, done, said[row.id])] += 1
    assert sum(came.values()) == MANY
    if MANY >= LONG:
        assert {"Alice", "Bob", "deadline"} == set(came)
        with capsys.disabled():
            print(f"\n{MANY} questions, two clicks and a deadline at once; first was {dict(came)}")


def _around(
    engine: Engine, due_at: datetime, clicks: list[tuple[Interaction, User]]
) -> dict[UUID, dict[str, DomainError | None]]:
    """Click on each within some milliseconds of the moment, while the engine wakes. What each was told."""
    from django.db import connection

    said: dict[UUID, dict[str, DomainError | None]] = defaultdict(dict)

    def click(number: int) -> None:
        row, user = clicks[number]
        connection.ensure_connection()
        early = timedelta(milliseconds=(number * 7) % 40 - 12)  # the engine takes some to claim all
        time.sleep(max(0.0, (due_at - early - clock.now()).total_seconds()))
        try:
            answer(engine.workspace, row, user, "approved" if user.name == "Alice" else "rejected")
            said[row.id][user.name] = None
        except DomainError as refused:
            said[row.id][user.name] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=(number,)) for number in range(len(clicks))]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        engine.poke()
        time.sleep(0.002)
    engine.poke()
    return said


def _one_decision(
    workspace: Workspace, row: Interaction, done: dict[str, Any], said: dict[str, DomainError | None]
) -> str:
    """Who was first, having seen that nothing of it contradicts anything else."""
    kept = again(workspace, row)
    winners = [name for name, refused in said.items() if refused is None]
    refused = [each for each in said.values() if each is not None]
    assert len(said) == 2
    if kept.status == InteractionStatus.ANSWERED:
        assert winners == [kept.answered_by]
        (told,) = refused
        assert told.code in ("hil.already_answered", "hil.timed_out")
        if told.code == "hil.already_answered":
            assert f"Already answered by {kept.answered_by} at {kept.answered_at:%Y-%m-%d %H:%M:%S}" in told.message
    else:
        assert (kept.status, winners) == (InteractionStatus.TIMED_OUT, [])
        assert [each.code for each in refused] == ["hil.timed_out"] * 2
        assert all("The time to answer ended at" in each.message for each in refused)
    port = {"Alice": "approved", "Bob": "rejected"}.get(winners[0] if winners else "", "timeout")
    ran = {run["node_id"]: run for run in done["node_runs"]}
    behind = ("ship", "refuse") if port == "approved" else ("refuse", "ship")
    assert (done["status"], ran["ask"]["port"], kept.outcome) == ("SUCCESS", port, port)
    assert [ran[name]["state"] for name in behind] == ["COMPLETED", "SKIPPED"]
    with tenant(workspace.id):
        events = accounts.audit_events(workspace.id).filter(data__interaction_id=str(row.id))
        assert len(events) == 1
        assert Entry.objects.filter(interaction=row, kind__in=["decided", "timed_out"]).count() == 1
        assert Vote.objects.filter(interaction=row).count() == len(winners)
        assert Wait.objects.get(id=row.wait_id).resolved_by == (winners[0] if winners else "deadline")
    return winners[0] if winners else "deadline"


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
