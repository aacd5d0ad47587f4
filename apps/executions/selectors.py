"""What can be asked about executions. The workspace comes first everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, Func, JSONField, OuterRef, Prefetch, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from apps.core import replica
from apps.core.errors import NotFound
from apps.executions import iterations, links, payloads
from apps.executions.engine import keep, plan
from apps.executions.engine.attempts import attempts_of
from apps.executions.engine.noderun import CONTAINER, ROUND, unmet_of
from apps.executions.engine.noderun import NodeRun as Held
from apps.executions.engine.said import lines_of, metrics_of
from apps.executions.engine.states import HUMAN, SETTLED, TERMINAL, State, Status
from apps.executions.graphs import graph_of
from apps.executions.models import FAILED, PARKED, Execution, NodeRun, PayloadUse, Quota, Transition, Wait
from apps.workflows.graph import Graph
from apps.workflows.models import Version, Workflow


class ExecutionNotFound(NotFound):
    """There is no such execution in this workspace."""

    code = "executions.not_found"


class PayloadNotFound(NotFound):
    """This execution has no such value."""

    code = "executions.payload_not_found"


def execution_list(
    *,
    workspace_id: UUID,
    workflow_id: UUID | None = None,
    statuses: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    code: str = "",
    is_redriven: bool | None = None,
    search: str = "",
) -> QuerySet[Execution]:
    """Executions of a workspace, the newest first, with their workflow and version, without payloads.

    `since` and `until` (not included) are moments of creation, `code` is the code of the error, `is_redriven` says
    whether another one has done it again since. `search` finds part of an execution's id, or of its workflow's name.
    """
    # Fetched apart: joined, the planner would rather sort everything than take the newest from the index.
    related = Prefetch("workflow", Workflow.objects.defer("draft")), Prefetch("version", Version.objects.defer(*_BODY))
    found = Execution.objects.filter(workspace_id=workspace_id).prefetch_related(*related)
    if workflow_id:
        found = found.filter(workflow_id=workflow_id)
    wanted = list(statuses)
    if wanted:
        found = found.filter(has_status(wanted))
    if since:
        found = found.filter(created_at__gte=since)
    if until:
        found = found.filter(created_at__lt=until)
    if code:
        found = found.filter(error__code=code)
    if is_redriven is not None:
        again = Exists(Execution.objects.filter(rerun_of=OuterRef("id")))
        found = found.filter(again if is_redriven else ~again)
    if search:
        named = Workflow.objects.filter(workspace_id=workspace_id, name__icontains=search).values("id")
        found = found.alias(id_text=Cast("id", TextField())).filter(
            Q(id_text__contains=search.lower()) | Q(workflow__in=named)
        )
    has_quota = Exists(Quota.objects.filter(workspace_id=OuterRef("workspace_id")))
    return found.annotate(has_quota=has_quota).defer(*_HEAVY).order_by("-id")


def has_status(wanted: Iterable[str]) -> Q:
    """Executions with one of these statuses, asked for as the partial indexes are cut: each part is found by its own.

    Whatever else there is in the workspace, a few that run are found at once.
    """
    asked = {str(status) for status in wanted}
    parts = [asked & {str(status) for status in cut} for cut in _CUTS]
    known = set[str]().union(*parts)
    return reduce(or_, [Q(status__in=sorted(part)) for part in (*parts, asked - known) if part])


_CUTS = (FAILED, PARKED, (Status.NEW,), (Status.RUNNING,))
_HEAVY = ("input", "output", "response")
_BODY = ("definition",)


LATEST_RUNS = 100


class LatestRun(NamedTuple):
    """One execution as far as a figure about its workflow needs it."""

    status: str
    created_at: datetime
    finished_at: datetime | None


def latest_runs(*, workspace_id: UUID, workflow_ids: Iterable[UUID]) -> dict[UUID, list[LatestRun]]:
    """The last 100 executions of each workflow, the newest first. One query, bounded however many there are."""
    asked = list(workflow_ids)
    found: dict[UUID, list[LatestRun]] = {workflow_id: [] for workflow_id in asked}
    with replica.cursor() as cursor:
        # The planner takes the newest of each workflow from its index; a window function would read them all.
        cursor.execute(
            """
            SELECT asked.id, run.status, run.created_at, run.finished_at
            FROM unnest(%s::uuid[]) AS asked (id)
            CROSS JOIN LATERAL (
                SELECT status, created_at, finished_at FROM executions_execution
                WHERE workflow_id = asked.id AND workspace_id = %s
                ORDER BY created_at DESC LIMIT %s
            ) AS run
            ORDER BY asked.id, run.created_at DESC
            """,
            [asked, workspace_id, LATEST_RUNS],
        )
        for workflow_id, *run in cursor.fetchall():
            found[workflow_id].append(LatestRun(*run))
    return found


def waiting_counts(*, workspace_id: UUID, workflow_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many executions of each workflow wait for a person; workflows without any are left out. One query."""
    rows = Execution.objects.filter(
        workspace_id=workspace_id, workflow_id__in=list(workflow_ids), status__in=[str(status) for status in HUMAN]
    )
    return dict(rows.values_list("workflow_id").annotate(count=Count("id")))


def execution_get(*, workspace_id: UUID, execution_id: UUID) -> Execution:
    """One execution with its workflow and version. Raises `ExecutionNotFound`."""
    found = (
        Execution.objects.filter(workspace_id=workspace_id, id=execution_id)
        .select_related("workflow", "version")
        .defer("workflow__draft")
        .first()
    )
    if found is None:
        raise ExecutionNotFound
    return found


def latest_rerun(execution: Execution) -> UUID | None:
    """The latest execution that does this one again, if one does."""
    found = Execution.objects.filter(workspace_id=execution.workspace_id, rerun_of=execution.id)
    return found.order_by("-created_at").values_list("id", flat=True).first()


def execution_workspace_id(*, execution_id: UUID) -> UUID | None:
    """The workspace of an execution, for callers whose membership is checked next."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT executions_workspace_of(%s)", [execution_id])
        row = cursor.fetchone()
    return row[0] if row else None


def execution_standing(*, workspace_id: UUID, execution_id: UUID) -> tuple[int, bool]:
    """The last checkpoint of an execution, and whether it has ended. Raises `ExecutionNotFound`."""
    row = Execution.objects.filter(workspace_id=workspace_id, id=execution_id).values_list("seq", "status").first()
    if row is None:
        raise ExecutionNotFound
    return row[0], row[1] in TERMINAL


def last_input(*, workspace_id: UUID, workflow_id: UUID, trigger_node: str) -> Any:
    """What the latest execution of a workflow that began at this trigger was given, or None."""
    found = Execution.objects.filter(
        workspace_id=workspace_id, workflow_id=workflow_id, trigger_node=trigger_node, input__isnull=False
    )
    return found.order_by("-created_at").values_list("input", flat=True).first()


def transition_list(*, workspace_id: UUID, execution_id: UUID, after: int = 0, limit: int = 500) -> list[Transition]:
    """The checkpoints after `after`, in order: what a watcher has missed."""
    return list(
        Transition.objects.filter(workspace_id=workspace_id, execution_id=execution_id, seq__gt=after).order_by("seq")[
            :limit
        ]
    )


def wait_list(*, workspace_id: UUID, execution_id: UUID) -> list[Wait]:
    """Everything an execution waited for, in the order it was opened."""
    return list(Wait.objects.filter(workspace_id=workspace_id, execution_id=execution_id).order_by("opened_at", "id"))


def open_wait_list(*, workspace_id: UUID, execution_ids: Iterable[UUID]) -> list[Wait]:
    """What these executions wait for now, the oldest first."""
    return list(
        Wait.objects.filter(workspace_id=workspace_id, execution_id__in=list(execution_ids), resolved_at=None).order_by(
            "opened_at"
        )
    )


def execution_snapshot(
    *, execution: Execution, node_id: str | None = None, with_payloads: bool = False, with_settled: bool = False
) -> dict[str, Any]:
    """An execution as pages, API and watchers start from it.

    What has settled inside containers is only counted, in `counts`, unless `with_settled`: a snapshot stays small
    however many iterations there are. Payloads (input, params, output, logs) come with the node run of `node_id` only,
    or with all when `with_payloads`. Call it inside one transaction, so that `seq` and the rest belong together.
    """
    of_it: Any = {"workspace_id": execution.workspace_id, "execution_id": execution.id}
    graph = graph_of(workspace_id=execution.workspace_id, version_id=execution.version_id)
    found, waits = NodeRun.objects.filter(**of_it), Wait.objects.filter(**of_it)
    if not with_settled:
        found, waits = iterations.shown_runs(found), iterations.shown_waits(waits)
    rows = _rows(found, has_payloads=with_payloads or node_id is not None)
    return {
        "id": str(execution.id),
        "workflow_id": str(execution.workflow_id),
        "workflow_name": execution.workflow.name,
        "version": execution.version.number,
        "status": execution.status,
        "mode": execution.mode,
        "seq": execution.seq,
        "trigger": execution.trigger_node,
        "started_by": execution.started_by,
        "rerun_of": _text(execution.rerun_of),
        "parent_id": _text(execution.parent_id),
        "parent": links.parent_of(execution),
        "children": links.children_of(execution),
        "created_at": _when(execution.created_at),
        "started_at": _when(execution.started_at),
        "hold": execution.hold,
        "finished_at": _when(execution.finished_at),
        "deadline_at": _when(execution.deadline_at),
        "held_by": execution.held_by,
        "error": execution.error,
        "unknown_writes": execution.unknown_writes,
        "large": large_of(execution, execution.id),
        "resume_count": execution.resume_count,
        "definition": execution.version.definition,
        "remaining_nodes": _remaining(execution, graph, rows),
        "node_runs": _node_runs(graph, rows, None if with_payloads else node_id, has_all=with_payloads),
        "counts": iterations.settled_counts(**of_it),
        "waits": [_wait(row) for row in waits.order_by("opened_at", "id")],
    }


def iteration_snapshot(*, execution: Execution, path: str, node_id: str | None = None) -> dict[str, Any]:
    """One iteration of a container as `execution_snapshot` shows the whole: its node runs in full, deeper ones counted.

    The iteration's own node run, which is the container's with this path, is among them. Payloads come with the node
    run of `node_id` only.
    """
    of_it: Any = {"workspace_id": execution.workspace_id, "execution_id": execution.id}
    graph = graph_of(workspace_id=execution.workspace_id, version_id=execution.version_id)
    found = iterations.shown_runs(NodeRun.objects.filter(**of_it), path)
    rows = _rows(found, has_payloads=node_id is not None)
    waits = iterations.shown_waits(Wait.objects.filter(**of_it), path)
    return {
        "path": path,
        "seq": execution.seq,
        "node_runs": _node_runs(graph, rows, node_id),
        "counts": iterations.settled_counts(**of_it, path=path),
        "waits": [_wait(row) for row in waits.order_by("opened_at", "id")],
    }


_PAYLOADS = ("params", "input", "output", "logs", "suspended")


MOST_CHILDREN = 100


def execution_children(*, workspace_id: UUID, execution_id: UUID, node_id: str, path: str = "") -> list[dict[str, Any]]:
    """The executions a node started and waits or waited for, the first 100 in the order of its inputs."""
    waits = Wait.objects.filter(workspace_id=workspace_id, execution_id=execution_id, node_id=node_id, path=path)
    found = Execution.objects.filter(
        workspace_id=workspace_id, parent_id=execution_id, parent_wait_id__in=waits.filter(kind="child").values("id")
    ).order_by("created_at", "child_index")
    names = ("id", "child_index", "workflow__name", "status", "created_at", "finished_at")
    return [
        {
            "id": str(id_),
            "index": index,
            "workflow_name": name,
            "status": status,
            "created_at": _when(created_at),
            "finished_at": _when(finished_at),
        }
        for id_, index, name, status, created_at, finished_at in found.values_list(*names)[:MOST_CHILDREN]
    ]


# How far it says it is, of all that it has said.
_TOLD = Func(
    F("logs"),
    Value('$[*] ? (@.kind == "progress")'),
    function="jsonb_path_query_first",
    template="%(function)s(%(expressions)s::jsonpath)",
    output_field=JSONField(),
)


def _rows(found: QuerySet[NodeRun], *, has_payloads: bool) -> list[NodeRun]:
    # How many rounds a container at work will have is all that is wanted of what it keeps for itself.
    found = found.annotate(total=KeyTransform("total", "suspended"), told=_TOLD)
    return list(found if has_payloads else found.defer(*_PAYLOADS))


def _node_runs(
    graph: Graph, rows: list[NodeRun], node_id: str | None, *, has_all: bool = False
) -> list[dict[str, Any]]:
    """Rows in the order of the graph; with payloads those of `node_id`, or all."""
    order = {name: at for at, name in enumerate(graph.order)}
    rows.sort(key=lambda row: (order.get(row.node_id, 0), row.path))
    levels: dict[str, dict[str, Held]] = {}
    if has_all or node_id is not None:
        for path in {row.path for row in rows}:
            levels[path] = _held(graph, [row for row in rows if row.path == path])
    return [_node_run(graph, row, levels[row.path] if has_all or row.node_id == node_id else None) for row in rows]


def _remaining(execution: Execution, graph: Graph, rows: Iterable[NodeRun]) -> list[str]:
    if execution.is_terminal:
        return []
    settled = {row.node_id for row in rows if row.state in SETTLED and not row.path}
    others = {trigger for trigger in graph.triggers if trigger != execution.trigger_node}
    return [node_id for node_id in graph.order if node_id not in settled and node_id not in others]


class _Large(dict[str, Any]):
    """What is shown in place of a value that is kept outside its row."""


def large_of(row: payloads.Row, execution_id: UUID) -> dict[str, Any]:
    """The columns of a row whose values are too large for it: how large, how their JSON begins, where to get it."""
    return {name: _large(reference, execution_id) for name, reference in (row.by_reference or {}).items()}


def _large(reference: payloads.Reference, execution_id: UUID) -> _Large:
    return _Large(reference, url=f"/api/v1/app/executions/{execution_id}/payloads/{reference['sha256']}/")


def execution_value(*, execution: Execution, name: str) -> Any:
    """The `input`, `output` or `response` of an execution, wherever it is kept. Raises `StorageAway`."""
    return payloads.value_of(execution, name)


def payload_get(*, workspace_id: UUID, execution_id: UUID, sha256: str) -> bytes:
    """The JSON text of a large value of an execution. Raises `PayloadNotFound` or `StorageAway`."""
    found = PayloadUse.objects.filter(workspace_id=workspace_id, execution_id=execution_id, sha256=sha256)
    if not found.exists():
        raise PayloadNotFound
    try:
        return payloads.read(workspace_id, {"sha256": sha256, "size": 0, "head": ""})
    except payloads.ObjectMissing:
        raise PayloadNotFound("The object storage does not hold this value any more.") from None


def _held(graph: Graph, rows: Iterable[NodeRun]) -> dict[str, Held]:
    """The rows as the engine holds them, to say what went into a node."""
    held = {node_id: Held(node_id) for node_id in graph.order}
    for row in rows:
        large = (row.by_reference or {}).get("output")
        output = _large(large, row.execution_id) if large else row.output
        held[row.node_id] = Held(
            row.node_id,
            state=State(row.state),
            port=row.port,
            also=tuple(row.also or ()),
            output=output,
            verdicts=row.verdicts,
        )
    return held


def _input(graph: Graph, held: dict[str, Held], node_id: str) -> Any:
    return plan.shown(plan.inputs(held, plan.delivered(graph, held, node_id, keep.held(held))))


def _node_run(graph: Graph, row: NodeRun, held: dict[str, Held] | None) -> dict[str, Any]:
    node = graph.nodes.get(row.node_id)
    found = {
        "node_id": row.node_id,
        "path": row.path,
        "name": node.name if node else row.node_id,
        "state": row.state,
        "attempt": row.attempt,
        "max_attempts": node.retry.attempts if node else 1,
        "port": row.port,
        "also": row.also or [],
        # The error of an earlier attempt is among the attempts; this one has none yet.
        "error": None if row.state == State.RUNNING else row.error,
        "retry_at": _when(row.retry_at),
        "started_at": _when(row.started_at),
        "finished_at": _when(row.finished_at),
        "attempts": attempts_of(row),
        "total": row.total if row.effect == CONTAINER and row.state not in SETTLED else None,  # type: ignore[attr-defined]
    }
    if unmet := unmet_of(row.verdicts):
        found["unmet"] = unmet
    told = row.told if row.state not in SETTLED else None  # type: ignore[attr-defined]
    if told:
        found["progress"] = {"done": told["done"], "total": told["total"]}
    if row.kept_from is not None:  # it ran in that execution; its own id: its output was given
        found["kept_from"] = str(row.kept_from)
    if held is not None:
        is_entry = bool(row.path) and (row.effect == ROUND or not graph.incoming.get(row.node_id))
        given = iterations.item_of(row) if is_entry else row.input
        if given is None and not is_entry and "input" not in (row.by_reference or {}):
            given = _input(graph, held, row.node_id)
        large = large_of(row, row.execution_id)
        if isinstance(given, _Large):
            given, large["input"] = None, given
        if node is not None and node.subtype == "SUB_WORKFLOW":
            found["children"] = execution_children(
                workspace_id=row.workspace_id, execution_id=row.execution_id, node_id=row.node_id, path=row.path
            )
        found |= {"input": given, "params": row.params, "output": row.output, "large": large}
        found |= {"logs": list(lines_of(row.logs)), "metrics": metrics_of(row.logs)}
    return found


def _wait(row: Wait) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "node_id": row.node_id,
        "path": row.path,
        "kind": row.kind,
        "title": row.title,
        "opened_at": _when(row.opened_at),
        "wake_at": _when(row.wake_at),
        "resolved_at": _when(row.resolved_at),
        "resolved_by": row.resolved_by,
    }


def _text(id_: UUID | None) -> str | None:
    return str(id_) if id_ else None


def _when(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
