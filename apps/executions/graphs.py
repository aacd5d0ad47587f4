"""Compiled graphs, kept: a version never changes, so its graph is made once per process. And what they read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from apps.core.tenancy import tenant
from apps.workflows import graph, selectors
from apps.workflows.graph import Graph
from apps.workflows.models import Version


@lru_cache(maxsize=512)
def graph_of(*, workspace_id: UUID, version_id: UUID) -> Graph:
    """The graph of a version. Raises `GraphInvalid` when its definition can no longer be compiled."""
    with tenant(workspace_id):
        definition = Version.objects.values_list("definition", flat=True).get(workspace_id=workspace_id, id=version_id)
    return graph.compile(definition)


def variables_of(graph: Graph, workspace_id: UUID) -> dict[str, Any]:
    """The workspace's variables as they are now; empty, without a statement, when the graph reads none."""
    if not graph.reads_variables:
        return {}
    with tenant(workspace_id):
        return selectors.variable_values(workspace_id)
