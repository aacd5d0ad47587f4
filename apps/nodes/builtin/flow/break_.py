"""Out of the loop."""

from __future__ import annotations

from typing import Any

from apps.nodes.contract import Context, Example, Expr, Leave, Node, NodeOutput, NodeParams, NodeType, Result


class Break(Node):
    """End the loop it stands in: no further round begins, and rounds still running are cancelled.

    The loop goes on with the results it has, and with this round's where `result` says one.
    """

    type, subtype, icon, name = NodeType.FLOW, "BREAK", "log-out", "Break"
    summary = "End the loop"
    keywords = ("exit", "leave", "loop", "stop", "end", "found")
    ports = ()
    is_inner = True

    class Params(NodeParams):
        result: Expr[Any] = None
        """What this round gives. Empty: nothing."""

    class Output(NodeOutput):
        """Nothing leaves this node."""

    examples = (
        Example(
            "The first supplier that has it",
            params={"result": "{{ $json.supplier }}"},
            input={"supplier": "Nord", "left": 3},
            returns=["Nord"],
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Leave the loop."""
        return Leave(whole=True, results=() if params.result is None else (params.result,))
