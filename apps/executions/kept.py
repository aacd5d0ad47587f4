"""The rows an execution begins with that goes on from another one. Written in the transaction that starts it.

What is kept is copied inside the database, whatever its size. The execution is then at its first checkpoint, so that a
worker loads it like any other that ran before.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, Q

from apps.executions import payloads
from apps.executions.engine.keep import Keeping, Past
from apps.executions.engine.noderun import Key
from apps.executions.engine.noderun import NodeRun as Held
from apps.executions.engine.states import State
from apps.executions.graphs import graph_of
from apps.executions.models import Execution, NodeRun, Step
from apps.executions.worker.changes import change_of

_TOLD = ("started_at", "finished_at", "failures", "verdicts")
_LIGHT = ("node_id", "path", "state", "effect", "attempt", "port", "also", *_TOLD)


def past_of(execution: Execution) -> Past:
    """What an execution left behind, without payloads and without what ran inside containers."""
    found = NodeRun.objects.filter(workspace_id=execution.workspace_id, execution_id=execution.id, path="")
    rows = list(found.values("kept_from", *_LIGHT))
    return Past(
        graph=graph_of(workspace_id=execution.workspace_id, version_id=execution.version_id),
        runs={row["node_id"]: _held(row) for row in rows},
        ended_at=execution.finished_at,
        # What a step sent is known by the step.
        unknown=frozenset(
            (write.get("path", ""), write["node_id"]) for write in execution.unknown_writes if "step" not in write
        ),
        ran=frozenset(row["node_id"] for row in rows if row["kept_from"] is None),
    )


def inside_of(execution: Execution, container: str) -> list[Held]:
    """Every node run inside a container, without payloads."""
    rows = NodeRun.objects.filter(
        workspace_id=execution.workspace_id, execution_id=execution.id, path__startswith=f"{container}["
    )
    return [_held(row) for row in rows.values(*_LIGHT)]


def outputs_of(execution: Execution, node_ids: Collection[str]) -> dict[str, Any]:
    """What these nodes gave back in an execution, wherever it is kept. Raises `StorageAway`."""
    rows = NodeRun.objects.filter(
        workspace_id=execution.workspace_id, execution_id=execution.id, path="", node_id__in=list(node_ids)
    )
    return {row.node_id: payloads.value_of(row, "output") for row in rows}


def input_of(executions: Iterable[Execution], node_id: str) -> Any:
    """What a connection made for a node in the latest of these executions in which it ran; None if in none."""
    known = list(executions)
    rows = NodeRun.objects.filter(
        workspace_id__in={each.workspace_id for each in known},
        execution_id__in=[each.id for each in known],
        node_id=node_id,
        path="",
        kept_from=None,
    )
    rows = rows.filter(Q(input__isnull=False) | Q(by_reference__has_key="input")).order_by("-execution_id")
    found = rows.first()
    return None if found is None else payloads.value_of(found, "input")


def _held(row: dict[str, Any]) -> Held:
    known = {name: row[name] for name in _LIGHT}
    return Held(**(known | {"state": State(row["state"]), "also": tuple(row["also"] or ())}))


def write(
    *, execution_id: UUID, workspace_id: UUID, source_id: UUID, keeping: Keeping, past: Past, at: datetime
) -> None:
    """Give a new execution what it keeps of `source_id`, or was given. Must run in the transaction that started it."""
    given: dict[str, Any] = {"new": execution_id, "source": source_id, "kept": keeping.kept, "at": at}
    with connection.cursor() as cursor:
        if keeping.kept:
            cursor.execute(_COPY, given)
        for statement, keys in ((_INSIDE, keeping.inside), (_REOPEN, keeping.reopened), (_DOUBT, keeping.doubted)):
            if keys:
                cursor.execute(statement, given | {"keys": _keys(keys)})
        if keeping.has_steps:
            cursor.execute(_STEPS, given)
        NodeRun.objects.bulk_create(_row(made, execution_id, workspace_id) for made in keeping.made)
        changes = [*_changes(execution_id, source_id, keeping, past, at)]
        cursor.execute(
            """WITH begun AS (UPDATE executions_execution SET seq = 1 WHERE id = %s RETURNING id, workspace_id, fence)
               INSERT INTO executions_transition (execution_id, seq, workspace_id, at, fence, changes)
               SELECT id, 1, workspace_id, %s, fence, %s::jsonb FROM begun""",
            [execution_id, at, json.dumps(changes)],
        )


def _changes(
    execution_id: UUID, source_id: UUID, keeping: Keeping, past: Past, at: datetime
) -> Iterator[dict[str, Any]]:
    """The first checkpoint. What runs inside containers is looked at, not told."""
    for node_id in keeping.kept:
        yield change_of(past.runs[node_id]) | {"kept_from": str(source_id)}
    for path, node_id in (*keeping.reopened, *keeping.doubted):
        if not path:
            yield change_of(Held(node_id, state=State.RUNNING, attempt=1, started_at=at))
    for made in keeping.made:
        if not made.path:
            is_given = made.state is State.COMPLETED
            yield change_of(made) | ({"kept_from": str(execution_id)} if is_given else {})


def _keys(keys: Iterable[Key]) -> str:
    return json.dumps([{"path": path, "node_id": node_id} for path, node_id in keys])


def _row(made: Held, execution_id: UUID, workspace_id: UUID) -> NodeRun:
    is_given = made.state is State.COMPLETED
    return NodeRun(
        execution_id=execution_id,
        workspace_id=workspace_id,
        node_id=made.node_id,
        path=made.path,
        state=str(made.state),
        input=made.input,
        output=made.output,
        verdicts=made.verdicts,
        port=made.port,
        also=list(made.also),
        failures=made.failures,
        finished_at=made.finished_at,
        kept_from=execution_id if is_given else None,
    )


def _select(given: dict[str, str], model: type[Model] = NodeRun) -> str:
    """The copy of a row, column by column, whichever there are."""
    columns = [field.column for field in model._meta.local_concrete_fields if field.column]
    return f"""
        INSERT INTO {model._meta.db_table} ({", ".join(columns)})
        SELECT {", ".join(given.get(name, f"old.{name}") for name in columns)}
        FROM {model._meta.db_table} old WHERE old.execution_id = %(source)s"""


# What was given to the earlier execution bears that one's id, and so does what really ran there.
_KEPT = {"execution_id": "%(new)s", "wait_id": "NULL", "kept_from": "COALESCE(old.kept_from, old.execution_id)"}
_BY_KEY = """ AND (old.path, old.node_id) IN (
    SELECT path, node_id FROM jsonb_to_recordset(%(keys)s::jsonb) AS named (path text, node_id text))"""

_COPY = (
    _select(_KEPT)
    + """ AND CASE WHEN old.path = '' THEN old.node_id ELSE split_part(old.path, '[', 1) END = ANY(%(kept)s)"""
)
_INSIDE = _select(_KEPT) + _BY_KEY

# What a node has done in steps it does not do again.
_STEPS = _select({"execution_id": "%(new)s"}, Step) + " AND NOT (old.path = '' AND old.node_id = ANY(%(kept)s))"

# As if its owner had been lost in the middle of it.
_RUNNING = {
    "execution_id": "%(new)s",
    "state": "'RUNNING'",
    "attempt": "1",
    "losses": "0",
    "started_at": "%(at)s",
    "attempt_at": "%(at)s",
    "kept_from": "NULL",
    "by_reference": "old.by_reference - ARRAY['output', 'suspended']",
    **dict.fromkeys(("finished_at", "error", "output", "port", "wait_id", "retry_at"), "NULL"),
    **dict.fromkeys(("attempts", "also", "logs"), "'[]'::jsonb"),
}
_DOUBT = _select(_RUNNING | {"suspended": "NULL"}) + _BY_KEY
_REOPEN = _select(_RUNNING) + _BY_KEY
