"""Workflows that start when executions of others have ended: exactly once, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from apps.accounts.access.objects import Kind
from apps.accounts.access.resolve import member_actor
from apps.accounts.services import object_share
from apps.core import clock, events, relay
from apps.core.ids import uuid7
from apps.core.models import Event
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.executions.models import Execution
from apps.executions.worker.dispatcher import Dispatcher
from apps.triggers import listeners, switches
from apps.triggers.events import event_post
from apps.triggers.models import Delivery
from apps.workflows import services as workflows
from apps.workflows.models import Version, Workflow
from tests.triggers.conftest import Json, Office, definition, node

pytestmark = pytest.mark.integration

DONE = node("s", "FLOW.STOP", outcome="success")
FAIL = node("s", "FLOW.STOP", outcome="error", message="No stock")


@pytest.fixture
def telling(engine: Dispatcher) -> Iterator[None]:
    """An engine that tells events."""
    engine.sweeps.append(relay.tend)
    yield
    relay.rest()


def finished(**params: Any) -> Json:
    return node("heard", "TRIGGER.EXECUTION_FINISHED", **params)


def failure(**params: Any) -> Json:
    return node("caught", "TRIGGER.ERROR", **params)


def start(office: Office, workflow: Workflow, **options: Any) -> UUID:
    with tenant(office.workspace.id):
        version = Version.objects.get(workflow=workflow, number=1)
    settings = version.definition["settings"]
    origin = executions.Origin(
        office.workspace.id, workflow.id, version.id, tells_end="error_workflow" in settings, while_paused="allow"
    )
    return executions.execution_start(origin=origin, trigger_node="t", input=None, now=clock.now(), **options).id


def all_of(office: Office, workflow: Workflow) -> list[Execution]:
    with tenant(office.workspace.id):
        return list(Execution.objects.filter(workflow=workflow).order_by("id"))


def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.02)


def settled(office: Office) -> bool:
    """Whether everything has ended and everybody has been told."""
    with tenant(office.workspace.id):
        return (
            not Event.objects.exists()
            and not Execution.objects.exclude(status__in=["SUCCESS", "ERROR", "CANCELED", "TIMED_OUT"]).exists()
        )


MANUAL = node("t", "TRIGGER.MANUAL")


def test_a_downstream_workflow_starts_with_what_came_out(office: Office, telling: None) -> None:
    make = node("s", "ACTION.TRANSFORM", fields=[{"name": "total", "value": 12}])
    upstream = office.activate(definition(MANUAL, make), name="Orders")
    picky = office.activate(definition(finished(workflows=[str(upstream.id)], statuses=["SUCCESS"]), DONE))
    failures = office.activate(definition(finished(statuses=["ERROR", "TIMED_OUT"]), DONE))
    ended = start(office, upstream)
    until(lambda: all_of(office, picky) and settled(office))
    (heard,) = all_of(office, picky)
    assert heard.input is not None
    expected = {
        "execution_id": str(ended),
        "workflow_id": str(upstream.id),
        "workflow_name": "Orders",
        "status": "SUCCESS",
        "output": {"total": 12},
        "error": None,
    }
    assert expected.items() <= heard.input.items()
    assert heard.input["url"].endswith(f"/w/acme/executions/{ended}/")
    assert (heard.depth, heard.trigger_node) == (1, "heard")
    assert heard.started_by == {
        "kind": "execution",
        "id": str(ended),
        "label": "Orders",
        "by": "EXECUTION_FINISHED",
    }
    assert all_of(office, failures) == []


def test_tests_are_not_heard(office: Office, telling: None) -> None:
    upstream = office.activate(definition(MANUAL, DONE))
    listener = office.activate(definition(finished(), DONE))
    start(office, upstream, mode="test")
    until(lambda: settled(office) and all_of(office, upstream)[0].status == "SUCCESS")
    assert all_of(office, listener) == []


def test_a_failure_starts_the_workflow_that_the_settings_name(office: Office, telling: None) -> None:
    catcher = office.activate(definition(failure(), DONE), name="Catch")
    office.pause(catcher)
    upstream = office.activate(definition(MANUAL, FAIL, error_workflow=str(catcher.id)), name="Orders")
    other = office.activate(definition(MANUAL, FAIL), name="Nobody cares")
    ended = start(office, upstream)
    start(office, other)
    until(lambda: all_of(office, catcher) and settled(office))
    (caught,) = all_of(office, catcher)
    assert caught.input is not None
    assert (caught.input["execution_id"], caught.input["status"]) == (str(ended), "ERROR")
    assert (caught.input["error"]["message"], caught.input["error"]["node_id"]) == ("No stock", "s")


def test_a_success_starts_no_error_workflow(office: Office, telling: None) -> None:
    catcher = office.activate(definition(failure(listens_to="all"), DONE))
    upstream = office.activate(definition(MANUAL, DONE, error_workflow=str(catcher.id)))
    start(office, upstream)
    until(lambda: all_of(office, upstream)[0].status == "SUCCESS" and settled(office))
    assert all_of(office, catcher) == []


def test_who_is_named_and_listens_to_all_starts_once(office: Office, telling: None) -> None:
    catcher = office.activate(definition(failure(listens_to="all"), DONE))
    upstream = office.activate(definition(MANUAL, FAIL, error_workflow=str(catcher.id)))
    start(office, upstream)
    until(lambda: all_of(office, catcher) and settled(office))
    assert len(all_of(office, catcher)) == 1


def test_the_failure_of_an_error_workflow_starts_none(office: Office, telling: None) -> None:
    first = office.activate(definition(failure(listens_to="all"), FAIL))
    second = office.activate(definition(failure(listens_to="all"), FAIL))
    upstream = office.activate(definition(MANUAL, FAIL))
    start(office, upstream)
    until(lambda: all_of(office, first) and all_of(office, second) and settled(office))
    assert (len(all_of(office, first)), len(all_of(office, second))) == (1, 1)


def test_two_that_hear_each_other_come_to_an_end(office: Office, telling: None) -> None:
    ping = office.activate(definition(finished(), DONE), name="ping")
    pong = office.activate(definition(finished(workflows=[str(ping.id)]), DONE), name="pong")
    upstream = office.activate(definition(MANUAL, DONE))
    start(office, upstream)
    until(lambda: len(all_of(office, ping)) + len(all_of(office, pong)) == listeners.MAX_DEPTH and settled(office), 20)
    time.sleep(0.3)
    assert len(all_of(office, ping)) + len(all_of(office, pong)) == listeners.MAX_DEPTH


def test_told_twice_it_starts_once(office: Office) -> None:
    upstream = office.activate(definition(MANUAL, DONE))
    listener = office.activate(definition(finished(), DONE))
    ended = start(office, upstream)
    executions.execution_cancel(workspace_id=office.workspace.id, execution_id=ended, now=clock.now(), by="alice")
    with tenant(office.workspace.id):
        event = Event.objects.get()
    for _ in range(3):
        with tenant(office.workspace.id):
            assert listeners.listeners_start(event=event, now=clock.now()) == 1
    events.events_tell()
    (heard,) = all_of(office, listener)
    assert heard.input is not None
    assert heard.input["status"] == "CANCELED"


def test_one_that_is_refused_keeps_nobody_else_waiting(office: Office) -> None:
    upstream = office.activate(definition(MANUAL, DONE))
    keyed = {"key": "{{ $json.finished_at / 0 }}", "limit": 1}
    refused = office.activate(definition(finished(), DONE, concurrency=keyed))
    other = office.activate(definition(finished(), DONE))
    ended = start(office, upstream)
    executions.execution_cancel(workspace_id=office.workspace.id, execution_id=ended, now=clock.now(), by="alice")
    events.events_tell()
    events.events_tell()
    assert (len(all_of(office, refused)), len(all_of(office, other))) == (0, 1)
    with tenant(office.workspace.id):
        (left,) = Event.objects.all()
    assert left.data["listener"] == f"{refused.id}:heard"
    assert "KeyFailed" in left.error


def test_where_a_person_is_asked_a_start_waits_in_line(office: Office) -> None:
    upstream = office.activate(definition(MANUAL, DONE))
    listener = office.activate(definition(finished(), DONE))
    with tenant(office.workspace.id):
        version = Version.objects.get(workflow=listener)
    waiting = executions.execution_start(
        origin=executions.Origin(office.workspace.id, listener.id, version.id),
        trigger_node="heard",
        input=None,
        now=clock.now(),
    )
    with tenant(office.workspace.id):
        Execution.objects.filter(id=waiting.id).update(status="WAITING_FOR_HUMAN")
    ended = start(office, upstream)
    executions.execution_cancel(workspace_id=office.workspace.id, execution_id=ended, now=clock.now(), by="alice")
    events.events_tell()
    assert [execution.held_by for execution in all_of(office, listener)] == [None, "pause"]


@pytest.mark.parametrize("document", [None, definition(MANUAL, DONE)])
def test_an_error_workflow_that_cannot_be_started_leaves_nothing_behind(office: Office, document: Json | None) -> None:
    named = str(office.activate(document).id) if document else "0199aa10-0000-7000-8000-000000000001"
    upstream = office.activate(definition(MANUAL, FAIL, error_workflow=named))
    ended = start(office, upstream)
    executions.execution_expire(workspace_id=office.workspace.id, execution_id=ended, now=clock.now())
    events.events_tell()
    with tenant(office.workspace.id):
        assert not Event.objects.exists()
        assert Execution.objects.count() == 1


def test_events_and_ends_of_others_stand_in_the_inbox(office: Office, telling: None) -> None:
    office.activate(definition(node("paid", "TRIGGER.EVENT", event="order.paid"), DONE), name="Paid")
    office.activate(definition(finished(), DONE), name="After")

    event_post(
        workspace_id=office.workspace.id, name="order.paid", data={"id": 1}, by="x", now=clock.now(), external_id="e-1"
    )

    def arrived() -> list[Delivery]:
        with tenant(office.workspace.id):
            return list(Delivery.objects.order_by("id"))

    until(lambda: len(arrived()) == 2)
    first, second = arrived()
    assert (first.source, first.label, first.external_id, first.size) == ("event", "order.paid", "e-1", 9)
    assert (second.source, second.label, second.external_id) == ("execution", "Paid", str(first.execution_id))
    until(lambda: settled(office))


def test_a_listener_that_is_switched_off_does_not_start(office: Office, telling: None) -> None:
    first = office.activate(definition(MANUAL, DONE), name="First")
    after = office.activate(definition(finished(), DONE), name="After")
    switches.trigger_pause(
        workspace_id=office.workspace.id,
        workflow_id=after.id,
        node_id="heard",
        actor=office.cast.owner,
        now=clock.now(),
    )

    start(office, first)
    until(lambda: settled(office))
    assert all_of(office, after) == []


def published_by_bob(office: Office, document: Json, *, name: str, by_key: bool = False) -> Workflow:
    bob = member_actor(office.cast.bob, "member")
    if by_key:
        bob = replace(bob, kind="api_key", id=uuid7(), user=None, role="", maker_id=office.cast.bob.id)
    given: dict[str, Any] = {"workspace_id": office.workspace.id, "actor": bob}
    made = workflows.workflow_create(name=name, definition=document, **given)
    return workflows.workflow_activate(workflow_id=made.id, **given)


@pytest.mark.parametrize("by_key", [False, True])
def test_nobody_hears_of_what_is_hidden_from_them(office: Office, telling: None, by_key: bool) -> None:
    upstream = office.activate(definition(MANUAL, DONE), name="Payroll")
    curious = published_by_bob(office, definition(finished(), DONE), name="Curious", by_key=by_key)
    named = published_by_bob(office, definition(finished(workflows=[str(upstream.id)]), DONE), name="Named")
    own = office.activate(definition(finished(workflows=[str(upstream.id)]), DONE), name="Alice's")
    for level in ("none", "view"):
        object_share(
            workspace_id=office.workspace.id,
            kind=Kind.WORKFLOW,
            object_id=upstream.id,
            name="Payroll",
            others=level,
            people={},
            actor=office.cast.owner,
        )
        before = len(all_of(office, own))
        start(office, upstream)
        until(lambda: len(all_of(office, own)) > before and settled(office))  # noqa: B023 - called at once
        heard = [
            [each.started_by["label"] for each in all_of(office, row) if each.started_by] for row in (curious, named)
        ]
        assert [each.count("Payroll") for each in heard] == ([0, 0] if level == "none" else [1, 1])
