"""Two runs side by side: where each step stood, how long it took, and where they first went apart. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Json = Any
Column = Literal["input", "params", "output"]

COLUMNS: tuple[Column, ...] = ("input", "params", "output")
MOST_CHANGES = 200
LONGEST = 300
MISSING = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One place where two values differ: `added` (only in the second), `removed` (only in the first) or `changed`."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: str = ""
    after: str = ""


def changes(before: Json, after: Json) -> list[Change]:
    """Where two values differ, in the order of the first; at most `MOST_CHANGES`. Members are compared by name."""
    found: list[Change] = []
    for change in _changes(before, after, ""):
        found.append(change)
        if len(found) == MOST_CHANGES:
            break
    return found


def _changes(before: Json, after: Json, path: str) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _changes(before.get(key, MISSING), after.get(key, MISSING), _child(path, key))
    elif isinstance(before, list) and isinstance(after, list):
        for at in range(max(len(before), len(after))):
            first = before[at] if at < len(before) else MISSING
            yield from _changes(first, after[at] if at < len(after) else MISSING, f"{path}[{at}]")
    elif before is MISSING:
        yield Change(path, "added", after=_text(after))
    elif after is MISSING:
        yield Change(path, "removed", before=_text(before))
    elif not _same(before, after):
        yield Change(path, "changed", _text(before), _text(after))


def _same(before: Json, after: Json) -> bool:
    # In Python True is 1; in JSON it is not.
    return bool(before == after) and isinstance(before, bool) == isinstance(after, bool)


def _child(path: str, key: str) -> str:
    if key.isidentifier():
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _text(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


@dataclass(frozen=True, slots=True)
class Side:
    """How a step stood in one of the two runs. `seconds`: from its start to its end; None where it has none."""

    state: str
    port: str
    attempt: int
    seconds: float | None
    error: str

    @property
    def is_there(self) -> bool:
        """Whether the version of this run has the step at all."""
        return self.state != ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One step in both runs. `differs`: what is not the same, of state, port, error, params, input and output."""

    node_id: str
    name: str
    type: str
    subtype: str
    sides: tuple[Side, Side]
    differs: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing but the time it took may differ."""
        return not self.differs

    @property
    def slower(self) -> float | None:
        """By how many seconds the second was slower."""
        first, second = (side.seconds for side in self.sides)
        return None if first is None or second is None else second - first


def compare(first: Mapping[str, Json], second: Mapping[str, Json]) -> list[Compared]:
    """Every step of both versions, in the order the first run began them; snapshots with payloads of both are given.

    What runs inside a container is compared by what the container gives.
    """
    nodes = {node["id"]: node for run in (second, first) for node in run["definition"]["nodes"]}
    order = _order(first, second, nodes)
    runs = [{run["node_id"]: run for run in side["node_runs"] if run["path"] == ""} for side in (first, second)]
    there = [{node["id"] for node in side["definition"]["nodes"]} for side in (first, second)]
    found = []
    for node_id in order:
        node = nodes[node_id]
        pair = [each.get(node_id) for each in runs]
        sides = tuple(_side(run, node_id in ids) for run, ids in zip(pair, there, strict=True))
        found.append(
            Compared(
                node_id=node_id,
                name=node["name"],
                type=node["type"],
                subtype=node["subtype"],
                sides=(sides[0], sides[1]),
                differs=tuple(_differs((sides[0], sides[1]), pair)),
            )
        )
    return found


def first_difference(rows: Sequence[Compared]) -> Compared | None:
    """Where they went apart: the first step, in the order they ran, of which anything is not the same."""
    return next((row for row in rows if not row.is_same), None)


def _order(first: Mapping[str, Json], second: Mapping[str, Json], nodes: Mapping[str, Json]) -> list[str]:
    """As the first run began them; what only the second began stands behind what that began before."""
    order = _begun(first)
    before = ""
    for node_id in _begun(second):
        if node_id not in order:
            order.insert(order.index(before) + 1 if before else 0, node_id)
        before = node_id
    return [each for each in dict.fromkeys([*order, *nodes]) if each in nodes and not nodes[each].get("parent")]


def _begun(side: Mapping[str, Json]) -> list[str]:
    runs = [run for run in side["node_runs"] if run["path"] == "" and run["started_at"]]
    return [run["node_id"] for run in sorted(runs, key=lambda run: datetime.fromisoformat(run["started_at"]))]


def _side(run: Mapping[str, Json] | None, is_there: bool) -> Side:
    if run is None:
        return Side("PENDING" if is_there else "", "", 0, None, "")
    began, ended = (run.get(name) for name in ("started_at", "finished_at"))
    seconds = None
    if began and ended:
        seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
    error = run.get("error") or {}
    return Side(run["state"], run.get("port") or "", run.get("attempt") or 0, seconds, str(error.get("message") or ""))


def _differs(sides: tuple[Side, Side], pair: Sequence[Mapping[str, Json] | None]) -> Iterator[str]:
    first, second = sides
    if first.state != second.state:
        yield "state"
    if first.port != second.port and first.state == second.state:
        yield "port"
    if first.error != second.error:
        yield "error"
    if pair[0] is None or pair[1] is None:
        return
    for column in ("params", "input", "output"):
        if not alike(pair[0], pair[1], column):
            yield column


_VOLATILE = frozenset({"date", "age", "expires", "x-request-id", "x-trace-id", "x-runtime", "cf-ray", "set-cookie"})
"""Headers of answers that are never the same twice: they are shown, and are no difference."""


def is_noise(change: Change) -> bool:
    """Whether a change says nothing about the run: a header that differs with every answer."""
    outer, _, name = change.path.replace('["', ".").replace('"]', "").rpartition("headers.")
    return bool(outer or change.path.startswith("headers")) and name in _VOLATILE


def alike(first: Mapping[str, Json], second: Mapping[str, Json], column: str) -> bool:
    """Whether two node runs have the same there; values that stand in the object storage are known by their digest."""
    digests = [((run.get("large") or {}).get(column) or {}).get("sha256") for run in (first, second)]
    if any(digests):
        return bool(digests[0] == digests[1])
    found = _changes(first.get(column), second.get(column), "")
    return all(is_noise(change) for change in found)
