"""The same nodes for every item of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from apps.nodes.contract import (
    Container,
    Context,
    Example,
    Expr,
    Inner,
    Json,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    Rounds,
    asked,
)

MOST_ROUNDS = 10_000


class Loop(Container):
    """Run the nodes inside once for each item of a list, several at a time if you like.

    Nodes inside that nothing leads to see the item as `$json`; all of them see `$item` and `$index`. The output is the
    list of results in the order of the items. CONTINUE leaves an item out of it, BREAK ends the loop early.
    """

    type, subtype, icon, name = NodeType.FLOW, "LOOP", "repeat", "Loop"
    summary = "Over {items}"
    keywords = ("for each", "iterate", "map", "batch", "split", "parallel", "repeat")

    class Params(NodeParams):
        items: Annotated[Expr[list[Any]], asked("List")]
        """The list."""
        parallelism: Annotated[int, Field(ge=1, le=100), asked("At once")] = 1
        """How many items are worked on at the same time."""
        batch_size: Annotated[Annotated[int, Field(ge=1, le=10_000)] | None, asked("Items per round")] = None
        """Hand out lists of so many items instead of single ones."""
        result: Annotated[Inner[Any], asked("Result of an item")] = None
        """What an item gives, seen from inside: `{{ $node["Price"].total }}`. Empty: the output of the last node."""
        on_item_error: Annotated[
            Literal["stop", "collect"],
            asked("When an item fails", words={"stop": "Fail the loop", "collect": "Go on with the others"}),
        ] = "stop"
        """`stop`: the first failed item fails the loop. `collect`: it gives `{"error": …}` in its place."""

    class Output(NodeOutput):
        """The results, in the order of the items."""

    examples = (
        Example(
            "A price for each line",
            params={"items": "{{ $json.lines }}", "parallelism": 5, "result": '{{ $node["Price"].body.price }}'},
            input={"lines": [{"sku": "A"}, {"sku": "B"}]},
            answers=({"result": 12}, {"result": 7}),
            returns=[12, 7],
        ),
        Example(
            "Two at once",
            params={"items": "{{ $json }}", "batch_size": 2},
            input=[1, 2, 3],
            returns=[[1, 2], [3]],
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Say over what."""
        items: Sequence[Json] = params.items
        if params.batch_size:
            items = [items[at : at + params.batch_size] for at in range(0, len(items), params.batch_size)]
        if len(items) > MOST_ROUNDS:
            raise NodeError(
                "loop.too_many",
                f"The list has {len(items):,} items; a loop takes at most {MOST_ROUNDS:,}.",
                "Work in batches, or split the list and use a SUB_WORKFLOW for each part.",
            )
        return Rounds(items, params.parallelism, collects_errors=params.on_item_error == "collect", most=MOST_ROUNDS)
