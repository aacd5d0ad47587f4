"""What beat ticks for models, and what every worker looks after once a second."""

from __future__ import annotations

from celery import shared_task

from apps.ai import services


@shared_task(name="ai.forget_comparisons", ignore_result=True)
def forget_comparisons() -> None:
    """Delete comparisons of long ago."""
    services.comparisons_forget()


def tend() -> None:
    """Let this process pull and compare from now on. Returns at once."""
    services.jobs_tend()
