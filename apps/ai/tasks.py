"""What beat ticks for models, and what every worker looks after once a second."""

from __future__ import annotations

from celery import shared_task

from apps.ai import services
from apps.ai.ledger import keeping
from apps.core import clock


@shared_task(name="ai.lose_calls", ignore_result=True)
def lose_calls() -> None:
    """Write down calls whose process died."""
    keeping.calls_lose(now=clock.now())


@shared_task(name="ai.forget_calls", ignore_result=True)
def forget_calls() -> None:
    """Delete calls that have been kept long enough."""
    keeping.calls_forget(now=clock.now())


@shared_task(name="ai.forget_comparisons", ignore_result=True)
def forget_comparisons() -> None:
    """Delete comparisons of long ago."""
    services.comparisons_forget()


@shared_task(name="ai.forget_memories", ignore_result=True)
def forget_memories() -> None:
    """Forget what agents remember past its time."""
    services.memories_sweep()


def tend() -> None:
    """Let this process pull and compare from now on. Returns at once."""
    services.jobs_tend()
