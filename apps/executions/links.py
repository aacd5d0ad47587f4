"""How executions hang together: who called whom, and whose end started what. Named reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count

from apps.executions.engine.states import TERMINAL
from apps.executions.models import Execution

MOST_SHOWN = 50


def parent_of(execution: Execution) -> dict[str, Any] | None:
    """The execution that called this one, or whose end started it. None when no execution did, or it is gone.

    `by`: SUB_WORKFLOW, EXECUTION_FINISHED or ERROR.
    """
    starter = execution.started_by or {}
    if starter.get("kind") != "execution":
        return None
    found = (
        Execution.objects.filter(workspace_id=execution.workspace_id, id=UUID(starter["id"]))
        .values("id", "workflow_id", "workflow__name", "status")
        .first()
    )
    if found is None:
        return None
    return {
        "id": str(found["id"]),
        "workflow_id": str(found["workflow_id"]),
        "workflow_name": found["workflow__name"],
        "status": found["status"],
        "node_id": starter.get("node_id"),
        "by": starter.get("by", ""),
    }


def children_of(execution: Execution) -> dict[str, Any]:
    """The executions that this one called: how many, how many in which status, and the first 50 of them."""
    rows = Execution.objects.filter(workspace_id=execution.workspace_id, parent_id=execution.id)
    statuses = dict(rows.values_list("status").annotate(count=Count("id")).order_by())
    if not statuses:
        return {"count": 0, "statuses": {}, "first": []}
    shown = rows.order_by("id").values_list(
        "id", "workflow_id", "workflow__name", "status", "started_by", "child_index"
    )[:MOST_SHOWN]
    return {
        "count": sum(statuses.values()),
        "statuses": statuses,
        "first": [
            {
                "id": str(child_id),
                "workflow_id": str(workflow_id),
                "workflow_name": name,
                "status": status,
                "node_id": (starter or {}).get("node_id"),
                "path": (starter or {}).get("path", ""),
                "index": index,
            }
            for child_id, workflow_id, name, status, starter, index in shown
        ],
    }


def are_moving(children: dict[str, Any]) -> bool:
    """Whether one of these children has not ended yet."""
    return any(status not in TERMINAL for status in children["statuses"])
