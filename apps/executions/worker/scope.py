"""What the expressions of a node see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.executions.calls import callback_urls
from apps.executions.worker.hand import Hand
from apps.nodes.expressions import Scope


class Outputs(Mapping[str, Any]):
    """The outputs of an execution's nodes by the nodes' names; null for those that have not run."""

    __slots__ = ("_hand",)

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def __getitem__(self, name: str) -> Any:
        return self._hand.runs[self._hand.graph.names[name]].output

    def __iter__(self) -> Iterator[str]:
        return iter(self._hand.graph.names)

    def __len__(self) -> int:
        return len(self._hand.graph.names)


def scope_of(hand: Hand, given: Mapping[str, Any], now: datetime) -> Scope:
    """The roots for one node run: its inputs, earlier nodes by name, and facts about the execution.

    `$now` and `$today` are in the workflow's time zone.
    """
    claimed, settings = hand.claimed, hand.graph.settings
    return Scope(
        json=given.get("main"),
        input=given,
        node=Outputs(hand),
        trigger=claimed.input,
        vars={},
        execution=lambda: {
            "id": str(claimed.id),
            "mode": claimed.mode,
            "created_at": claimed.created_at.isoformat(),
            "callback_url": dict(callback_urls(hand.graph, claimed.id)),
        },
        workflow=lambda: {"id": str(claimed.workflow_id), "version_id": str(claimed.version_id)},
        now=now.astimezone(ZoneInfo(settings.timezone)),
    )
