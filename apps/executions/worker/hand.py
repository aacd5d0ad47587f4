"""What is known of an execution in hand: the graph, its node runs so far, and the answers they are resumed with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from apps.executions.engine import plan
from apps.executions.engine.noderun import CONTAINER, ROUND, Key, NodeRun
from apps.executions.engine.plan import Runs
from apps.executions.engine.rounds import Frame, Loop
from apps.executions.store import Claimed
from apps.workflows.graph import Graph, GraphNode

Answered = tuple[str, Any]  # who resolved it, and what they said


class Hand:
    """An owned execution as preparing a node sees it. `worker.run.Run` is what moves it."""

    def __init__(self, claimed: Claimed, graph: Graph, variables: dict[str, Any] | None = None) -> None:
        self.claimed, self.graph, self.variables = claimed, graph, variables or {}
        self.id = claimed.id
        self.frames: dict[str, Frame] = {"": Frame("", plan.begin(graph, claimed.trigger_node))}
        self.loops: dict[Key, Loop] = {}
        self.answers: dict[Key, Answered] = {}  # node run → answer it is about to be resumed with
        self.past: dict[UUID, Answered] = {}  # wait → every answer so far, for a resumed node whose owner was lost

    @property
    def runs(self) -> Runs:
        """The node runs that stand in no container."""
        return self.frames[""].runs

    def frame_of(self, run: NodeRun) -> Frame:
        """The level a node run stands on."""
        return self.frames[run.path]

    def node_of(self, run: NodeRun) -> GraphNode:
        """The node a node run is of."""
        return self.graph.nodes[run.node_id]

    def all_runs(self) -> Iterator[NodeRun]:
        """Every node run in hand, containers and their rounds included."""
        for frame in self.frames.values():
            yield from frame.runs.values()
            if frame.own is not None:
                yield frame.own

    def calling_runs(self) -> Iterator[NodeRun]:
        """The node runs that do something themselves."""
        return (run for run in self.all_runs() if run.effect not in (CONTAINER, ROUND))
