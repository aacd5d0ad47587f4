"""The asynchronous world of schedules: one tick."""

from __future__ import annotations

from celery import shared_task

from apps.core import clock
from apps.triggers import services


@shared_task(name="triggers.fire_due", ignore_result=True)
def fire_due() -> None:
    """Start what is due. Harmless at any time, in any number of processes."""
    services.schedules_fire(now=clock.now())
