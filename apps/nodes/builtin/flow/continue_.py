"""On to the next item."""

from __future__ import annotations

from typing import Any

from apps.nodes.contract import Context, Example, Expr, Leave, Node, NodeOutput, NodeParams, NodeType, Result


class Continue(Node):
    """End this round of the loop: what still runs in it is cancelled, and the next one begins.

    The loop's results have nothing of this round, unless `result` says something.
    """

    type, subtype, icon, name = NodeType.FLOW, "CONTINUE", "skip-forward", "Continue"
    summary = "Next item"
    keywords = ("next", "skip", "loop", "leave out")
    ports = ()
    is_inner = True

    class Params(NodeParams):
        result: Expr[Any] = None
        """What this round gives. Empty: nothing."""

    class Output(NodeOutput):
        """Nothing leaves this node."""

    examples = (Example("Leave this one out", params={}, input={"left": 0}, returns=[]),)

    def run(self, params: Params, ctx: Context) -> Result:
        """Leave the round."""
        return Leave(whole=False, results=() if params.result is None else (params.result,))
