"""The steps of a node run, as they are looked at: what a node did in parts, each part with its result."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apps.executions import payloads, selectors
from apps.executions.models import Step

PAGE_SIZE = 100
MAX_PAGE_SIZE = 500
MOST_TOGETHER = 2_000_000
"""Characters of all results of a page; a page ends before the one that would go beyond."""


def step_list(
    *, workspace_id: UUID, execution_id: UUID, node_id: str, path: str = "", after: int = 0, limit: int = PAGE_SIZE
) -> tuple[list[dict[str, Any]], bool]:
    """Steps of one node run in the order they began, without the first `after`; and whether there are more.

    What is read only, or changes nothing outside, stands here as soon as it is done; a write from when it is sent. A
    result of more than 64 KB is null, and `large` says where it is.
    """
    found = Step.objects.filter(workspace_id=workspace_id, execution_id=execution_id, node_id=node_id, path=path)
    rows = list(found.order_by("started_at", "key")[after : after + limit + 1])
    shown: list[dict[str, Any]] = []
    size = 0
    for row in rows[:limit]:
        size += len(payloads.dump(row.result))
        if shown and size > MOST_TOGETHER:
            break
        shown.append(_shown(row))
    return shown, len(rows) > len(shown)


def _shown(row: Step) -> dict[str, Any]:
    return {
        "key": row.key,
        "state": row.state,
        "effect": row.effect,
        "failures": row.failures,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "result": row.result,
        "large": selectors.large_of(row, row.execution_id).get("result"),
    }
