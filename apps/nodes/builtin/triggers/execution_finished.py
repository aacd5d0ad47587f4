"""The end of another execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from apps.nodes.contract import Example, Json, NodeOutput, NodeParams, Trigger, asked

Ending = Literal["SUCCESS", "ERROR", "CANCELED", "TIMED_OUT"]


class ExecutionFinished(Trigger):
    """Start when an execution of another workflow has ended.

    Each end starts exactly one execution, tests aside. Chains end after 8 executions. A workflow that listens to any
    workflow does not hear itself.
    """

    subtype, icon, name = "EXECUTION_FINISHED", "flag", "Execution finished"
    summary = "When a run ends"
    keywords = ("downstream", "chain", "after", "end", "event", "follow-up")

    class Params(NodeParams):
        workflows: Annotated[
            list[Annotated[UUID, asked(widget="workflow")]], Field(max_length=500), asked("Of these workflows")
        ] = []
        """Ids of the workflows it listens to. Empty: any other workflow of the workspace."""
        statuses: Annotated[list[Ending], Field(min_length=1), asked("Ended with")] = [
            "SUCCESS",
            "ERROR",
            "CANCELED",
            "TIMED_OUT",
        ]
        """The ends that count."""

    class Output(NodeOutput):
        execution_id: str
        """The execution that ended."""
        workflow_id: str
        """Its workflow."""
        workflow_name: str
        """The name of its workflow."""
        status: str
        """SUCCESS, ERROR, CANCELED or TIMED_OUT."""
        output: Json
        """What it returned; null unless it succeeded."""
        error: Json
        """Why it failed: `code`, `message`, `node_id`. Null when it succeeded."""
        url: str
        """Its page."""
        started_at: str
        """When it was started."""
        finished_at: str
        """When it ended."""

    examples = (
        Example(
            "After each order that went through",
            params={"workflows": ["0199aa10-0000-7000-8000-000000000001"], "statuses": ["SUCCESS"]},
            input={"execution_id": "0199", "workflow_name": "Orders", "status": "SUCCESS", "output": {"total": 12}},
            returns={"execution_id": "0199", "workflow_name": "Orders", "status": "SUCCESS", "output": {"total": 12}},
        ),
    )

    @classmethod
    def address(cls, params: Mapping[str, Json], *, node_id: str) -> str | None:
        """The node's id: everyone who listens is told."""
        return node_id
