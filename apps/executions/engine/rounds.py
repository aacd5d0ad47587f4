"""Containers at work: which rounds there are, which comes next, and what they gave. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from apps.executions.engine.noderun import ROUND, NodeRun
from apps.executions.engine.plan import Runs
from apps.executions.engine.states import State
from apps.nodes.contract import Rounds
from apps.workflows.graph import GraphNode

_LAST = re.compile(r"(?:(?P<outer>.*)/)?(?P<node>[^/\[]+)\[(?P<index>\d+)\]")


def path_of(outer: str, node_id: str, index: int) -> str:
    """The path of a round: `outer[1]/inner[2]`."""
    return f"{outer}/{node_id}[{index}]" if outer else f"{node_id}[{index}]"


def parts_of(path: str) -> tuple[str, str, int]:
    """The path the container stands on, the container, and the number of the round, counted from 0."""
    found = _LAST.fullmatch(path)
    if found is None:
        raise ValueError(f"{path!r} is no path of a round")
    return found["outer"] or "", found["node"], int(found["index"])


@dataclass(frozen=True, slots=True)
class Leaving:
    """Why a round ends before its nodes have: a node left it, a node failed, or it is not wanted any more."""

    results: tuple[Any, ...] = ()
    is_whole: bool = False  # the container ends with it
    error: dict[str, Any] | None = None
    is_cancelled: bool = False


@dataclass(slots=True)
class Frame:
    """The node runs of one level: of the whole execution, or of one round of a container."""

    path: str
    runs: Runs
    level: str | None = None  # the container whose children these are
    outer: Frame | None = None
    own: NodeRun | None = None  # the round's own node run
    item: Any = None
    index: int | None = None
    leaving: Leaving | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen in it any more."""
        return all(run.is_settled for run in self.runs.values())


@dataclass(slots=True)
class Loop:
    """A container whose rounds are running."""

    run: NodeRun
    node: GraphNode
    outer: Frame
    rounds: Rounds
    params: Any
    given: Any  # what came to the container
    begun: int = 0
    live: dict[int, Frame] = field(default_factory=dict)
    over: dict[int, NodeRun] = field(default_factory=dict)
    is_ending: bool = False  # no further round begins
    is_cancelled: bool = False
    error: dict[str, Any] | None = None

    @property
    def has_room(self) -> bool:
        """Whether one more round may begin, as far as the list and the parallelism go."""
        if self.is_ending or len(self.live) >= self.rounds.parallelism:
            return False
        return self.rounds.items is None or self.begun < len(self.rounds.items)

    @property
    def is_over(self) -> bool:
        """Whether no round runs and none will begin."""
        return not self.live and not self.has_room

    def item(self) -> Any:
        """What the next round gets: the next item, or without a list what the last round gave."""
        if self.rounds.items is not None:
            return self.rounds.items[self.begun]
        gave = [index for index, run in self.over.items() if run.port is not None]
        return self.over[max(gave)].output if gave else self.given

    def results(self) -> list[Any]:
        """What the rounds gave, in their order; rounds that gave nothing are left out."""
        return [run.output for _, run in sorted(self.over.items()) if run.port is not None]

    def take(self, index: int, own: NodeRun) -> None:
        """Note how a round ended."""
        self.over[index] = own
        self.live.pop(index, None)
        leaves = bool(own.suspended and own.suspended.get("is_whole"))
        if own.state is State.FAILED and own.port is None:
            self.error = self.error or own.error
            leaves = True
        self.is_ending = self.is_ending or leaves


def round_run(loop: Loop, index: int) -> NodeRun:
    """The node run of a round that is about to begin."""
    return NodeRun(loop.run.node_id, path_of(loop.run.path, loop.run.node_id, index), effect=ROUND)


def leaving_of(frame: Frame) -> Leaving | None:
    """Why a round that was read back was about to end, if it was."""
    for run in frame.runs.values():
        if run.state is State.FAILED and run.port is None:
            return Leaving(error=run.error)
        if run.state is State.COMPLETED and run.suspended and "is_whole" in run.suspended:
            return Leaving(tuple(run.suspended["results"]), run.suspended["is_whole"])
    return None
