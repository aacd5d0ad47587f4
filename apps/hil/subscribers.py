"""What questions want to be told, and what they send."""

from __future__ import annotations

from apps.core import clock
from apps.core.models import Event
from apps.core.outbox import GIVEN_UP
from apps.hil import notices
from apps.hil.channels import planning, sending, slack_answers
from apps.integrations.inbound import DELIVERED


def question_asked(event: Event) -> None:
    """A question waits: those who may answer it are told."""
    notices.question_notice(event=event, now=clock.now())


def question_closed(event: Event) -> None:
    """A question waits no more."""
    notices.question_notice_settle(event=event, now=clock.now())


def question_sent(event: Event) -> None:
    """Somebody is newly asked: the question goes where they are reached."""
    planning.question_send(event=event, now=clock.now())


def question_reminded(event: Event) -> None:
    """Time passes: those who were written to are written to again."""
    planning.question_remind(event=event, now=clock.now())


def question_changed(event: Event) -> None:
    """What was sent is brought up to date."""
    planning.question_update(event=event, now=clock.now())


def message_given_up(event: Event) -> None:
    """Something could not be delivered."""
    sending.question_given_up(event=event)


def vendor_delivered(event: Event) -> None:
    """Somebody did something in Slack."""
    slack_answers.vendor_delivered(event=event, now=clock.now())


SUBSCRIBERS = {
    "question.asked": (question_sent, question_asked),
    "question.asked_more": (question_sent, question_asked),
    "question.reminded": (question_asked, question_reminded),
    "question.escalated": (question_sent, question_asked),
    "question.voted": (question_changed,),
    "question.passed": (question_changed,),
    "question.decided": (question_closed, question_changed),
    "question.timed_out": (question_closed, question_changed),
    "question.withdrawn": (question_closed, question_changed),
    "question.closed": (question_closed,),  # as it was called before: one may still be on its way
    GIVEN_UP: (message_given_up,),
    DELIVERED: (vendor_delivered,),
}
SENDERS = {
    planning.OUTBOX: sending.question_message_send,
    slack_answers.OUTBOX: slack_answers.slack_answer_take,
}
