"""From n8n's export to a drawing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apps.workflows.transfer.drawing import Drawing, Link, Piece
from apps.workflows.transfer.maps import links_of
from apps.workflows.transfer.n8n.data import DATA, gathers, gives_items
from apps.workflows.transfer.n8n.expressions import Names
from apps.workflows.transfer.n8n.flow import FLOW
from apps.workflows.transfer.n8n.given import Given
from apps.workflows.transfer.n8n.http import http_request
from apps.workflows.transfer.n8n.schedules import crons
from apps.workflows.transfer.options import is_number, own_of, point, settings_of

Json = Any
_BASE: Final = "n8n-nodes-base."
_PREFIXES: Final = (_BASE, "@n8n/", "n8n-nodes-")
_NOTE: Final = "stickyNote"
_TRANSLATORS: Final = {**FLOW, **DATA, "httpRequest": http_request}
_SCHEDULES: Final = ("scheduleTrigger", "cron")
_WITHOUT_MEANING: Final = {
    "alwaysOutputData": "A node here always gives something.",
    "executeOnce": "A node here runs once anyway.",
}


def is_n8n(document: Mapping[str, Json]) -> bool:
    """Whether a node of it is one of n8n's."""
    rows = document.get("nodes")
    types = (row.get("type") for row in (rows if isinstance(rows, list) else ()) if isinstance(row, Mapping))
    return any(isinstance(type_, str) and type_.startswith(_PREFIXES) for type_ in types)


def drawing_of(document: Mapping[str, Json]) -> Drawing:
    """What the export says, in our terms."""
    drawing = Drawing()
    settings_of(drawing, document.get("settings"))
    rows: list[tuple[Mapping[str, Json], Piece]] = []
    for at, row in enumerate(document.get("nodes") or ()):
        if not isinstance(row, Mapping) or not isinstance(row.get("name"), str):
            drawing.say("left_out", None, "This is no node: it has no name.", path=f"nodes[{at}]")
            continue
        piece = Piece(name=row["name"], path=f"nodes[{at}]")
        if str(row.get("type")) == f"{_BASE}{_NOTE}":
            _note(drawing, row)
            continue
        rows.append((row, piece))
        drawing.pieces.append(piece)
    connections = document.get("connections")
    if isinstance(connections, Mapping):
        links_of(drawing, connections)
    names = _names(rows)
    several = _several(rows, drawing)
    for row, piece in rows:
        _translate(drawing, row, piece, names, takes_list=piece.name in several)
    _pins(drawing, document.get("pinData"))
    return drawing


def _translate(drawing: Drawing, row: Mapping[str, Json], piece: Piece, names: Names, *, takes_list: bool) -> None:
    type_ = str(row.get("type", ""))
    kind = type_.removeprefix(_BASE)
    given = Given(drawing, piece, row, _params(row), names, takes_list)
    if kind in _SCHEDULES:
        _schedule(given)
    elif kind in _TRANSLATORS and type_.startswith(_BASE):
        _TRANSLATORS[kind](given)
    else:
        given.say(
            "left_out", f"There is no node for n8n's “{type_[:80]}” here yet.", "Its connections are left out, too."
        )
        return
    own_of(drawing, piece, row)
    if piece.own.get("on_error") == "route" and piece.ports and "error" not in piece.ports:
        piece.ports = (*piece.ports, "error")
    if row.get("credentials") and kind != "httpRequest":
        given.say("left_out", "Its credentials are not carried over.", "Choose one here.", "credentials")
    for name, why in _WITHOUT_MEANING.items():
        if row.get(name) is True:
            given.say("left_out", f"“{name}” has no equivalent.", why)


def _params(row: Mapping[str, Json]) -> Mapping[str, Json]:
    params = row.get("parameters")
    return params if isinstance(params, Mapping) else {}


def _schedule(given: Given) -> None:
    """One trigger per rule: the others stand beside the first, and lead where it leads."""
    found = crons(given)
    if not found:
        return
    given.become("TRIGGER", "CRON", {"expression": found[0]})
    first = given.piece
    for at, cron in enumerate(found[1:], start=2):
        name = f"{first.name} {at}"
        other = Piece(name, first.path, type="TRIGGER", subtype="CRON", params={"expression": cron}, ports=("main",))
        given.drawing.pieces.append(other)
        given.drawing.links += [
            Link(name, link.target, link.path, link.kind, link.port)
            for link in list(given.drawing.links)
            if link.source == first.name
        ]
        given.drawing.say("changed", other, f"“{first.name}” had {len(found)} rules; each is a trigger here.")


def _names(rows: list[tuple[Mapping[str, Json], Piece]]) -> Names:
    names, inside, waits = {}, {}, {}
    for row, piece in rows:
        ours = " ".join(piece.name.split())[:90]
        names[piece.name] = ours
        kind, params = str(row.get("type", "")).removeprefix(_BASE), _params(row)
        if kind == "wait" and params.get("resume") == "webhook":
            waits[piece.name] = ours
        if kind == "set" and params.get("mode") == "raw" and _is_one(params.get("jsonOutput")):
            inside[piece.name] = "value"
    return Names(names, inside, waits)


def _is_one(text: Json) -> bool:
    return (
        isinstance(text, str)
        and text.startswith("=")
        and text[1:].strip().startswith("{{")
        and text.rstrip().endswith("}}")
    )


def _several(rows: list[tuple[Mapping[str, Json], Piece]], drawing: Drawing) -> set[str]:
    """The nodes several items come to in n8n: what follows a node that makes them, up to one that gathers them."""
    kinds = {piece.name: (str(row.get("type", "")).removeprefix(_BASE), _params(row)) for row, piece in rows}
    after: dict[str, list[str]] = {}
    for link in drawing.links:
        if link.kind == "MAIN":
            after.setdefault(link.source, []).append(link.target)
    found: set[str] = set()
    todo = [name for name, (kind, params) in kinds.items() if gives_items(kind, params)]
    while todo:
        for target in after.get(todo.pop(), ()):
            if target not in found:
                found.add(target)
                if not gathers(*kinds.get(target, ("", {}))):
                    todo.append(target)
    return found


_COLORS: Final = ("yellow", "yellow", "yellow", "red", "green", "blue", "violet", "grey")
"""Ours for n8n's numbers of colours."""


def _note(drawing: Drawing, row: Mapping[str, Json]) -> None:
    params = row.get("parameters")
    params = params if isinstance(params, Mapping) else {}
    text = str(params.get("content") or "").strip()
    place = point(row.get("position"))
    if not text or place is None:
        return
    color = params.get("color")
    drawing.annotations.append(
        {
            "id": f"note_{len(drawing.annotations) + 1}",
            "kind": "note",
            "text": text[:10_000],
            "position": place,
            "width": _length(params.get("width"), 240),
            "height": _length(params.get("height"), 160),
            "color": _COLORS[color] if type(color) is int and 0 <= color < len(_COLORS) else "yellow",
        }
    )


def _length(given: Json, otherwise: float) -> float:
    return min(max(float(given), 40), 20_000) if is_number(given) else otherwise


def _pins(drawing: Drawing, given: Json) -> None:
    pieces = {piece.name: piece for piece in drawing.pieces if piece.is_kept}
    for name, items in (given if isinstance(given, Mapping) else {}).items():
        piece = pieces.get(name)
        values = [
            item.get("json", item) for item in (items if isinstance(items, list) else []) if isinstance(item, Mapping)
        ]
        if piece is None or not values:
            continue
        piece.own["pinned_output"] = values[0] if len(values) == 1 else values
        if piece.subtype == "HTTP_REQUEST" and piece.params.get("returns") != "body":
            piece.own["pinned_output"] = {"status": 200, "headers": {}, "url": "", "body": piece.own["pinned_output"]}
