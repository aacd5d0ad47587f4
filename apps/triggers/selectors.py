"""Named reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.triggers.models import Schedule

AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Clock:
    """A CRON node of an active workflow, as one look at all workspaces finds it: new or changed, or due."""

    is_due: bool
    workspace_id: UUID
    workflow_id: UUID
    node_id: str
    version_id: UUID
    active_since: datetime
    schedule_id: UUID | None
    expression: str
    timezone: str
    missed: str
    next_fire_at: datetime | None
    followed_since: datetime | None


def clocks(*, now: datetime) -> Sequence[Clock]:
    """The clocks of all workspaces that changed or are due, at most 500 of each. Forgets those that are no more.

    Works outside a tenant block. While another process looks, this finds nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM triggers_schedules_look(%s, %s)", [now, AT_MOST])
        return [Clock(row[0] == "due", *row[1:]) for row in cursor.fetchall()]


def schedule_list(workspace_id: UUID, *, workflow_id: UUID | None = None) -> QuerySet[Schedule]:
    """The schedules of a workspace with their workflow, the next to come due first."""
    found = Schedule.objects.filter(workspace_id=workspace_id).select_related("workflow")
    if workflow_id is not None:
        found = found.filter(workflow_id=workflow_id)
    return found.order_by("next_fire_at", "id")
