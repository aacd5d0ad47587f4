"""Being called by another workflow."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from apps.nodes.contract import Example, Json, NodeOutput, NodeParams, Trigger


class CalledByWorkflow(Trigger):
    """Start when another workflow calls this one.

    The node SUB_WORKFLOW of the other workflow calls the latest published version; this one need not be active. The
    two schemas are its contract: an input that does not fit is refused, and so is a result.
    """

    subtype, icon, name = "SUB_WORKFLOW", "workflow", "Called by a workflow"
    summary = "Called by other workflows"
    keywords = ("sub-workflow", "function", "reuse", "child", "called")

    class Params(NodeParams):
        input_schema: dict[str, Json] = Field(default_factory=dict)
        """JSON Schema of the input. Empty: any input."""
        output_schema: dict[str, Json] = Field(default_factory=dict)
        """JSON Schema of the result. One that does not fit is an error of the node that called. Empty: any result."""

    class Output(NodeOutput):
        """What the other workflow gave."""

    examples = (
        Example(
            "A price, please",
            params={
                "input_schema": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]},
                "output_schema": {"type": "object", "properties": {"price": {"type": "number"}}},
            },
            input={"sku": "A-1"},
            returns={"sku": "A-1"},
        ),
    )

    @classmethod
    def accept(cls, params: Any, given: Json) -> Json:
        """What was given; an empty object when nothing was."""
        return {} if given is None else given
