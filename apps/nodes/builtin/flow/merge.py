"""Where branches come together."""

from __future__ import annotations

from typing import Literal

from apps.nodes.contract import Context, Done, Example, Json, Node, NodeError, NodeOutput, NodeParams, NodeType, Result


class Merge(Node):
    """Wait for every branch that is still alive and go on with their values together.

    Branches that were skipped are not waited for.
    """

    type, subtype, icon, name = NodeType.FLOW, "MERGE", "merge", "Merge"
    summary = "Wait for all"
    keywords = ("join", "combine", "wait for all", "fan-in")

    class Params(NodeParams):
        mode: Literal["all"] = "all"
        """`all`: every live branch."""
        combine: Literal["by_source", "list", "merge_objects"] = "by_source"
        """An object with one member per source node's id, a list in the order of the connections, or one object."""

    class Output(NodeOutput):
        """What came in, combined."""

    examples = (
        Example(
            "By source",
            params={"mode": "all"},
            input={"total": {"sum": 12}, "stock": {"left": 3}},
            returns={"total": {"sum": 12}, "stock": {"left": 3}},
        ),
        Example(
            "As a list",
            params={"combine": "list"},
            input={"total": {"sum": 12}, "stock": {"left": 3}},
            returns=[{"sum": 12}, {"left": 3}],
        ),
        Example(
            "As one object; later connections win",
            params={"combine": "merge_objects"},
            input={"total": {"sum": 12}, "stock": {"left": 3}},
            returns={"sum": 12, "left": 3},
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Combine what was delivered."""
        if params.combine == "list":
            return Done(list(ctx.sources.values()))
        if params.combine == "by_source":
            return Done(dict(ctx.sources))
        merged: dict[str, Json] = {}
        for source, value in ctx.sources.items():
            if not isinstance(value, dict):
                raise NodeError(
                    "merge.not_object",
                    f"What came from “{source}” is not an object, so it cannot be merged into one.",
                    "Combine by source or as a list instead.",
                )
            merged.update(value)
        return Done(merged)
