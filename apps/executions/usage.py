"""How much a workspace runs and keeps: daily figures, counted now and then, and what retention will delete next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F, Sum

from apps.core.tenancy import tenant
from apps.executions.models import Retention, StorageUse, UsageDay
from apps.executions.retention.policy import KINDS, Policy, policy_of
from apps.workflows.models import Workflow

DAYS = 30
TOP = 10
AHEAD = 7
KEPT_DAYS = 800
EVERY_MINUTES = 2
"""How often beat asks for a count."""
ROW_BYTES = 2_500
"""What the rows of an execution take beside its data, about: the execution, six node runs, indexes."""


def usage_count(*, now: datetime) -> None:
    """Count today anew, and twice an hour yesterday and one earlier day in turn: executions can end late."""
    days = [now.date()]
    if now.minute % 30 < EVERY_MINUTES:
        ago = 2 + (now.hour * 2 + now.minute // 30) % (DAYS - 2)
        days += [now.date() - timedelta(days=1), now.date() - timedelta(days=ago)]
    with connection.cursor() as cursor:
        for day in days:
            cursor.execute("SELECT executions_usage_count(%s)", [day])


@dataclass(frozen=True, slots=True)
class Day:
    """What was started on one day (UTC)."""

    day: date
    succeeded: int = 0
    failed: int = 0
    tested: int = 0
    unfinished: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.succeeded + self.failed + self.tested + self.unfinished


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of one kind is kept now."""

    kind: str
    count: int
    size: int


@dataclass(frozen=True, slots=True)
class Top:
    """A workflow among those with the most executions. `name` is empty when it was deleted."""

    workflow_id: UUID
    name: str
    count: int
    failed: int
    size: int


@dataclass(frozen=True, slots=True)
class Next:
    """What retention deletes of one kind: `soon` within seven days; `first`: the day of the oldest that is kept."""

    kind: str
    days: int
    kept: int
    soon: int
    first: date | None


@dataclass(frozen=True, slots=True)
class Usage:
    """Everything the page and the API show."""

    policy: Policy
    own: dict[str, int | bool | None]
    days: Sequence[Day]
    storage: Sequence[Kept]
    top: Sequence[Top]
    next: Sequence[Next] = field(default_factory=tuple)
    counted_at: datetime | None = None

    @property
    def size(self) -> int:
        """All that is kept, in bytes."""
        return sum(kept.size for kept in self.storage)


def usage_of(*, workspace_id: UUID, now: datetime) -> Usage:
    """The figures of a workspace. Reads a row per day and workflow, never the executions themselves."""
    row = Retention.objects.filter(workspace_id=workspace_id).first()
    policy = policy_of(row)
    measured = list(StorageUse.objects.filter(workspace_id=workspace_id).order_by("kind"))
    names = ("success_days", "failure_days", "test_days", "is_archived")
    return Usage(
        policy=policy,
        own={name: getattr(row, name) if row else None for name in names},
        days=_days(workspace_id, now.date()),
        storage=[_rows(workspace_id), *(Kept(one.kind, one.objects_count, one.size) for one in measured)],
        top=_top(workspace_id, now.date()),
        next=[_next(workspace_id, kind, policy.days(kind), now.date()) for kind in KINDS],
        counted_at=max((one.measured_at for one in measured), default=None),
    )


def _days(workspace_id: UUID, today: date) -> list[Day]:
    first = today - timedelta(days=DAYS - 1)
    kinds = ("succeeded", "failed", "tested", "unfinished")
    rows = UsageDay.objects.filter(workspace_id=workspace_id, day__gte=first).values("day")
    found = {row["day"]: Day(**row) for row in rows.annotate(**{kind: Sum(kind) for kind in kinds})}
    return [found.get(day, Day(day)) for day in (first + timedelta(days=number) for number in range(DAYS))]


def _rows(workspace_id: UUID) -> Kept:
    there = (
        F("succeeded")
        + F("failed")
        + F("tested")
        + F("unfinished")
        - F("deleted_succeeded")
        - F("deleted_failed")
        - F("deleted_tested")
    )
    found = UsageDay.objects.filter(workspace_id=workspace_id).aggregate(
        count=Sum(there), size=Sum(F("data_bytes") - F("deleted_bytes"))
    )
    count = max(found["count"] or 0, 0)
    return Kept("rows", count, max(found["size"] or 0, 0) + count * ROW_BYTES)


def _top(workspace_id: UUID, today: date) -> list[Top]:
    since = today - timedelta(days=DAYS - 1)
    rows = UsageDay.objects.filter(workspace_id=workspace_id, day__gte=since).values("workflow_id")
    found = list(
        rows.annotate(
            total=Sum(F("succeeded") + F("failed") + F("tested") + F("unfinished")),
            bad=Sum("failed"),
            size=Sum("data_bytes"),
        ).order_by("-total", "workflow_id")[:TOP]
    )
    workflows = Workflow.objects.filter(workspace_id=workspace_id, id__in=[row["workflow_id"] for row in found])
    names = dict(workflows.values_list("id", "name"))
    return [
        Top(row["workflow_id"], names.get(row["workflow_id"], ""), row["total"], row["bad"], row["size"])
        for row in found
    ]


def _next(workspace_id: UUID, kind: str, days: int, today: date) -> Next:
    rows = UsageDay.objects.filter(workspace_id=workspace_id).annotate(there=F(kind) - F(f"deleted_{kind}"))
    there = rows.filter(there__gt=0)
    # By the day of the start, which is the day of the end for nearly all.
    soon = there.filter(day__lt=today - timedelta(days=days - AHEAD)).aggregate(count=Sum("there"))["count"]
    kept = there.aggregate(count=Sum("there"))["count"]
    first = there.order_by("day").values_list("day", flat=True).first()
    return Next(kind, days, kept or 0, soon or 0, first)


def usage_forget(*, now: datetime) -> None:
    """Delete figures older than about two years, workspace by workspace."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT executions_workspaces()")
        workspaces = [row[0] for row in cursor.fetchall()]
    for workspace_id in workspaces:
        with tenant(workspace_id):
            old = UsageDay.objects.filter(workspace_id=workspace_id, day__lt=now.date() - timedelta(days=KEPT_DAYS))
            old.delete()
