"""The asynchronous world of schedules and events: ticks."""

from __future__ import annotations

from celery import shared_task

from apps.core import clock
from apps.triggers import deliveries, events, services


@shared_task(name="triggers.fire_due", ignore_result=True)
def fire_due() -> None:
    """Start what is due. Harmless at any time, in any number of processes."""
    services.schedules_fire(now=clock.now())


def deliver_late() -> None:
    """Deliver events that were posted and not delivered. A sweep of every worker; harmless at any time."""
    events.events_deliver_late(now=clock.now())


@shared_task(name="triggers.purge_events", ignore_result=True)
def purge_events() -> None:
    """Forget old events."""
    events.events_purge()


@shared_task(name="triggers.purge_deliveries", ignore_result=True)
def purge_deliveries() -> None:
    """Forget old deliveries."""
    deliveries.deliveries_purge()
