"""What the expressions of a node see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from apps.nodes.expressions import Scope

if TYPE_CHECKING:
    from apps.executions.worker.run import Run


class Outputs(Mapping[str, Any]):
    """The outputs of an execution's nodes by the nodes' names; null for those that have not run."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getitem__(self, name: str) -> Any:
        return self._run.runs[self._run.graph.names[name]].output

    def __iter__(self) -> Iterator[str]:
        return iter(self._run.graph.names)

    def __len__(self) -> int:
        return len(self._run.graph.names)


def scope_of(run: Run, given: Mapping[str, Any], now: datetime) -> Scope:
    """The roots for one node run: its inputs, earlier nodes by name, and facts about the execution.

    `$now` and `$today` are in the workflow's time zone.
    """
    claimed, settings = run.claimed, run.graph.settings
    return Scope(
        json=given.get("main"),
        input=given,
        node=Outputs(run),
        trigger=claimed.input,
        vars={},
        execution=lambda: {"id": str(claimed.id), "mode": claimed.mode, "created_at": claimed.created_at.isoformat()},
        workflow=lambda: {"id": str(claimed.workflow_id), "version_id": str(claimed.version_id)},
        now=now.astimezone(ZoneInfo(settings.timezone)),
    )
