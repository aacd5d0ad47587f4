"""Executions that executions start: a node calls a workflow, once per input, and waits for all of them.

The children are inserted in the transaction that parks the parent. The end of each is an event; telling it locks the
parent, makes the next child due, or hands the results over. Lock order: event, parent, wait, child.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import connection

from apps.core import clock, events, jsonclean, jsonshape
from apps.core.errors import DomainError, NotFound
from apps.core.ids import uuid7
from apps.core.models import Event
from apps.executions import launch, payloads, services
from apps.executions.engine.states import TERMINAL, Status
from apps.executions.graphs import graph_of
from apps.executions.models import Execution, Wait
from apps.executions.poke import poke
from apps.executions.services import DEFAULT_TIMEOUT_SECONDS, AlreadyEnded, Origin
from apps.executions.wait_kinds import OpenWait
from apps.nodes.contract import NodeError, NodeType, RunChild
from apps.workflows import selectors as workflows
from apps.workflows.graph import GraphNode

MAX_DEPTH = 8
MAX_RESULT_BYTES = 16_000_000
ABANDONED = "children.abandoned"
CANCEL_BATCH = 100
_UNFINISHED = [str(status) for status in Status if status not in TERMINAL]


class Children:
    """Waits of kind `child`: a node waits for executions it started."""

    def opened(self, wait: OpenWait) -> None:
        """Insert the children, in the same transaction."""
        assert isinstance(wait.request, RunChild)
        children_start(wait=wait, asked=wait.request)

    def due(self, wait_ids: Sequence[UUID]) -> None:
        """They took too long: nobody waits for them any more."""
        _abandon(wait_ids)

    def withdrawn(self, wait_ids: Sequence[UUID]) -> None:
        """The parent ended first."""
        _abandon(wait_ids)


# ── Starting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Parent:
    """What the children of an execution take over from it."""

    mode: str
    depth: int
    lineage_id: UUID
    workflow_name: str
    failures: int


@dataclass(frozen=True, slots=True)
class _Called:
    """What is called: which version of which workflow, by which trigger."""

    name: str
    origin: Origin
    trigger: GraphNode


def children_start(*, wait: OpenWait, asked: RunChild) -> None:
    """Start what a node called. Must run in the transaction that opened the wait.

    A call that cannot be carried out resolves the wait at once with the reason, and so does one that does not wait.
    Children run whatever their workflow's `while_paused` says: they are part of their parent.
    """
    parent = _parent(wait)
    try:
        called = _called(wait, asked.workflow, parent)
        inputs = [_accepted(called, given, at, len(asked.inputs)) for at, given in enumerate(asked.inputs)]
    except NodeError as refused:
        _resolve(wait, {"refused": {"code": refused.code, "message": refused.message, "hint": refused.hint}})
        return
    ids = _insert(wait, asked, parent, called, inputs)
    Wait.objects.filter(workspace_id=wait.workspace_id, id=wait.id).update(
        title=called.name, details={"stops": asked.stops, "count": len(ids)}
    )
    if not asked.waits:
        _resolve(wait, {"started": [str(child_id) for child_id in ids]})
    poke(called.origin.queue)


def _parent(wait: OpenWait) -> _Parent:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT e.mode, e.depth, e.lineage_id, w.name, COALESCE(n.failures, 0)
               FROM executions_execution e JOIN workflows_workflow w ON w.id = e.workflow_id
               LEFT JOIN executions_noderun n ON n.execution_id = e.id AND n.node_id = %s AND n.path = %s
               WHERE e.id = %s""",
            [wait.node_id, wait.path, wait.execution_id],
        )
        return _Parent(*cursor.fetchone())


def _called(wait: OpenWait, wanted: str, parent: _Parent) -> _Called:
    if parent.depth >= MAX_DEPTH:
        chain = " → ".join(f"“{name}”" for name in _chain(wait.execution_id))
        raise NodeError(
            "sub_workflow.too_deep",
            f"Workflows call each other more than {MAX_DEPTH} levels deep: {chain}.",
            "Look for a workflow that calls itself; run many items with for_each instead.",
        )
    try:
        workflow = launch.startable(wait.workspace_id, workflows.workflow_named(wait.workspace_id, wanted).id)
    except DomainError as refused:
        code = "unknown" if isinstance(refused, NotFound) else "refused"
        raise NodeError(f"sub_workflow.{code}", refused.message, refused.hint) from None
    if workflow.active_version is None:
        message = f"“{workflow.name}” was never published, so it cannot be called."
        raise NodeError("sub_workflow.not_published", message, "Publish it.")
    version = workflow.active_version
    graph = graph_of(workspace_id=wait.workspace_id, version_id=version.id)
    known = [graph.nodes[node_id] for node_id in graph.triggers]
    for subtype in ("SUB_WORKFLOW", "MANUAL"):
        for node in known:
            if node.type == NodeType.TRIGGER and node.subtype == subtype:
                return _Called(workflow.name, launch.origin_of(version, graph), node)
    raise NodeError(
        "sub_workflow.no_trigger",
        f"“{workflow.name}” has no trigger that another workflow can call.",
        "Add the trigger SUB_WORKFLOW to it, and publish.",
    )


def _chain(execution_id: UUID) -> list[str]:
    """The names of the workflows that led to an execution, the first one first, its own last."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH RECURSIVE up AS (
                   SELECT e.parent_id, e.workflow_id, 0 AS at FROM executions_execution e WHERE e.id = %s
                   UNION ALL
                   SELECT e.parent_id, e.workflow_id, up.at + 1
                   FROM up JOIN executions_execution e ON e.id = up.parent_id WHERE up.at < %s)
               SELECT w.name FROM up JOIN workflows_workflow w ON w.id = up.workflow_id ORDER BY up.at DESC""",
            [execution_id, MAX_DEPTH],
        )
        return [name for (name,) in cursor.fetchall()]


def _accepted(called: _Called, given: Any, at: int, count: int) -> Any:
    try:
        return launch.accepted(called.trigger, given)
    except DomainError as refused:
        which = f" (item {at + 1})" if count > 1 else ""
        raise NodeError(
            "sub_workflow.input_invalid",
            f"“{called.name}” does not take this input{which}: {refused.message}",
            refused.hint or f"Look at the input schema of “{called.trigger.name}”.",
        ) from None


_INSERT = """
INSERT INTO executions_execution (id, workspace_id, workflow_id, version_id, trigger_node, mode, status, queue,
    runnable_at, held_by, fence, seq, resume_count, max_concurrent, lineage_id, input, unknown_writes, started_by,
    created_at, deadline_at, parent_id, parent_wait_id, child_index, depth, tells_end, by_reference)
SELECT c.id, %(workspace)s, %(workflow)s, %(version)s, %(trigger)s, %(mode)s, 'NEW', %(queue)s,
    CASE WHEN c.at < %(parallelism)s THEN clock_timestamp() END,
    CASE WHEN c.at >= %(parallelism)s THEN 'parent' END,
    0, 0, 0, %(max_concurrent)s, c.lineage, c.input, '[]', %(by)s::jsonb,
    %(now)s, clock_timestamp() + %(timeout)s * interval '1 second',
    %(parent)s, %(wait)s, c.at, %(depth)s, %(tells_end)s, c.refs
FROM jsonb_to_recordset(%(children)s::jsonb) AS c(id uuid, at int, lineage uuid, input jsonb, refs jsonb)
ORDER BY c.at
"""


def _insert(wait: OpenWait, asked: RunChild, parent: _Parent, called: _Called, inputs: list[Any]) -> list[UUID]:
    ids = [uuid7() for _ in inputs]
    # The same call of the same lineage: whatever the child sends is recognised when the parent is redriven.
    lineages = [
        uuid5(parent.lineage_id, "\0".join((wait.node_id, wait.path, str(at), str(parent.failures))))
        for at in range(len(inputs))
    ]
    children = []
    for at, child_id in enumerate(ids):
        left, refs = payloads.taken_out(wait.workspace_id, {"input": jsonclean.cleaned(inputs[at])})
        children.append({"id": str(child_id), "at": at, "lineage": str(lineages[at]), **left, "refs": refs or None})
    origin = called.origin
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "workspace": wait.workspace_id,
                "workflow": origin.workflow_id,
                "version": origin.version_id,
                "trigger": called.trigger.id,
                "mode": parent.mode,
                "queue": origin.queue,
                "parallelism": asked.parallelism if asked.waits else len(inputs),
                "max_concurrent": origin.max_concurrent,
                "by": json.dumps(
                    {
                        "kind": "execution",
                        "id": str(wait.execution_id),
                        "label": parent.workflow_name,
                        "by": "SUB_WORKFLOW",
                        "node_id": wait.node_id,
                        "path": wait.path,
                    }
                ),
                "now": clock.now(),
                "timeout": origin.timeout_seconds or DEFAULT_TIMEOUT_SECONDS,
                "parent": wait.execution_id,
                "wait": wait.id if asked.waits else None,
                "depth": parent.depth + 1,
                "tells_end": asked.waits or (origin.tells_end and parent.mode == "production"),
                "children": json.dumps(children),
            },
        )
    return ids


def _resolve(wait: OpenWait, answer: dict[str, Any]) -> None:
    services.wait_resolve(workspace_id=wait.workspace_id, wait_id=wait.id, answer=answer, by="engine", now=clock.now())


# ── Ending ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def child_ended(*, workspace_id: UUID, execution_id: UUID, wait_id: UUID, now: datetime) -> None:
    """Let the next child begin, or hand the results to the parent, after this one has ended.

    Harmless when told again, and when the parent waits no longer. Must run inside `tenant()`.
    """
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
    if details.get("stops", True):
        (ended,) = _results(workspace_id, wait_id, execution_id=execution_id)
        if ended["error"] is not None:
            _hand_over(workspace_id, wait_id, {"children": [ended]}, now)
            _abandon([wait_id])
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


def _hand_over(workspace_id: UUID, wait_id: UUID, answer: dict[str, Any], now: datetime) -> None:
    services.wait_resolve(workspace_id=workspace_id, wait_id=wait_id, answer=answer, by="engine", now=now)


def _next_begins(wait_id: UUID) -> bool:
    """Make the next child due that waits for its turn, if one does."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE executions_execution SET held_by = NULL, runnable_at = clock_timestamp()
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


# ── Abandoning ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _abandon(wait_ids: Sequence[UUID]) -> None:
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
