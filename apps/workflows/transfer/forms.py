"""Workflows in the forms of the documents this product was made after: their nodes, agents, edges and triggers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from apps.core.suggest import shown
from apps.nodes.contract import NodeType
from apps.nodes.registry import node_type
from apps.workflows.graph.document import ConnectionDocument, NodeDocument
from apps.workflows.transfer import texts
from apps.workflows.transfer.drawing import Drawing, Link, Piece
from apps.workflows.transfer.kinds import kind_of
from apps.workflows.transfer.maps import links_of
from apps.workflows.transfer.options import own_of, settings_of
from apps.workflows.transfer.types import named, translate

Json = Any

_PARAMS: Final = ("params", "parameters", "configurations", "configuration", "config", "data")
_FROM: Final = (
    "from",
    "source",
    "from_node",
    "sourceAgentId",
    "source_agent_id",
    "source_node_id",
    "source_id",
    "sourceId",
)
_TO: Final = ("to", "target", "to_node", "targetAgentId", "target_agent_id", "target_node_id", "target_id", "targetId")
_PORT: Final = ("port", "output_key", "sourceHandle", "from_port", "source_port", "output_port")
_INPUT: Final = ("input", "targetHandle", "input_key", "to_port", "target_port", "input_port")
_KIND: Final = ("kind", "connection_type", "type")
_MAPPING: Final = ("mapping", "data_mapping", "dataMapping")
_CONNECTION_KNOWN: Final = {
    *_FROM,
    *_TO,
    *_PORT,
    *_INPUT,
    *_KIND,
    *_MAPPING,
    "condition",
    "id",
    "workflowId",
    "workflow_id",
}
_CONNECTION_DRAWN: Final = {
    "animated",
    "style",
    "markerEnd",
    "markerStart",
    "selected",
    "zIndex",
    "data",
    "label",
    "name",
}
_NODE_OURS: Final = frozenset(field.alias or name for name, field in NodeDocument.model_fields.items())
_CONNECTION_OURS: Final = frozenset(field.alias or name for name, field in ConnectionDocument.model_fields.items())


def is_foreign(definition: Mapping[str, Json]) -> bool:
    """Whether something of it is written as others write it. A definition of ours with mistakes is not foreign."""
    if definition.get("agents") or definition.get("edges") or isinstance(definition.get("connections"), Mapping):
        return True
    rows = definition.get("connections")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and row.keys() - _CONNECTION_OURS and row.keys() & {*_FROM[1:], *_TO[1:], *_KIND}:
            return True
    rows = definition.get("nodes")
    return any(isinstance(row, Mapping) and _is_foreign_node(row) for row in (rows if isinstance(rows, list) else ()))


def _is_foreign_node(row: Mapping[str, Json]) -> bool:
    if row.keys() & {*_PARAMS[1:], "attached_nodes", "node_type", "label"}:
        return True
    type_, subtype = row.get("type"), row.get("subtype")
    if not isinstance(type_, str):
        return False
    ours = named(type_, subtype if isinstance(subtype, str) else "")
    return ours != (type_, subtype or "") and node_type(*ours) is not None


def drawing_of(document: Mapping[str, Json]) -> Drawing:
    """What the document says, in our terms."""
    drawing = Drawing()
    settings = next((key for key in ("settings", "config", "workflow_settings") if document.get(key)), "settings")
    policy = settings_of(drawing, document.get(settings), settings)
    key = "agents" if isinstance(document.get("agents"), list) else "nodes"
    rows = [*_rows(drawing, document, key)]
    for at, row in rows:
        drawing.pieces.append(_piece(row, f"{key}[{at}]", at, is_agent=key == "agents"))
    for (_, row), piece in zip(rows, drawing.pieces, strict=True):
        _fill(drawing, row, piece)
        if policy and piece.is_kept and policy != "stop":
            piece.own.setdefault("on_error", policy)
    links = next((name for name in ("connections", "edges") if document.get(name)), "connections")
    if isinstance(document.get(links), Mapping):
        links_of(drawing, document[links], links)
    for at, row in _rows(drawing, document, links) if not isinstance(document.get(links), Mapping) else ():
        _link(drawing, row, f"{links}[{at}]")
    for at, row in _rows(drawing, document, "triggers"):
        _trigger(drawing, row, f"triggers[{at}]")
    _begin(drawing)
    return drawing


def _rows(drawing: Drawing, document: Mapping[str, Json], key: str) -> Iterator[tuple[int, Mapping[str, Json]]]:
    rows = document.get(key)
    for at, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, Mapping):
            yield at, row
        else:
            drawing.say("left_out", None, "This is no object, so it cannot be read.", path=f"{key}[{at}]")


def _piece(row: Mapping[str, Json], path: str, at: int, *, is_agent: bool) -> Piece:
    data = row["data"] if isinstance(row.get("data"), Mapping) else {}
    key = row.get("id", row.get("node_id", f"agent-{at + 1}" if is_agent else ""))
    name = next(
        (each for each in (row.get("name"), row.get("label"), data.get("label"), data.get("name")) if _is_text(each)),
        key or row.get("type") or "",
    )
    return Piece(name=str(name)[:200], path=path, key=str(key)[:200])


def _fill(drawing: Drawing, row: Mapping[str, Json], piece: Piece) -> None:
    data = row["data"] if isinstance(row.get("data"), Mapping) else {}
    type_, subtype = (
        next((str(each[name]) for each in (row, data) for name in names if _is_text(each.get(name))), "")
        for names in (("type", "node_type", "nodeType"), ("subtype", "sub_type", "node_subtype", "subType"))
    )
    given: dict[str, Json] = {}
    for name in _PARAMS:
        found = row.get(name, data.get(name))
        if isinstance(found, Mapping):
            given |= {key: value for key, value in found.items() if key not in ("label", "name") or name != "data"}
    given = {key: value for key, value in given.items() if key not in (*_PARAMS, "type", "subtype")}
    translate(drawing, piece, type_[:100], subtype[:100], given, is_trigger=False)
    own_of(drawing, piece, row)
    cls = node_type(piece.type, piece.subtype)
    if cls is not None:
        piece.ports = _ports(cls, piece.params)
    attached = row.get("attached", row.get("attached_nodes"))
    for each in attached if isinstance(attached, list) else ():
        other = each.get("id", each.get("node")) if isinstance(each, Mapping) else each
        if _is_text(other):
            drawing.links.append(Link(str(other), piece.key or piece.name, f"{piece.path}.attached", "AI_TOOL"))
    if "pinned_output" in row:
        piece.own["pinned_output"] = row["pinned_output"]
    if row.get("milestone") is True:
        piece.own["milestone"] = True


def _ports(cls: Any, params: Mapping[str, Json]) -> tuple[str, ...]:
    try:
        return tuple(cls.ports_of(params))
    except Exception:  # parameters of any shape; the lint says what is wrong with them
        return tuple(cls.ports)


def _link(drawing: Drawing, row: Mapping[str, Json], path: str) -> None:
    source, target = (next((row[name] for name in names if _is_text(row.get(name))), "") for names in (_FROM, _TO))
    if not source or not target:
        drawing.say("left_out", None, "A connection does not say from where to where.", path=path)
        return
    kind = "MAIN"
    for name in _KIND:
        said = row.get(name)
        if said is None or (name == "type" and kind_of(said) is None):
            continue  # React Flow says here how an edge is drawn
        found = kind_of(said)
        if found is None:
            drawing.say("left_out", None, f"There is no kind of connection “{shown(said)}”.", path=f"{path}.{name}")
            return
        kind = found
        break
    port, input_ = (next((row[name] for name in names if _is_text(row.get(name))), "main") for names in (_PORT, _INPUT))
    condition = row.get("condition")
    if isinstance(condition, Mapping):
        condition = condition.get("expression", condition.get("condition"))
    ours = texts.condition(condition) if isinstance(condition, str) and condition.strip() else None
    if ours and texts.fault(ours):
        message = f"The condition of “{shown(source)}” → “{shown(target)}” cannot be read here: {texts.fault(ours)}."
        drawing.say("check", None, message, "Correct it before publishing.", path=f"{path}.condition")
    mapping = next((_mapping(row[name]) for name in _MAPPING if row.get(name)), None)
    drawing.links.append(
        Link(source, target, path, kind, _known_port(port), _known_port(input_), condition=ours, mapping=mapping)
    )
    for name in row.keys() - _CONNECTION_KNOWN - _CONNECTION_DRAWN:
        if row[name] not in (None, "", {}, []):
            drawing.say("left_out", None, f"“{shown(name)}” of a connection has no equivalent.", path=f"{path}.{name}")


def _known_port(text: str) -> str:
    return "main" if text in ("output", "result", "default_output", "source", "target", "out", "in") else text


def _mapping(given: Json) -> Json:
    """A mapping of theirs: `{target: source}`, or a list of rules, or already ours."""
    if isinstance(given, Mapping) and given.get("mode") in ("direct", "fields", "template", "expression"):
        return dict(given)
    rules = (
        given.get("field_mappings", given.get("fields", given.get("mappings"))) if isinstance(given, Mapping) else given
    )
    if isinstance(rules, list):
        return {"mode": "fields", "fields": [_rule(rule) for rule in rules if isinstance(rule, Mapping)]}
    if isinstance(given, Mapping) and isinstance(given.get("template", given.get("transform_template")), str | dict):
        return {"mode": "template", "template": given.get("template", given.get("transform_template"))}
    if isinstance(given, Mapping) and isinstance(given.get("transform_script", given.get("script")), str):
        return {"mode": "expression", "expression": texts.condition(given.get("transform_script", given.get("script")))}
    if isinstance(given, Mapping) and all(isinstance(place, str) for place in given.values()):
        return {"mode": "fields", "fields": [{"from": _place(place), "to": name} for name, place in given.items()]}
    if isinstance(given, str):
        return {"mode": "expression", "expression": texts.condition(given)}
    return given


def _rule(rule: Mapping[str, Json]) -> dict[str, Json]:
    names = {
        "from": ("from", "source", "source_field", "source_path"),
        "to": ("to", "target", "target_field", "target_path"),
        "required": ("required",),
        "default": ("default", "default_value"),
        "transform": ("transform", "transformation"),
    }
    found = {}
    for ours, theirs in names.items():
        value = next((rule[name] for name in theirs if rule.get(name) is not None), None)
        if isinstance(value, Mapping):
            value = value.get("value", value.get("expression"))
        if value is not None:
            found[ours] = value
    if found.get("required") is not None:
        found["required"] = found["required"] is True
    if isinstance(found.get("from"), str):
        found["from"] = _place(found["from"])
    if isinstance(found.get("transform"), str):
        found["transform"] = texts.condition(re.sub(r"(?<![\w.$])value\b", "input", found["transform"]))
    return found


def _place(text: str) -> str:
    """`$.items[0].id` and `{{ $json.items }}` as a path of ours."""
    text = text.strip().removeprefix("{{").removesuffix("}}").strip()
    text = re.sub(r"^\$(json|input|\.)?\.?", "", text)
    return re.sub(r"\[['\"]?([^\]'\"]{1,200})['\"]?\]", r".\1", text).strip(".")


def _trigger(drawing: Drawing, row: Mapping[str, Json], path: str) -> None:
    """A trigger that stands beside the nodes: it becomes one, and leads to those that nothing leads to."""
    type_ = row.get("type")
    name = row.get("name") if _is_text(row.get("name")) else f"{str(type_ or 'Trigger').capitalize()} trigger"
    piece = Piece(name=str(name), path=path, key=str(row.get("id") or ""))
    config: Mapping[str, Json] = next(
        (row[key] for key in ("config", *_PARAMS) if isinstance(row.get(key), Mapping)), {}
    )
    translate(drawing, piece, str(type_ or "")[:100], "", dict(config), is_trigger=True)
    own_of(drawing, piece, row)
    for entry in _entries(drawing):
        drawing.links.append(Link(piece.key or piece.name, entry.key or entry.name, path))
    drawing.pieces.append(piece)


def _entries(drawing: Drawing) -> list[Piece]:
    ends = {link.target for link in drawing.links if link.kind == "MAIN" and not link.path.startswith("triggers[")}
    ends |= {link.source for link in drawing.links if link.kind not in ("MAIN", "AI_AGENT", "AI_CHAIN")}
    return [
        piece
        for piece in drawing.pieces
        if piece.type != NodeType.TRIGGER
        and piece.key not in ends
        and piece.name not in ends
        and not piece.own.get("parent")
    ]


def _begin(drawing: Drawing) -> None:
    """What was started by hand without saying so gets a trigger."""
    kept = [piece for piece in drawing.pieces if piece.is_kept and node_type(piece.type, piece.subtype)]
    if not kept or any(piece.type == NodeType.TRIGGER for piece in kept):
        return
    piece = Piece(name="Start", path="", key="start", type="TRIGGER", subtype="MANUAL")
    for entry in _entries(drawing):
        drawing.links.append(Link("start", entry.key or entry.name, ""))
    drawing.pieces.insert(0, piece)
    drawing.say(
        "changed", piece, "It had no trigger of its own: it is started by hand.", "Add another one if you like."
    )


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip())
