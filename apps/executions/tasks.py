"""What beat ticks for the engine. The executions themselves are run by each worker's dispatcher."""

from __future__ import annotations

from celery import shared_task

from apps.core import clock
from apps.executions import usage, values
from apps.executions.retention import partitions, sweep


@shared_task(name="executions.sweep_values", ignore_result=True)
def sweep_values() -> None:
    """Forget values whose time is over."""
    values.values_sweep()


@shared_task(name="executions.retain", ignore_result=True)
def retain() -> None:
    """Delete some of what has been kept long enough."""
    sweep.sweep(now=clock.now())


@shared_task(name="executions.keep_partitions", ignore_result=True)
def keep_partitions() -> None:
    """Make the partitions of the coming weeks, drop those that are over."""
    partitions.partitions_keep()


@shared_task(name="executions.count_usage", ignore_result=True)
def count_usage() -> None:
    """Bring the daily figures up to date."""
    usage.usage_count(now=clock.now())


@shared_task(name="executions.forget_usage", ignore_result=True)
def forget_usage() -> None:
    """Delete figures that nobody looks at any more."""
    usage.usage_forget(now=clock.now())
