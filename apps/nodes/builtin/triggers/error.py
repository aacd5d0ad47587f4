"""The failure of another execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from apps.nodes.contract import Example, Json, NodeOutput, NodeParams, Trigger


class ErrorTrigger(Trigger):
    """Start when an execution of another workflow has failed or timed out.

    A workflow names the one that takes care of its failures in its setting `error_workflow`; that one needs to be
    published, not active. Each failure starts exactly one execution, tests aside. The failure of an execution that was
    started so starts nothing.
    """

    subtype, icon, name = "ERROR", "triangle-alert", "Error in a workflow"
    summary = "When a run fails"
    keywords = ("failure", "error workflow", "alert", "catch", "exception", "timeout")

    class Params(NodeParams):
        listens_to: Literal["named", "all"] = "named"
        """`named`: workflows whose settings name this one. `all`: while active, every other workflow as well."""

    class Output(NodeOutput):
        execution_id: str
        """The execution that failed."""
        workflow_id: str
        """Its workflow."""
        workflow_name: str
        """The name of its workflow."""
        status: str
        """ERROR or TIMED_OUT."""
        error: Json
        """Why: `code`, `message`, `hint`, and `node_id` of the node that failed."""
        url: str
        """Its page."""
        started_at: str
        """When it was started."""
        finished_at: str
        """When it ended."""

    examples = (
        Example(
            "A failed order",
            params={},
            input={
                "execution_id": "0199",
                "workflow_name": "Orders",
                "status": "ERROR",
                "error": {"code": "http.status", "message": "It answered 500.", "node_id": "charge"},
            },
            returns={
                "execution_id": "0199",
                "workflow_name": "Orders",
                "status": "ERROR",
                "error": {"code": "http.status", "message": "It answered 500.", "node_id": "charge"},
            },
        ),
    )

    @classmethod
    def address(cls, params: Mapping[str, Json], *, node_id: str) -> str | None:
        """The node's id when it listens to all; nothing when it is only named."""
        return node_id if params.get("listens_to") == "all" else None
