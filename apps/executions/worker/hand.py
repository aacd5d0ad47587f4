"""What is known of an execution in hand: the graph, its node runs so far, and the answers they are resumed with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apps.executions.engine import plan
from apps.executions.store import Claimed
from apps.workflows.graph import Graph

Answered = tuple[str, Any]  # who resolved it, and what they said


class Hand:
    """An owned execution as preparing a node sees it. `worker.run.Run` is what moves it."""

    def __init__(self, claimed: Claimed, graph: Graph) -> None:
        self.claimed, self.graph = claimed, graph
        self.id = claimed.id
        self.runs = plan.begin(graph, claimed.trigger_node)
        self.answers: dict[str, Answered] = {}  # node → answer it is about to be resumed with
        self.past: dict[UUID, Answered] = {}  # wait → every answer so far, for a resumed node whose owner was lost
