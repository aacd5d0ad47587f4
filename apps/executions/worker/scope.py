"""What the expressions of a node see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.executions.calls import callback_url
from apps.executions.engine.rounds import Frame
from apps.executions.worker.hand import Hand
from apps.nodes.expressions import Scope


class Outputs(Mapping[str, Any]):
    """The outputs of nodes by the nodes' names, as seen from one level; null for those that have not run.

    Seen are the nodes of that level and of the levels around it; what stands inside another container is not.
    """

    __slots__ = ("_frame", "_hand")

    def __init__(self, hand: Hand, frame: Frame) -> None:
        self._hand, self._frame = hand, frame

    def __getitem__(self, name: str) -> Any:
        node_id = self._hand.graph.names[name]
        frame: Frame | None = self._frame
        while frame is not None:
            if node_id in frame.runs:
                return frame.runs[node_id].output
            frame = frame.outer
        return None

    def __iter__(self) -> Iterator[str]:
        return iter(self._hand.graph.names)

    def __len__(self) -> int:
        return len(self._hand.graph.names)


def scope_of(hand: Hand, frame: Frame, given: Mapping[str, Any], now: datetime, *, index: int | None = None) -> Scope:
    """The roots for one node run: its inputs, earlier nodes by name, and facts about the execution.

    Inside a container `$item` and `$index` are those of the round (or `index`, before there is one). `$now` and
    `$today` are in the workflow's time zone.
    """
    claimed, settings = hand.claimed, hand.graph.settings
    return Scope(
        json=given.get("main"),
        input=given,
        node=Outputs(hand, frame),
        trigger=claimed.input,
        vars=hand.variables,
        execution=lambda: {
            "id": str(claimed.id),
            "mode": claimed.mode,
            "created_at": claimed.created_at.isoformat(),
            "callback_url": _callback_urls(hand, frame),
        },
        workflow=lambda: {"id": str(claimed.workflow_id), "version_id": str(claimed.version_id)},
        item=frame.item,
        index=frame.index if index is None else index,
        now=now.astimezone(ZoneInfo(settings.timezone)),
    )


def _callback_urls(hand: Hand, frame: Frame) -> dict[str, Any]:
    """The addresses of the nodes that wait for a call, as seen from one level: inside a round, that round's own."""
    found: dict[str, Any] = {}
    seen: Frame | None = frame
    while seen is not None:
        for node_id in seen.runs:
            url = callback_url(hand.graph, hand.id, node_id, seen.path)
            if url is not None:
                found[hand.graph.nodes[node_id].name] = url
        seen = seen.outer
    return found
