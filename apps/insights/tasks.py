"""The asynchronous world of insights: beat's sign of life, written by whichever worker took its message."""

from __future__ import annotations

from celery import shared_task

from apps.core import clock
from apps.core.services import pulse_beat


@shared_task(name="insights.pulse", ignore_result=True)
def pulse() -> None:
    """Note that beat ticks, its message travels, and a worker takes it."""
    pulse_beat(name="beat", at=clock.now())
