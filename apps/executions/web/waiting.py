"""What a running execution waits for from outside, as the page's notice shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.executions.calls import callback_url
from apps.executions.graphs import graph_of
from apps.executions.models import Execution, Wait

MOST_SHOWN = 5


def waiting(execution: Execution, waits: Sequence[Wait], *, may_call: bool) -> dict[str, Any]:
    """The first calls and events it waits for, each with its node, and a call with its address for those who may."""
    outside = [wait for wait in waits if wait.kind in ("callback", "event")]
    if not outside:
        return {"waits_for": [], "waits_for_more": 0}
    graph = graph_of(workspace_id=execution.workspace_id, version_id=execution.version_id)
    lines = []
    for wait in outside[:MOST_SHOWN]:
        node = graph.nodes.get(wait.node_id)
        url = callback_url(graph, execution.id, wait.node_id, wait.path) if wait.kind == "callback" else None
        lines.append(
            {
                "id": wait.id,
                "name": node.name if node else wait.node_id,
                "path": wait.path,
                "kind": wait.kind,
                "title": wait.title,
                "wake_at": wait.wake_at,
                "url": url if may_call else None,
            }
        )
    return {"waits_for": lines, "waits_for_more": len(outside) - len(lines)}
