"""Switching one trigger off and on, and what the overview says of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.triggers import deliveries, overview, switches
from apps.triggers.errors import TriggerUnknown
from apps.triggers.models import Delivery, Schedule
from apps.triggers.overview import TriggerState
from apps.triggers.services import schedules_fire
from apps.workflows import selectors as workflows
from apps.workflows import services as workflow_services
from apps.workflows.models import Workflow
from tests.triggers.conftest import Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration
ECHO = node("echo", "ACTION.TRANSFORM", fields=[{"name": "id", "value": "1"}])


def cron(**params: object) -> dict[str, object]:
    return node("clock", "TRIGGER.CRON", **({"expression": "*/5 * * * *"} | params))


def both(office: Office, **params: object) -> Workflow:
    edges = "hook > echo, clock > echo"
    return office.activate(definition(hook(respond="immediately"), cron(**params), ECHO, edges=edges))


def states(office: Office, workflow: Workflow) -> dict[str, TriggerState]:
    with tenant(office.workspace.id):
        found = workflows.workflow_get(office.workspace.id, workflow.id)
        rows = overview.trigger_states(office.workspace.id, "acme", [found], now=clock.now())
    return {row.node_id: row for row in rows}


def switch(office: Office, workflow: Workflow, node_id: str, *, off: bool, now: datetime | None = None) -> None:
    named: dict[str, Any] = {
        "workspace_id": office.workspace.id,
        "workflow_id": workflow.id,
        "actor": office.cast.owner,
    }
    if off:
        switches.trigger_pause(node_id=node_id, now=now or clock.now(), reason="Vendor sends nonsense", **named)
    else:
        switches.trigger_resume(node_id=node_id, now=now or clock.now(), **named)


def test_one_trigger_is_off_and_the_others_go_on(office: Office, caller: Caller) -> None:
    deliveries.forget()
    workflow = both(office)
    schedules_fire(now=clock.now())
    switch(office, workflow, "hook", off=True)

    refused = caller.post("/webhooks/acme/orders", {"id": 1})
    with tenant(office.workspace.id):
        Schedule.objects.update(next_fire_at=clock.now() - timedelta(minutes=10))
    assert schedules_fire(now=clock.now()) >= 1

    assert (refused.status_code, refused["Retry-After"]) == (503, "120")
    assert refused.json()["code"] == "triggers.trigger_paused"
    found = states(office, workflow)
    assert (found["hook"].state, found["hook"].is_active) == ("paused", False)
    assert found["hook"].reason == "Switched off by alice@example.com: Vendor sends nonsense"
    assert (found["clock"].state, found["clock"].is_active) == ("active", True)
    with tenant(office.workspace.id):
        kept = Delivery.objects.get(code="triggers.trigger_paused")
    assert (kept.verdict, kept.is_whole) == ("refused", True)  # it can be replayed once the trigger is on again

    switch(office, workflow, "hook", off=False)
    assert caller.post("/webhooks/acme/orders", {"id": 1}).status_code == 202


def test_a_schedule_leaves_out_what_came_due_while_it_was_off_and_stays_off_over_new_versions(office: Office) -> None:
    workflow = both(office, missed="all")
    schedules_fire(now=clock.now())
    switch(office, workflow, "clock", off=True)
    with tenant(office.workspace.id):
        Schedule.objects.update(next_fire_at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC))

    now = datetime(2026, 11, 20, 12, 2, tzinfo=UTC)
    assert schedules_fire(now=now) == 0
    document = definition(hook(path="other"), cron(expression="*/10 * * * *"), ECHO, edges="hook > echo, clock > echo")
    office.republish(workflow, document)
    office.pause(workflow)
    schedules_fire(now=now)
    office.resume(workflow)
    schedules_fire(now=now)
    with tenant(office.workspace.id):
        assert Schedule.objects.get().is_paused
        Schedule.objects.update(next_fire_at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    assert schedules_fire(now=now) == 0

    switch(office, workflow, "clock", off=False, now=now)
    assert schedules_fire(now=now + timedelta(minutes=1)) == 0
    assert schedules_fire(now=datetime(2026, 11, 20, 12, 10, 1, tzinfo=UTC)) == 1


def test_life_of_a_trigger(office: Office) -> None:
    given: dict[str, Any] = {"workspace_id": office.workspace.id, "actor": office.cast.owner}
    document = definition(cron(), ECHO)
    workflow = workflow_services.workflow_create(name="Life", definition=document, **given)
    assert states(office, workflow)["clock"].state == "draft"

    workflow_services.workflow_activate(workflow_id=workflow.id, **given)
    assert states(office, workflow)["clock"].state == "deploying"
    schedules_fire(now=clock.now())
    found = states(office, workflow)["clock"]
    assert (found.state, found.summary) == ("active", "*/5 * * * *")
    assert found.next_at is not None

    workflow_services.workflow_update(
        workflow_id=workflow.id,
        definition=definition(cron(), hook(), ECHO, edges="clock > echo, hook > echo"),
        **given,
    )
    found = states(office, workflow)["hook"]
    assert (found.state, found.is_published, found.url) == ("draft", False, found.url)
    assert found.test_url.endswith("/webhooks-test/acme/orders")

    office.pause(workflow)
    assert states(office, workflow)["clock"].state == "paused"
    office.resume(workflow)
    schedules_fire(now=clock.now())
    with tenant(office.workspace.id):
        Schedule.objects.update(next_fire_at=None, error="It broke.")
    assert (states(office, workflow)["clock"].state, states(office, workflow)["clock"].reason) == (
        "failed",
        "It broke.",
    )


def test_one_whose_last_date_has_passed_has_ended(office: Office) -> None:
    soon = (clock.now() + timedelta(seconds=2)).isoformat()
    workflow = office.activate(definition(cron(expression="* * * * * *", ends_at=soon), ECHO))
    schedules_fire(now=clock.now())
    later = clock.now() + timedelta(seconds=30)
    assert schedules_fire(now=later) >= 1
    assert schedules_fire(now=later) == 0

    with tenant(office.workspace.id):
        found = workflows.workflow_get(office.workspace.id, workflow.id)
        (row,) = overview.trigger_states(office.workspace.id, "acme", [found], now=later)
    assert (row.state, row.reason[:12]) == ("ended", "It ended on ")


def test_failures_in_a_row_are_counted(office: Office, caller: Caller) -> None:
    workflow = office.activate(definition(hook(respond="immediately"), ECHO))
    for number in range(5):
        caller.post("/webhooks/acme/orders", {"id": number})
    with tenant(office.workspace.id):
        ids = list(Execution.objects.order_by("id").values_list("id", flat=True))
        Execution.objects.filter(id__in=ids[:2]).update(status="SUCCESS", runnable_at=None)
        Execution.objects.filter(id__in=ids[2:]).update(status="ERROR", runnable_at=None)

    found = states(office, workflow)["hook"]
    assert (found.error_streak, found.is_failing) == (3, True)
    assert found.last is not None
    assert found.last.verdict == "accepted"


def test_an_unknown_trigger_is_named(office: Office) -> None:
    workflow = both(office)
    with pytest.raises(TriggerUnknown, match="no trigger “hok”"):
        switch(office, workflow, "hok", off=True)


def test_jitter_moves_a_schedule_by_the_same_each_time(office: Office) -> None:
    workflow = office.activate(definition(cron(expression="0 * * * *", jitter_seconds=600), ECHO))
    schedules_fire(now=clock.now())
    with tenant(office.workspace.id):
        first = Schedule.objects.get().next_fire_at
    assert first is not None
    by = timedelta(minutes=first.minute, seconds=first.second)
    assert by <= timedelta(minutes=10)

    assert schedules_fire(now=first - timedelta(seconds=1)) == 0
    assert schedules_fire(now=first) == 1
    with tenant(office.workspace.id):
        assert Schedule.objects.get().next_fire_at == first + timedelta(hours=1)
        given: Any = Execution.objects.get(workflow_id=workflow.id).input
    assert given["due_at"] == (first - by).isoformat()
