"""Connections written as a map: by the name of a node, then by kind, then which nodes are at the other end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.core.suggest import shown
from apps.nodes.contract import NodeType
from apps.workflows.graph.attaching import ATTACHABLE
from apps.workflows.transfer.drawing import Drawing, Link, Piece
from apps.workflows.transfer.kinds import ATTACHES, kind_of

Json = Any


def links_of(drawing: Drawing, given: Mapping[str, Json], path: str = "connections") -> None:
    """Take over a map of connections.

    Lists by output (`{"A": {"main": [[{"node": "B"}]]}}`) lead from the node that is named first. Where kinds hold
    their `connections`, what is named first may be either end: triggers, tools and memories tell which.
    """
    inner = given.get("connections")
    if set(given) == {"connections"} and isinstance(inner, Mapping):
        given = inner
    rows = list(_rows(drawing, given, path))
    votes = _votes(drawing, rows)
    is_inward = votes >= 0
    if not votes and any(may_turn for _, may_turn in rows):
        message = "What its connections name first was taken for where they lead."
        drawing.say("check", None, message, "Look at the direction of the connections.", path=path)
    for link, may_turn in rows:
        if is_inward and may_turn:
            link = Link(link.target, link.source, link.path, link.kind, link.port, link.input)
        drawing.links.append(link)


def _rows(drawing: Drawing, given: Mapping[str, Json], path: str) -> Iterator[tuple[Link, bool]]:
    for name, kinds in given.items():
        here = f"{path}.{shown(name)}"
        if isinstance(kinds, Mapping) and isinstance(kinds.get("connection_types"), Mapping):
            kinds = kinds["connection_types"]
        if isinstance(kinds, list):
            kinds = {"main": kinds}
        if not isinstance(kinds, Mapping):
            drawing.say("left_out", None, f"The connections of “{shown(name)}” cannot be read.", path=here)
            continue
        for said, ends in kinds.items():
            may_turn = isinstance(ends, Mapping)
            ends = ends.get("connections", []) if isinstance(ends, Mapping) else ends
            for port, end in _ends(ends):
                other = end.get("node", end.get("node_id", end.get("target"))) if isinstance(end, Mapping) else end
                kind = kind_of(end.get("type") or said) if isinstance(end, Mapping) else kind_of(said)
                if not isinstance(other, str) or kind is None:
                    message = f"A connection of “{shown(name)}” cannot be read: kind “{shown(said)}”."
                    drawing.say("left_out", None, message, path=f"{here}.{shown(said)}")
                    continue
                leaves = end.get("output_port", end.get("source_port", port)) if isinstance(end, Mapping) else port
                yield Link(name, other, f"{here}.{shown(said)}", kind, _port(leaves)), may_turn


def _ends(ends: Json) -> Iterator[tuple[int, Json]]:
    for at, each in enumerate(ends if isinstance(ends, list) else []):
        if isinstance(each, list):
            yield from ((at, end) for end in each)
        elif each is not None:
            yield 0, each


def _port(port: Json) -> str | int:
    return port if isinstance(port, str | int) and not isinstance(port, bool) and port != "" else 0


def _votes(drawing: Drawing, rows: list[tuple[Link, bool]]) -> int:
    """Above 0: the node that is named first is where a connection leads, as the documents that know this form write it.
    Below: a trigger that is named first, or a tool that names its agent, speaks against it."""
    found = {**{piece.name: piece for piece in drawing.pieces}, **{piece.key: piece for piece in drawing.pieces}}
    votes = 0
    for link, may_turn in rows:
        first, second = found.get(link.source), found.get(link.target)
        if not may_turn or first is None or second is None:
            continue
        if link.kind in ATTACHES:
            votes += _is_attachable(second) - _is_attachable(first)
        else:
            votes += (second.type == NodeType.TRIGGER) - (first.type == NodeType.TRIGGER)
    return votes


def _is_attachable(piece: Piece) -> bool:
    return piece.type in ATTACHABLE
