"""A gate."""

from __future__ import annotations

from apps.nodes.contract import Context, Done, Example, Node, NodeOutput, NodeParams, NodeType, Result
from apps.nodes.params import Condition

DROPPED = "dropped"


class Filter(Node):
    """Let the input through, or end the branch here.

    While the condition holds, the input leaves by `main`, unchanged. Otherwise everything that depends on this node
    alone is skipped, and the execution goes on elsewhere. Connect `dropped` to do something with what is held back; to
    choose items of a list, use List.
    """

    type, subtype, icon, name = NodeType.FLOW, "FILTER", "funnel", "Filter"
    summary = "{condition}"
    keywords = ("gate", "condition", "guard", "only if", "pass", "skip", "where")
    ports = ("main", DROPPED)

    class Params(NodeParams):
        condition: Condition
        """What lets the input through, as one expression."""

    class Output(NodeOutput):
        """The input, unchanged."""

    examples = (
        Example(
            "Only paid orders go on",
            params={"condition": "{{ $json.state == 'paid' }}"},
            input={"id": "A-1", "state": "paid"},
            returns={"id": "A-1", "state": "paid"},
        ),
        Example(
            "Nothing goes on without an address",
            params={"condition": "{{ $json.email }}"},
            input={"id": "A-2"},
            returns={"id": "A-2"},
            port=DROPPED,
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Choose the port; nothing needs to be connected to `dropped`."""
        return Done(ctx.json, port="main" if params.condition else DROPPED)
