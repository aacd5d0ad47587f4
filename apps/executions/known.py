"""What is known of the data around a node while somebody draws: pinned, recorded, or an example. Nothing runs.

For each node: what is pinned on it, else what the latest execution that ran it recorded, else an example. Of several
rounds of a container the first is taken. Four statements at most, however many nodes there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.core.errors import FieldError, Invalid
from apps.core.suggest import nearest, shown
from apps.executions import payloads, selectors
from apps.executions.engine import mapping, plan
from apps.executions.engine.noderun import NodeRun as Held
from apps.executions.engine.rounds import parts_of
from apps.executions.examples import example_of
from apps.executions.latest import latest_rows
from apps.executions.models import NodeRun
from apps.nodes.contract import Trigger
from apps.nodes.expressions import ExprError, Scope, resolve
from apps.nodes.expressions.budget import Allowance
from apps.workflows import selectors as workflows
from apps.workflows.graph import Edge, Graph, GraphNode, draft_of
from apps.workflows.graph.build import Draft
from apps.workflows.samples import sample_input

Json = Any
Source = Literal["pinned", "run", "example"]
MOST_BYTES = 1_000_000
"""A value that is kept elsewhere is read up to this size."""


@dataclass(slots=True)
class Datum:
    """A value and where it is from; `source` None: nothing is known. `large`: where it is kept, if not in its row."""

    source: Source | None = None
    value: Json = None
    state: str | None = None
    port: str | None = None
    also: tuple[str, ...] = ()
    at: datetime | None = None
    execution_id: UUID | None = None
    path: str = ""
    large: dict[str, Any] | None = None
    problem: str = ""
    """Why a connection could not make a value of it."""
    sources: tuple[str, ...] = ()
    """The nodes it came from, where it is what goes into one."""


@dataclass(slots=True)
class Round:
    """The round of a container that is looked at."""

    item: Json
    index: int
    source: Source | None


@dataclass(slots=True)
class Known:
    """What is known around one node of a definition."""

    workspace_id: UUID
    workflow_id: UUID
    draft: Draft
    graph: Graph
    node: GraphNode
    now: datetime
    rows: Mapping[str, NodeRun]
    _data: dict[str, Datum] = field(default_factory=dict)
    _inputs: dict[str, tuple[dict[str, Json], Datum]] = field(default_factory=dict)
    _rounds: dict[str, Round] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    _allowance: Allowance = field(default_factory=Allowance)
    """For all the examples together."""
    _variables: dict[str, Json] | None = None

    @property
    def before(self) -> list[str]:
        """Every node before this one, the first of them first."""
        wanted = _around(self.graph, self.node.id) - {self.node.id}
        order = self.graph.order or tuple(self.graph.nodes)
        return [name for name in order if name in wanted]

    def given(self, node_id: str) -> tuple[dict[str, Json], Datum]:
        """What goes into a node, by port, and where it is from."""
        if node_id not in self._inputs:
            if node_id in self._busy:  # the connections go in a circle
                return {"main": None}, Datum()
            self._busy.add(node_id)
            self._inputs[node_id] = self._given(self.graph.nodes[node_id])
            self._busy.discard(node_id)
        return self._inputs[node_id]

    def output(self, node_id: str) -> Datum:
        """What a node last gave back."""
        if node_id not in self._data:
            self._data[node_id] = self._output(self.graph.nodes[node_id])
        return self._data[node_id]

    @property
    def trigger_id(self) -> str | None:
        """The trigger that leads here; of several the one that did so last."""
        names = [name for name in self.graph.triggers if name == self.node.id or name in self.before]
        ran = [name for name in names if name in self.rows]
        return max(ran, key=lambda name: self.rows[name].execution_id, default=names[0] if names else None)

    def trigger(self) -> Datum:
        """What started the execution: what the trigger delivered that leads here."""
        found = self.trigger_id
        return Datum() if found is None else self.output(found)

    def round(self, container: str) -> Round:
        """The round of a container that is looked at: one that ran, else the first there would be."""
        if container not in self._rounds:
            self._rounds[container] = Round(None, 0, None)
            self._rounds[container] = self._round(self.graph.nodes[container])
        return self._rounds[container]

    def batch_name(self) -> str | None:
        """The parameter by which the node does its work once for each item of a list of its own."""
        stored = self.node.params
        late = self.node.cls.late_of(stored)
        named = (name for name, value in stored.items() if isinstance(value, Mapping) and "items" in value)
        return next((name for name in named if name not in late), None) if late else None

    def batch(self) -> Round | None:
        """The first item of that list, which its other parameters see."""
        name = self.batch_name()
        if name is None:
            return None
        given, origin = self.given(self.node.id)
        items = self._listed(self.node.params[name]["items"], self.node.id, given)
        return Round(items[0], 0, origin.source or "example") if items else Round(None, 0, None)

    def here(self) -> tuple[str, Round] | None:
        """Whose item and index the node's expressions see, and which."""
        batch = self.batch()
        if batch is not None:
            return self.node.id, batch
        parent = self.node.parent
        return None if parent is None else (parent, self.round(parent))

    def variables(self) -> dict[str, Json]:
        """The workspace's variables."""
        if self._variables is None:
            self._variables = workflows.variable_values(self.workspace_id)
        return self._variables

    def scope(self, node_id: str, given: Mapping[str, Json], within: str | None = None) -> Scope:
        """What the expressions of a node see. `within`: as seen inside this container, which is the node itself."""
        node = self.graph.nodes[node_id]
        container = within or self._host(node).parent
        here = self.round(container) if container else None
        return Scope(
            json=given.get("main"),
            input=given,
            node=_Outputs(self, container),
            trigger=lambda: self.trigger().value,
            vars=self.variables,
            execution=lambda: {"id": "…", "mode": "test", "created_at": self.now.isoformat(), "callback_url": {}},
            workflow=lambda: {"id": str(self.workflow_id), "version_id": "…"},
            item=here.item if here else None,
            index=here.index if here else None,
            now=self.now.astimezone(ZoneInfo(self.graph.settings.timezone)),
        )

    def seen_from(self, container: str | None) -> frozenset[str]:
        """The nodes whose outputs expressions in a container see."""
        found = frozenset(self.graph.levels.get(container, ()))
        return found if container is None else found | self.seen_from(self.graph.nodes[container].parent)

    # ── What goes in ─────────────────────────────────────────────────────────────────────────────────────────────

    def _host(self, node: GraphNode) -> GraphNode:
        """The agent that uses a node; the node itself where none does."""
        if node.id not in self.graph.attached:
            return node
        return next(each for each in self.graph.nodes.values() if node.id in each.attached)

    def _given(self, node: GraphNode) -> tuple[dict[str, Json], Datum]:
        if (host := self._host(node)) is not node:
            return self.given(host.id)
        edges = self.graph.incoming.get(node.id, ())
        if not edges and node.parent is not None:
            here = self.round(node.parent)
            return {"main": here.item}, Datum(here.source, here.item, sources=(node.parent,))
        used = self._used(edges)
        if not used:
            return {"main": None}, Datum()
        first = self.output(used[0].source)
        found = Datum(
            "example" if any(self.output(edge.source).source == "example" for edge in used) else first.source,
            state=first.state,
            port=used[0].port,
            at=first.at,
            execution_id=first.execution_id,
            path=first.path,
            large=next((large for edge in used if (large := self.output(edge.source).large)), None),
            sources=tuple(dict.fromkeys(edge.source for edge in used)),
        )
        runs = {edge.source: Held(edge.source, output=self.output(edge.source).value) for edge in used}
        given = plan.inputs(runs, used, self._mapped(used, found))
        found.value = plan.shown(given)
        return given, found

    def _used(self, edges: tuple[Edge, ...]) -> list[Edge]:
        """The connections that bring something: what is real counts more than examples, of one execution only."""
        known = [edge for edge in edges if self.output(edge.source).source is not None]
        real = [edge for edge in known if self.output(edge.source).source != "example"]
        if not real:
            return known
        ran = [edge for edge in real if self.output(edge.source).source == "run"]
        latest = max((self.rows[edge.source].execution_id for edge in ran), default=None)
        ran = [edge for edge in ran if self.rows[edge.source].execution_id == latest]
        ran = [edge for edge in ran if self._left_by(edge)] or ran
        return [edge for edge in real if edge in ran or self.output(edge.source).source == "pinned"]

    def _left_by(self, edge: Edge) -> bool:
        datum = self.output(edge.source)
        return edge.port == datum.port or edge.port in datum.also

    def _mapped(self, edges: list[Edge], found: Datum) -> dict[Edge, Json]:
        values: dict[Edge, Json] = {}
        for edge in edges:
            if edge.mapping is not None:
                value = self.output(edge.source).value
                try:
                    values[edge] = mapping.mapped(edge.mapping, value, self._scopes(edge.target))
                except mapping.MappingFailed as failed:
                    values[edge], found.problem = None, f"{failed.path} of its connection: {failed.message}"
        return values

    def _scopes(self, node_id: str) -> Callable[[Json], Scope]:
        return lambda value: self.scope(node_id, {"main": value})

    # ── What comes out ───────────────────────────────────────────────────────────────────────────────────────────

    def _output(self, node: GraphNode) -> Datum:
        if node.is_pinned:
            return Datum("pinned", node.pinned_output, port=node.port_of(node.pinned_output))
        row = self.rows.get(node.id)
        if row is not None:
            return _recorded(row)
        self._data[node.id] = Datum()  # whoever asks on the way round a circle
        return Datum("example", self._example(node), port=node.port_of(None))

    def _example(self, node: GraphNode) -> Json:
        given, _ = self.given(node.id)

        def resolved(stored: Json) -> Json:
            try:
                return resolve(stored, self.scope(node.id, given), self._allowance)
            except ExprError:
                return None

        read = sample_input(self.draft, node.id) if issubclass(node.cls, Trigger) else {}
        return example_of(node, node.port_of(None), given.get("main"), resolved, read)

    # ── Rounds ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _round(self, container: GraphNode) -> Round:
        given, origin = self.given(container.id)
        children = [self.rows[name] for name in self.graph.levels.get(container.id, ()) if name in self.rows]
        latest = max(children, key=lambda row: row.execution_id, default=None)
        index = parts_of(latest.path)[2] if latest is not None and latest.path else 0
        if "items" not in container.cls.Params.model_fields:
            return Round(given.get("main"), 0, origin.source)
        items = self._listed(container.params.get("items"), container.id, given)
        if not items:
            return Round(None, 0, None)
        size = container.params.get("batch_size")
        if isinstance(size, int) and size > 0:
            items = [items[at : at + size] for at in range(0, len(items), size)]
        index = index if index < len(items) else 0
        return Round(items[index], index, origin.source or "example")

    def _listed(self, stored: Json, node_id: str, given: Mapping[str, Json]) -> list[Json]:
        try:
            items = resolve(stored, self.scope(node_id, given), self._allowance)
        except ExprError:
            return []
        return items if isinstance(items, list) else []


class _Outputs(Mapping[str, Json]):
    """The outputs of nodes by name, as seen from one level; null for those that come later."""

    def __init__(self, known: Known, container: str | None) -> None:
        self._known, self._visible = known, known.seen_from(container)
        self._before = frozenset(_around(known.graph, known.node.id))

    def __getitem__(self, name: str) -> Json:
        node_id = self._known.graph.names[name]
        if node_id not in self._visible or node_id not in self._before:
            return None
        datum = self._known.output(node_id)
        if datum.large is not None and datum.value is None:
            size = f"{datum.large['size'] / 1_000_000:.1f} MB"
            raise ExprError(f"what {name!r} gave back has {size}, too much to be looked at here")
        return datum.value

    def __iter__(self) -> Iterator[str]:
        return iter(self._known.graph.names)

    def __len__(self) -> int:
        return len(self._known.graph.names)


def known_of(
    *, workspace_id: UUID, workflow_id: UUID, definition: Json, node_id: str, now: datetime, with_runs: bool
) -> Known:
    """What is known around a node of a definition. `with_runs` False: nothing that was recorded.

    Must run inside `tenant()`. Raises `Invalid` naming a node that does not exist.
    """
    draft = draft_of(definition)[0]
    graph = draft.graph()
    if node_id not in graph.nodes:
        message = f"There is no node “{shown(node_id)}”."
        hint = nearest(node_id, list(graph.nodes)) or "Save the draft first."
        raise Invalid(message, hint=hint, errors=[FieldError("node", message, hint=hint)])
    rows = latest_rows(workspace_id, workflow_id, graph, _around(graph, node_id)) if with_runs else {}
    known = Known(workspace_id, workflow_id, draft, graph, graph.nodes[node_id], now, rows)
    for name in known.before:  # in this order each needs only what is known then: a long chain is no deep recursion
        known.output(name)
    return known


def _around(graph: Graph, node_id: str) -> frozenset[str]:
    """The node, those before it, the containers it stands in, those in it, and agents that use it."""
    hosts = [each.id for each in graph.nodes.values() if node_id in each.attached]
    found = frozenset({node_id}) | graph.inside(node_id)
    for name in (node_id, *hosts):
        found |= graph.ancestors(name) | {name}
        here = graph.nodes[name].parent
        while here is not None:
            found |= {here}
            here = graph.nodes[here].parent
    return found


def _recorded(row: NodeRun) -> Datum:
    found = Datum(
        "run",
        row.output,
        state=row.state,
        port=row.port,
        also=tuple(row.also or ()),
        at=row.finished_at,
        execution_id=row.execution_id,
        path=row.path,
        large=selectors.large_of(row, row.execution_id).get("output"),
    )
    if found.large is not None and found.large["size"] <= MOST_BYTES:
        found.value = payloads.value_of(row, "output")
    return found
