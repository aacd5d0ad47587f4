"""What a machine can do about findings, and doing it. Pure.

A fix is a list of edits, each an object with an `op`:

- `set`: a member becomes `value`, or is taken away where there is none. `path` leads to it from the node with the id
  `node`, from the connection with the ends `connection`, or else from the definition itself.
- `add`: the document `node` becomes a node; `remove`: the node with the id `node` goes, with what stands inside of it,
  what is attached to nothing else, and every connection to them.
- `connect`, `disconnect`: a connection comes or goes, named by its ends: `from`, `port`, `to`, `input`.

They name nodes and connections, never places in lists, so they hold for a definition that has changed elsewhere.
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from apps.core.suggest import shown
from apps.nodes import expressions
from apps.nodes.contract import NodeType, Trigger
from apps.nodes.registry import node_type
from apps.workflows.credentials import at, steps
from apps.workflows.graph import ERROR_PORT, Finding, Fix, GraphNode
from apps.workflows.graph.attaching import ATTACHABLE
from apps.workflows.graph.build import Draft

Json = Any
END = ("FLOW", "STOP")
"""The node that ends a branch, and the execution with it."""
GAP = 220
"""How far behind a node a new one stands, in pixels of the canvas."""


def with_fixes(findings: Sequence[Finding], draft: Draft, definition: Json) -> tuple[Finding, ...]:
    """The findings, each with the fixes that are known for it in this definition."""
    makers = _makers()
    whole = _Whole(draft, definition)
    return tuple(
        replace(finding, fixes=(*finding.fixes, *makers[finding.code](finding, whole)))
        if finding.code in makers
        else finding
        for finding in findings
    )


def applied(definition: Json, edits: Iterable[Mapping[str, Any]]) -> Json:
    """A copy of the definition with these edits made. What an edit names and is not there any more is left alone."""
    made = copy.deepcopy(definition)
    for edit in edits:
        _apply(made, edit)
    return made


def _apply(made: dict[str, Any], edit: Mapping[str, Any]) -> None:
    nodes, connections = made.setdefault("nodes", []), made.setdefault("connections", [])
    match edit["op"]:
        case "add":
            nodes.append(dict(edit["node"]))
        case "remove":
            _remove(made, edit["node"])
        case "connect":
            if not any(_ends(one) == _ends(edit["connection"]) for one in connections):
                connections.append(dict(edit["connection"]))
        case "disconnect":
            made["connections"] = [one for one in connections if _ends(one) != _ends(edit["connection"])]
        case "set":
            for target in _targets(made, edit):
                _set(target, list(edit["path"]), edit)


def _targets(made: dict[str, Any], edit: Mapping[str, Any]) -> list[Json]:
    if "node" in edit:
        return [node for node in made["nodes"] if node.get("id") == edit["node"]]
    if "connection" in edit:
        return [one for one in made["connections"] if _ends(one) == _ends(edit["connection"])]
    return [made]


def _set(target: Json, path: list[str | int], edit: Mapping[str, Any]) -> None:
    *before, last = path
    for part, following in zip(before, path[1:], strict=True):
        if isinstance(target, dict) and target.get(part) is None:
            target[part] = [] if isinstance(following, int) else {}
        target = target[part]
    if "value" in edit:
        target[last] = edit["value"]
    elif isinstance(target, dict):
        target.pop(last, None)


def _remove(made: dict[str, Any], node_id: str) -> None:
    gone = {node_id}
    while more := {node["id"] for node in made["nodes"] if node.get("parent") in gone} - gone:
        gone |= more
    ties = [(node["id"] in gone, other) for node in made["nodes"] for other in node.get("attached") or ()]
    gone |= {other for is_gone, other in ties if is_gone} - {other for is_gone, other in ties if not is_gone}
    made["nodes"] = [node for node in made["nodes"] if node["id"] not in gone]
    for node in made["nodes"]:
        if node.get("attached"):
            node["attached"] = [other for other in node["attached"] if other not in gone]
    made["connections"] = [one for one in made["connections"] if one["from"] not in gone and one["to"] not in gone]


def _ends(connection: Mapping[str, Any]) -> tuple[Any, ...]:
    given = connection
    return given.get("from"), given.get("port") or "main", given.get("to"), given.get("input") or "main"


# ── Makers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Whole:
    """What makers look at."""

    def __init__(self, draft: Draft, definition: Json) -> None:
        self.draft = draft
        self.definition = definition
        self.graph = draft.graph()
        nodes = definition.get("nodes") if isinstance(definition, Mapping) else None
        self.documents: dict[str, Mapping[str, Any]] = {
            node["id"]: node
            for node in (nodes if isinstance(nodes, list) else [])
            if isinstance(node, Mapping) and isinstance(node.get("id"), str)
        }

    def node(self, finding: Finding) -> GraphNode | None:
        return self.draft.nodes.get(finding.node_id)

    def connection(self, finding: Finding) -> dict[str, Any] | None:
        """The ends of the connection a finding is about."""
        found = re.match(r"connections\[(\d+)\]", finding.path)
        stored = at(self.definition, found[0]) if found else None
        if not isinstance(stored, Mapping):
            return None
        source, port, target, port_in = _ends(stored)
        return {"from": source, "port": port, "to": target, "input": port_in}

    def place(self, node_id: str) -> tuple[float, float]:
        position = self.documents.get(node_id, {}).get("position")
        if not isinstance(position, Mapping):
            return 0.0, 0.0
        x, y = position.get("x"), position.get("y")
        return (float(x) if isinstance(x, int | float) else 0.0, float(y) if isinstance(y, int | float) else 0.0)

    def nearest(self, node: GraphNode, others: Iterable[GraphNode]) -> GraphNode | None:
        """The one that stands nearest to a node, of those left of it where there are some."""
        x, y = self.place(node.id)

        def away(other: GraphNode) -> float:
            its_x, its_y = self.place(other.id)
            return abs(x - its_x) + abs(y - its_y) + (10_000 if its_x > x else 0)

        return min(others, key=away, default=None)

    def free(self, wanted: str, taken: Iterable[str], join: str) -> str:
        used = set(taken)
        stem = re.sub(rf"{re.escape(join)}\d+$", "", wanted)
        number, name = 1, wanted
        while name in used:
            number += 1
            name = f"{stem}{join}{number}"
        return name


_Maker = Callable[[Finding, _Whole], Iterator[Fix]]


def _makers() -> Mapping[str, _Maker]:
    return {
        "graph.unreachable": _unreachable,
        "container.empty": _removable,
        "port.open": _open_port,
        "node.duplicate_name": _duplicate_name,
        "connection.unknown_port": _unknown_port,
        "connection.duplicate": _duplicate,
        "connection.into_trigger": _needless,
        "connection.crosses_border": _needless,
        "reference.unknown_node": _misspelt("node"),
        "reference.unknown_variable": _misspelt("vars"),
        "reference.unknown_field": _misspelt_field,
        "reference.not_before": _not_before,
        "expression.no_braces": _no_braces,
        "settings.while_paused_blocks": _while_paused,
        "respond.nobody_waits": _nobody_waits,
        "retry.repeats_write": _repeats_write,
        "loop.unbounded": _unbounded,
        "node.disabled_ends": _disabled_ends,
    }


def _removable(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    node = whole.node(finding)
    if node is not None:
        yield Fix(f"Delete “{shown(node.name)}”", ({"op": "remove", "node": node.id},))


def _unreachable(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    node = whole.node(finding)
    if node is None:
        return
    if node.type in ATTACHABLE:
        agents = [each for each in whole.graph.nodes.values() if each.type == NodeType.AI_AGENT]
        if (agent := whole.nearest(node, agents)) is not None:
            edit = {"op": "set", "node": agent.id, "path": ["attached"], "value": [*agent.attached, node.id]}
            yield Fix(f"Give it to “{shown(agent.name)}”", (edit,))
    elif not whole.graph.incoming[node.id] and (source := _before(node, whole)) is not None:
        ends = {"from": source.id, "port": source.ports[0], "to": node.id}
        yield Fix(f"Let “{shown(source.name)}” lead to it", ({"op": "connect", "connection": ends},))
    yield from _removable(finding, whole)


def _before(node: GraphNode, whole: _Whole) -> GraphNode | None:
    """The nearest node to the left of it that runs, has one outcome, and leads nowhere yet."""
    graph = whole.graph
    behind = graph.descendants(node.id) | {node.id}
    reached = set(graph.triggers).union(*(graph.descendants(trigger) for trigger in graph.triggers))
    fitting = [
        other
        for other in graph.nodes.values()
        if other.id in reached
        and other.id not in behind
        and other.parent == node.parent
        and other.id not in graph.attached
        and len(other.ports) == 1
        and not graph.outgoing[other.id]
    ]
    return whole.nearest(node, fitting)


def _open_port(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    node = whole.node(finding)
    if node is None:
        return
    port = _quoted(finding.message, node.ports)
    if port is None:
        return
    if port == ERROR_PORT:
        yield Fix("Let the run fail instead", ({"op": "set", "node": node.id, "path": ["on_error"], "value": "stop"},))
    cls = node_type(*END)
    if cls is None:
        return
    x, y = whole.place(node.id)
    name = whole.free(f"End after {port}", whole.graph.names, " ")
    document: dict[str, Any] = {
        "id": whole.free(re.sub(r"[^a-z0-9]+", "_", f"end_{port}".lower()).strip("_"), whole.documents, "_"),
        "name": name,
        "type": END[0],
        "subtype": END[1],
        "params": {"outcome": "error" if port == ERROR_PORT else "success"},
        "position": {"x": x + GAP, "y": y + 80 + 22 * node.ports.index(port)},
    }
    if node.parent:
        document["parent"] = node.parent
    ends = {"from": node.id, "port": port, "to": document["id"]}
    yield Fix("End the run there", ({"op": "add", "node": document}, {"op": "connect", "connection": ends}))


def _quoted(message: str, known: Iterable[str]) -> str | None:
    """The one of these names that a message has between its quotes."""
    quoted = set(re.findall(r"“([^”]*)”", message))
    return next((name for name in known if name in quoted), None)


def _duplicate_name(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    name = at(whole.definition, finding.path)
    if isinstance(name, str):
        taken = [str(node.get("name", "")) for node in whole.documents.values()]
        free = whole.free(name, taken, " ")
        edit = {"op": "set", "node": finding.node_id, "path": ["name"], "value": free}
        yield Fix(f"Call this one “{shown(free)}”", (edit,))


def _unknown_port(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    ends = whole.connection(finding)
    source = whole.draft.nodes.get(ends["from"]) if ends else None
    if ends is None or source is None:
        return
    if ends["port"] == ERROR_PORT:
        edit = {"op": "set", "node": source.id, "path": ["on_error"], "value": "route"}
        yield Fix(f"Let errors of “{shown(source.name)}” go there", (edit,))
    near = _near(ends["port"], source.ports) or (source.ports[0] if len(source.ports) == 1 else None)
    if near is not None:
        known = (ends["from"], near, ends["to"], ends["input"])
        is_there = any((e.source, e.port, e.target, e.input) == known for e in whole.graph.outgoing[source.id])
        moved = {"op": "set", "connection": ends, "path": ["port"], "value": near}
        yield Fix(f"Begin at the outcome “{near}”", ({"op": "disconnect", "connection": ends} if is_there else moved,))
    yield from _needless(finding, whole)


def _needless(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    if (ends := whole.connection(finding)) is not None:
        yield Fix("Remove the connection", ({"op": "disconnect", "connection": ends},))


def _duplicate(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    if (ends := whole.connection(finding)) is not None:
        edits = ({"op": "disconnect", "connection": ends}, {"op": "connect", "connection": ends})
        yield Fix("Keep one of them", edits)


def _near(word: str, known: Iterable[str]) -> str | None:
    """The known word that was meant, if one is like it."""
    folded = {option.casefold(): option for option in known}
    close = difflib.get_close_matches(word[:100].casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def _text_at(finding: Finding, whole: _Whole) -> tuple[dict[str, Any], str] | None:
    """The text a finding is about, and the edit that would set it anew, still without its value."""
    text = at(whole.definition, finding.path)
    parts = steps(finding.path)
    if not isinstance(text, str) or len(parts) < 3 or not isinstance(parts[1], int):
        return None
    first, _index, *path = parts
    if first == "nodes":
        return {"op": "set", "node": finding.node_id, "path": path}, text
    ends = whole.connection(finding)
    return ({"op": "set", "connection": ends, "path": path}, text) if ends else None


def _misspelt(root: str) -> _Maker:
    """For a name that is not known: the one most like it."""

    def make(finding: Finding, whole: _Whole) -> Iterator[Fix]:
        found = _text_at(finding, whole)
        if found is None:
            return
        edit, text = found
        names = {ref.name for ref in expressions.references(text) if ref.root == root and ref.name}
        wrong = next((name for name in names if f"“{shown(name)}”" in finding.message), None)
        if wrong is None:
            return
        if root == "node":
            before = whole.graph.ancestors(finding.node_id) if finding.node_id in whole.graph.nodes else frozenset()
            known = [whole.graph.nodes[one].name for one in before]
        else:
            known = re.findall(r"“([^”]*)”", finding.fix)
        right = _near(wrong, known) or (known[0] if len(known) == 1 else None)
        if right is None:
            return
        changed = _renamed(text, root, wrong, right)
        if changed != text:
            yield Fix(f"Change it to “{shown(right)}”", ({**edit, "value": changed},))

    return make


def _renamed(text: str, root: str, wrong: str, right: str) -> str:
    """The text with `$root["wrong"]` and `$root.wrong` leading to the other name."""
    quoted = right.replace("\\", "\\\\").replace('"', '\\"')
    pattern = rf"(\${root}\s*)(?:\[\s*([\"']){re.escape(wrong)}\2\s*\]|\.{re.escape(wrong)}(?![\w$]))"
    return re.sub(pattern, lambda found: f'{found[1]}["{quoted}"]', text)


def _misspelt_field(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    found = _text_at(finding, whole)
    words = re.findall(r"“([^”]*)”", finding.message)
    meant = re.findall(r"“([^”]*)”", finding.fix)
    if found is None or len(words) < 2 or len(meant) != 1:
        return
    edit, text = found
    changed = re.sub(rf"\.{re.escape(words[1])}(?![\w$])", f".{meant[0]}", text)
    if changed != text:
        yield Fix(f"Change it to “{meant[0]}”", ({**edit, "value": changed},))


def _not_before(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    """Only where nothing comes in yet: a second connection would change what the node is given."""
    node, found = whole.node(finding), _text_at(finding, whole)
    if node is None or found is None or whole.graph.incoming[node.id]:
        return
    for name in sorted({ref.name for ref in expressions.references(found[1]) if ref.root == "node" and ref.name}):
        other = whole.graph.nodes.get(whole.graph.names.get(name, ""))
        if other is None or other is node or len(other.ports) != 1 or issubclass(node.cls, Trigger):
            continue
        if other.parent == node.parent and other.id not in whole.graph.descendants(node.id):
            ends = {"from": other.id, "port": other.ports[0], "to": node.id}
            yield Fix(f"Let “{shown(name)}” lead to it", ({"op": "connect", "connection": ends},))
            return


def _no_braces(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    if (found := _text_at(finding, whole)) is not None:
        edit, text = found
        yield Fix("Make it an expression", ({**edit, "value": f"{{{{ {text.strip()} }}}}"},))


def _while_paused(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    edit = {"op": "set", "path": ["settings", "while_paused"]}
    yield Fix("Let further starts wait in line", ({**edit, "value": "queue"},))
    yield Fix("Let them run beside it", ({**edit, "value": "allow"},))


def _nobody_waits(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    for trigger in whole.graph.triggers:
        node = whole.graph.nodes[trigger]
        if "respond" in node.cls.Params.model_fields and node.params.get("respond") != "result":
            edit = {"op": "set", "node": node.id, "path": ["params", "respond"], "value": "result"}
            yield Fix(f"Let “{shown(node.name)}” wait for the answer", (edit,))
            return


def _repeats_write(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    node = whole.node(finding)
    if node is not None:
        edit = {"op": "set", "node": node.id, "path": ["on_unknown"], "value": "ask"}
        yield Fix("Ask a person when it is unclear", (edit,))


def _unbounded(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    node = whole.node(finding)
    if node is not None:
        edit = {"op": "set", "node": node.id, "path": ["params", "max_iterations"], "value": 10}
        yield Fix("Stop after 10 rounds", (edit,))


def _disabled_ends(finding: Finding, whole: _Whole) -> Iterator[Fix]:
    node = whole.node(finding)
    if node is not None:
        yield Fix("Switch it on", ({"op": "set", "node": node.id, "path": ["disabled"], "value": False},))
