"""The end, on purpose."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apps.nodes.contract import Context, Example, Expr, Node, NodeOutput, NodeParams, NodeType, Result, asked
from apps.nodes.contract import Stop as End


class Stop(Node):
    """End the whole execution now, with success or with an error.

    No further node starts; what is running is given a moment to finish.
    """

    type, subtype, icon, name = NodeType.FLOW, "STOP", "octagon-x", "Stop"
    summary = "End with {outcome}"
    keywords = ("end", "abort", "fail", "finish", "error", "throw")
    ports = ()

    class Params(NodeParams):
        outcome: Annotated[Literal["success", "error"], asked("End with")] = "success"
        """How the execution ends."""
        message: Annotated[Expr[str], asked(widget="lines")] = ""
        """Why, for whoever looks at the execution."""
        output: Expr[Any] = None
        """Output of the execution. Empty: this node's input."""

    class Output(NodeOutput):
        """Nothing leaves this node."""

    examples = (
        Example(
            "Refuse an order without items",
            params={"outcome": "error", "message": "Order {{ $json.id }} has no items."},
            input={"id": "A-1"},
            returns={"id": "A-1"},
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """End the execution."""
        output = ctx.json if params.output is None else params.output
        default = "" if params.outcome == "success" else "The workflow stopped with an error."
        return End(success=params.outcome == "success", output=output, message=params.message or default)
