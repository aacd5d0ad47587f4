"""What can be done to executions, and by whose clock."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import live, services, store
from apps.executions.models import Execution, Transition
from tests.executions.conftest import Engine, definition, fields, node, seconds_from_now

pytestmark = pytest.mark.integration

MUCH = timedelta(minutes=10)
ASK = {"title": "Ship?", "timeout_seconds": 3600}


def short() -> dict[str, Any]:
    return definition([node("t", "TRIGGER.MANUAL"), node("a", "ACTION.TRANSFORM", fields=fields(x=1))], ["t > a"])


@pytest.mark.parametrize("skew", [MUCH, -MUCH])
def test_a_web_process_whose_clock_is_wrong_starts_at_once(engine: Engine, skew: timedelta) -> None:
    document = short() | {"settings": {"timeout_seconds": 60}}
    started = services.execution_start(
        origin=engine.publish(document), trigger_node="t", input=None, now=clock.now() + skew
    )
    engine.poke()
    assert engine.until(started.id, seconds=3)["status"] == "SUCCESS"


def test_an_answer_from_a_process_whose_clock_is_ahead_is_taken_up_at_once(engine: Engine) -> None:
    document = definition([node("t", "TRIGGER.MANUAL"), node("a", "HUMAN_IN_THE_LOOP.CONFIRMATION", **ASK)], ["t > a"])
    execution_id = engine.start(engine.publish(document))
    wait = engine.until(execution_id, "WAITING_FOR_HUMAN")["waits"][0]
    services.wait_resolve(
        workspace_id=engine.workspace.id,
        wait_id=wait["id"],
        answer={"outcome": "approved", "comment": None, "data": None, "answered_by": "b", "answered_at": ""},
        by="bob",
        now=clock.now() + MUCH,
    )
    engine.poke()
    assert engine.until(execution_id, seconds=3)["status"] == "SUCCESS"


def test_a_worker_whose_clock_is_behind_takes_a_timer_up_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    true_now = clock.now
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("nap", "FLOW.WAIT", until=seconds_from_now(1))], ["t > nap"]
    )
    monkeypatch.setattr(clock, "now", lambda: true_now() - MUCH)
    found = engine.until(engine.start(engine.publish(document)), seconds=4)
    assert (found["status"], found["resume_count"]) == ("SUCCESS", 1)
    with tenant(engine.workspace.id):
        assert Transition.objects.filter(execution_id=found["id"]).count() == 2


@pytest.mark.parametrize("skew", [MUCH, -MUCH])
def test_a_worker_whose_machine_is_off_goes_by_the_databases_clock(
    committed_db: None, workspace: Any, monkeypatch: pytest.MonkeyPatch, skew: timedelta
) -> None:
    true_now = clock.machine_now
    idle = Engine(workspace)
    nap = node("nap", "FLOW.WAIT", duration={"seconds": 1})
    execution_id = idle.start(idle.publish(definition([node("t", "TRIGGER.MANUAL"), nap], ["t > nap"])))
    monkeypatch.setattr(clock, "machine_now", lambda: true_now() + skew)
    idle.add_dispatcher()
    try:
        wait = idle.until(execution_id, "WAITING", seconds=3)["waits"][0]
        assert abs(datetime.fromisoformat(wait["wake_at"]) - true_now()) < timedelta(seconds=2)
        assert idle.until(execution_id, seconds=4)["resume_count"] == 1
    finally:
        idle.dispatchers[0].stop()
        clock.correct(timedelta())


def test_who_waits_gets_the_response_though_it_is_cancelled_afterwards(
    committed_db: None, workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(live, "reply", lambda channel, outcome: told.append(outcome))
    idle = Engine(workspace)
    execution_id = idle.start(idle.publish(short()), reply_to="somebody")
    response = {"status": 201, "body": "done", "headers": {}}
    with tenant(workspace.id):
        Execution.objects.filter(id=execution_id).update(response=response)
    services.execution_cancel(workspace_id=workspace.id, execution_id=execution_id, now=clock.now(), by="alice")
    assert [each["response"] for each in told] == [response]


def test_an_owner_that_was_replaced_cannot_end_it(committed_db: None, workspace: Any) -> None:
    idle = Engine(workspace)
    execution_id = idle.start(idle.publish(short()))
    me = uuid7()
    (claimed,) = store.claim(worker_id=me, queues=["default"], places=5)
    store.release(worker_id=me)
    services.execution_fail(workspace_id=workspace.id, execution_id=execution_id, fence=claimed.fence, now=clock.now())
    with tenant(workspace.id):
        assert Execution.objects.get(id=execution_id).status == "RUNNING"


def test_a_deadline_does_not_wait_for_a_commit_that_hangs(committed_db: None, workspace: Any) -> None:
    idle = Engine(workspace)
    execution_id = idle.start(idle.publish(short()))
    is_over, is_locked = threading.Event(), threading.Event()

    def hang() -> None:
        with tenant(workspace.id):
            Execution.objects.select_for_update().get(id=execution_id)
            is_locked.set()
            is_over.wait(3)
        connection.close()

    holder = threading.Thread(target=hang)
    holder.start()
    is_locked.wait(3)
    began = time.monotonic()
    services.execution_expire(workspace_id=workspace.id, execution_id=execution_id, now=clock.now())
    assert time.monotonic() - began < 1
    is_over.set()
    holder.join()
    services.execution_expire(workspace_id=workspace.id, execution_id=execution_id, now=clock.now())
    assert idle.snapshot(execution_id)["status"] == "TIMED_OUT"
