"""The graph an engine runs: frozen, made once per version, shared between threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from apps.nodes.contract import Node, OnUnknown, Retry
from apps.workflows.graph.document import Settings
from apps.workflows.graph.mapping import Mapping as DataMapping

Json = Any
NodeClass: TypeAlias = type[Node]
OnError = Literal["stop", "continue", "route"]
ERROR_PORT = "error"


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection: what leaves `source` by `port` arrives at `target` on `input`, unless `condition` is false.

    `mapping` makes another value of it on the way; None passes it on. `at` is its place among the connections.
    """

    source: str
    port: str
    target: str
    input: str = "main"
    condition: str | None = None
    mapping: DataMapping | None = field(default=None, compare=False)
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node with everything the document and its type say about it."""

    id: str
    name: str
    type: str
    subtype: str
    cls: NodeClass
    params: Mapping[str, Json]
    """As stored, upgraded by the type's migrations; expressions unresolved. Not to be changed."""
    ports: tuple[str, ...]
    """Where values can leave, `error` included when errors are routed."""
    needs: int | None
    """How many deliveries are enough to run; None: one from every branch that is still alive."""
    cancels_others: bool
    """Whether branches that lead to it alone end once it runs."""
    parent: str | None
    """The container it stands in."""
    on_error: OnError
    retry: Retry
    on_unknown: OnUnknown
    timeout_seconds: float
    disabled: bool
    notes: str
    is_pinned: bool
    pinned_output: Json
    attached: tuple[str, ...] = ()
    """The TOOL and MEMORY nodes an agent uses."""

    def port_of(self, value: Json) -> str:
        """Where a value leaves that it did not give by running, but that is pinned or an example: by the outcome that
        the value names, as answers of people do, else by `main`, else by its first one.
        """
        named = value.get("outcome") if isinstance(value, dict) else None
        if isinstance(named, str) and named in self.ports:
            return named
        return "main" if "main" in self.ports else next(iter(self.ports), "main")


@dataclass(frozen=True, slots=True)
class Graph:
    """A definition that can run: known nodes, edges between existing ports, no cycle."""

    nodes: Mapping[str, GraphNode]
    order: tuple[str, ...]
    """Every node id, each after all it depends on; otherwise as in the document."""
    incoming: Mapping[str, tuple[Edge, ...]]
    outgoing: Mapping[str, tuple[Edge, ...]]
    triggers: tuple[str, ...]
    """The trigger nodes that are not disabled, as in the document."""
    settings: Settings
    names: Mapping[str, str]
    """Node id by name."""
    levels: Mapping[str | None, tuple[str, ...]]
    """The nodes that stand in each container, and under None those that stand in none, each in `order`."""
    attached: frozenset[str] = frozenset()
    """The nodes that an agent uses: they stand in no level, and never run by themselves."""
    deciding: frozenset[str] = frozenset()
    """The nodes whose output decides about connections."""
    mapped: frozenset[str] = frozenset()
    """The nodes that are given something else than what comes, on some connection."""
    reads_variables: bool = False
    """Whether an expression may read `$vars`, so that they have to be at hand."""

    def ancestors(self, node_id: str) -> frozenset[str]:
        """Every node that runs before this one on some path to it, or to the containers it stands in."""
        found = _reach(node_id, self.incoming, lambda edge: edge.source)
        parent = self.nodes[node_id].parent
        return found if parent is None else found | self.ancestors(parent)

    def descendants(self, node_id: str) -> frozenset[str]:
        """Every node that some path leads to from this one, with what stands inside of them."""
        found = _reach(node_id, self.outgoing, lambda edge: edge.target)
        return found.union(*(self.inside(each) for each in found), self.inside(node_id))

    def inside(self, node_id: str) -> frozenset[str]:
        """Every node that stands inside this container, however deep. Empty for other nodes."""
        children = self.levels.get(node_id, ())
        return frozenset(children).union(*(self.inside(child) for child in children))

    @property
    def queue(self) -> str:
        """The worker queue its executions go to: `ai` when an agent is among the nodes, else `default`."""
        return "ai" if any(node.type == "AI_AGENT" for node in self.nodes.values()) else "default"


def _reach(start: str, edges: Mapping[str, tuple[Edge, ...]], end: Any) -> frozenset[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for edge in edges[todo.pop()]:
            if (other := end(edge)) not in seen:
                seen.add(other)
                todo.append(other)
    return frozenset(seen)
