"""What is sent outward arrives, or is given up on schedule; every try is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from pytest_django.fixtures import Settings

from apps.core import clock, outbox
from apps.core.backoff import message_pause
from apps.core.ids import uuid7
from apps.core.models import Message
from apps.core.subscriptions import Sender, Sent
from apps.core.tenancy import tenant

pytestmark = pytest.mark.integration

WORKSPACE, SUBJECT = uuid7(), uuid7()
GOOD, BAD = Sent(True, 200, "thanks"), Sent(False, 500, "no", "It answered 500.")


@pytest.fixture
def post(committed_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., UUID]:
    """Put a message that is sent with these outcomes, one try after the other."""
    settings.OUTBOX_DELAYS = [0, 5, 300]

    def put(*outcomes: Sent | Exception) -> UUID:
        left = list(outcomes)

        def send(message: Message) -> Sent:
            outcome = left.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        found: Sender = send
        monkeypatch.setattr(outbox, "sender_of", lambda channel: found if channel == "test" else None)
        with tenant(WORKSPACE):
            return outbox.message_put(
                workspace_id=WORKSPACE, channel="test", subject_id=SUBJECT, target="there", now=clock.now()
            ).id

    return put


def message(message_id: UUID) -> Message:
    with tenant(WORKSPACE):
        return Message.objects.get(id=message_id)


def pass_time() -> None:
    with tenant(WORKSPACE):
        Message.objects.filter(due_at__isnull=False).update(due_at=clock.now() - timedelta(seconds=1))


def test_it_is_sent_once_and_on_record(post: Callable[..., UUID]) -> None:
    sent = post(GOOD)
    assert outbox.messages_send()
    assert not outbox.messages_send()
    found = message(sent)
    assert (found.state, found.attempts) == ("delivered", 1)
    (tried,) = found.tries
    assert (tried["number"], tried["status"], tried["answer"], tried["error"]) == (1, 200, "thanks", "")


def test_what_fails_is_tried_on_schedule(post: Callable[..., UUID]) -> None:
    sent = post(BAD, ValueError("a fault"), GOOD)
    outbox.messages_send()
    found = message(sent)
    assert found.due_at is not None
    assert abs(found.due_at - clock.now() - timedelta(seconds=5)) < timedelta(seconds=2)
    assert not outbox.messages_send(), "not before its time"
    pass_time()
    outbox.messages_send()
    found = message(sent)
    assert found.due_at is not None
    assert abs(found.due_at - clock.now() - timedelta(seconds=300)) < timedelta(seconds=2)
    pass_time()
    outbox.messages_send()
    found = message(sent)
    assert (found.state, [tried["number"] for tried in found.tries]) == ("delivered", [1, 2, 3])
    assert "a fault" in found.tries[1]["error"]


def test_after_the_last_try_it_is_given_up_and_can_be_sent_again(post: Callable[..., UUID]) -> None:
    sent = post(BAD, BAD, BAD, GOOD)
    for _ in range(3):
        outbox.messages_send()
        pass_time()
    assert message(sent).state == "dead"
    assert not outbox.messages_send()
    with pytest.raises(outbox.MessageUnknown):
        outbox.message_send_again(workspace_id=WORKSPACE, message_id=sent, subject_id=uuid7())
    outbox.message_send_again(workspace_id=WORKSPACE, message_id=sent, subject_id=SUBJECT)
    outbox.messages_send()
    found = message(sent)
    assert (found.state, len(found.tries)) == ("delivered", 4)


def test_who_refuses_for_good_is_not_asked_again(post: Callable[..., UUID]) -> None:
    sent = post(Sent(False, 410, "", "Gone.", is_refused=True))
    outbox.messages_send()
    assert message(sent).state == "dead"


def test_whoever_took_it_and_died_is_followed(post: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    sent = post(GOOD)
    with monkeypatch.context() as death:
        death.setattr(outbox, "_send", lambda message: None)
        assert outbox.messages_send()
    assert not outbox.messages_send()
    pass_time()
    outbox.messages_send()
    assert message(sent).state == "delivered"


def test_a_late_sender_does_not_undo_that_it_is_sent_again(post: Callable[..., UUID]) -> None:
    sent = post()

    def again_meanwhile(message: Message) -> Sent:
        outbox.message_send_again(workspace_id=WORKSPACE, message_id=message.id, subject_id=SUBJECT)
        return BAD

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "sender_of", lambda channel: again_meanwhile)
        outbox.messages_send()
    found = message(sent)
    assert (found.state, found.attempts, len(found.tries)) == ("pending", 0, 1)


def test_a_try_that_died_with_its_process_does_not_count(
    post: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = post(BAD, BAD, BAD)
    for at in range(3):
        with monkeypatch.context() as death:
            death.setattr(outbox, "_send", lambda message: None)
            outbox.messages_send()
        pass_time()
        outbox.messages_send()
        assert message(sent).state == ("pending" if at < 2 else "dead")
        pass_time()
    assert [tried["number"] for tried in message(sent).tries] == [1, 2, 3]


def test_the_schedule() -> None:
    delays = [0, 5, 300]
    assert [message_pause(attempts, delays) for attempts in (1, 2, 3)] == [5, 300, None]
