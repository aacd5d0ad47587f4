"""Named writes: schedules that follow active workflows and start their executions."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, connection
from django.db.models import F, QuerySet

from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.services import Origin, execution_start
from apps.triggers import deliveries, due_times, selectors
from apps.triggers.deliveries import Arrival, Outcome
from apps.triggers.due_times import NeverDue, Over
from apps.triggers.models import Schedule
from apps.triggers.selectors import Clock
from apps.workflows import selectors as workflows
from apps.workflows.graph import Settings

logger = logging.getLogger(__name__)


def schedules_fire(*, now: datetime) -> int:
    """Bring all schedules in step with the active workflows and start what is due; gives the number of executions.

    May run in any number of processes at once: each due time starts exactly one execution. A schedule that cannot be
    understood keeps its reason in `error`, and one that is refused counts what it left out; neither stops another.
    Raises `OperationalError` while the database cannot be reached.
    """
    started = 0
    for clock in selectors.clocks(now=now):
        try:
            if clock.is_due:
                started += _fire(clock, now)
            else:
                _follow(clock, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("schedule of node %s in workflow %s", clock.node_id, clock.workflow_id)
    return started


# Takes the row only while the trigger it was made from is still the active one: a scheduler that looked a moment too
# early must not put an old expression back. What ran before the change is kept.
_FOLLOW = """
INSERT INTO triggers_schedule AS s (id, workspace_id, workflow_id, node_id, version_id, active_since, expression,
    timezone, missed, rule, is_paused, next_fire_at, error, last_skip_reason, skipped_count)
SELECT %(id)s, t.workspace_id, t.workflow_id, t.node_id, t.version_id, t.active_since, %(expression)s, %(timezone)s,
    %(missed)s, %(rule)s::jsonb,
    EXISTS (SELECT FROM triggers_switch o WHERE o.workflow_id = t.workflow_id AND o.node_id = t.node_id),
    %(next)s, %(error)s, '', 0
FROM workflows_active_trigger t
WHERE t.workspace_id = %(workspace)s AND t.workflow_id = %(workflow)s AND t.node_id = %(node)s AND t.subtype = 'CRON'
  AND t.version_id = %(version)s AND t.active_since = %(since)s
ON CONFLICT (workflow_id, node_id) DO UPDATE
SET version_id = EXCLUDED.version_id, active_since = EXCLUDED.active_since, missed = EXCLUDED.missed,
    next_fire_at = CASE
        WHEN s.active_since = EXCLUDED.active_since AND s.expression = EXCLUDED.expression
             AND s.timezone = EXCLUDED.timezone AND s.rule = EXCLUDED.rule THEN s.next_fire_at
        ELSE EXCLUDED.next_fire_at END,
    expression = EXCLUDED.expression, timezone = EXCLUDED.timezone, rule = EXCLUDED.rule, error = EXCLUDED.error
WHERE s.version_id <> EXCLUDED.version_id OR s.active_since <> EXCLUDED.active_since
"""


def _follow(clock: Clock, now: datetime) -> None:
    """Make or change the schedule of a trigger. One whose expression stays the same goes on where it was."""
    # A trigger that was just switched on counts from that moment, so that what came due before this look is not lost.
    counts_from = now if clock.followed_since == clock.active_since else clock.active_since
    next_at, error = None, ""
    try:
        next_at = due_times.next_after(clock.made, counts_from) + clock.jitter
    except (NeverDue, LookupError, TypeError, ValueError) as reason:
        error = str(reason)
    with tenant(clock.workspace_id), connection.cursor() as cursor:
        cursor.execute(
            _FOLLOW,
            {
                "id": uuid7(),
                "workspace": clock.workspace_id,
                "workflow": clock.workflow_id,
                "node": clock.node_id,
                "version": clock.version_id,
                "since": clock.active_since,
                "expression": clock.expression,
                "timezone": clock.timezone,
                "missed": clock.missed,
                "rule": json.dumps(clock.rule),
                "next": next_at,
                "error": error,
            },
        )


def _fire(clock: Clock, now: datetime) -> int:
    assert clock.next_fire_at is not None
    assert clock.schedule_id is not None
    schedule = Schedule.objects.filter(workspace_id=clock.workspace_id, id=clock.schedule_id)
    still_due = schedule.filter(next_fire_at=clock.next_fire_at, is_paused=False)
    next_at, error, by = None, "", clock.jitter
    try:
        rule = clock.made
        due = due_times.came_due(rule, since=clock.next_fire_at - by, now=now - by, missed=clock.missed)
        try:
            next_at = due_times.next_after(rule, now - by) + by
        except Over as last:  # what has come due by then still starts
            error = str(last)
    except (NeverDue, LookupError, TypeError, ValueError) as reason:
        with tenant(clock.workspace_id):
            still_due.update(next_fire_at=None, error=str(reason))
        return 0
    with tenant(clock.workspace_id):
        if not still_due.update(next_fire_at=next_at, error=error):
            return 0  # another scheduler was quicker
        if not due:
            return 0
        origin = _origin(clock)
        started = [at for at in due if _start(clock, origin, at, now, schedule)]
        if started:
            schedule.update(last_fired_at=started[-1])
    return len(started)


def _start(clock: Clock, origin: Origin, due: datetime, now: datetime, schedule: QuerySet[Schedule]) -> bool:
    """Start the execution of one due time; when the workflow refuses it, that is noted. Whether it was not refused."""
    arrival = Arrival("schedule", clock.label, due.astimezone(UTC).isoformat())
    given = {
        "due_at": due.astimezone(ZoneInfo(clock.timezone)).isoformat(),
        "fired_at": now.isoformat(),
        "timezone": clock.timezone,
    }
    try:
        execution_start(
            origin=origin,
            trigger_node=clock.node_id,
            input=given,
            now=now,
            dedupe_key=f"cron:{clock.workflow_id}:{clock.node_id}:{due.astimezone(UTC).isoformat()}",
            started_by={"kind": "schedule", "label": clock.label},
            beside=deliveries.accepted(clock.workspace_id, arrival),
        )
    except DomainError as refused:
        logger.info("schedule %s left %s out: %s", clock.schedule_id, due, refused)
        deliveries.note(
            replace(arrival, request=given),
            Outcome.of(refused),
            workspace_id=clock.workspace_id,
            workflow_id=clock.workflow_id,
            node_id=clock.node_id,
        )
        schedule.update(last_skipped_at=due, last_skip_reason=refused.code, skipped_count=F("skipped_count") + 1)
        return False
    return True


def _origin(clock: Clock) -> Origin:
    version = workflows.version_get(clock.workspace_id, clock.version_id)
    settings = Settings.model_validate(version.definition.get("settings") or {})
    return origin_of(
        workspace_id=clock.workspace_id,
        workflow_id=clock.workflow_id,
        version_id=clock.version_id,
        queue=version.queue,
        settings=settings,
    )


def origin_of(*, workspace_id: UUID, workflow_id: UUID, version_id: UUID, queue: str, settings: Settings) -> Origin:
    """What a start by a trigger needs to know of the workflow's settings."""
    return Origin.of(
        workspace_id=workspace_id, workflow_id=workflow_id, version_id=version_id, queue=queue, settings=settings
    )
