"""A small drawing of a definition: tiles from left to right and the lines between them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.nodes.registry import node_type

TILE = 28
STEP_X = 52
STEP_Y = 44
MARGIN = 6
FRAME = 8
GAP = 6


@dataclass(frozen=True, slots=True)
class Box:
    """A node's tile by its upper left corner; a container's frame is as wide as what stands in it."""

    x: int
    y: int
    width: int
    type: str
    icon: str
    name: str
    is_container: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that `workflows/_preview.html` draws."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    names: tuple[str, ...]
    """The nodes in the order of the columns, for who reads instead of looking."""


def drawing(definition: Mapping[str, Any]) -> Drawing:
    """The drawing of a definition that can be understood."""
    nodes = {node["id"]: node for node in definition["nodes"]}
    inside: dict[str, list[str]] = defaultdict(list)
    for node in definition["nodes"]:
        if node.get("parent"):
            inside[node["parent"]].append(node["id"])
    top = [node["id"] for node in definition["nodes"] if not node.get("parent")]
    edges = [(link["from"], link["to"]) for link in definition["connections"]]
    edges = [(a, b) for a, b in edges if a in top and b in top]
    columns = _columns(top, edges)
    widths = {each: _width(len(inside[each])) for each in top}
    places = _places(top, columns, edges, widths)
    boxes: list[Box] = []
    for each in top:
        (x, y), children = places[each], inside[each]
        boxes.append(_box(nodes[each], x, y, widths[each], is_container=bool(children)))
        for at, child in enumerate(children):
            boxes.append(_box(nodes[child], x + FRAME + at * (TILE + GAP), y, TILE))
    lines = tuple(_line(places[a], widths[a], places[b]) for a, b in edges)
    names = tuple(nodes[each]["name"] for each in sorted(top, key=lambda each: (columns[each], places[each][1])))
    right = max((box.x + box.width for box in boxes), default=TILE)
    low = max((box.y for box in boxes), default=0) + TILE
    return Drawing(right + MARGIN, low + MARGIN, tuple(boxes), lines, names)


def _width(children: int) -> int:
    return children * (TILE + GAP) - GAP + 2 * FRAME if children else TILE


def _box(node: Mapping[str, Any], x: int, y: int, width: int, *, is_container: bool = False) -> Box:
    cls = node_type(node["type"], node["subtype"])
    return Box(x, y, width, node["type"], cls.icon if cls else "box", node["name"], is_container)


def _columns(ids: Iterable[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """How far right each stands: one further than the last that leads to it."""
    found = dict.fromkeys(ids, 0)
    for _round in found:
        moved = False
        for source, target in edges:
            if found[target] <= found[source] < len(found):
                found[target], moved = found[source] + 1, True
        if not moved:
            break
    return found


def _places(
    ids: list[str], columns: Mapping[str, int], edges: list[tuple[str, str]], widths: Mapping[str, int]
) -> dict[str, tuple[int, int]]:
    """Corners: in each column in the order of what leads there, so that few lines cross."""
    by_column: dict[int, list[str]] = defaultdict(list)
    for each in ids:
        by_column[columns[each]].append(each)
    rows: dict[str, float] = {}
    x, places = MARGIN, {}
    tallest = max((len(each) for each in by_column.values()), default=1)
    for column in sorted(by_column):
        here = by_column[column]
        before = {each: [rows[a] for a, b in edges if b == each and a in rows] for each in here}
        order = {each: at for at, each in enumerate(here)}
        here.sort(
            key=lambda each: (sum(before[each]) / len(before[each]) if before[each] else order[each], order[each])
        )
        first = (tallest - len(here)) / 2
        for at, each in enumerate(here):
            rows[each] = first + at
            places[each] = (x, MARGIN + round(rows[each] * STEP_Y))
        x += max(widths[each] for each in here) + STEP_X - TILE
    return places


def _line(start: tuple[int, int], width: int, end: tuple[int, int]) -> str:
    """An SVG path from the right side of one tile to the left side of another."""
    x1, y1 = start[0] + width, start[1] + TILE // 2
    x2, y2 = end[0], end[1] + TILE // 2
    if y1 == y2:
        return f"M{x1} {y1}H{x2}"
    middle = x2 - 12
    turn = 5 if y2 > y1 else -5
    return (
        f"M{x1} {y1}H{middle - 5}Q{middle} {y1} {middle} {y1 + turn}V{y2 - turn}Q{middle} {y2} {middle + 5} {y2}H{x2}"
    )
