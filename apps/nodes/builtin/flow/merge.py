"""Where branches come together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from apps.nodes.contract import (
    Context,
    Done,
    Example,
    Json,
    Node,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    asked,
)


class Merge(Node):
    """Bring branches together: wait for all that are alive, for the first, or for so many of them.

    Branches that were skipped are not waited for. What others bring after `any` and `n` comes too late to be part of
    this. When fewer than `n` can still come, the node fails at once.
    """

    type, subtype, icon, name = NodeType.FLOW, "MERGE", "merge", "Merge"
    summary = "Wait for {mode}"
    keywords = ("join", "combine", "wait for all", "fan-in", "race", "first", "quorum")

    class Params(NodeParams):
        mode: Annotated[
            Literal["all", "any", "n"],
            asked("Wait for", words={"all": "All branches", "any": "The first", "n": "So many"}),
        ] = "all"
        """`all`: every live branch. `any`: the first to arrive. `n`: as many as `count` says."""
        count: Annotated[int, Field(ge=1, le=500), asked("How many", when={"mode": ["n"]})] = 2
        """How many branches `n` waits for."""
        combine: Annotated[
            Literal["by_source", "list", "merge_objects"],
            asked(words={"by_source": "By node", "list": "As a list", "merge_objects": "Into one object"}),
        ] = "by_source"
        """An object with one member per source node's id, a list in the order of the connections, or one object."""

        others: Annotated[Literal["let_run", "cancel"], asked("Other branches", when={"mode": ["any", "n"]})] = (
            "let_run"
        )
        """What becomes of branches `any` and `n` do not wait for. `cancel` ends what leads here alone; a write that was
        sent is let finish."""

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
            "The first of two suppliers to answer",
            params={"mode": "any", "combine": "list"},
            input={"fast": {"price": 12}},
            returns=[{"price": 12}],
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

    @classmethod
    def needs_of(cls, params: Mapping[str, Json]) -> int | None:
        """One for `any`, `count` for `n`."""
        if params.get("mode") == "any":
            return 1
        count = params.get("count", 2)
        return count if params.get("mode") == "n" and type(count) is int else None

    @classmethod
    def cancels_others(cls, params: Mapping[str, Json]) -> bool:
        """As `others` says."""
        return params.get("others") == "cancel"

    def run(self, params: Params, ctx: Context) -> Result:
        """Combine what was delivered."""
        if params.mode == "n" and len(ctx.sources) < params.count:
            raise NodeError(
                "merge.too_few",
                f"{params.count} branches were wanted, and only {len(ctx.sources)} can come.",
                "Ask for fewer, or look at why the others were skipped.",
            )
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
