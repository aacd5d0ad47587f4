"""Events: who waits for them, what they start, and that none is lost or counted twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services
from apps.executions.models import Execution
from apps.executions.services import execution_start
from apps.executions.worker.dispatcher import Dispatcher
from apps.triggers import events, selectors
from apps.triggers.errors import EventTooLarge
from apps.triggers.models import Event, EventWait
from apps.triggers.services import origin_of
from apps.workflows.graph import Settings
from apps.workflows.models import Workflow
from tests.triggers.conftest import Office, definition, node

pytestmark = pytest.mark.integration

Post = Callable[..., Event]


@pytest.fixture
def post(office: Office) -> Post:
    """Post an event to alice's workspace."""

    def posted(name: str, data: Any = None, *, external_id: str | None = None) -> Event:
        return events.event_post(
            workspace_id=office.workspace.id, name=name, data=data, by="test", now=clock.now(), external_id=external_id
        ).event

    return posted


def waiting(**params: Any) -> dict[str, Any]:
    return node("paid", "FLOW.WAIT", **({"mode": "event", "event": "order.paid"} | params))


def waiter(**params: Any) -> dict[str, Any]:
    return definition(
        node("t", "TRIGGER.MANUAL"),
        waiting(**params),
        node("seen", "ACTION.TRANSFORM", fields=[{"name": "seen", "value": "{{ $json.data }}"}]),
    )


def start(office: Office, workflow: Workflow, given: Any = None) -> UUID:
    assert workflow.active_version is not None
    origin = origin_of(
        workspace_id=office.workspace.id,
        workflow_id=workflow.id,
        version_id=workflow.active_version.id,
        queue="default",
        settings=Settings(),
    )
    return execution_start(origin=origin, trigger_node="t", input=given, now=clock.now()).id


def until(office: Office, execution_id: UUID, *statuses: str, seconds: float = 10) -> Execution:
    deadline = time.monotonic() + seconds
    while True:
        with tenant(office.workspace.id):
            found = Execution.objects.get(id=execution_id)
        if found.status in statuses:
            return found
        assert time.monotonic() < deadline, f"still {found.status}, not {statuses}"
        time.sleep(0.01)


def executions(office: Office, status: str) -> int:
    with tenant(office.workspace.id):
        return Execution.objects.filter(status=status).count()


def still_waiting(office: Office) -> int:
    with tenant(office.workspace.id):
        return EventWait.objects.count()


# ── Waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_event_ends_the_wait_and_is_what_the_node_returns(office: Office, engine: Dispatcher, post: Post) -> None:
    execution_id = start(office, office.activate(waiter()))
    until(office, execution_id, "WAITING")

    assert post("order.shipped", 1).resolved_count == 0
    event = post("order.paid", {"amount": 7}, external_id="pay-1")

    assert (event.resolved_count, event.started, event.refused) == (1, [], [])
    assert until(office, execution_id, "SUCCESS").output == {"seen": {"amount": 7}}
    assert still_waiting(office) == 0


@pytest.mark.parametrize(
    ("wanted", "data", "is_for_it"),
    [
        ("A-1", {"order": {"id": "A-1"}}, True),
        ("A-1", {"order": {"id": "A-2"}}, False),
        ("42", {"order": {"id": 42}}, True),
        (42, {"order": {"id": "42"}}, True),
        (42, {"order": {"id": 42.0}}, True),
        (0.1, {"order": {"id": 0.1}}, True),
        (10**20, {"order": {"id": 10**20}}, True),
        (True, {"order": {"id": True}}, True),
        ("é\n'\"", {"order": {"id": "é\n'\""}}, True),
        ("A-1", {"order": "A-1"}, False),
        ("A-1", {"order": {"id": None}}, False),
        ("A-1", {"order": {"id": ["A-1"]}}, False),
        ("null", {"order": {"id": None}}, False),
        ("A-1", None, False),
        ("A-1", "A-1", False),
    ],
)
def test_only_the_one_it_is_for_goes_on(
    office: Office, engine: Dispatcher, post: Post, wanted: Any, data: Any, is_for_it: bool
) -> None:
    workflow = office.activate(waiter(match={"order.id": "{{ $json.id }}"}))
    execution_id = start(office, workflow, {"id": wanted})
    until(office, execution_id, "WAITING")
    assert post("order.paid", data).resolved_count == int(is_for_it)


def test_several_values_must_all_be_there(office: Office, engine: Dispatcher, post: Post) -> None:
    workflow = office.activate(waiter(match={"id": "{{ $json.id }}", "country": "DE"}))
    execution_id = start(office, workflow, {"id": 1})
    until(office, execution_id, "WAITING")
    assert post("order.paid", {"id": 1, "country": "FR"}).resolved_count == 0
    assert post("order.paid", {"country": "DE"}).resolved_count == 0
    assert post("order.paid", {"country": "DE", "id": 1, "more": []}).resolved_count == 1


def test_an_event_of_the_last_minute_counts_and_an_older_one_does_not(
    office: Office, engine: Dispatcher, post: Post
) -> None:
    workflow = office.activate(waiter(match={"id": "{{ $json.id }}"}))
    old, fresh, other = post("order.paid", {"id": 1}), post("order.paid", {"id": 2}), post("order.paid", {"id": 3})
    with tenant(office.workspace.id):
        Event.objects.filter(id=old.id).update(posted_at=old.posted_at - timedelta(seconds=61))
        Event.objects.filter(id=fresh.id).update(posted_at=fresh.posted_at - timedelta(seconds=50))

    late, in_time = start(office, workflow, {"id": 1}), start(office, workflow, {"id": 2})

    assert until(office, in_time, "SUCCESS").output == {"seen": {"id": 2}}
    until(office, late, "WAITING")
    assert other.resolved_count == 0
    assert still_waiting(office) == 1


def test_a_node_that_waits_again_does_not_find_the_event_it_had(office: Office, engine: Dispatcher, post: Post) -> None:
    first, second = waiting(), waiting() | {"id": "again", "name": "again"}
    workflow = office.activate(definition(node("t", "TRIGGER.MANUAL"), first, second))
    execution_id = start(office, workflow)
    until(office, execution_id, "WAITING")
    post("order.paid", 1)
    # Another node may look back at it: the event is not used up.
    assert until(office, execution_id, "SUCCESS").output["data"] == 1  # type: ignore[index]


def test_nothing_happens_in_time(office: Office, engine: Dispatcher, post: Post) -> None:
    late = node("late", "ACTION.TRANSFORM", fields=[{"name": "late", "value": True}])
    document = definition(
        node("t", "TRIGGER.MANUAL"), waiting(timeout=0.3), late, edges="t > paid, paid.timeout > late"
    )
    execution_id = start(office, office.activate(document))
    assert until(office, execution_id, "SUCCESS").output == {"late": True}
    assert still_waiting(office) == 0
    assert post("order.paid", 1).resolved_count == 0


def test_who_is_cancelled_waits_no_more(office: Office, engine: Dispatcher, post: Post) -> None:
    execution_id = start(office, office.activate(waiter()))
    until(office, execution_id, "WAITING")
    services.execution_cancel(workspace_id=office.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")
    assert still_waiting(office) == 0
    assert post("order.paid", 1).resolved_count == 0


def test_a_thousand_wait_and_each_gets_its_own(office: Office, engine: Dispatcher, post: Post) -> None:
    workflow = office.activate(waiter(match={"id": "{{ $json.id }}"}))
    started = [start(office, workflow, {"id": at}) for at in range(1_000)]
    deadline = time.monotonic() + 60
    while executions(office, "WAITING") < 1_000:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    began = time.monotonic()
    for at in (1, 500, 999):
        assert post("order.paid", {"id": at}).resolved_count == 1
    assert time.monotonic() - began < 1
    for at in (1, 500, 999):
        assert until(office, started[at], "SUCCESS").output == {"seen": {"id": at}}
    assert still_waiting(office) == 997


def test_however_many_wait_an_event_is_one_look_up(office: Office, post: Post) -> None:
    event = post("order.paid", {"id": 7})
    with tenant(office.workspace.id), connection.cursor() as cursor:
        given: dict[str, Any] = {"workspace": office.workspace.id, "name": event.name, "most": 10}
        given |= {"posted_at": event.posted_at, "data": '{"id": 7}'}
        cursor.execute(f"EXPLAIN {selectors._WAITING}", given)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    searched = [line for line in plan.splitlines() if "Index Cond" in line and "key" in line]
    assert len(searched) == 1, plan
    assert "shape" in searched[0]


def test_all_who_wait_go_on_with_one_event(
    office: Office, engine: Dispatcher, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "AT_ONCE", 7)
    workflow = office.activate(waiter())
    started = [start(office, workflow) for _ in range(20)]
    for each in started:
        until(office, each, "WAITING")
    assert post("order.paid", 5).resolved_count == 20
    for each in started:
        until(office, each, "SUCCESS")


def test_other_workspaces_hear_nothing(office: Office, engine: Dispatcher) -> None:
    execution_id = start(office, office.activate(waiter()))
    until(office, execution_id, "WAITING")
    posted = events.event_post(
        workspace_id=office.cast.other_workspace.id,
        name="order.paid",
        data=1,
        by="charlie",
        now=clock.now(),
        external_id=None,
    )
    assert posted.event.resolved_count == 0
    until(office, execution_id, "WAITING")


def test_each_round_of_a_loop_takes_the_next_event(office: Office, engine: Dispatcher, post: Post) -> None:
    document = definition(
        node("t", "TRIGGER.MANUAL"),
        node("rounds", "FLOW.WHILE", condition="{{ $index < 3 }}", max_iterations=5, returns="all"),
        waiting() | {"parent": "rounds"},
        edges="t > rounds",
    )
    execution_id = start(office, office.activate(document))
    for at in range(3):
        deadline = time.monotonic() + 5
        while still_waiting(office) == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert post("order.paid", at).resolved_count == 1
    output: Any = until(office, execution_id, "SUCCESS").output
    assert [each["data"] for each in output] == [0, 1, 2]


def test_rounds_at_once_wait_for_their_own(office: Office, engine: Dispatcher, post: Post) -> None:
    document = definition(
        node("t", "TRIGGER.MANUAL"),
        node("each", "FLOW.LOOP", items="{{ $json }}", parallelism=5, result="{{ $node['paid'].data.amount }}"),
        waiting(match={"id": "{{ $item }}"}) | {"parent": "each"},
        edges="t > each",
    )
    execution_id = start(office, office.activate(document), ["a", "b", "c"])
    until(office, execution_id, "WAITING")
    for name, amount in (("c", 3), ("a", 1), ("b", 2)):
        assert post("order.paid", {"id": name, "amount": amount}).resolved_count == 1
    assert until(office, execution_id, "SUCCESS").output == [1, 2, 3]


# ── Neither lost nor twice ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_id_is_no_new_event(office: Office, post: Post) -> None:
    first, again = (post("order.paid", at, external_id="pay-1") for at in (1, 2))
    assert (again.id, again.data) == (first.id, 1)
    assert post("order.paid", 3).id != post("order.paid", 3).id


def test_a_crash_after_posting_delivers_later(
    office: Office, engine: Dispatcher, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution_id = start(office, office.activate(waiter()))
    until(office, execution_id, "WAITING")
    with monkeypatch.context() as broken:
        broken.setattr(events, "event_deliver", lambda **given: 1 / 0)
        event = post("order.paid", 1)
    assert event.delivered_at is None
    assert events.events_deliver_late(now=clock.now()) == 0  # whoever posted it may be at it

    with tenant(office.workspace.id):
        Event.objects.update(posted_at=event.posted_at + timedelta(seconds=-2))
        EventWait.objects.update(created_at=event.posted_at + timedelta(seconds=-3))
    assert events.events_deliver_late(now=clock.now()) == 1
    assert events.events_deliver_late(now=clock.now()) == 0
    assert until(office, execution_id, "SUCCESS").output == {"seen": 1}


def test_an_event_and_a_wait_in_the_same_moment_always_meet(office: Office, engine: Dispatcher, post: Post) -> None:
    workflow = office.activate(waiter(match={"id": "{{ $json.id }}"}))
    started = []
    for at in range(60):
        poster = threading.Thread(target=_post_and_close, args=(post, at))
        started.append(start(office, workflow, {"id": at}))
        time.sleep((at % 10) / 1_000)
        poster.start()
        poster.join()
    for at, execution_id in enumerate(started):
        assert until(office, execution_id, "SUCCESS").output == {"seen": {"id": at}}


def _post_and_close(post: Post, at: int) -> None:
    try:
        post("order.paid", {"id": at})
    finally:
        connection.close()


def test_a_post_waits_for_whoever_is_about_to_wait(office: Office, post: Post) -> None:
    """A wait that is not committed yet is neither missed nor overtaken."""
    name, done = "order.paid", threading.Event()

    def posting() -> None:
        _post_and_close(post, 1)
        done.set()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT triggers_event_lock(%s, %s, false)", [office.workspace.id, name])
        poster = threading.Thread(target=posting)
        poster.start()
        assert not done.wait(0.3)
    assert done.wait(5)
    poster.join()


def test_data_has_a_limit(post: Post) -> None:
    with pytest.raises(EventTooLarge, match="64,000"):
        post("order.paid", "x" * 64_000)


def test_old_events_are_forgotten(office: Office, post: Post) -> None:
    old, fresh = post("a", external_id="1"), post("b")
    with tenant(office.workspace.id):
        Event.objects.filter(id=old.id).update(posted_at=old.posted_at - timedelta(days=8))
    assert events.events_purge() == 1
    with tenant(office.workspace.id):
        assert list(Event.objects.values_list("id", flat=True)) == [fresh.id]


# ── Starting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def listener(**params: Any) -> dict[str, Any]:
    return definition(
        node("t", "TRIGGER.EVENT", **({"event": "order.paid"} | params)),
        node("seen", "ACTION.TRANSFORM", fields=[{"name": "seen", "value": "{{ $json.data }}"}]),
    )


def test_it_starts_every_workflow_that_listens_once(office: Office, engine: Dispatcher, post: Post) -> None:
    one, two = office.activate(listener(), name="One"), office.activate(listener(), name="Two")
    office.activate(listener(event="order.sent"), name="Three")
    office.pause(office.activate(listener(), name="Four"))

    event = post("order.paid", {"id": 7}, external_id="e1")

    assert {each["workflow_id"] for each in event.started} == {str(one.id), str(two.id)}
    for each in event.started:
        found = until(office, UUID(each["execution_id"]), "SUCCESS")
        assert found.output == {"seen": {"id": 7}}
        assert found.started_by is not None
        assert found.started_by["label"] == "order.paid"
    post("order.paid", {"id": 7}, external_id="e1")
    with tenant(office.workspace.id):
        Event.objects.update(delivered_at=None)
    events.event_deliver(workspace_id=office.workspace.id, event_id=event.id, now=clock.now())
    assert executions(office, "SUCCESS") == 2


def test_it_starts_only_what_it_matches(office: Office, engine: Dispatcher, post: Post) -> None:
    office.activate(listener(match={"order.country": "DE", "order.size": 3}))
    assert post("order.paid", {"order": {"country": "DE", "size": 2}}).started == []
    assert post("order.paid", "DE").started == []
    assert len(post("order.paid", {"order": {"country": "DE", "size": "3"}}).started) == 1


def test_two_nodes_of_one_workflow_start_it_once(office: Office, engine: Dispatcher, post: Post) -> None:
    nodes = [node(name, "TRIGGER.EVENT", event="order.paid") for name in ("a", "b")]
    end = node("end", "ACTION.TRANSFORM", fields=[{"name": "x", "value": 1}])
    office.activate(definition(*nodes, end, edges="a > end, b > end"))
    assert len(post("order.paid").started) == 1


def test_a_workflow_that_refuses_keeps_no_other_from_starting(office: Office, engine: Dispatcher, post: Post) -> None:
    ask = node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship?", timeout_seconds=3600)
    blocked = office.activate(definition(node("t", "TRIGGER.EVENT", event="order.paid"), ask), name="Blocked")
    (first,) = post("order.paid").started
    until(office, UUID(first["execution_id"]), "WAITING_FOR_HUMAN")
    other = office.activate(listener(), name="Other")

    event = post("order.paid")

    assert [each["workflow_id"] for each in event.started] == [str(other.id)]
    assert [(each["workflow_id"], each["code"]) for each in event.refused] == [
        (str(blocked.id), "executions.blocked_by_pause")
    ]


def test_the_event_that_started_it_is_no_news(office: Office, engine: Dispatcher, post: Post) -> None:
    office.activate(definition(node("t", "TRIGGER.EVENT", event="order.paid"), waiting()))
    (first,) = post("order.paid", 1).started
    until(office, UUID(first["execution_id"]), "WAITING")
    post("order.paid", 2)
    assert until(office, UUID(first["execution_id"]), "SUCCESS").output["data"] == 2  # type: ignore[index]
