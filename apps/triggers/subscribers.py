"""What triggers want to be told."""

from __future__ import annotations

from apps.core import clock
from apps.core.models import Event
from apps.triggers import listeners, notices


def execution_finished(event: Event) -> None:
    """An execution has ended: whoever listens starts."""
    if event.data["mode"] == "production":
        listeners.listeners_start(event=event, now=clock.now())


def execution_failed(event: Event) -> None:
    """An execution failed: perhaps once too often."""
    notices.streak_notice(event=event, now=clock.now())


SUBSCRIBERS = {
    "execution.finished": (execution_finished,),
    "execution.failed": (execution_failed,),
    listeners.HEARD: (execution_finished,),
}
