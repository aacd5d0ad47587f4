"""What runs add to a session: once, whole, and none of it lost."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from apps.ai import services
from apps.ai.memory import sessions
from apps.ai.memory.sessions import Fact
from apps.ai.models import MemoryKind, MemoryMessage, MemorySession
from apps.core import clock
from apps.core.tenancy import tenant
from apps.nodes.contract import Message
from tests.ai.memory.remembering import EXCHANGE, another_run, remembered, row, session, texts
from tests.cast import Cast


@pytest.mark.django_db
def test_a_run_is_remembered_once_and_whole(cast: Cast) -> None:
    made = session(cast.workspace)
    for _ in range(2):
        sessions.add(made, [Message.of("system", "be kind"), *EXCHANGE])
    assert [message for _, message in sessions.read(made).messages] == list(EXCHANGE)
    sessions.add(replace(made, place=replace(made.place, path="loop[1]")), EXCHANGE[:1])
    assert len(texts(made)) == 5, "each round of a loop is a run of its own"
    found = row(made)
    assert (found.entries, found.used_by_node, found.used_by_execution) == (5, "agent", made.place.execution_id)


@pytest.mark.django_db
def test_sessions_are_apart_by_kind_key_workflow_and_workspace(cast: Cast) -> None:
    made = session(cast.workspace)
    sessions.add(made, EXCHANGE)
    for other in (
        session(cast.workspace, "bob"),
        session(cast.workspace, kind=MemoryKind.SUMMARY),
        session(cast.workspace, workflow_id=uuid4()),
        session(cast.other_workspace),
    ):
        assert sessions.read(other).messages == ()
    assert len(texts(another_run(made))) == 4


@pytest.mark.django_db
def test_the_oldest_go_when_a_session_is_full(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_KEPT", 6)
    made = session(cast.workspace)
    for number in range(3):
        sessions.add(another_run(made), [Message.of("user", f"q{number}"), *EXCHANGE[1:]])
    assert texts(made)[0] == EXCHANGE[2].text
    assert texts(made)[2:] == ["q2", *(message.text for message in EXCHANGE[1:])]
    monkeypatch.setattr(sessions, "MOST_SESSIONS", 1)
    with pytest.raises(Exception, match="the most there may be"):
        sessions.add(session(cast.workspace, "one more"), EXCHANGE)


@pytest.mark.django_db
def test_what_nobody_used_is_forgotten(cast: Cast) -> None:
    made = session(cast.workspace, ttl_seconds=3_600)
    sessions.add(made, EXCHANGE)
    kept = remembered(cast.workspace, "for good")
    with tenant(cast.workspace.id):
        MemorySession.objects.filter(key=made.key).update(expires_at=clock.now() - timedelta(seconds=1))
    assert texts(made) == []
    sessions.add(another_run(made), EXCHANGE[:1])
    assert texts(made) == [EXCHANGE[0].text], "what was over does not come back"
    assert services.memories_sweep() == 0
    for workspace in (cast.workspace, cast.other_workspace):
        remembered(workspace, "over", ttl_seconds=3_600)
        with tenant(workspace.id):
            MemorySession.objects.filter(key="over").update(expires_at=clock.now() - timedelta(seconds=1))
    assert services.memories_sweep() == 2
    with tenant(cast.workspace.id):
        assert {each.key for each in MemorySession.objects.all()} == {made.key, kept.key}
        assert MemoryMessage.objects.count() == 5


@pytest.mark.django_db
def test_facts_take_the_place_of_older_ones(cast: Cast) -> None:
    made = session(cast.workspace, kind=MemoryKind.ENTITY)
    sessions.learn(made, [Fact("Ada", "city", "London"), Fact("Ada", "age", "36")], most=10)
    sessions.learn(made, [Fact("Ada", "city", "Paris")], most=10)
    assert {(each.name, each.value) for each in sessions.facts(made)} == {("city", "Paris"), ("age", "36")}
    sessions.learn(made, [Fact("Bob", "city", "Rome")], most=2)
    assert {(each.subject, each.value) for each in sessions.facts(made)} == {("Ada", "Paris"), ("Bob", "Rome")}


@pytest.mark.django_db
def test_the_nearest_are_found_whatever_the_model_measures(cast: Cast) -> None:
    made = session(cast.workspace, kind=MemoryKind.VECTOR)
    dice = random.Random(7)
    for dimensions in (3, 768, 1536, 3072):
        model = f"m{dimensions}"
        points = [[dice.gauss(0, 1) for _ in range(dimensions)] for _ in range(20)]
        for number, point in enumerate(points):
            sessions.put_piece(another_run(made), f"{model}/{number}", model, point)
        found = sessions.near(made, model, points[7], most=3)
        assert found[0][0] == f"{model}/7"
        assert found[0][1] == pytest.approx(1, abs=1e-3)
        assert len(found) == 3
    assert sessions.near(made, "another model", [0.0, 1.0, 0.0], most=3) == []


@pytest.mark.integration
def test_of_runs_that_end_at_once_none_is_lost(committed_db: None, cast: Cast) -> None:
    made = session(cast.workspace)
    failed: list[Any] = []

    def run(number: int) -> None:
        try:
            own = another_run(made)
            for _ in range(2):  # the second time as after a crash
                sessions.add(own, [Message.of("user", f"{number}/{each}") for each in range(5)])
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    said = texts(made)
    assert len(said) == 60
    runs = [said[start : start + 5] for start in range(0, 60, 5)]
    assert all(run == [f"{run[0].partition('/')[0]}/{each}" for each in range(5)] for run in runs), "each one whole"
    assert row(made).entries == 60


@pytest.mark.integration
def test_of_two_summaries_at_once_one_counts_and_no_message_is_lost(committed_db: None, cast: Cast) -> None:
    made = session(cast.workspace, kind=MemoryKind.SUMMARY)
    sessions.add(made, EXCHANGE)
    assert sessions.summarise(made, "first", before=0, to=2)
    assert not sessions.summarise(another_run(made), "second", before=0, to=3)
    said = sessions.read(made)
    assert (said.summary, [number for number, _ in said.messages]) == ("first", [3, 4])
