"""What follows from the end of a child, and what becomes of children that nobody waits for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core import clock, events, jsonshape
from apps.core.models import Event
from apps.executions import payloads, services
from apps.executions.engine.states import TERMINAL, Status
from apps.executions.graphs import graph_of
from apps.executions.models import Execution, Wait
from apps.executions.poke import poke
from apps.executions.services import AlreadyEnded

MAX_RESULT_BYTES = 16_000_000
ABANDONED = "children.abandoned"
CANCEL_BATCH = 100
_UNFINISHED = [str(status) for status in Status if status not in TERMINAL]


def child_ended(*, event: Event, now: datetime) -> None:
    """Let the next child begin, or hand the results to the parent, after the one that the event tells of has ended.

    Harmless when told again, and when the parent waits no longer. Must run inside `tenant()`.
    """
    workspace_id, execution_id, wait_id = event.workspace_id, event.subject_id, UUID(event.data["parent_wait_id"])
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT p.status FROM executions_execution p
               WHERE p.id = (SELECT c.parent_id FROM executions_execution c WHERE c.id = %s) FOR UPDATE""",
            [execution_id],
        )
        row = cursor.fetchone()
    wait = Wait.objects.filter(workspace_id=workspace_id, id=wait_id).first()
    if row is None or row[0] in TERMINAL or wait is None or wait.resolved_at is not None:
        return
    details = wait.details or {}
    if details.get("stops", True) and not _is_surely_fine(event):
        (ended,) = _results(workspace_id, wait_id, execution_id=execution_id)
        if ended["error"] is not None:
            _hand_over(workspace_id, wait_id, {"children": [ended]}, now)
            children_abandon([wait_id])
            return
    if _next_begins(wait_id) or _is_unfinished(workspace_id, wait_id):
        return
    if _size(wait_id) > MAX_RESULT_BYTES:
        limit = f"{MAX_RESULT_BYTES // 1_000_000} MB"
        refused = {
            "code": "sub_workflow.results_too_large",
            "message": f"The results of all items are larger than {limit} together.",
            "hint": "Let the called workflow return less, or store what it made and return where it is.",
        }
        _hand_over(workspace_id, wait_id, {"refused": refused}, now)
        return
    _hand_over(workspace_id, wait_id, {"children": _results(workspace_id, wait_id)}, now)


def _is_surely_fine(event: Event) -> bool:
    """Whether a child succeeded and nothing is asked of its result: then it need not be looked at yet."""
    if event.data["status"] != Status.SUCCESS:
        return False
    graph = graph_of(workspace_id=event.workspace_id, version_id=UUID(event.data["version_id"]))
    return not any(graph.nodes[node_id].params.get("output_schema") for node_id in graph.triggers)


def _hand_over(workspace_id: UUID, wait_id: UUID, answer: dict[str, Any], now: datetime) -> None:
    services.wait_resolve(workspace_id=workspace_id, wait_id=wait_id, answer=answer, by="engine", now=now)


def _next_begins(wait_id: UUID) -> bool:
    """Make the next child due that waits for its turn, if one does."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE executions_execution
               SET held_by = NULL, runnable_at = CASE WHEN hold IS NULL THEN clock_timestamp() END
               WHERE id = (SELECT id FROM executions_execution WHERE parent_wait_id = %s AND held_by = 'parent'
                           ORDER BY child_index LIMIT 1 FOR UPDATE)
               RETURNING queue""",
            [wait_id],
        )
        row = cursor.fetchone()
    if row:
        poke(row[0])
    return row is not None


def _is_unfinished(workspace_id: UUID, wait_id: UUID) -> bool:
    return Execution.objects.filter(workspace_id=workspace_id, parent_wait_id=wait_id, status__in=_UNFINISHED).exists()


def _size(wait_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT COALESCE(sum(COALESCE((by_reference -> 'output' ->> 'size')::bigint,
                                            octet_length(output::text))), 0)
               FROM executions_execution WHERE parent_wait_id = %s""",
            [wait_id],
        )
        return int(cursor.fetchone()[0])


def _results(workspace_id: UUID, wait_id: UUID, *, execution_id: UUID | None = None) -> list[dict[str, Any]]:
    """How the children of a wait ended, or one of them, in the order of the inputs."""
    rows = Execution.objects.filter(workspace_id=workspace_id, parent_wait_id=wait_id).select_related("workflow")
    if execution_id is not None:
        rows = rows.filter(id=execution_id)
    return [_result(row) for row in rows.defer("input", "response", "workflow__draft").order_by("child_index")]


def _result(child: Execution) -> dict[str, Any]:
    found = {
        "index": child.child_index,
        "execution_id": str(child.id),
        "workflow": child.workflow.name,
        "status": child.status,
        "output": None,
        "error": None,
    }
    if child.status != Status.SUCCESS:
        error = child.error or {}
        return found | {"error": {key: error[key] for key in ("code", "message", "hint") if key in error}}
    output = payloads.value_of(child, "output")
    misfit = _misfit(child, output)
    return found | ({"error": misfit} if misfit else {"output": output})


def _misfit(child: Execution, output: Any) -> dict[str, str] | None:
    """What about its output does not fit the output schema of the trigger it was called by, if there is one."""
    graph = graph_of(workspace_id=child.workspace_id, version_id=child.version_id)
    schema = graph.nodes[child.trigger_node].params.get("output_schema")
    if not schema:
        return None
    try:
        faults = jsonshape.faults(output, schema, path="output")
    except jsonshape.ShapeInvalid as wrong:
        return {"code": "sub_workflow.output_invalid", "message": f"Its output schema is no JSON Schema: {wrong}"}
    if not faults:
        return None
    return {
        "code": "sub_workflow.output_invalid",
        "message": f"Its result does not fit its output schema: {faults[0].path}: {faults[0].message}",
    }


def children_abandon(wait_ids: Sequence[UUID]) -> None:
    """Let the children of these waits be cancelled, in the transaction that closed them."""
    for wait in Wait.objects.filter(id__in=list(wait_ids)):
        events.event_put(workspace_id=wait.workspace_id, name=ABANDONED, subject_id=wait.id, now=clock.now())


def children_abandoned(*, event: Event, now: datetime) -> None:
    """Cancel the children that nobody waits for any more, at most 100 at a time; theirs follow by themselves.

    One that is locked in the middle of a commit is left for the next round. Must run inside `tenant()`.
    """
    rows = Execution.objects.filter(
        workspace_id=event.workspace_id, parent_wait_id=event.subject_id, status__in=_UNFINISHED
    )
    left = list(rows.order_by("-child_index").values_list("id", flat=True)[: CANCEL_BATCH + 1])
    for child_id in left[:CANCEL_BATCH]:
        try:
            services.execution_cancel(
                workspace_id=event.workspace_id,
                execution_id=child_id,
                now=now,
                by="the execution that called it",
                waits=False,
            )
        except AlreadyEnded:
            continue
    if len(left) > CANCEL_BATCH or rows.exists():
        delay = 0.0 if len(left) > CANCEL_BATCH else 1.0
        events.event_put(
            workspace_id=event.workspace_id,
            name=ABANDONED,
            subject_id=event.subject_id,
            now=now,
            delay_seconds=delay,
        )
