"""The rows a log is told from: checkpoints, and of the node runs and waits they name only what the telling needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core import replica
from apps.core.tenancy import is_hiding, tenant
from apps.executions.graphs import graph_of
from apps.executions.models import Execution, Wait
from apps.executions.story import Checkpoint, Record
from apps.workflows.graph import Graph, GraphInvalid, draft_of
from apps.workflows.models import Version

WINDOW = 20_000  # checkpoints looked at for one answer when those of one workflow are wanted


@dataclass(frozen=True, slots=True)
class RunRow:
    """A node run without its payloads. `answered`: the status of an HTTP answer, as text.

    `rounds`: of a container of the workflow itself that has ended, how many of its rounds ended in which state.
    """

    execution_id: UUID
    node_id: str
    path: str
    state: str
    attempt: int
    effect: str | None
    port: str | None
    error: dict[str, Any] | None
    answered: str | None
    logs: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    started_at: datetime | None
    attempt_at: datetime | None
    finished_at: datetime | None
    rounds: dict[str, int] | None


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint and whose it is."""

    execution_id: UUID
    point: Checkpoint


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a checkpoint stands in the log of a workspace."""

    at: datetime
    execution_id: UUID
    seq: int


def points_of(*, workspace_id: UUID, execution_id: UUID, since_seq: int, limit: int) -> list[Found]:
    """The checkpoints of one execution from `since_seq` on, in order. One query by primary key."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT execution_id, seq, at, fence, changes, NULL::timestamptz FROM executions_transition
               WHERE execution_id = %s AND workspace_id = %s AND seq >= %s ORDER BY seq LIMIT %s""",
            [execution_id, workspace_id, since_seq - 1, limit + 1],
        )
        rows = [_found(row) for row in cursor.fetchall()]
    first = rows[0].point if rows and rows[0].point.seq < since_seq else None
    found, before = [], first.at if first else None
    for row in rows[1:] if first else rows:
        point = row.point
        found.append(Found(row.execution_id, Checkpoint(point.seq, point.at, point.fence, point.changes, before)))
        before = point.at
    return found[:limit]


# Every clause is an index's: `executions_transition_recent`, and `…_troubled` with this very predicate.
TROUBLED = """changes @? '$[*] ? (@.error_code != null || @.state == "CANCELED" || @.status == "CANCELED"
    || @.said == "warning" || @.said == "error" || @.wait.kind == "review")'"""

_NEWEST = """
WITH looked_at AS MATERIALIZED (
    SELECT execution_id, seq, at FROM executions_transition
    WHERE workspace_id = %(workspace)s {clauses}
    ORDER BY at DESC, execution_id DESC, seq DESC LIMIT %(window)s
), chosen AS (
    SELECT looked_at.* FROM looked_at {of_workflow}
    ORDER BY at DESC, execution_id DESC, seq DESC LIMIT %(limit)s
)
SELECT t.execution_id, t.seq, t.at, t.fence, t.changes,
       (SELECT p.at FROM executions_transition p WHERE p.execution_id = t.execution_id AND p.seq = t.seq - 1)
FROM chosen JOIN executions_transition t ON t.execution_id = chosen.execution_id AND t.seq = chosen.seq
ORDER BY t.at DESC, t.execution_id DESC, t.seq DESC
"""
_LAST_LOOKED_AT = """
SELECT at, execution_id, seq FROM executions_transition WHERE workspace_id = %(workspace)s {clauses}
ORDER BY at DESC, execution_id DESC, seq DESC OFFSET %(window)s - 1 LIMIT 1
"""


def newest_points(
    *,
    workspace_id: UUID,
    before: Place | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    workflow_id: UUID | None = None,
    is_troubled: bool = False,
    limit: int,
) -> tuple[list[Found], Place | None]:
    """The newest checkpoints of a workspace, at most `limit`, and where to go on, or None when there are no more.

    The cost does not grow with what the workspace holds: two indexes give them in order, and of a rare workflow's at
    most `WINDOW` checkpoints are looked through for one answer.
    """
    window = WINDOW if workflow_id or is_hiding() else limit
    given: dict[str, Any] = {"workspace": workspace_id, "window": window, "limit": limit, "workflow": workflow_id}
    clauses = ""
    if before is not None:
        clauses += " AND (at, execution_id, seq) < (%(at)s, %(execution)s, %(seq)s)"
        given |= {"at": before.at, "execution": before.execution_id, "seq": before.seq}
    for name, moment, sign in (("since", since, ">="), ("until", until, "<")):
        if moment is not None:
            clauses += f" AND at {sign} %({name})s"
            given[name] = moment
    if is_troubled:
        clauses += f" AND {TROUBLED}"
    of_workflow = ""
    if workflow_id:
        of_workflow = "JOIN executions_execution e ON e.id = looked_at.execution_id AND e.workflow_id = %(workflow)s"
    elif is_hiding():  # checkpoints have no veil of their own: it would cost everybody their index
        of_workflow = "JOIN executions_execution e ON e.id = looked_at.execution_id"
    with replica.cursor() as cursor:
        cursor.execute(_NEWEST.format(clauses=clauses, of_workflow=of_workflow), given)
        found = [_found(row) for row in cursor.fetchall()]
        if len(found) == limit:
            last = found[-1]
            return found, Place(last.point.at, last.execution_id, last.point.seq)
        cursor.execute(_LAST_LOOKED_AT.format(clauses=clauses), given)
        row = cursor.fetchone()
    return found, Place(*row) if row else None


def _found(row: Sequence[Any]) -> Found:
    execution_id, seq, at, fence, changes, before = row
    return Found(execution_id, Checkpoint(seq, at, fence, json.loads(changes), before))


# ── What the checkpoints name ────────────────────────────────────────────────────────────────────────────────────────

_RUNS = """
SELECT r.execution_id, r.node_id, r.path, r.state, r.attempt, r.effect, r.port, r.error, r.output ->> 'status',
       r.logs, r.attempts, r.started_at, r.attempt_at, r.finished_at,
       CASE WHEN r.effect = 'container' AND r.path = '' AND r.finished_at IS NOT NULL THEN (
           SELECT jsonb_object_agg(state, many) FROM (
               SELECT i.state, count(*) AS many FROM executions_noderun i
               WHERE i.execution_id = r.execution_id AND i.node_id = r.node_id AND i.path <> '' GROUP BY i.state
           ) AS counted) END
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS k (execution_id, node_id, path)
JOIN executions_noderun r
  ON r.execution_id = k.execution_id AND r.node_id = k.node_id AND r.path = k.path AND r.workspace_id = %s
"""


def records_of(workspace_id: UUID, points: Iterable[Found], executions: Mapping[UUID, Execution]) -> dict[UUID, Record]:
    """What is on record about everything these checkpoints name, by execution. Two queries."""
    keys, wait_ids = set(), set()
    for found in points:
        for change in found.point.changes:
            if "wait" in change:
                wait_ids.add(change["wait"]["id"])
            elif "node_id" in change:
                keys.add((found.execution_id, change["node_id"], change.get("path", "")))
    runs: dict[UUID, dict[tuple[str, str], RunRow]] = {}
    for run in _runs(workspace_id, keys):
        runs.setdefault(run.execution_id, {})[run.node_id, run.path] = run
    waits: dict[UUID, dict[str, Wait]] = {}
    if wait_ids:
        for wait in Wait.objects.filter(workspace_id=workspace_id, id__in=wait_ids):
            waits.setdefault(wait.execution_id, {})[str(wait.id)] = wait
    return {
        execution.id: record_of(execution, runs.get(execution.id, {}), waits.get(execution.id, {}))
        for execution in executions.values()
    }


def executions_of(workspace_id: UUID, ids: Iterable[UUID]) -> dict[UUID, Execution]:
    """These executions with their workflows' names, and no more than their lines tell of them."""
    found = Execution.objects.filter(workspace_id=workspace_id, id__in=list(ids)).select_related("workflow")
    return {each.id: each for each in found.only(*_TOLD)}


_TOLD = (
    *("workspace_id", "version_id", "status", "error", "hold", "started_by", "created_at", "finished_at"),
    *("mode", "trigger_node", "queue", "lineage_id", "workflow__name"),
)


def record_of(
    execution: Execution, runs: Mapping[tuple[str, str], Any] | None = None, waits: Mapping[str, Any] | None = None
) -> Record:
    """The record of one execution with these of its rows."""
    graph, milestones = _drawn(execution.workspace_id, execution.version_id)
    return Record(execution, graph, runs or {}, waits or {}, milestones)


def _runs(workspace_id: UUID, keys: Iterable[tuple[UUID, str, str]]) -> list[RunRow]:
    wanted = sorted(keys)
    if not wanted:
        return []
    ids, nodes, paths = zip(*wanted, strict=True)
    with replica.cursor() as cursor:
        cursor.execute(_RUNS, [list(ids), list(nodes), list(paths), workspace_id])
        return [_run(row) for row in cursor.fetchall()]


def _run(row: Sequence[Any]) -> RunRow:
    found = dict(zip(RunRow.__slots__, row, strict=True))
    return RunRow(**(found | {name: value_of(found[name]) for name in ("error", "logs", "attempts", "rounds")}))


@lru_cache(maxsize=512)
def _drawn(workspace_id: UUID, version_id: UUID) -> tuple[Graph, frozenset[str]]:
    """The graph of a version and its milestones. What can no longer be compiled is shown as far as it is understood."""
    with tenant(workspace_id):
        definition = Version.objects.values_list("definition", flat=True).get(workspace_id=workspace_id, id=version_id)
    milestones = frozenset(node["id"] for node in definition["nodes"] if node.get("milestone"))
    try:
        return graph_of(workspace_id=workspace_id, version_id=version_id), milestones
    except GraphInvalid:
        draft, _findings = draft_of(definition)
        return draft.graph(), milestones


def value_of(raw: Any) -> Any:
    """What a JSON column read by a cursor holds."""
    return json.loads(raw) if isinstance(raw, str) else raw
