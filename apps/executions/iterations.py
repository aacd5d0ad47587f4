"""What runs inside containers: counted as a whole, listed a page at a time, and one iteration in full.

A path says where a node run belongs: `""` is the workflow itself, `lines[3]/sizes[0]` the first iteration of `sizes`
inside the fourth of `lines`. An iteration is a node run of its container with the iteration's own path. So that a
snapshot stays small however long a list is, what has settled inside a container is only counted; what is still open
there is bounded by the containers' parallelism and is shown in full.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from apps.executions import payloads
from apps.executions.engine.rounds import parts_of
from apps.executions.engine.states import SETTLED, State
from apps.executions.models import NodeRun, Wait

PAGE_SIZE = 100
MAX_PAGE_SIZE = 1_000
PATH = re.compile(r"[A-Za-z0-9_.:-]{1,100}\[\d{1,9}\](/[A-Za-z0-9_.:-]{1,100}\[\d{1,9}\])*")

_SETTLED = sorted(str(state) for state in SETTLED)
_UNSETTLED_INSIDE = (State.WAITING_INPUT, State.RETRYING, State.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True)
class Iteration:
    """One round of a container. `index` counts from 0."""

    index: int
    path: str
    state: str
    started_at: datetime | None
    finished_at: datetime | None
    error: dict[str, Any] | None


def is_path(text: str) -> bool:
    """Whether a text is the path of an iteration."""
    return len(text) <= 2_000 and PATH.fullmatch(text) is not None


def below(path: str) -> Q:
    """What belongs to the iterations inside an iteration, or inside the whole execution."""
    return Q(path__startswith=f"{path}/") if path else ~Q(path="")


def shown_runs(found: QuerySet[NodeRun], path: str = "") -> QuerySet[NodeRun]:
    """The node runs of one level in full, and of the levels below it those that are still open."""
    return found.filter(Q(path=path) | (below(path) & ~Q(state__in=_SETTLED)))


def shown_waits(found: QuerySet[Wait], path: str = "") -> QuerySet[Wait]:
    """The waits of one level, and of the levels below it those that are still open."""
    return found.filter(Q(path=path) | (below(path) & Q(resolved_at=None)))


def settled_counts(*, workspace_id: UUID, execution_id: UUID, path: str = "") -> list[dict[str, Any]]:
    """How many node runs below `path` have settled, by node, state and port: `{"node_id", "is_iteration", "state",
    "port", "count"}`. Bounded by the size of the definition. One query."""
    scope = "starts_with(path, %(below)s)" if path else "path <> ''"
    asked: dict[str, Any] = {
        "workspace": workspace_id,
        "execution": execution_id,
        "settled": _SETTLED,
        "below": f"{path}/",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT node_id, strpos('/' || path, '/' || node_id || '[') > 0 AS is_iteration, state, port, count(*)
                FROM executions_noderun
                WHERE workspace_id = %(workspace)s AND execution_id = %(execution)s AND {scope}
                  AND state = ANY(%(settled)s)
                GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
            asked,
        )
        names = ("node_id", "is_iteration", "state", "port", "count")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def iteration_list(
    *,
    workspace_id: UUID,
    execution_id: UUID,
    container: str,
    path: str = "",
    states: Collection[str] = (),
    after: int = -1,
    limit: int = PAGE_SIZE,
) -> list[Iteration]:
    """The iterations of one container in order, from the one behind index `after` on.

    `path`: the iteration the container itself is in. `states` keeps the iterations that stand in one of them; the
    states in which only nodes can stand (WAITING_INPUT, RETRYING, NEEDS_REVIEW) keep those that hold such a node.
    """
    prefix = f"{path}/{container}[" if path else f"{container}["
    asked: dict[str, Any] = {
        "workspace": workspace_id,
        "execution": execution_id,
        "container": container,
        "prefix": prefix,
        "digits": len(prefix) + 1,
        "states": [state for state in states if state not in _UNSETTLED_INSIDE],
        "inside": [state for state in states if state in _UNSETTLED_INSIDE],
        "after": after,
        "limit": limit,
    }
    chosen = ""
    if states:
        chosen = """AND (state = ANY(%(states)s) OR path IN (
            SELECT %(prefix)s || split_part(substr(path, %(digits)s), ']', 1) || ']' FROM executions_noderun
            WHERE workspace_id = %(workspace)s AND execution_id = %(execution)s AND state = ANY(%(inside)s)
              AND starts_with(path, %(prefix)s)))"""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT index, path, state, started_at, finished_at, error::text FROM (
                    SELECT rtrim(substr(path, %(digits)s), ']')::int AS index, path, state, started_at, finished_at,
                           error
                    FROM executions_noderun
                    WHERE workspace_id = %(workspace)s AND execution_id = %(execution)s AND node_id = %(container)s
                      AND starts_with(path, %(prefix)s)
                ) AS one
                WHERE index > %(after)s {chosen} ORDER BY index LIMIT %(limit)s""",
            asked,
        )
        return [_iteration(*row) for row in cursor.fetchall()]


def _iteration(
    index: int, path: str, state: str, started_at: datetime | None, finished_at: datetime | None, error: str | None
) -> Iteration:
    return Iteration(index, path, state, started_at, finished_at, json.loads(error) if error else None)


def item_of(row: NodeRun) -> Any:
    """What the iteration that a node run belongs to was given: an item of the list, or what the round before gave.

    Raises `StorageAway` when it is kept elsewhere and cannot be had.
    """
    outer, container, index = parts_of(row.path)
    of_it = NodeRun.objects.filter(workspace_id=row.workspace_id, execution_id=row.execution_id, node_id=container)
    own = of_it.filter(path=outer).first()
    params = payloads.value_of(own, "params") if own else None
    if isinstance(params, dict) and isinstance(params.get("items"), list):
        size = params.get("batch_size")
        items = params["items"]
        return items[index * size : (index + 1) * size] if size else items[index]
    before = _round_before(row, container, row.path[: row.path.rindex("[") + 1], index)
    found = of_it.filter(path=before).first() if before else None
    return payloads.value_of(found, "output") if found else None


def _round_before(row: NodeRun, container: str, prefix: str, index: int) -> str | None:
    """The path of the last round before this one that gave something."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT path FROM executions_noderun
               WHERE workspace_id = %s AND execution_id = %s AND node_id = %s AND starts_with(path, %s)
                 AND port IS NOT NULL AND rtrim(substr(path, %s), ']')::int < %s
               ORDER BY rtrim(substr(path, %s), ']')::int DESC LIMIT 1""",
            [row.workspace_id, row.execution_id, container, prefix, len(prefix) + 1, index, len(prefix) + 1],
        )
        found = cursor.fetchone()
    return found[0] if found else None
