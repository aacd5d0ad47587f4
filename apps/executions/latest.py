"""What nodes last gave back: of the latest executions, and in containers of their first rounds."""

from __future__ import annotations

from uuid import UUID

from apps.executions.engine.noderun import ROUND
from apps.executions.engine.rounds import path_of
from apps.executions.engine.states import State
from apps.executions.models import Execution, NodeRun
from apps.workflows.graph import Graph

LATEST = 30
"""So many executions are looked through."""
ROUNDS = 10
"""So many rounds of a container are looked through."""


def latest_rows(workspace_id: UUID, workflow_id: UUID, graph: Graph, names: frozenset[str]) -> dict[str, NodeRun]:
    """The node runs in which these nodes last gave something back, by node id; none for nodes that do not run.

    Two statements. Must run inside `tenant()`.
    """
    wanted = [name for name in names if not graph.nodes[name].is_pinned and name not in graph.attached]
    ran = Execution.objects.filter(workspace_id=workspace_id, workflow_id=workflow_id)
    latest = list(ran.order_by("-created_at").values_list("id", flat=True)[:LATEST])
    if not wanted or not latest:
        return {}
    levels = {graph.nodes[name].parent for name in wanted}
    rows = (
        NodeRun.objects.filter(
            workspace_id=workspace_id,
            execution_id__in=latest,
            node_id__in=wanted,
            path__in=[path for level in levels for path in _paths(graph, level)],
            state__in=[str(State.COMPLETED), str(State.FAILED)],
            port__isnull=False,
        )
        .exclude(effect=ROUND)
        .order_by("node_id", "-execution_id", "path")
        .distinct("node_id")
        .only(*_LIGHT)
    )
    return {row.node_id: row for row in rows if row.port in graph.nodes[row.node_id].ports}


_LIGHT = (
    "execution_id",
    "node_id",
    "path",
    "workspace",
    "state",
    "port",
    "also",
    "output",
    "finished_at",
    "by_reference",
)


def _paths(graph: Graph, container: str | None) -> list[str]:
    """Where the nodes of a container ran in its first rounds, of outer containers in the first."""
    if container is None:
        return [""]
    outer = _paths(graph, graph.nodes[container].parent)[0]
    return [path_of(outer, container, index) for index in range(ROUNDS)]
