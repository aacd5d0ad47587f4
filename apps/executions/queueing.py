"""Why an execution is still queued, in words and from what the database says now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count
from django.utils.translation import gettext as _

from apps.executions import quotas
from apps.executions.engine.states import Status
from apps.executions.models import BEGUN, Execution

_BEGUN = [str(status) for status in BEGUN]


def reasons(*, workspace_id: UUID, executions: Iterable[Execution], now: datetime) -> dict[UUID, str]:
    """For each of these executions that waits for its turn: for what. No query when it waits for a worker only.

    Executions of `selectors.execution_list` say themselves whether their workspace has limits of its own.
    """
    waiting = [one for one in executions if one.status == Status.NEW or one.held_by in ("workflow", "key")]
    if not waiting:
        return {}
    running = _running(workspace_id, {one.workflow_id for one in waiting if one.held_by == "workflow"})
    taken = _taken(workspace_id, [one for one in waiting if one.held_by == "key"])
    found = {}
    for one in waiting:
        text = _own(one, running, taken, now)
        if text:
            found[one.id] = text
    due = [one for one in waiting if one.held_by is None and one.runnable_at and one.runnable_at <= now]
    if due and (settings.WORKSPACE_MAX_CONCURRENT or getattr(due[0], "has_quota", True)):
        limit = quotas.quota_get(workspace_id).max_concurrent
        if limit.effective is not None and limit.used >= limit.effective:
            place = _("Waits for a free place in the workspace: %(used)s of %(limit)s running")
            found |= {one.id: place % {"used": limit.used, "limit": limit.effective} for one in due}
    return found


def _own(
    one: Execution, running: dict[UUID, int], taken: dict[tuple[UUID, str | None, bool], int], now: datetime
) -> str:
    if one.held_by == "workflow":
        used = running.get(one.workflow_id, 0)
        return _("Waits for a free place: %(used)s of %(limit)s running") % {"used": used, "limit": one.max_concurrent}
    if one.held_by == "key":
        only_running = one.key_counts == "running"
        used = taken.get((one.workflow_id, one.concurrency_key, only_running), 0)
        text = (
            _("Waits for its turn with the key “%(key)s”: %(used)s of %(limit)s running")
            if only_running
            else _("Waits for its turn with the key “%(key)s”: %(used)s of %(limit)s unfinished")
        )
        return text % {"key": one.concurrency_key, "used": used, "limit": one.key_limit}
    if one.held_by == "pause":
        return _("Held until the person asked before has answered")
    if one.held_by == "parent":
        return _("Waits for its turn among the calls of one step")
    if one.runnable_at and one.runnable_at > now:
        given = {
            "at": one.runnable_at.astimezone(UTC).strftime("%H:%M:%S"),
            "count": one.rate_count,
            "seconds": f"{one.rate_seconds or 0:g}",
        }
        if one.slot_at:
            return _("Begins at %(at)s UTC: at most %(count)s in %(seconds)s s") % given
        if one.debounce_key is not None:
            return _("Begins at %(at)s UTC, unless the burst goes on") % given
    return ""


def _running(workspace_id: UUID, workflow_ids: Iterable[UUID]) -> dict[UUID, int]:
    asked = list(workflow_ids)
    if not asked:
        return {}
    rows = Execution.objects.filter(workspace_id=workspace_id, workflow_id__in=asked, status=str(Status.RUNNING))
    return dict(rows.values_list("workflow_id").annotate(count=Count("id")).order_by())


def _taken(workspace_id: UUID, held: list[Execution]) -> dict[tuple[UUID, str | None, bool], int]:
    """How many have each key: all that have begun, and (third member true) those that run."""
    if not held:
        return {}
    rows = Execution.objects.filter(
        workspace_id=workspace_id,
        workflow_id__in={one.workflow_id for one in held},
        concurrency_key__in={one.concurrency_key for one in held},
        status__in=_BEGUN,
    )
    found: dict[tuple[UUID, str | None, bool], int] = {}
    counted = rows.values_list("workflow_id", "concurrency_key", "status").annotate(count=Count("id")).order_by()
    for workflow_id, key, status, count in counted:
        found[workflow_id, key, False] = found.get((workflow_id, key, False), 0) + count
        if status == Status.RUNNING:
            found[workflow_id, key, True] = count
    return found
