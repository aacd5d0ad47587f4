"""The engine's transactions that look across executions: who is claimed, and what a claim leaves alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import store
from apps.executions.models import Execution, Wait
from apps.executions.services import Origin
from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration

ONE_NODE = definition([node("t", "TRIGGER.MANUAL")], [])


def fill(origin: Origin, count: int, *, seconds: float = -60, **columns: Any) -> None:
    """So many executions, due `seconds` from now, a millisecond apart."""
    given = {"queue": "default", "max_concurrent": None} | columns
    with tenant(origin.workspace_id), connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO executions_execution (id, workspace_id, workflow_id, version_id, trigger_node, mode, status,
                   queue, runnable_at, fence, seq, resume_count, lineage_id, unknown_writes, created_at, max_concurrent)
               SELECT gen_random_uuid(), %s, %s, %s, 't', 'production', 'NEW', %s,
                   clock_timestamp() + %s * interval '1 s' + g * interval '1 ms',
                   0, 0, 0, gen_random_uuid(), '[]', now(), %s
               FROM generate_series(1, %s) g""",
            [
                origin.workspace_id,
                origin.workflow_id,
                origin.version_id,
                given["queue"],
                seconds,
                given["max_concurrent"],
                count,
            ],
        )


def claim(places: int) -> list[store.Claimed]:
    return store.claim(worker_id=uuid7(), queues=["default"], places=places)


def test_a_full_workflow_does_not_stand_in_the_way_of_others(idle: Engine) -> None:
    full, other = idle.publish(ONE_NODE), idle.publish(ONE_NODE)
    fill(full, 30, max_concurrent=2)
    fill(other, 5)
    found = [each.workflow_id for each in claim(10)]
    assert (found.count(full.workflow_id), found.count(other.workflow_id)) == (2, 5)
    assert claim(10) == []


def test_a_claim_locks_no_more_than_it_takes(idle: Engine) -> None:
    origin = idle.publish(ONE_NODE)
    fill(origin, 100)
    with tenant(idle.workspace.id):
        assert len(claim(10)) == 10
        with connection.cursor() as cursor:  # a row that was locked, and not changed, carries a locker in xmax
            cursor.execute("SELECT count(*) FROM executions_execution WHERE owner IS NULL AND xmax <> 0")
            assert cursor.fetchone() == (0,)


def test_a_claim_takes_what_is_due_in_its_queues_the_oldest_first(idle: Engine) -> None:
    origin = idle.publish(ONE_NODE)
    fill(origin, 3, seconds=3600)
    fill(origin, 3, queue="bulk")
    fill(origin, 2, seconds=-30)
    fill(origin, 2, seconds=-300)
    with tenant(idle.workspace.id):
        oldest = set(Execution.objects.filter(queue="default").order_by("runnable_at").values_list("id", flat=True)[:2])
    assert {each.id for each in claim(2)} == oldest
    assert len(claim(10)) == 2


def test_who_is_frozen_inside_a_transaction_loses_its_locks(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("1min",)


def test_timers_that_fall_due_at_once_are_resolved_at_once(idle: Engine) -> None:
    document = definition([node("t", "TRIGGER.MANUAL"), node("w", "FLOW.WAIT", duration={"hours": 1})], ["t > w"])
    origin = idle.publish(document)
    started = [idle.start(origin) for _ in range(5)]
    dispatcher = idle.add_dispatcher()
    for execution_id in started:
        idle.until(execution_id, "WAITING")
    dispatcher.stop()
    assert store.timers_fire() == 0
    with tenant(idle.workspace.id):
        Wait.objects.filter(execution_id__in=started).update(wake_at=clock.now() - timedelta(seconds=1))
    assert store.timers_fire() == 5
    with tenant(idle.workspace.id):
        assert not Wait.objects.filter(resolved_at=None).exists()
        Execution.objects.filter(id__in=started).update(runnable_at=clock.now())
    idle.add_dispatcher()
    for execution_id in started:
        assert idle.until(execution_id)["status"] == "SUCCESS"
    for each in idle.dispatchers:
        each.stop()
