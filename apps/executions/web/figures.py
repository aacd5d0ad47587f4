"""How a workflow has been doing lately, as the list of workflows shows it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import median
from uuid import UUID

from apps.executions import story
from apps.executions.engine.states import Status
from apps.executions.selectors import LatestRun

SPARKS = 24
LOW_PERCENT = 90
_LOWEST, _HIGHEST = 5, 16
_FAILED = (Status.ERROR, Status.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Spark:
    """One run as `components/spark.html` draws it; the longer it took, the higher."""

    status: str
    level: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One workflow's last runs in figures.

    `success` is the share that ended well of those that ended well or badly, in percent; `typical` how long half of
    those that ended well took at most. None and empty when there is nothing to say.
    """

    workflow_id: UUID
    sparks: tuple[Spark, ...] = ()
    success: float | None = None
    waiting: int = 0
    last_at: datetime | None = None
    typical: str = ""

    @property
    def is_low(self) -> bool:
        """Whether so many fail that somebody should look."""
        return self.success is not None and self.success < LOW_PERCENT


def figures(workflow_id: UUID, runs: Sequence[LatestRun], waiting: int) -> Figures:
    """The figures of a workflow. `runs` are its last ones, the newest first."""
    well = [run for run in runs if run.status == Status.SUCCESS]
    badly = sum(run.status in _FAILED for run in runs)
    lengths = [length for run in well if (length := _seconds(run)) is not None]
    return Figures(
        workflow_id=workflow_id,
        sparks=_sparks(runs[:SPARKS]),
        success=100 * len(well) / (len(well) + badly) if well or badly else None,
        waiting=waiting,
        last_at=runs[0].created_at if runs else None,
        typical=story.length(median(lengths)) if lengths else "",
    )


def _sparks(runs: Sequence[LatestRun]) -> tuple[Spark, ...]:
    lengths = [_seconds(run) for run in runs]
    longest = max((length for length in lengths if length is not None), default=0.0)
    sparks = [Spark(run.status, _level(length, longest)) for run, length in zip(runs, lengths, strict=True)]
    return tuple(reversed(sparks))


def _level(length: float | None, longest: float) -> int:
    if length is None or longest <= 0:
        return (_LOWEST + _HIGHEST) // 2
    return round(_LOWEST + (_HIGHEST - _LOWEST) * sqrt(length / longest))


def _seconds(run: LatestRun) -> float | None:
    return None if run.finished_at is None else max(0.0, (run.finished_at - run.created_at).total_seconds())
