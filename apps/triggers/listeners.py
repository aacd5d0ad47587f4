"""Workflows that start when an execution of another one has ended: EXECUTION_FINISHED and ERROR."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings as django_settings
from django.db.models import Exists, OuterRef

from apps.accounts.access import objects
from apps.accounts.access.objects import Kind
from apps.core import events
from apps.core.errors import NotFound
from apps.core.models import Event
from apps.executions import selectors as executions
from apps.executions.models import Execution
from apps.executions.services import execution_start
from apps.triggers import deliveries
from apps.triggers.deliveries import Arrival
from apps.triggers.models import Switch
from apps.triggers.services import origin_of
from apps.workflows import selectors as workflows
from apps.workflows.graph import Settings, draft_of
from apps.workflows.models import ActiveTrigger, Status, Version

logger = logging.getLogger(__name__)

MAX_DEPTH = 8
HEARD = "execution.heard"
FAILED = ("ERROR", "TIMED_OUT")


@dataclass(frozen=True, slots=True)
class _Listener:
    """Who starts, and at which of its triggers."""

    version: Version
    node_id: str
    subtype: str

    @property
    def address(self) -> str:
        """Which trigger of which workflow it is."""
        return f"{self.version.workflow_id}:{self.node_id}"


def listeners_start(*, event: Event, now: datetime) -> int:
    """Start what listens to the end of an execution; gives the number of listeners. Must run inside `tenant()`.

    Each of several is told by an event of its own, so that one that is refused keeps nobody else waiting. Told again,
    nothing is started twice. Where a person is asked, a start waits in line: there is nobody to refuse. Chains end
    after 8 executions, and the failure of what an ERROR trigger started starts no ERROR trigger. Nothing is told of a
    workflow that is hidden from who published the listener.
    """
    workspace_id, status = event.workspace_id, event.data["status"]
    rows = ActiveTrigger.objects.filter(
        workspace_id=workspace_id, subtype__in=("EXECUTION_FINISHED", *(("ERROR",) if status in FAILED else ()))
    )
    off = Switch.objects.filter(workflow_id=OuterRef("workflow_id"), node_id=OuterRef("node_id"))
    rows = rows.exclude(Exists(off))
    listening = list(rows.select_related("version__workflow").order_by("id"))
    if not listening and status not in FAILED:
        return 0
    ended = executions.execution_get(workspace_id=workspace_id, execution_id=event.subject_id)
    found = list(_listeners(ended, listening))
    if not found:
        return 0
    if ended.depth >= MAX_DEPTH:
        names = ", ".join(f"“{listener.version.workflow.name}”" for listener in found)
        logger.warning("execution %s is the end of a chain of %d; not started: %s", ended.id, MAX_DEPTH, names)
        return 0
    if len(found) > 1 and event.name != HEARD:
        for listener in found:
            events.event_put(
                workspace_id=workspace_id,
                name=HEARD,
                subject_id=ended.id,
                now=now,
                data=event.data | {"listener": listener.address},
            )
        return len(found)
    given = _given(ended)
    for listener in found:
        if event.data.get("listener") in (None, listener.address):
            _start(ended, listener, given, now)
    return len(found)


def _listeners(ended: Execution, listening: Iterable[ActiveTrigger]) -> Iterator[_Listener]:
    is_failure = ended.status in FAILED and (ended.started_by or {}).get("by") != "ERROR"
    for row in listening:
        wanted = row.params.get("workflows") or []
        is_meant = str(ended.workflow_id) in wanted if wanted else row.workflow_id != ended.workflow_id
        counts = is_failure if row.subtype == "ERROR" else ended.status in row.params["statuses"]
        if is_meant and counts and _may_hear(row.version, ended):
            yield _Listener(row.version, row.node_id, row.subtype)
    if is_failure:
        named = _error_workflow(ended)
        if named is not None:
            yield named


def _may_hear(version: Version, ended: Execution) -> bool:
    """Whether who published the listener may look at what ended: it is given the output and the error."""
    return objects.person_may(
        workspace_id=ended.workspace_id,
        person=version.published_by_id,
        kind=Kind.WORKFLOW,
        object_id=ended.workflow_id,
        level="view",
    )


def _error_workflow(ended: Execution) -> _Listener | None:
    """What the settings of the version that failed name, if it can be started."""
    wanted = _settings(ended.version).error_workflow
    if wanted is None:
        return None
    try:
        workflow = workflows.workflow_get(ended.workspace_id, wanted)
    except NotFound:
        logger.warning("the error workflow %s of workflow %s is gone", wanted, ended.workflow_id)
        return None
    if workflow.active_version is None or workflow.status == Status.ARCHIVED:
        logger.warning("the error workflow %s of workflow %s is not published", wanted, ended.workflow_id)
        return None
    draft, _ = draft_of(workflow.active_version.definition)
    for node in draft.nodes.values():
        if node.type == "TRIGGER" and node.subtype == "ERROR" and not node.disabled:
            return _Listener(workflow.active_version, node.id, "ERROR")
    logger.warning("the error workflow %s of workflow %s has no ERROR trigger", wanted, ended.workflow_id)
    return None


def _start(ended: Execution, listener: _Listener, given: dict[str, Any], now: datetime) -> None:
    version, settings = listener.version, _settings(listener.version)
    origin = origin_of(
        workspace_id=version.workspace_id,
        workflow_id=version.workflow_id,
        version_id=version.id,
        queue=version.queue,
        settings=settings,
    )
    execution_start(
        origin=replace(origin, while_paused="queue") if origin.while_paused == "block" else origin,
        trigger_node=listener.node_id,
        input=given,
        now=now,
        dedupe_key=f"finished:{ended.id}:{listener.address}",
        started_by={
            "kind": "execution",
            "id": str(ended.id),
            "label": ended.workflow.name,
            "by": listener.subtype,
        },
        depth=ended.depth + 1,
        beside=deliveries.accepted(version.workspace_id, Arrival("execution", ended.workflow.name, str(ended.id))),
    )


def _given(ended: Execution) -> dict[str, Any]:
    return {
        "execution_id": str(ended.id),
        "workflow_id": str(ended.workflow_id),
        "workflow_name": ended.workflow.name,
        "status": ended.status,
        "output": executions.execution_value(execution=ended, name="output") if ended.status == "SUCCESS" else None,
        "error": ended.error,
        "url": f"{django_settings.BASE_URL}/w/{ended.workspace.slug}/executions/{ended.id}/",
        "started_at": ended.created_at.isoformat(),
        "finished_at": ended.finished_at and ended.finished_at.isoformat(),
    }


def _settings(version: Version) -> Settings:
    return Settings.model_validate(version.definition.get("settings") or {})
