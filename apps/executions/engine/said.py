"""What a node says itself while it runs: lines, how far it is, and figures. Bounded, kept with its node run. Pure.

Lines are `{"at", "level", "message", "data"?, "attempt", "seq"}`, where `seq` is the checkpoint that wrote them; of how
far it is and of each figure only the last word is kept: `{"kind": "progress", …}` and `{"kind": "metric", …}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Said = dict[str, Any]

MAX_LINES = 500
MAX_METRICS = 50
_ORDER = ("debug", "info", "warning", "error")


def kept(before: Sequence[Said], new: Sequence[Said], *, attempt: int, seq: int) -> list[Said]:
    """What is on record after `new` was said in this attempt, to be written by checkpoint `seq`.

    Past 500 lines the rest is dropped, with a line that says so; past 50 figures new names are.
    """
    found = list(before)
    places = {_place(each): at for at, each in enumerate(found) if "kind" in each}
    lines = len(found) - len(places)
    for said in new:
        if "kind" not in said:
            if lines < MAX_LINES:
                found.append(said | {"attempt": attempt, "seq": seq})
            elif lines == MAX_LINES:
                dropped = {"level": "warning", "message": "Further lines of this node were dropped."}
                found.append({"at": said["at"], **dropped, "attempt": attempt, "seq": seq})
            lines += 1
        elif _place(said) in places:
            found[places[_place(said)]] = said
        elif said["kind"] == "progress" or len(places) <= MAX_METRICS:
            places[_place(said)] = len(found)
            found.append(said)
    return found


def lines_of(said: Sequence[Said] | None, seq: int | None = None) -> Iterator[Said]:
    """The lines, or those that one checkpoint wrote."""
    for each in said or ():
        if "kind" not in each and (seq is None or each.get("seq") == seq):
            yield each


def progress_of(said: Sequence[Said] | None) -> Said | None:
    """How far it said to be: `{"done", "total", "message", "at"}`, where `total` may be None."""
    return next((each for each in said or () if each.get("kind") == "progress"), None)


def metrics_of(said: Sequence[Said] | None) -> list[Said]:
    """Its figures in the order they were first given: `{"name", "value", "unit", "at"}`."""
    shown = ("name", "value", "unit", "at")
    return [{name: each[name] for name in shown} for each in said or () if each.get("kind") == "metric"]


def worst_level(said: Sequence[Said], seq: int) -> str | None:
    """The gravest level among the lines of one checkpoint, or None when it has none."""
    return max((line["level"] for line in lines_of(said, seq)), key=_ORDER.index, default=None)


def _place(said: Mapping[str, Any]) -> tuple[str, str]:
    return said["kind"], said.get("name", "")
