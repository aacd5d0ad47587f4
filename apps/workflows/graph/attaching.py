"""What agents use: TOOL and MEMORY nodes that are attached to them, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from apps.core.suggest import nearest, shown
from apps.nodes.contract import NodeType
from apps.workflows.graph.document import Document
from apps.workflows.graph.findings import Finding, error
from apps.workflows.graph.model import GraphNode

ATTACHABLE = (NodeType.TOOL, NodeType.MEMORY)


def attached_to(
    nodes: Mapping[str, GraphNode], places: Mapping[str, int], document: Document, found: list[Finding]
) -> dict[str, GraphNode]:
    """The nodes with only sound attachments. What is wrong is added to `found`."""
    connected = {end: at for at, each in enumerate(document.connections) if each for end in (each.source, each.to)}
    sound: dict[str, GraphNode] = {}
    for node in nodes.values():
        sound[node.id] = node
        if not node.attached:
            continue
        kept = []
        for at, other in enumerate(node.attached):
            path = f"nodes[{places[node.id]}].attached[{at}]"
            findings = list(_findings(node, other, path, nodes, document, connected))
            found.extend(findings)
            if not findings:
                kept.append(other)
        sound[node.id] = replace(node, attached=tuple(dict.fromkeys(kept)))
    return sound


def _findings(
    node: GraphNode,
    other: str,
    path: str,
    nodes: Mapping[str, GraphNode],
    document: Document,
    connected: Mapping[str, int],
) -> Iterator[Finding]:
    if node.type != NodeType.AI_AGENT:
        message = f"“{node.name}” is no AI_AGENT, so nothing can be attached to it."
        yield error("attached.no_agent", path, message, "Use a connection instead.", node_id=node.id)
        return
    target = nodes.get(other)
    if other not in document.ids:
        message = f"There is no node with the id “{shown(other)}” to attach."
        known = [each.id for each in nodes.values() if each.type in ATTACHABLE]
        yield error("attached.unknown_node", path, message, nearest(other, known), node_id=node.id)
    elif target is None:
        return  # it is there, and something is wrong with it itself
    elif target.type not in ATTACHABLE:
        message = f"“{target.name}” is of type {target.type}: only TOOL and MEMORY nodes are attached."
        yield error("attached.wrong_type", path, message, "Use a connection instead.", node_id=node.id)
    elif other in connected:
        message = f"“{target.name}” is attached to “{node.name}”, so nothing leads to it or from it."
        fix = f"Remove connections[{connected[other]}]."
        yield error("attached.has_connection", path, message, fix, node_id=target.id)
