"""A fork in the road."""

from __future__ import annotations

from apps.nodes.contract import Context, Done, Example, Node, NodeOutput, NodeParams, NodeType, Result
from apps.nodes.params import Condition


class If(Node):
    """Go one way or the other.

    The input leaves by `true` or `false`, unchanged. The branch not taken is skipped.
    """

    type, subtype, icon, name = NodeType.FLOW, "IF", "split", "If"
    summary = "{condition}"
    keywords = ("condition", "branch", "compare", "else", "when")
    ports = ("true", "false")

    class Params(NodeParams):
        condition: Condition
        """What decides, as one expression."""

    class Output(NodeOutput):
        """The input, unchanged."""

    examples = (
        Example(
            "Large orders",
            params={"condition": "{{ $json.total > 1000 }}"},
            input={"total": 1200},
            returns={"total": 1200},
            port="true",
        ),
        Example(
            "A missing value is false",
            params={"condition": "{{ $json.is_urgent }}"},
            input={"total": 12},
            returns={"total": 12},
            port="false",
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Choose the port."""
        return Done(ctx.json, port="true" if params.condition else "false")
