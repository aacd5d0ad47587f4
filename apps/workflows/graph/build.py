"""From a stored definition to a graph, or to everything that keeps it from being one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from apps.core.suggest import nearest, shown
from apps.nodes.contract import Node, OnUnknown, Retry, Trigger
from apps.nodes.params import upgraded
from apps.nodes.registry import node_type, node_types
from apps.workflows.graph.attaching import attached_to
from apps.workflows.graph.document import ConnectionDocument, Document, NodeDocument, read
from apps.workflows.graph.findings import Finding, GraphInvalid, error, errors_in
from apps.workflows.graph.mapping import changes
from apps.workflows.graph.model import ERROR_PORT, Edge, Graph, GraphNode
from apps.workflows.graph.nesting import crossing, nested
from apps.workflows.graph.variables import reads_variables

Json = Any


@dataclass(frozen=True, slots=True)
class Draft:
    """As much of a graph as a definition gives, with the place of each part in the document."""

    document: Document
    nodes: Mapping[str, GraphNode]
    places: Mapping[str, int]
    """Index in `nodes` by node id."""
    edges: tuple[tuple[int, Edge], ...]
    """Sound edges between known nodes, with their index in `connections`."""
    order: tuple[str, ...]
    """Empty when there is a cycle."""
    levels: Mapping[str | None, tuple[str, ...]]
    """Who stands in which container, in the order of the document."""

    def graph(self) -> Graph:
        """The draft as a graph. Only sound when nothing was wrong with it."""
        incoming: dict[str, list[Edge]] = {node_id: [] for node_id in self.nodes}
        outgoing: dict[str, list[Edge]] = {node_id: [] for node_id in self.nodes}
        for _, edge in self.edges:
            outgoing[edge.source].append(edge)
            incoming[edge.target].append(edge)
        attached = frozenset(other for node in self.nodes.values() for other in node.attached)
        order = tuple(node_id for node_id in self.order if node_id not in attached)
        place = {node_id: at for at, node_id in enumerate(order)}
        levels = {
            parent: tuple(sorted((child for child in children if child not in attached), key=lambda c: place.get(c, 0)))
            for parent, children in self.levels.items()
        }
        return Graph(
            nodes=self.nodes,
            order=order,
            incoming=MappingProxyType({key: tuple(edges) for key, edges in incoming.items()}),
            outgoing=MappingProxyType({key: tuple(edges) for key, edges in outgoing.items()}),
            triggers=tuple(n.id for n in self.nodes.values() if issubclass(n.cls, Trigger) and not n.disabled),
            settings=self.document.settings,
            names=MappingProxyType({node.name: node.id for node in self.nodes.values()}),
            levels=MappingProxyType(levels),
            attached=attached,
            deciding=frozenset(edge.source for _, edge in self.edges if edge.condition is not None),
            mapped=frozenset(edge.target for _, edge in self.edges if edge.mapping is not None),
        )


def compile(definition: Json) -> Graph:
    """The graph of a definition. Pure; keep what it returns, it costs about 20 µs per node.

    Raises `GraphInvalid` (400, with one error per finding) when the shape is wrong, a node type is unknown, a
    connection leads nowhere, or there is a cycle. Parameters are not looked into: that is `lint`'s work before
    publishing and the node's own when it runs.
    """
    draft, findings = draft_of(definition)
    refused = errors_in(findings)
    if refused:
        raise GraphInvalid(refused)
    return replace(draft.graph(), reads_variables=reads_variables(definition))


def draft_of(definition: Json) -> tuple[Draft, tuple[Finding, ...]]:
    """The sound part of a definition and what is structurally wrong with the rest. Never raises."""
    document, findings = read(definition)
    found = list(findings)
    nodes: dict[str, GraphNode] = {}
    places: dict[str, int] = {}
    by_name: dict[str, str] = {}
    for at, stored in enumerate(document.nodes):
        if stored is None:
            continue
        if stored.id in nodes:
            found.append(_twice("id", at, stored.id, stored))
            continue
        if stored.name in by_name:
            found.append(_twice("name", at, stored.name, stored))
        by_name.setdefault(stored.name, stored.id)
        cls = node_type(stored.type, stored.subtype)
        if cls is None:
            found.append(_unknown_type(at, stored))
            continue
        try:
            nodes[stored.id] = _node(stored, cls)
        except Exception as failed:  # a migration or ports_of that stumbles over parameters of any shape
            message = f"The parameters of “{stored.name}” cannot be read: {shown(str(failed))}"
            found.append(error("params.unreadable", f"nodes[{at}].params", message, node_id=stored.id))
            continue
        places[stored.id] = at
    nodes, levels = nested(nodes, places, found)
    nodes = attached_to(nodes, places, document, found)
    edges = tuple(_edges(document, nodes, found))
    order = _order(nodes, edges)
    if len(order) < len(nodes):
        found.append(_cycle(nodes, places, edges, set(nodes) - set(order)))
        order = ()
    draft = Draft(document, MappingProxyType(nodes), MappingProxyType(places), edges, order, MappingProxyType(levels))
    return draft, tuple(found)


def _node(stored: NodeDocument, cls: type[Node]) -> GraphNode:
    params = upgraded(cls, stored.params)
    ports = cls.ports_of(params)
    if stored.on_error == "route" and ERROR_PORT not in ports:
        ports = (*ports, ERROR_PORT)
    given = stored.retry.model_dump(exclude_none=True) if stored.retry else {}
    default = {name: getattr(cls.retry, name) for name in ("attempts", "delay_seconds", "max_delay_seconds")}
    return GraphNode(
        id=stored.id,
        name=stored.name,
        type=stored.type,
        subtype=stored.subtype,
        cls=cls,
        params=params,
        ports=ports,
        needs=cls.needs_of(params),
        cancels_others=cls.cancels_others(params),
        parent=stored.parent,
        on_error=stored.on_error,
        retry=Retry(**(default | given)) if given else cls.retry,
        on_unknown=OnUnknown(stored.on_unknown) if stored.on_unknown else cls.on_unknown,
        timeout_seconds=stored.timeout_seconds or cls.timeout_seconds,
        disabled=stored.disabled,
        notes=stored.notes,
        is_pinned="pinned_output" in stored.model_fields_set,
        pinned_output=stored.pinned_output,
        attached=stored.attached,
    )


def _twice(what: str, at: int, value: str, stored: NodeDocument) -> Finding:
    return error(
        f"node.duplicate_{what}",
        f"nodes[{at}].{what}",
        f"Another node has the {what} “{value}” already.",
        f"Give each node a {what} of its own.",
        node_id=stored.id,
    )


def _unknown_type(at: int, stored: NodeDocument) -> Finding:
    known = node_types()
    types = list(dict.fromkeys(type_ for type_, _ in known))
    if stored.type in types:
        subtypes = [subtype for type_, subtype in known if type_ == stored.type]
        message = f"There is no {stored.type} node of subtype “{shown(stored.subtype)}”."
        fix, key = nearest(stored.subtype, subtypes), "subtype"
    else:
        message = f"There is no node type “{shown(stored.type)}”."
        fix, key = nearest(stored.type, types), "type"
    homes = [type_ for type_, subtype in known if subtype == stored.subtype and type_ != stored.type]
    if homes:
        fix = f"{stored.subtype} is a node of type {homes[0]}."
    return error("node.unknown_type", f"nodes[{at}].{key}", message, fix, node_id=stored.id)


def _edges(document: Document, nodes: Mapping[str, GraphNode], found: list[Finding]) -> Iterator[tuple[int, Edge]]:
    seen: dict[Edge, int] = {}
    for at, stored in enumerate(document.connections):
        if stored is None:
            continue
        findings = list(_connection_findings(at, stored, document, nodes))
        found.extend(findings)
        if findings or stored.source not in nodes or stored.to not in nodes:
            continue
        mapping = stored.mapping if changes(stored.mapping) else None
        edge = Edge(stored.source, stored.port, stored.to, stored.input, stored.condition, mapping, at)
        bare = Edge(stored.source, stored.port, stored.to, stored.input)
        if bare in seen:
            path, message = f"connections[{at}]", f"This is the same connection as connections[{seen[bare]}]."
            found.append(error("connection.duplicate", path, message, "Remove one.", node_id=edge.source))
            continue
        seen[bare] = at
        yield at, edge


def _connection_findings(
    at: int, stored: ConnectionDocument, document: Document, nodes: Mapping[str, GraphNode]
) -> Iterator[Finding]:
    for key, node_id in (("from", stored.source), ("to", stored.to)):
        if node_id not in document.ids:
            message = f"There is no node with the id “{shown(node_id)}”."
            fix = nearest(node_id, sorted(document.ids))
            yield error("connection.unknown_node", f"connections[{at}].{key}", message, fix)
    if stored.source == stored.to:
        yield error(
            "connection.self_loop",
            f"connections[{at}]",
            f"“{shown(stored.source)}” is connected to itself.",
            "Remove the connection.",
            node_id=stored.source,
        )
    yield from crossing(at, stored, nodes)
    source, target = nodes.get(stored.source), nodes.get(stored.to)
    if source and stored.port not in source.ports:
        yield error(
            "connection.unknown_port",
            f"connections[{at}].port",
            f"“{source.name}” has no port “{shown(stored.port)}”.",
            "Set the node's on_error to route." if stored.port == ERROR_PORT else nearest(stored.port, source.ports),
            node_id=source.id,
        )
    if target and issubclass(target.cls, Trigger):
        yield error(
            "connection.into_trigger",
            f"connections[{at}].to",
            f"“{target.name}” is a trigger: executions begin there, so nothing can lead into it.",
            "Connect to the node after it.",
            node_id=target.id,
        )


def _order(nodes: Mapping[str, GraphNode], edges: tuple[tuple[int, Edge], ...]) -> tuple[str, ...]:
    """Kahn's algorithm, level by level in document order. Shorter than the nodes when there is a cycle."""
    missing = dict.fromkeys(nodes, 0)
    targets: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    for _, edge in edges:
        missing[edge.target] += 1
        targets[edge.source].append(edge.target)
    order = [node_id for node_id, count in missing.items() if not count]
    for node_id in order:
        for target in targets[node_id]:
            missing[target] -= 1
            if not missing[target]:
                order.append(target)
    return tuple(order)


def _cycle(
    nodes: Mapping[str, GraphNode], places: Mapping[str, int], edges: tuple[tuple[int, Edge], ...], stuck: set[str]
) -> Finding:
    """Walk backwards inside what could not be ordered: every node there has a predecessor there."""
    before = {edge.target: edge.source for _, edge in reversed(edges) if edge.target in stuck and edge.source in stuck}
    here = min(stuck, key=lambda node_id: places[node_id])
    seen: list[str] = []
    while here not in seen:
        seen.append(here)
        here = before[here]
    ring = [*reversed(seen[seen.index(here) :])]
    first = ring.index(min(ring, key=lambda node_id: places[node_id]))
    ring = ring[first:] + ring[:first]
    names = " → ".join(f"“{nodes[node_id].name}”" for node_id in [*ring, ring[0]][:12])
    return error(
        "graph.cycle",
        f"nodes[{places[ring[0]]}]",
        f"These nodes lead back to themselves: {names}.",
        "Remove one of their connections.",
        node_id=ring[0],
    )
