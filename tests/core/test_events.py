"""Events are told at least once, and what a subscriber writes is written once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction

from apps.core import clock, events, subscriptions
from apps.core.backoff import EVENT_ATTEMPTS, event_pause
from apps.core.ids import uuid7
from apps.core.models import Event, Message
from apps.core.tenancy import tenant

pytestmark = pytest.mark.integration

WORKSPACE, OTHER = uuid7(), uuid7()
Subscribe = Callable[..., None]


@pytest.fixture
def subscribe(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> Subscribe:
    """Let these, and nobody else, be told."""

    def use(*wanted: Callable[[Event], None]) -> None:
        monkeypatch.setattr(events, "subscribers_of", lambda name: wanted if name == "thing.happened" else ())

    return use


def put(workspace_id: UUID = WORKSPACE, **more: Any) -> UUID:
    subject = uuid7()
    with tenant(workspace_id):
        events.event_put(workspace_id=workspace_id, name="thing.happened", subject_id=subject, now=clock.now(), **more)
    return subject


def kept(workspace_id: UUID = WORKSPACE) -> list[Event]:
    with tenant(workspace_id):
        return list(Event.objects.order_by("id"))


def make_due() -> None:
    with tenant(WORKSPACE):
        Event.objects.filter(due_at__isnull=False).update(due_at=clock.now() - timedelta(seconds=1))


def write(event: Event, target: str) -> None:
    """What a subscriber does: something to the database."""
    Message.objects.create(
        workspace_id=event.workspace_id,
        channel="test",
        subject_id=event.subject_id,
        target=target,
        created_at=clock.now(),
    )


def written(workspace_id: UUID = WORKSPACE) -> list[str]:
    with tenant(workspace_id):
        return sorted(Message.objects.values_list("target", flat=True))


def first(event: Event) -> None:
    write(event, "first")


def second(event: Event) -> None:
    write(event, "second")


def test_every_subscriber_is_told_in_the_workspace_of_the_event(subscribe: Subscribe) -> None:
    subscribe(first, second)
    put(data={"a": 1})
    put(OTHER)
    assert not events.events_tell()
    assert (written(), written(OTHER)) == (["first", "second"], ["first", "second"])
    assert kept() == kept(OTHER) == []


def test_an_event_nobody_wants_is_gone(subscribe: Subscribe) -> None:
    subscribe()
    put()
    events.events_tell()
    assert kept() == []


def test_an_event_of_a_change_that_was_rolled_back_never_was(subscribe: Subscribe) -> None:
    subscribe(first)
    with tenant(WORKSPACE):
        put()
        transaction.set_rollback(True)
    events.events_tell()
    assert (kept(), written()) == ([], [])


def test_who_failed_is_told_again_and_nobody_else(subscribe: Subscribe) -> None:
    moods = ["bad", "good"]

    def moody(event: Event) -> None:
        write(event, "moody")
        if moods.pop(0) == "bad":
            raise ValueError("not today")

    subscribe(first, moody, second)
    put()
    events.events_tell()
    (event,) = kept()
    assert (written(), event.attempts) == (["first", "second"], 1)
    assert "not today" in event.error
    assert event.due_at is not None
    assert event.due_at > clock.now()
    make_due()
    events.events_tell()
    assert (written(), kept()) == (["first", "moody", "second"], [])


def test_after_its_schedule_it_is_given_up_and_stays(subscribe: Subscribe) -> None:
    def never(event: Event) -> None:
        raise ValueError("never")

    subscribe(never)
    put()
    with tenant(WORKSPACE):
        Event.objects.update(attempts=EVENT_ATTEMPTS - 1)
    events.events_tell()
    (event,) = kept()
    assert event.due_at is None
    assert "never" in event.error
    assert (event_pause(1), event_pause(2), event_pause(15), event_pause(EVENT_ATTEMPTS)) == (1, 2, 600, None)


def test_whoever_took_events_and_died_is_followed(subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between taking and telling: nothing was written, and after the hold somebody else tells."""
    subscribe(first)
    put()
    with monkeypatch.context() as death:
        death.setattr(events, "_tell", lambda event: None)
        events.events_tell()
    events.events_tell()
    assert written() == []
    make_due()
    events.events_tell()
    assert (written(), kept()) == (["first"], [])


def test_a_connection_that_breaks_undoes_all_and_it_is_told_again(subscribe: Subscribe) -> None:
    breaks = [True]

    def broken(event: Event) -> None:
        if breaks.pop() if breaks else False:
            raise OperationalError("terminating connection")

    subscribe(first, broken)
    put()
    events.events_tell()
    assert written() == []
    make_due()
    events.events_tell()
    assert (written(), kept()) == (["first"], [])


def test_many_at_once_tell_each_event_once(subscribe: Subscribe) -> None:
    subscribe(first)
    for _ in range(60):
        put()

    def tell() -> None:
        while events.events_tell():
            pass
        connection.close()

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events.events_tell()
    assert (len(written()), kept()) == (60, [])


def test_a_later_event_is_not_told_yet(subscribe: Subscribe) -> None:
    subscribe(first)
    put(delay_seconds=60)
    events.events_tell()
    assert written() == []


def test_every_app_may_subscribe_and_every_name_is_known() -> None:
    assert subscriptions.subscribers_of("nobody.knows") == ()
    assert subscriptions.sender_of("pigeon") is None
