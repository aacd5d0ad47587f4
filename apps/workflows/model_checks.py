"""Whether the models a definition asks are connected to its workspace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from apps.ai import selectors
from apps.workflows.graph import Finding, GraphNode, draft_of
from apps.workflows.graph.findings import warning


def model_findings(workspace_id: UUID, definition: Any) -> tuple[Finding, ...]:
    """Nodes that would find nobody to ask: warnings, since one may be connected later. Call it inside `tenant()`."""
    draft, _ = draft_of(definition)
    asking = [(node, whose) for node in draft.nodes.values() if (whose := node.cls.borrows(node.params))]
    known = {whose: _is_connected(workspace_id, whose) for _, whose in asking}
    return tuple(
        finding
        for node, whose in asking
        if not known[whose] and not node.disabled
        for finding in _missing(node, whose, f"nodes[{draft.places[node.id]}].params")
    )


def _is_connected(workspace_id: UUID, whose: str) -> bool:
    if whose == "workspace":
        return bool(selectors.model_choices(workspace_id).chain)
    return selectors.default_credential(workspace_id, whose) is not None


def _missing(node: GraphNode, whose: str, path: str) -> Iterator[Finding]:
    if whose == "workspace":
        message = f"“{node.name}” asks the workspace's default model, and none is chosen."
        yield warning(
            "model.none_chosen",
            f"{path}.model",
            message,
            "Choose one under Settings, Models, or name a model in the node.",
            node_id=node.id,
        )
    else:
        message = f"“{node.name}” has no key: nothing of its provider is connected to this workspace."
        yield warning(
            "model.not_connected",
            f"{path}.credential",
            message,
            "Connect it under Settings, Models, or choose a credential in the node.",
            node_id=node.id,
        )
