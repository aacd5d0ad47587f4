"""Forgetting what was settled long ago, and saying what was given up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core import clock, events, outbox, relay, selectors
from apps.core.ids import uuid7
from apps.core.models import Event, Message
from apps.core.tenancy import tenant

pytestmark = pytest.mark.integration

WORKSPACE = uuid7()


def test_what_was_settled_long_ago_is_forgotten_and_nothing_else(committed_db: None) -> None:
    now = clock.now()
    old = now - timedelta(days=relay.MESSAGE_DAYS + 1)
    with tenant(WORKSPACE):
        for due_at, delivered_at, put_at in ((None, old, old), (None, None, old), (now, None, old), (None, now, now)):
            message = outbox.message_put(
                workspace_id=WORKSPACE, channel="test", subject_id=uuid7(), target="there", now=now
            )
            Message.objects.filter(id=message.id).update(due_at=due_at, delivered_at=delivered_at, put_at=put_at)
        for due_at, days in ((None, relay.EVENT_DAYS + 1), (now, relay.EVENT_DAYS + 1), (None, 1)):
            events.event_put(workspace_id=WORKSPACE, name="a.b", subject_id=uuid7(), now=now - timedelta(days=days))
            Event.objects.filter(created_at=now - timedelta(days=days), due_at__isnull=False).update(due_at=due_at)
    assert not relay.forget()
    with tenant(WORKSPACE):
        assert sorted(message.state for message in Message.objects.all()) == ["delivered", "pending"]
        assert Event.objects.count() == 2


def test_what_was_given_up_is_counted(committed_db: None) -> None:
    assert selectors.given_up() == (0, 0)
    with tenant(WORKSPACE):
        events.event_put(workspace_id=WORKSPACE, name="a.b", subject_id=uuid7(), now=clock.now())
        outbox.message_put(workspace_id=WORKSPACE, channel="test", subject_id=uuid7(), target="there", now=clock.now())
        Event.objects.update(due_at=None)
        Message.objects.update(due_at=None)
    assert selectors.given_up() == (1, 1)
