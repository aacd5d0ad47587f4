"""Everything wrong or doubtful about a definition, with its place and its mend. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from apps.core.suggest import nearest, shown
from apps.nodes import expressions
from apps.nodes.contract import NodeType, Tool, Trigger
from apps.nodes.params import bare_texts, stored_faults, texts
from apps.workflows import doubts, literals
from apps.workflows.graph import ERROR_PORT, Edge, Finding, Graph, GraphNode, Settings, draft_of
from apps.workflows.graph.attaching import ATTACHABLE
from apps.workflows.graph.build import Draft
from apps.workflows.graph.findings import error, warning
from apps.workflows.graph.mapping import Mapping, findings_of, given_keys, texts_of

_NO_DRAFT = frozenset(
    {"node.unknown_type", "node.duplicate_id", "connection.unknown_node", "connection.self_loop", "graph.cycle"}
)


def lint(definition: Any, *, variables: Collection[str] | None = None) -> tuple[Finding, ...]:
    """What there is to say about a definition, errors first. Never raises, whatever JSON it is given.

    Without an error among them the definition can be published, and `graph.compile` takes it. `variables` are the
    names `$vars` knows; None: nobody asked, and nothing is said about them.
    """
    draft, structural = draft_of(definition)
    found = [*structural]
    if not any(finding.code.startswith("definition.") and not finding.path for finding in structural):
        graph = draft.graph()
        found.extend(_whole(graph, draft))
        for node in graph.nodes.values():
            found.extend(_node(node, graph, f"nodes[{draft.places[node.id]}]"))
        for at, edge in draft.edges:
            found.extend(_edge_condition(edge, graph, f"connections[{at}].condition"))
            if edge.mapping is not None:
                found.extend(_mapping(edge, edge.mapping, graph, f"connections[{at}].mapping"))
        found.extend(literals.findings(draft))
        found.extend(doubts.findings(draft, graph))
        if variables is not None:
            found.extend(_unknown_variables(graph, draft, variables))
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda finding: finding.severity == "warning"))


def no_draft(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The errors with which a definition is no draft worth keeping: a wrong shape, unknown types, cycles."""
    return tuple(
        finding
        for finding in findings
        if finding.severity == "error" and (finding.code.startswith("definition.") or finding.code in _NO_DRAFT)
    )


# ── The graph as a whole ─────────────────────────────────────────────────────────────────────────────────────────────


def _whole(graph: Graph, draft: Draft) -> Iterator[Finding]:
    if not graph.triggers:
        yield error(
            "graph.no_trigger",
            "nodes",
            "Nothing starts this workflow: it has no trigger that is switched on.",
            "Add a TRIGGER node: MANUAL, WEBHOOK or CRON.",
        )
    else:
        reached = set(graph.triggers).union(*(graph.descendants(trigger) for trigger in graph.triggers))
        for node in graph.nodes.values():
            if node.id not in reached and not issubclass(node.cls, Trigger) and node.id not in graph.attached:
                is_loose = node.type in ATTACHABLE
                yield warning(
                    "graph.unreachable",
                    f"nodes[{draft.places[node.id]}]",
                    f"“{node.name}” "
                    + ("is never used: no agent has it." if is_loose else "never runs: no trigger leads to it."),
                    "Give it to an agent, or remove it." if is_loose else "Connect it, or remove it.",
                    node_id=node.id,
                )
    for node in graph.nodes.values():
        if node.cls.is_container and not node.disabled and not graph.levels.get(node.id):
            yield warning(
                "container.empty",
                f"nodes[{draft.places[node.id]}]",
                f"Nothing stands in “{node.name}”, so each round gives back what it was given.",
                "Put nodes into it, or remove it.",
                node_id=node.id,
            )
    yield from _addresses(graph, draft)
    humans = [node for node in graph.nodes.values() if not node.disabled and _may_wait_for_people(node, graph)]
    if humans and graph.settings.while_paused == "block":
        yield warning(
            "settings.while_paused_blocks",
            "settings.while_paused",
            f"While one execution waits for a person at “{humans[0].name}”, further starts are refused.",
            "Set while_paused to queue (they wait) or allow (they run beside it).",
            node_id=humans[0].id,
        )
    yield from _unheard(graph, draft)
    yield from _keys(graph.settings)


def _may_wait_for_people(node: GraphNode, graph: Graph) -> bool:
    if node.type == NodeType.HUMAN_IN_THE_LOOP:
        return True
    tools = (graph.nodes[other] for other in node.attached)
    return any(issubclass(each.cls, Tool) and each.cls.may_ask(each.params) for each in tools if not each.disabled)


_KNOWN_AT_START = frozenset({"json", "input", "trigger", "now", "today"})


def _keys(settings: Settings) -> Iterator[Finding]:
    """What is wrong with the keys of limits, which are computed before anything has run."""
    keys = {
        "settings.concurrency.key": settings.concurrency.key if settings.concurrency else "",
        "settings.debounce.key": settings.debounce.key if settings.debounce else "",
    }
    for path, text in keys.items():
        refused = expressions.check(text)
        for wrong in refused:
            hint = f"{_upper(wrong.hint)}." if wrong.hint else ""
            yield error("expression.invalid", path, f"{_upper(wrong.message)}.", hint)
        roots = {found.root for found in expressions.references(text)}
        for root in sorted(roots - _KNOWN_AT_START):
            yield error(
                "settings.key_too_early",
                path,
                f"“${root}” is not known yet when an execution starts.",
                "Use $json, which is what the trigger delivered.",
            )
        if text and not roots and not refused:
            yield warning(
                "settings.key_is_fixed",
                path,
                f"“{shown(text)}” is the same key for every start.",
                "Write what tells them apart, as in {{ $json.body.customer }}.",
            )


def _addresses(graph: Graph, draft: Draft) -> Iterator[Finding]:
    taken: dict[tuple[str, str], GraphNode] = {}
    for node_id in graph.triggers:
        node = graph.nodes[node_id]
        assert issubclass(node.cls, Trigger)
        for address in node.cls.addresses(node.params, node_id=node.id):
            first = taken.setdefault((node.subtype, address), node)
            if first is not node:
                yield error(
                    "trigger.duplicate_address",
                    f"nodes[{draft.places[node_id]}].params",
                    f"“{node.name}” listens to the same address as “{first.name}”: {shown(address)}.",
                    "Give one of them another path or method.",
                    node_id=node_id,
                )


def _unheard(graph: Graph, draft: Draft) -> Iterator[Finding]:
    """A Respond whose answer no webhook waits for."""
    webhooks = [graph.nodes[trigger] for trigger in graph.triggers if graph.nodes[trigger].subtype == "WEBHOOK"]
    if not webhooks or any(node.params.get("respond") == "result" for node in webhooks):
        return
    for node in graph.nodes.values():
        if node.subtype == "RESPOND" and not node.disabled:
            yield warning(
                "respond.nobody_waits",
                f"nodes[{draft.places[node.id]}]",
                f"“{node.name}” answers nobody: “{webhooks[0].name}” responds immediately.",
                "Set the webhook's respond to result.",
                node_id=node.id,
            )


def _unknown_variables(graph: Graph, draft: Draft, known: Collection[str]) -> Iterator[Finding]:
    """Each place that reads a variable the workspace does not have."""
    places = [
        (text.value, text.path, node.id)
        for node in graph.nodes.values()
        for text in texts(node.cls, node.params, f"nodes[{draft.places[node.id]}].params")
    ]
    for at, stored in enumerate(draft.document.connections):
        if stored is not None:
            given = stored.model_dump(exclude_none=True)
            places += [(value, f"connections[{at}].{name}", stored.source) for name, value in given.items()]
    for value, path, node_id in places:
        names = {found.name for found in expressions.references(value) if found.root == "vars" and found.name}
        for name in sorted(names.difference(known)):
            yield warning(
                "reference.unknown_variable",
                path,
                f"There is no variable “{shown(name)}”, so it is null.",
                nearest(name, sorted(known)) or "Make it in the settings, under Variables.",
                node_id=node_id,
            )


# ── One node ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _node(node: GraphNode, graph: Graph, base: str) -> Iterator[Finding]:
    for finding in _params(node, graph, f"{base}.params"):
        yield replace(finding, severity="warning") if node.disabled else finding
    if not node.disabled:
        yield from _open_ports(node, graph, base)


def _params(node: GraphNode, graph: Graph, base: str) -> Iterator[Finding]:
    for fault in stored_faults(node.cls, node.params, base):
        yield error(f"params.{fault.code}", fault.path, fault.message, fault.hint, node_id=node.id)
    for text in bare_texts(node.cls, node.params, base):
        if not text.is_condition:  # there it is refused already
            message = f"“{shown(text.value)}” is taken as it is written: expressions stand between {{{{ and }}}}."
            fix = "Write {{ before it and }} after it."
            yield warning("expression.no_braces", text.path, message, fix, node_id=node.id)
    for text in texts(node.cls, node.params, base):
        if not text.is_expression:
            yield error(
                "expression.not_here",
                text.path,
                "No expression can stand here: this value is taken as it is written.",
                "Write a fixed value.",
                node_id=node.id,
            )
        else:
            before = graph.ancestors(node.id)
            if text.is_inner and not text.is_condition:
                before |= frozenset(graph.levels.get(node.id, ()))
            yield from _expression(text.value, text.path, node, graph, before, is_condition=text.is_condition)


def _edge_condition(edge: Edge, graph: Graph, path: str) -> Iterator[Finding]:
    if edge.condition is not None:
        before = graph.ancestors(edge.source) | {edge.source}
        node = graph.nodes[edge.source]
        yield from _expression(edge.condition, path, node, graph, before, is_condition=True, inputs={"main"})


def _mapping(edge: Edge, mapping: Mapping, graph: Graph, path: str) -> Iterator[Finding]:
    source, target = graph.nodes[edge.source], graph.nodes[edge.target]
    declared = source.cls.Output.model_fields if edge.port != ERROR_PORT and source.on_error != "continue" else {}
    known = frozenset(field.alias or name for name, field in declared.items())
    yield from findings_of(mapping, path, target.id, known)
    before = graph.ancestors(target.id)
    for place, text in texts_of(mapping):
        yield from _expression(text, f"{path}.{place}", target, graph, before, is_condition=False, inputs={"main"})
    given = given_keys(mapping)
    if given is None or len(graph.incoming[target.id]) > 1:
        return
    for read in texts(target.cls, target.params):
        for parts in sorted(() if expressions.check(read.value) else expressions.compile_template(read.value).paths):
            if parts[:1] == ("json",) and len(parts) > 1 and parts[1] not in given and not read.is_inner:
                message = f"“{target.name}” reads $json.{shown(parts[1])}, which this mapping does not give."
                yield warning("mapping.not_given", path, message, nearest(parts[1], given), node_id=target.id)


def _expression(
    text: str,
    path: str,
    node: GraphNode,
    graph: Graph,
    before: frozenset[str],
    *,
    is_condition: bool,
    inputs: Collection[str] | None = None,
) -> Iterator[Finding]:
    refused = expressions.check(text)
    for wrong in refused:
        place = f" (column {wrong.column})" if wrong.column is not None else ""
        message, hint = f"{_upper(wrong.message)}{place}.", f"{_upper(wrong.hint)}." if wrong.hint else ""
        yield error("expression.invalid", path, message, hint, node_id=node.id)
    if refused:
        return
    if is_condition and not expressions.compile_template(text).is_expression:
        yield error(
            "condition.text_outside",
            path,
            "A condition is exactly one expression; this has text outside of the braces.",
            "Put all of it between one pair of {{ and }}.",
            node_id=node.id,
        )
    for reference in sorted(expressions.references(text), key=lambda found: (found.root, found.name or "")):
        name = reference.name or ""
        if reference.root == "node":
            yield from _named(name, path, node, graph, before)
        elif reference.root == "input" and name:
            known = inputs or {edge.input for edge in graph.incoming[node.id]} or {"main"}
            if name not in known:
                message = f"Nothing arrives at “{node.name}” on an input “{shown(name)}”."
                yield warning("reference.unknown_input", path, message, nearest(name, known), node_id=node.id)
    for parts in sorted(expressions.compile_template(text).paths):
        if parts[:2] == ("execution", "callback_url") and len(parts) > 2:
            yield from _called(parts[2], path, node, graph)


def _called(name: str, path: str, node: GraphNode, graph: Graph) -> Iterator[Finding]:
    """Whether a node whose address is read has one, and one that is known here."""
    target = graph.nodes.get(graph.names.get(name, ""))
    having = [each.name for each in graph.nodes.values() if each.cls.callback_method(each.params) is not None]
    levels: set[str | None] = {None, node.id}
    parent = node.parent
    # A draft's containers may stand in each other.
    while parent is not None and parent in graph.nodes and parent not in levels:
        levels.add(parent)
        parent = graph.nodes[parent].parent
    if target is None or target.name not in having:
        message = f"“{shown(name)}” is no node that waits for a call, so it has no address."
        hint = nearest(name, having) or "Use the name of a WAIT in the mode callback."
        yield error("reference.no_address", path, message, hint, node_id=node.id)
    elif target.parent not in levels:
        message = f"“{shown(name)}” stands inside a loop, and has an address of its own in each round."
        yield error("reference.not_inside", path, message, "Read it inside that loop.", node_id=node.id)


def _upper(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _named(name: str, path: str, node: GraphNode, graph: Graph, before: frozenset[str]) -> Iterator[Finding]:
    target = graph.names.get(name)
    if target is None:
        yield error(
            "reference.unknown_node",
            path,
            f"There is no node named “{shown(name)}”.",
            nearest(name, [known for known in graph.names if known != node.name]),
            node_id=node.id,
        )
    elif target not in before:
        what = "itself" if target == node.id else f"“{shown(name)}”, which does not run before it"
        yield error(
            "reference.not_before",
            path,
            f"“{node.name}” refers to {what}.",
            f"Connect “{shown(name)}” so that it leads here, or refer to a node that does.",
            node_id=node.id,
        )


def _open_ports(node: GraphNode, graph: Graph, base: str) -> Iterator[Finding]:
    connected = {edge.port for edge in graph.outgoing[node.id]}
    for port in node.ports:
        if port in connected:
            continue
        if node.type == NodeType.HUMAN_IN_THE_LOOP and port != ERROR_PORT:
            yield warning(
                "port.open",
                base,
                f"The outcome “{port}” of “{node.name}” leads nowhere.",
                "Connect it, or leave it so: the branch simply ends there.",
                node_id=node.id,
            )
        elif port == ERROR_PORT and node.on_error == "route":
            yield warning(
                "port.open",
                f"{base}.on_error",
                f"The errors of “{node.name}” are routed, but its port “error” leads nowhere: they pass unseen.",
                "Connect it, or set on_error to stop.",
                node_id=node.id,
            )
