"""Schedules on real rows: exactly once, whoever looks."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.triggers import selectors
from apps.triggers.models import Schedule
from apps.triggers.services import schedules_fire
from apps.workflows.models import ActiveTrigger
from tests.triggers.conftest import Office, definition, node

pytestmark = pytest.mark.integration


def cron(**params: Any) -> dict[str, Any]:
    return node("clock", "TRIGGER.CRON", **({"expression": "*/5 * * * *"} | params))


def schedule(office: Office) -> Schedule:
    with tenant(office.workspace.id):
        return selectors.schedule_list(office.workspace.id).get()


def rewind(office: Office, next_fire_at: datetime) -> None:
    with tenant(office.workspace.id):
        Schedule.objects.filter(workspace_id=office.workspace.id).update(next_fire_at=next_fire_at)


def started(office: Office) -> list[Execution]:
    with tenant(office.workspace.id):
        return list(Execution.objects.filter(workspace_id=office.workspace.id).order_by("created_at", "id"))


def due_times(office: Office) -> list[tuple[object, str]]:
    """Workflow and due time of everything that was started."""
    return [(execution.workflow_id, (execution.input or {})["due_at"]) for execution in started(office)]


def test_a_schedule_follows_its_workflow(office: Office) -> None:
    workflow = office.activate(definition(cron(timezone="Europe/Berlin", missed="all")))
    now = clock.now()

    schedules_fire(now=now)
    made = schedule(office)
    office.republish(workflow, definition(cron(expression="0 9 * * *", timezone="Europe/Berlin")))
    schedules_fire(now=now)
    changed = schedule(office)
    office.pause(workflow)
    schedules_fire(now=now)

    assert (made.expression, made.timezone, made.missed) == ("*/5 * * * *", "Europe/Berlin", "all")
    assert made.next_fire_at is not None
    assert timedelta() < made.next_fire_at - now <= timedelta(minutes=5)
    assert (changed.id, changed.expression, changed.missed) == (made.id, "0 9 * * *", "one")
    assert changed.next_fire_at is not None
    assert changed.next_fire_at.astimezone(UTC).minute == 0
    with tenant(office.workspace.id):
        assert not Schedule.objects.exists()
    assert started(office) == []


def test_a_new_version_with_the_same_expression_loses_no_due_time(office: Office) -> None:
    workflow = office.activate(definition(cron()))
    schedules_fire(now=clock.now())
    past = clock.now() - timedelta(seconds=10)
    rewind(office, past)

    office.republish(workflow, definition(cron(), node("end", "FLOW.STOP")))
    assert schedules_fire(now=clock.now() - timedelta(minutes=1)) == 0
    assert schedule(office).next_fire_at == past


def test_what_comes_due_between_activation_and_the_first_look_is_started(office: Office) -> None:
    workflow = office.activate(definition(cron(expression="* * * * * *")))
    with tenant(office.workspace.id):
        since = clock.now() - timedelta(seconds=3)
        ActiveTrigger.objects.filter(workflow=workflow).update(active_since=since)

    schedules_fire(now=clock.now())
    assert schedules_fire(now=clock.now()) >= 3


def test_the_execution_knows_its_due_time(office: Office) -> None:
    office.activate(definition(cron(expression="0 9 * * *", timezone="Europe/Berlin")))
    schedules_fire(now=clock.now())
    due = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    rewind(office, due)

    now = due + timedelta(seconds=0.4)
    assert schedules_fire(now=now) == 1

    (execution,) = started(office)
    assert execution.input == {
        "due_at": "2026-11-20T09:00:00+01:00",
        "fired_at": now.isoformat(),
        "timezone": "Europe/Berlin",
    }
    assert (execution.trigger_node, execution.created_at) == ("clock", now)
    after = schedule(office)
    assert (after.last_fired_at, after.next_fire_at) == (due, due + timedelta(days=1))


def test_each_due_time_starts_one_execution_however_many_schedulers_look(office: Office) -> None:
    for number in range(5):
        office.activate(definition(cron(expression="* * * * * *")), name=f"Clock {number}")
    begin = clock.now()
    schedules_fire(now=begin)
    faults: list[BaseException] = []

    def scheduler() -> None:
        try:
            for second in range(1, 16):
                schedules_fire(now=begin + timedelta(seconds=second))
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=scheduler) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    schedules_fire(now=begin + timedelta(seconds=15))

    assert faults == []
    pairs = due_times(office)
    assert len(pairs) == len(set(pairs))
    per_workflow = {workflow: sum(1 for one, _ in pairs if one == workflow) for workflow, _ in pairs}
    assert len(per_workflow) == 5
    assert set(per_workflow.values()) <= {15, 16}


@pytest.mark.parametrize(("missed", "count"), [("skip", 0), ("one", 1), ("all", 24)])
def test_missed_runs_are_made_up_as_asked(office: Office, missed: str, count: int) -> None:
    office.activate(definition(cron(missed=missed)))
    schedules_fire(now=clock.now())
    now = datetime(2026, 11, 20, 12, 3, tzinfo=UTC)
    rewind(office, datetime(2026, 11, 20, 10, 5, tzinfo=UTC))

    assert schedules_fire(now=now) == count
    assert schedules_fire(now=now) == 0
    assert len(set(due_times(office))) == count
    assert schedule(office).next_fire_at == datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


def test_one_that_cannot_be_understood_says_so_and_stops_no_other(office: Office) -> None:
    broken = office.activate(definition(cron()), name="Broken")
    office.activate(definition(cron(expression="* * * * * *")), name="Fine")
    with tenant(office.workspace.id):
        ActiveTrigger.objects.filter(workflow=broken).update(params={"expression": "often"})

    schedules_fire(now=clock.now())
    assert schedules_fire(now=clock.now() + timedelta(seconds=2)) >= 1

    with tenant(office.workspace.id):
        found = Schedule.objects.get(workflow=broken)
    assert found.next_fire_at is None
    assert "“often” is no cron expression" in found.error


def test_while_a_person_is_asked_due_times_are_recorded_as_left_out(office: Office) -> None:
    ask = node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Go on?")
    office.activate(definition(cron(missed="all"), ask, while_paused="block"))
    schedules_fire(now=clock.now())
    rewind(office, datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    schedules_fire(now=datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC))
    with tenant(office.workspace.id):
        Execution.objects.update(status="WAITING_FOR_HUMAN", runnable_at=None)

    assert schedules_fire(now=datetime(2026, 11, 20, 12, 10, 30, tzinfo=UTC)) == 0

    found = schedule(office)
    assert len(started(office)) == 1
    assert (found.skipped_count, found.last_skip_reason) == (2, "executions.blocked_by_pause")
    assert found.last_fired_at == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert found.last_skipped_at == datetime(2026, 11, 20, 12, 10, tzinfo=UTC)
    assert found.next_fire_at == datetime(2026, 11, 20, 12, 15, tzinfo=UTC)
