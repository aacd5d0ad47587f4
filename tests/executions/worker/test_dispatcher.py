"""One process's share of the work when something goes wrong: with the database, its lease, its threads, its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django.fixtures import Settings

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import graphs, live, services, store
from apps.executions.models import Execution
from apps.executions.worker import dispatcher as module
from apps.executions.worker.dispatcher import Dispatcher
from apps.workflows.graph import GraphInvalid
from tests.executions.conftest import Engine, definition, fields, node
from tests.executions.worker.test_calls import calling, lost_while_calling
from tests.fakes.receiver import Receiver, receiver

pytestmark = pytest.mark.integration

SHORT = definition([node("t", "TRIGGER.MANUAL"), node("a", "ACTION.TRANSFORM", fields=fields(x=1))], ["t > a"])


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    with receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


def until(holds: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.01)


def away(*_: Any, **__: Any) -> Any:
    raise OperationalError("the database is away")


# ── The database goes away ───────────────────────────────────────────────────────────────────────────────────────────


def test_stopping_while_the_database_is_away_ends_no_execution(
    idle: Engine, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DRAIN_SECONDS", 0.3)
    there.says(delay=0.3)
    first = idle.add_dispatcher()
    execution_id = idle.start(idle.publish(calling(there)))
    until(lambda: there.seen)
    with monkeypatch.context() as outage:
        outage.setattr(store, "checkpoint", away)
        time.sleep(0.5)  # the answer is there, and cannot be written
        idle.dispatchers.remove(first)
        first.stop()
        time.sleep(0.5)
    idle.add_dispatcher()
    assert idle.until(execution_id)["status"] == "SUCCESS"


def test_a_commit_whose_answer_was_lost_is_looked_up_until_the_database_answers(
    idle: Engine, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, look_up = store.checkpoint, store.is_written
    lost: list[store.Checkpoint] = []
    refused: list[store.Checkpoint] = []

    def committed_unseen(point: store.Checkpoint) -> bool:
        found = commit(point)
        if not lost:
            lost.append(point)
            away()
        return found

    def not_yet(point: store.Checkpoint) -> bool:
        if not refused:
            refused.append(point)
            away()
        return look_up(point)

    monkeypatch.setattr(store, "checkpoint", committed_unseen)
    monkeypatch.setattr(store, "is_written", not_yet)
    idle.add_dispatcher()
    found = idle.until(idle.start(idle.publish(calling(there, "POST", json={"a": 1}))))
    assert (found["status"], found["resume_count"], len(there.seen)) == ("SUCCESS", 0, 1)


def test_a_process_without_a_lease_claims_nothing(idle: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    execution_id = idle.start(idle.publish(SHORT))
    with monkeypatch.context() as outage:
        outage.setattr(store, "worker_beat", away)
        idle.add_dispatcher(lease_seconds=0.5)
        time.sleep(0.5)
        assert idle.snapshot(execution_id)["status"] == "NEW"
    assert idle.until(execution_id, seconds=3)["status"] == "SUCCESS"


def test_a_frozen_owner_in_the_middle_of_a_commit_does_not_stop_the_sweep(idle: Engine) -> None:
    origin = idle.publish(SHORT)
    frozen, other = idle.start(origin), idle.start(origin)
    assert len(store.claim(worker_id=uuid7(), queues=["default"], places=5)) == 2
    is_locked, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with tenant(idle.workspace.id):
            Execution.objects.select_for_update().get(id=frozen)
            is_locked.set()
            is_over.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    is_locked.wait(5)
    try:
        idle.add_dispatcher(lease_seconds=0.2)
        assert idle.until(other, seconds=5)["status"] == "SUCCESS"
    finally:
        is_over.set()
        holder.join()
    assert idle.until(frozen)["status"] == "SUCCESS"


# ── Its own executions ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_execution_it_lost_and_got_back_is_not_lost_again(idle: Engine, there: Receiver) -> None:
    there.says(delay=1.5)
    there.says(delay=3)
    only = idle.add_dispatcher()
    execution_id = idle.start(idle.publish(calling(there)))
    until(lambda: there.seen)
    store.release(worker_id=only.worker_id)  # as if its lease had run out
    found = idle.until(execution_id)
    assert (found["status"], found["resume_count"], len(there.seen)) == ("SUCCESS", 1, 2)


def test_who_waits_for_a_thread_gets_it_though_nobody_says_that_it_is_free(idle: Engine, there: Receiver) -> None:
    execution_id = lost_while_calling(idle, calling(there))
    only = idle.add_dispatcher(lease_seconds=0.5, threads=1)
    only._slots.acquire()
    until(lambda: only._starving)
    only._slots.release()
    assert idle.until(execution_id, seconds=4)["status"] == "SUCCESS"


def test_a_call_that_is_not_wanted_any_more_is_not_made(idle: Engine, there: Receiver) -> None:
    only = idle.add_dispatcher(threads=1)
    release = threading.Event()
    only._callers.submit(release.wait, 5)  # the only thread is busy, though its place is free
    execution_id = idle.start(idle.publish(calling(there, "POST", json={"a": 1})))
    until(lambda: any(run.in_flight for run in only._in_hand()))
    services.execution_cancel(workspace_id=idle.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")
    until(lambda: not only._in_hand())
    release.set()
    time.sleep(0.3)
    assert there.seen == []


def test_what_can_never_be_taken_up_fails_in_the_end(idle: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def invalid(**_: Any) -> Any:
        raise GraphInvalid([])

    monkeypatch.setattr(graphs, "graph_of", invalid)
    monkeypatch.setattr(module, "REFUSED_SECONDS", 1.5)
    idle.add_dispatcher()
    execution_id = idle.start(idle.publish(SHORT))
    time.sleep(0.5)
    assert idle.snapshot(execution_id)["status"] in ("NEW", "RUNNING")
    found = idle.until(execution_id, seconds=6)
    assert (found["status"], found["error"]["code"]) == ("ERROR", "executions.engine_fault")


# ── The round ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_part_of_the_round_that_fails_does_not_stop_the_rest(
    idle: Engine, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(services, "execution_expire", broken)
    monkeypatch.setattr(store, "sweep", lambda **_: [(uuid7(), uuid7())])
    there.says(delay=4)
    only = idle.add_dispatcher(sweeps=[broken])
    execution_id = idle.start(idle.publish(calling(there)))
    until(lambda: there.seen)
    services.execution_cancel(workspace_id=idle.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")
    until(lambda: not only._in_hand(), seconds=3)


def test_an_execution_that_cannot_be_moved_does_not_bind_those_who_move_others(idle: Engine, there: Receiver) -> None:
    there.says(delay=6)
    only = idle.add_dispatcher(movers=1)
    stuck = idle.start(idle.publish(calling(there, own={"timeout_seconds": 1})))
    until(lambda: there.seen)
    (run,) = only._in_hand()
    with run.lock:  # as if its commit waited for somebody
        until(lambda: all(call.deadline < time.monotonic() for call in run.in_flight.values()))
        time.sleep(1.2)
        assert idle.until(idle.start(idle.publish(SHORT)), seconds=3)["status"] == "SUCCESS"
    assert idle.until(stuck, seconds=8)["status"] in ("SUCCESS", "ERROR")


def test_a_terminal_reply_carries_the_response_that_was_given_before(
    idle: Engine, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(live, "reply", lambda channel, outcome: told.append(outcome))
    document = calling(there)
    document["nodes"].append(node("say", "FLOW.RESPOND", status=201, body="taken"))
    document["connections"] = [
        {"from": "t", "port": "main", "to": "say"},
        {"from": "say", "port": "main", "to": "call"},
        {"from": "call", "port": "main", "to": "end"},
    ]
    idle.add_dispatcher()
    idle.until(idle.start(idle.publish(document), reply_to="somebody"))
    until(lambda: told and told[-1]["status"] == "SUCCESS")
    assert {(each["response"]["status"], each["response"]["body"]) for each in told} == {(201, "taken")}


def test_a_dispatcher_that_never_felt_its_pulse_can_be_stopped(
    committed_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "worker_beat", away)
    found = Dispatcher(worker_id=uuid7(), name="test", queues=["default"])
    found.start()
    began = time.monotonic()
    found.stop()
    assert time.monotonic() - began < 5
