"""What a start needs to know of the version it starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from apps.workflows.graph import Concurrency, Debounce, Rate, Settings

PRIORITIES = {"low": -1, "normal": 0, "high": 1}


@dataclass(frozen=True, slots=True)
class Origin:
    """Which version of which workflow to start, and how its settings say it runs."""

    workspace_id: UUID
    workflow_id: UUID
    version_id: UUID
    queue: str = "default"
    while_paused: str = "block"
    max_concurrent: int | None = None
    timeout_seconds: int | None = None
    priority: str = "normal"
    concurrency: Concurrency | None = None
    rate: Rate | None = None
    debounce: Debounce | None = None
    timezone: str = "UTC"
    tells_end: bool = False

    @classmethod
    def of(cls, *, workspace_id: UUID, workflow_id: UUID, version_id: UUID, queue: str, settings: Settings) -> Self:
        """The origin of a version with these settings."""
        return cls(
            workspace_id=workspace_id,
            workflow_id=workflow_id,
            version_id=version_id,
            queue=queue,
            while_paused=settings.while_paused,
            max_concurrent=settings.max_concurrent,
            timeout_seconds=settings.timeout_seconds,
            priority=settings.priority,
            concurrency=settings.concurrency,
            rate=settings.rate,
            debounce=settings.debounce,
            timezone=settings.timezone,
            tells_end=settings.tells_end,
        )

    def without_limits(self) -> Self:
        """The same for a trial: nothing keeps it from running, and it keeps nobody else from it."""
        return replace(self, while_paused="allow", max_concurrent=None, concurrency=None, rate=None, debounce=None)

    @property
    def is_gated(self) -> bool:
        """Whether a start has to look at other executions of the workflow before it is written."""
        return bool(self.max_concurrent or self.concurrency or self.rate or self.debounce)
