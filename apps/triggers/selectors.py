"""Named reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.triggers import due_times
from apps.triggers.due_times import Rule
from apps.triggers.errors import EventUnknown
from apps.triggers.models import Event, Schedule
from apps.workflows.graph import Settings
from apps.workflows.selectors import WebhookTarget, webhook_target

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
    rule: dict[str, Any]
    next_fire_at: datetime | None
    followed_since: datetime | None

    @property
    def made(self) -> Rule:
        """When it comes due. Raises `NeverDue`, and what a rule that is none makes fail."""
        return due_times.rule_of(self.expression, self.timezone, self.rule)

    @property
    def jitter(self) -> timedelta:
        """By how much it fires after its due times."""
        return due_times.jitter_of(self.rule, f"{self.workflow_id}:{self.node_id}")

    @property
    def label(self) -> str:
        """Its expression, short enough to be shown in a list."""
        return " · ".join(self.expression.split("\n"))[:200]


_CLOCK = tuple(field.name for field in fields(Clock))


def clocks(*, now: datetime) -> Sequence[Clock]:
    """The clocks of all workspaces that changed or are due, at most 500 of each. Forgets those that are no more.

    Works outside a tenant block. While another process looks, this finds nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM triggers_schedules_look(%s, %s)", [now, AT_MOST])
        rows = [dict(zip(_CLOCK, row, strict=True)) for row in cursor.fetchall()]
    return [Clock(**row | {"is_due": row["is_due"] == "due", "rule": _value(row["rule"])}) for row in rows]


def webhook_find(workspace_slug: str, method: str, path: str) -> tuple[WebhookTarget | None, bool]:
    """The active webhook at an address in any workspace, and whether somebody switched it off. Needs no tenant."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM triggers_webhook_find(%s, %s, %s)", [workspace_slug, method.upper(), path.strip("/")]
        )
        row = cursor.fetchone()
    return (webhook_target(row), bool(row[9])) if row else (None, False)


def schedule_list(workspace_id: UUID, *, workflow_id: UUID | None = None) -> QuerySet[Schedule]:
    """The schedules of a workspace with their workflow, the next to come due first."""
    found = Schedule.objects.filter(workspace_id=workspace_id).select_related("workflow")
    if workflow_id is not None:
        found = found.filter(workflow_id=workflow_id)
    return found.order_by("next_fire_at", "id")


# ── Events ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class EventListener:
    """An active workflow that an event is to start."""

    workflow_id: UUID
    version_id: UUID
    node_id: str
    queue: str
    settings: Settings


def event_list(workspace_id: UUID, *, name: str = "") -> QuerySet[Event]:
    """The events of a workspace, the newest first."""
    found = Event.objects.filter(workspace_id=workspace_id)
    return (found.filter(name=name) if name else found).order_by("-id")


def event_get(workspace_id: UUID, event_id: UUID) -> Event:
    """One event. Raises `EventUnknown`."""
    found = Event.objects.filter(workspace_id=workspace_id, id=event_id).first()
    if found is None:
        raise EventUnknown
    return found


def events_pending(*, most: int) -> Sequence[tuple[UUID, UUID]]:
    """Workspace and id of events that are not delivered after a second, the oldest first. Needs no tenant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, event_id FROM triggers_events_pending(%s)", [most])
        return list(cursor.fetchall())


# The recursion jumps from shape to shape along the index; then each shape is one look-up, however many wait. OFFSET 0
# keeps the planner, who may know nothing of the table yet, from reading all who wait for this name instead.
_WAITING = """
WITH RECURSIVE shapes AS (
    (SELECT w.shape FROM triggers_event_wait w WHERE w.workspace_id = %(workspace)s AND w.name = %(name)s
     ORDER BY w.shape LIMIT 1)
    UNION ALL
    SELECT (SELECT w.shape FROM triggers_event_wait w
            WHERE w.workspace_id = %(workspace)s AND w.name = %(name)s AND w.shape > shapes.shape
            ORDER BY w.shape LIMIT 1)
    FROM shapes WHERE shapes.shape IS NOT NULL
)
SELECT found.wait_id FROM shapes
CROSS JOIN LATERAL (SELECT triggers_event_key(%(data)s::jsonb, shapes.shape) AS key OFFSET 0) wanted
CROSS JOIN LATERAL (
    SELECT w.wait_id, w.execution_id FROM triggers_event_wait w
    WHERE w.workspace_id = %(workspace)s AND w.name = %(name)s AND w.shape = shapes.shape AND w.key = wanted.key
      AND w.created_at < %(posted_at)s
    OFFSET 0) found
WHERE shapes.shape IS NOT NULL
ORDER BY found.execution_id LIMIT %(most)s
"""


def event_wait_ids(event: Event, *, most: int) -> list[UUID]:
    """The waits that were there before this event and are for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITING,
            {
                "workspace": event.workspace_id,
                "name": event.name,
                "data": json.dumps(event.data),
                "posted_at": event.posted_at,
                "most": most,
            },
        )
        return [row[0] for row in cursor.fetchall()]


_LISTENING = """
SELECT DISTINCT ON (t.workflow_id) t.workflow_id, t.version_id, t.node_id, v.queue,
       COALESCE(v.definition -> 'settings', '{}'::jsonb)
FROM workflows_active_trigger t JOIN workflows_version v ON v.id = t.version_id
WHERE t.workspace_id = %(workspace)s AND t.subtype = 'EVENT' AND t.params ->> 'event' = %(name)s
  AND NOT EXISTS (SELECT FROM triggers_switch o WHERE o.workflow_id = t.workflow_id AND o.node_id = t.node_id)
  AND NOT EXISTS (
      SELECT FROM jsonb_each(t.params -> 'match') m
      WHERE triggers_event_text(%(data)s::jsonb #> string_to_array(m.key, '.'))
            IS DISTINCT FROM triggers_event_text(m.value))
ORDER BY t.workflow_id, t.node_id
"""


def event_listeners(event: Event) -> list[EventListener]:
    """The active workflows this event starts, each once, by the first of its nodes that listens."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LISTENING,
            {"workspace": event.workspace_id, "name": event.name, "data": json.dumps(event.data)},
        )
        rows = cursor.fetchall()
    return [
        EventListener(workflow_id, version_id, node_id, queue, Settings.model_validate(_value(settings)))
        for workflow_id, version_id, node_id, queue, settings in rows
    ]


def _value(raw: Any) -> Any:
    return json.loads(raw) if isinstance(raw, str) else raw
