"""What can be run and is probably not meant: for the lint. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.core.suggest import shown
from apps.nodes import expressions
from apps.nodes.contract import Container, Effect
from apps.nodes.params import texts
from apps.workflows.graph import ERROR_PORT, Finding, Graph, GraphNode
from apps.workflows.graph.build import Draft
from apps.workflows.graph.findings import warning

_SAME_IN_EACH_ROUND = frozenset({"vars", "trigger", "workflow", "execution"})
_LIKE = 0.8
"""So alike are a name nobody knows and the one that is offered for it, at least."""


def findings(draft: Draft, graph: Graph) -> Iterator[Finding]:
    """What is doubtful about each node; of one that is switched off, only whether it ends its branch. Never raises."""
    for node in graph.nodes.values():
        base = f"nodes[{draft.places[node.id]}]"
        if node.disabled:
            yield from _ends_here(node, graph, base)
            continue
        stored = draft.document.nodes[draft.places[node.id]]
        if stored is not None and stored.on_unknown == "retry" and _writes(node):
            yield warning(
                "retry.repeats_write",
                f"{base}.on_unknown",
                f"“{node.name}” is run again when nobody knows whether it went through, so it may happen twice.",
                "Let a person look instead, or make sure that the receiver knows a repeat.",
                node_id=node.id,
            )
        yield from _unbounded(node, graph, base)
        yield from _read(node, graph, base)


def _ends_here(node: GraphNode, graph: Graph, base: str) -> Iterator[Finding]:
    """What is switched off passes on what comes in by `main`, whatever its outcomes are."""
    followed = graph.outgoing[node.id]
    if followed and "main" not in node.ports:
        yield warning(
            "node.disabled_ends",
            f"{base}.disabled",
            f"“{node.name}” is switched off, so it leaves by none of its outcomes: nothing after it runs.",
            "Switch it on, or lead around it.",
            node_id=node.id,
        )


def _writes(node: GraphNode) -> bool:
    """Whether it changes something outside that a repeat would change again, as far as its stored parameters tell."""
    try:
        params = node.cls.Params.model_validate(node.params)
        made = node.cls()
        return made.effect(params) is Effect.WRITE and not made.honours_key(params)
    except Exception:  # expressions stand where only their results fit
        return False


def _unbounded(node: GraphNode, graph: Graph, base: str) -> Iterator[Finding]:
    if not issubclass(node.cls, Container) or "max_iterations" not in node.cls.Params.model_fields:
        return
    condition, inside = node.params.get("condition"), graph.inside(node.id)
    if not isinstance(condition, str) or expressions.check(condition):
        return
    names = {graph.nodes[each].name for each in inside}
    for read in expressions.references(condition):
        changes = read.name in names if read.root == "node" else read.root not in _SAME_IN_EACH_ROUND
        if changes:
            return
    if any(graph.nodes[each].subtype == "BREAK" and not graph.nodes[each].disabled for each in inside):
        return
    most = node.params.get("max_iterations", node.cls.Params.model_fields["max_iterations"].default)
    if isinstance(most, int) and most <= 10:
        return
    yield warning(
        "loop.unbounded",
        f"{base}.params.condition",
        f"The condition of “{node.name}” is the same in each round: it goes on for all {most} rounds, or for none.",
        "Read the last round's result in it ($json), put a Break inside, or allow fewer rounds.",
        node_id=node.id,
    )


def _read(node: GraphNode, graph: Graph, base: str) -> Iterator[Finding]:
    before = graph.ancestors(node.id)
    for text in texts(node.cls, node.params, f"{base}.params"):
        if not text.is_expression or expressions.check(text.value):
            continue
        for path in sorted(expressions.compile_template(text.value).paths):
            match path:
                case ("node", name, _, *_):
                    source = graph.nodes.get(graph.names.get(name, ""))
                    if source is not None and source.id in before:
                        yield from _field(node, source, path[2:], text.path)
                case ("json", _, *_) if not text.is_inner:
                    yield from _field(node, _giver(node, graph), path[1:], text.path)
        if "??" in text.value:  # whoever wrote it knows that something may be missing
            continue
        names = {read.name for read in expressions.references(text.value) if read.root == "node" and read.name}
        for name in sorted(names):
            source = graph.nodes.get(graph.names.get(name, ""))
            if source is not None and source.id in before:
                yield from _may_not_run(node, source, graph, text.path)


def _giver(node: GraphNode, graph: Graph) -> GraphNode | None:
    """The one node whose output is the node's input as it is."""
    edges = graph.incoming[node.id]
    if len(edges) != 1 or edges[0].mapping is not None or edges[0].port == ERROR_PORT:
        return None
    return graph.nodes[edges[0].source]


def _field(node: GraphNode, source: GraphNode | None, read: Sequence[str], path: str) -> Iterator[Finding]:
    """A member that is spelt almost like one the source says it gives. What it says need not be all."""
    if source is None or source.disabled or source.on_error == "continue":
        return
    field, known = read[0], {given.alias or name for name, given in source.cls.Output.model_fields.items()}
    own: Any = source.cls.output_of(source.params)
    for field in read if own is not None else ():  # as deep as it says
        own = own.get("properties", {}) if isinstance(own, Mapping) else {}
        if field not in own:
            known = set(own)
            break
        own = own[field]
    if field in known:
        return
    close = difflib.get_close_matches(field, sorted(known), n=1, cutoff=_LIKE)
    if close:
        yield warning(
            "reference.unknown_field",
            path,
            f"“{node.name}” reads “{shown(field)}” of “{source.name}”, which gives no such value.",
            f"Did you mean “{close[0]}”?",
            node_id=node.id,
        )


def _may_not_run(node: GraphNode, source: GraphNode, graph: Graph, path: str) -> Iterator[Finding]:
    """Whether there is a way to the node on which the source is skipped."""
    around = (graph.ancestors(source.id) | {source.id}) & graph.ancestors(node.id)
    for decider in (each for each in graph.order if each in around):
        ports = {edge.port for edge in graph.outgoing[decider]}
        if len(ports) < 2 or decider == source.id:
            continue
        for port in graph.nodes[decider].ports:
            behind = _behind(graph, decider, port)
            if node.id in behind and source.id not in behind and not _reached_without(graph, decider, source.id):
                name = graph.nodes[decider].name
                yield warning(
                    "reference.may_not_run",
                    path,
                    f"“{source.name}” does not run where “{name}” is left by “{port}”, so “{node.name}” reads null.",
                    f'Say what counts then, as in $node["{source.name}"].value ?? "none".',
                    node_id=node.id,
                )
                return


def _behind(graph: Graph, node_id: str, port: str) -> frozenset[str]:
    """Every node that some path leads to which leaves a node by this port."""
    targets = [edge.target for edge in graph.outgoing[node_id] if edge.port == port]
    return frozenset(targets).union(*(graph.descendants(target) for target in targets), *map(graph.inside, targets))


def _reached_without(graph: Graph, avoided: str, node_id: str) -> bool:
    """Whether some path leads from a trigger to the node past another node."""
    todo = [trigger for trigger in graph.triggers if trigger != avoided]
    seen = set(todo)
    while todo:
        here = todo.pop()
        for each in (*(edge.target for edge in graph.outgoing[here]), *graph.levels.get(here, ())):
            if each != avoided and each not in seen:
                seen.add(each)
                todo.append(each)
    return node_id in seen
