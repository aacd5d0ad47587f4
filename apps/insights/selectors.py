"""How a workspace is doing, in few queries. The workspace comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.db.models.fields.json import KT
from django.db.models.functions import TruncHour

from apps.accounts.models import ApiKey, Membership
from apps.executions.models import Execution, Wait
from apps.executions.selectors import has_status
from apps.insights.hours import Hour
from apps.workflows.models import Status as WorkflowStatus
from apps.workflows.models import Workflow

HUMAN_STATUSES = ("WAITING_FOR_HUMAN", "PAUSED")
FAILED_STATUSES = ("ERROR", "TIMED_OUT")
LIVE_STATUSES = ("NEW", "RUNNING", "WAITING")
HUMAN_KINDS = ("human", "review")
ROWS = 5


@dataclass(frozen=True, slots=True)
class Day:
    """The executions of today and yesterday. `by_now_yesterday` counts those begun up to this time of day."""

    hours: Mapping[datetime, Hour]
    today: Hour
    by_now_yesterday: int

    @property
    def finished(self) -> int:
        """How many of today's executions ended well or badly."""
        return self.today.success + self.today.error

    @property
    def success_rate(self) -> float | None:
        """The share of today's finished executions that ended well, in percent; None when none has finished."""
        return 100 * self.today.success / self.finished if self.finished else None


def day(workspace_id: UUID, *, now: datetime) -> Day:
    """What was begun since yesterday's midnight, by hour and by what became of it; days are those of `now`'s zone.

    One query.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Execution.objects.filter(workspace_id=workspace_id, created_at__gte=midnight - timedelta(days=1))
        .annotate(hour=TruncHour("created_at", tzinfo=now.tzinfo))
        .values("hour")
        .annotate(
            total=Count("id"),
            success=Count("id", filter=Q(status="SUCCESS")),
            human=Count("id", filter=Q(status__in=HUMAN_STATUSES)),
            error=Count("id", filter=Q(status__in=FAILED_STATUSES)),
            early=Count("id", filter=Q(created_at__lte=now - timedelta(days=1))),
        )
        .order_by("hour")
    )
    hours, early = {}, 0
    for row in rows:
        hours[row["hour"]] = Hour(row["total"], row["success"], row["human"], row["error"])
        early += row["early"]
    mine = [hour for at, hour in hours.items() if at >= midnight]
    today = Hour(*(sum(getattr(hour, name) for hour in mine) for name in ("total", "success", "human", "error")))
    return Day(hours, today, early)


@dataclass(frozen=True, slots=True)
class Questions:
    """What waits for a person: how many questions, since when, and the most pressing ones."""

    count: int
    oldest_at: datetime | None
    rows: list[Wait]


def questions(workspace_id: UUID) -> Questions:
    """Open questions, those with the nearest deadline first. Two queries."""
    found = Wait.objects.filter(workspace_id=workspace_id, kind__in=HUMAN_KINDS, resolved_at__isnull=True)
    totals = found.aggregate(count=Count("id"), oldest=Min("opened_at"))
    rows = found.select_related("execution__workflow").only(
        "id", "kind", "title", "opened_at", "wake_at", "execution__id", "execution__workflow__name"
    )
    return Questions(totals["count"], totals["oldest"], list(rows.order_by("wake_at", "opened_at")[:ROWS]))


@dataclass(frozen=True, slots=True)
class Failure:
    """Executions of one workflow that failed today for the same reason."""

    workflow_id: UUID
    workflow_name: str
    code: str
    message: str
    count: int
    last_at: datetime
    still: int
    """How many of them were not run again since."""


def failures(workspace_id: UUID, *, since: datetime) -> list[Failure]:
    """What failed since a moment, grouped by workflow and error code, the most frequent first. One query."""
    rows = (
        Execution.objects.filter(workspace_id=workspace_id, created_at__gte=since, status__in=FAILED_STATUSES)
        .annotate(code=KT("error__code"), message=KT("error__message"))
        .values("workflow_id", "workflow__name", "code")
        .annotate(
            count=Count("id"),
            last_at=Max("created_at"),
            example=Max("message"),
            still=Count("id", filter=~Exists(Execution.objects.filter(rerun_of=OuterRef("id")))),
        )
        .order_by("-count", "-last_at")
    )
    return [
        Failure(
            workflow_id=row["workflow_id"],
            workflow_name=row["workflow__name"],
            code=row["code"] or "",
            message=row["example"] or "",
            count=row["count"],
            last_at=row["last_at"],
            still=row["still"],
        )
        for row in rows
    ]


def running(workspace_id: UUID) -> list[Execution]:
    """Executions that are under way, the newest first, one more than is shown. One query."""
    found = Execution.objects.filter(has_status(LIVE_STATUSES), workspace_id=workspace_id).select_related("workflow")
    shown = found.only("id", "status", "created_at", "started_at", "started_by", "workflow__name")
    return list(shown.order_by("-created_at")[: ROWS + 1])


@dataclass(frozen=True, slots=True)
class Share:
    """One workflow's part of today's executions."""

    workflow_id: UUID
    name: str
    count: int


def busiest(workspace_id: UUID, *, since: datetime) -> list[Share]:
    """The workflows with the most executions since a moment. One query."""
    rows = (
        Execution.objects.filter(workspace_id=workspace_id, created_at__gte=since)
        .values("workflow_id", "workflow__name")
        .annotate(count=Count("id"))
        .order_by("-count", "workflow__name")[:ROWS]
    )
    return [Share(row["workflow_id"], row["workflow__name"], row["count"]) for row in rows]


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What has been done in a workspace so far."""

    has_workflow: bool
    has_active: bool
    has_execution: bool
    has_company: bool
    has_key: bool


def first_steps(workspace_id: UUID) -> FirstSteps:
    """How far a new workspace has come. Three queries."""
    workflows: dict[str, Any] = Workflow.objects.filter(workspace_id=workspace_id, deleted_at=None).aggregate(
        any=Count("id"), active=Count("id", filter=Q(status=WorkflowStatus.ACTIVE))
    )
    return FirstSteps(
        has_workflow=workflows["any"] > 0,
        has_active=workflows["active"] > 0,
        has_execution=Execution.objects.filter(workspace_id=workspace_id).exists(),
        has_company=Membership.objects.filter(workspace_id=workspace_id).count() > 1,
        has_key=ApiKey.objects.filter(workspace_id=workspace_id).exists(),
    )
