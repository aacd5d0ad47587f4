"""Containers: which node stands in which, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from apps.core.suggest import nearest, shown
from apps.nodes.contract import Trigger
from apps.workflows.graph.document import ConnectionDocument
from apps.workflows.graph.findings import Finding, error
from apps.workflows.graph.model import GraphNode

MAX_DEPTH = 5


def nested(
    nodes: Mapping[str, GraphNode], places: Mapping[str, int], found: list[Finding]
) -> tuple[dict[str, GraphNode], dict[str | None, tuple[str, ...]]]:
    """The nodes with only sound parents, and who stands where. What is wrong is added to `found`."""
    sound: dict[str, GraphNode] = {}
    levels: dict[str | None, list[str]] = {None: []}
    for node in nodes.values():
        findings = list(_parent_findings(node, nodes, f"nodes[{places[node.id]}]"))
        found.extend(findings)
        sound[node.id] = replace(node, parent=None) if findings and node.parent is not None else node
        levels.setdefault(sound[node.id].parent, []).append(node.id)
    return sound, {parent: tuple(children) for parent, children in levels.items()}


def crossing(at: int, stored: ConnectionDocument, nodes: Mapping[str, GraphNode]) -> Iterator[Finding]:
    """A connection between nodes that do not stand in the same container."""
    source, target = nodes.get(stored.source), nodes.get(stored.to)
    if source is None or target is None or source.parent == target.parent:
        return
    container = nodes[source.parent or target.parent or ""]
    yield error(
        "connection.crosses_border",
        f"connections[{at}]",
        f"“{source.name}” → “{target.name}” crosses the border of “{container.name}”.",
        f"Connect “{container.name}” itself, or let both stand in it.",
        node_id=source.id,
    )


def _parent_findings(node: GraphNode, nodes: Mapping[str, GraphNode], base: str) -> Iterator[Finding]:
    if node.parent is None:
        if node.cls.is_inner:
            message = f"“{node.name}” stands in no loop, so there is nothing for it to end."
            yield error("node.outside", f"{base}.parent", message, "Put it into a LOOP or WHILE.", node_id=node.id)
        return
    container = nodes.get(node.parent)
    if container is None:
        message = f"There is no node with the id “{shown(node.parent)}” for “{node.name}” to stand in."
        known = [each.id for each in nodes.values() if each.cls.is_container]
        yield error("node.unknown_parent", f"{base}.parent", message, nearest(node.parent, known), node_id=node.id)
    elif not container.cls.is_container:
        message = f"“{node.name}” cannot stand in “{container.name}”: it is no container."
        yield error("node.no_container", f"{base}.parent", message, "Use a LOOP or WHILE.", node_id=node.id)
    elif issubclass(node.cls, Trigger):
        message = f"“{node.name}” is a trigger: executions begin there, so it stands in no container."
        yield error("node.trigger_inside", f"{base}.parent", message, "Move it out.", node_id=node.id)
    elif _depth(node, nodes) > MAX_DEPTH:
        message = f"“{node.name}” stands in itself, or in more than {MAX_DEPTH} containers within each other."
        yield error("node.too_deep", f"{base}.parent", message, "Use a SUB_WORKFLOW.", node_id=node.id)


def _depth(node: GraphNode, nodes: Mapping[str, GraphNode]) -> int:
    depth, here = 0, nodes.get(node.parent or "")
    while here is not None and depth <= MAX_DEPTH:
        depth, here = depth + 1, nodes.get(here.parent or "")
    return depth
