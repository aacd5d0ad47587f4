"""Compiled graphs, kept: a version never changes, so its graph is made once per process."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from apps.core.tenancy import tenant
from apps.workflows import graph
from apps.workflows.graph import Graph
from apps.workflows.models import Version


@lru_cache(maxsize=512)
def graph_of(*, workspace_id: UUID, version_id: UUID) -> Graph:
    """The graph of a version. Raises `GraphInvalid` when its definition can no longer be compiled."""
    with tenant(workspace_id):
        definition = Version.objects.values_list("definition", flat=True).get(workspace_id=workspace_id, id=version_id)
    return graph.compile(definition)
