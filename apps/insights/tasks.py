"""The asynchronous world of insights: beat's sign of life, and looking for what people should know."""

from __future__ import annotations

from celery import shared_task

from apps.core import clock
from apps.core.services import pulse_beat
from apps.insights import notices


@shared_task(name="insights.pulse", ignore_result=True)
def pulse() -> None:
    """Note that beat ticks, its message travels, and a worker takes it."""
    pulse_beat(name="beat", at=clock.now())


@shared_task(name="insights.look_for_notices", ignore_result=True)
def look_for_notices() -> None:
    """Tell what is found by looking only."""
    notices.notices_look(now=clock.now())
