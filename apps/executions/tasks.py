"""The asynchronous world of the engine: one poke."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.executions.poke import TASK
from apps.executions.worker import bootstep


@shared_task(name=TASK, ignore_result=True)
def wake(**_: Any) -> None:
    """Let this process's dispatcher look for work."""
    bootstep.poke()
