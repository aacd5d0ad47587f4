"""What the inbox wants to be told."""

from __future__ import annotations

from apps.core import clock
from apps.core.models import Event
from apps.hil import notices


def question_asked(event: Event) -> None:
    """A question waits: those who may answer it are told."""
    notices.question_notice(event=event, now=clock.now())


def question_closed(event: Event) -> None:
    """A question waits no more."""
    notices.question_notice_settle(event=event, now=clock.now())


SUBSCRIBERS = {
    "question.asked": (question_asked,),
    "question.asked_more": (question_asked,),
    "question.reminded": (question_asked,),
    "question.escalated": (question_asked,),
    "question.decided": (question_closed,),
    "question.timed_out": (question_closed,),
    "question.withdrawn": (question_closed,),
    "question.closed": (question_closed,),  # as it was called before: one may still be on its way
}
