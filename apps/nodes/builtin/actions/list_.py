"""Working on lists."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from apps.core.jsonkind import kind_of
from apps.nodes.builtin.actions.list_items import MAX_ITEMS, too_long
from apps.nodes.builtin.actions.list_operations import Operation
from apps.nodes.contract import (
    Context,
    Done,
    Example,
    Expr,
    Json,
    Node,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
)

_ORDERS = [
    {"id": 1, "city": "Ulm", "total": 30},
    {"id": 2, "city": "Bonn", "total": 5},
    {"id": 3, "city": "Ulm", "total": 12},
]


class List(Node):
    """Sort, filter, limit, group or otherwise reshape a list.

    One operation on the input or on the list in it. Paths such as `customer.name` lead into the items; what is missing
    counts as null. Something that does not fit fails the node with the item and the path, and nothing is converted
    silently. At most 100,000 items.
    """

    type, subtype, icon, name = NodeType.ACTION, "LIST", "list-filter", "List"
    summary = "{operation.kind}"
    keywords = (
        "array",
        "items",
        "sort",
        "order",
        "limit",
        "unique",
        "deduplicate",
        "split",
        "group",
        "aggregate",
        "sum",
        "average",
        "count",
        "summarise",
        "filter",
        "reverse",
        "flatten",
        "chunk",
        "batch",
    )

    class Params(NodeParams):
        operation: Operation
        """What to do with the list."""
        items: Expr[list[Any]] = Field(default_factory=list)
        """The list; left out: this node's input."""

    class Output(NodeOutput):
        """A list; for `aggregate` without groups an object."""

    examples = (
        Example(
            "The largest orders first",
            params={"operation": {"kind": "sort", "keys": [{"path": "total", "order": "desc"}]}},
            input=_ORDERS,
            returns=[_ORDERS[0], _ORDERS[2], _ORDERS[1]],
        ),
        Example(
            "By several keys, what is missing last",
            params={
                "operation": {"kind": "sort", "keys": [{"path": "city", "ignore_case": True}, {"path": "name.last"}]},
                "items": "{{ $json.people }}",
            },
            input={
                "people": [
                    {"city": "ulm", "name": {"last": "Zuse"}},
                    {"name": {"last": "Turing"}},
                    {"city": "Ulm", "name": {"last": "Einstein"}},
                ]
            },
            returns=[
                {"city": "Ulm", "name": {"last": "Einstein"}},
                {"city": "ulm", "name": {"last": "Zuse"}},
                {"name": {"last": "Turing"}},
            ],
        ),
        Example(
            "The second page of two",
            params={"operation": {"kind": "limit", "count": 2, "offset": 2}},
            input=["a", "b", "c", "d", "e"],
            returns=["c", "d"],
        ),
        Example(
            "One order per city, the latest",
            params={"operation": {"kind": "unique", "by": ["city"], "keep": "last"}},
            input=_ORDERS,
            returns=[_ORDERS[1], _ORDERS[2]],
        ),
        Example(
            "Orders above a threshold",
            params={
                "operation": {
                    "kind": "filter",
                    "rules": [{"path": "total", "operator": "greater_or_equal", "value": "{{ $json.threshold }}"}],
                },
                "items": "{{ $json.orders }}",
            },
            input={"threshold": 12, "orders": _ORDERS},
            returns=[_ORDERS[0], _ORDERS[2]],
        ),
        Example(
            "One item per position, with the order's id",
            params={"operation": {"kind": "split", "path": "lines", "keep": ["id"]}},
            input=[{"id": 1, "lines": [{"sku": "A"}, {"sku": "B"}], "note": "x"}, {"id": 2}],
            returns=[{"id": 1, "lines": {"sku": "A"}}, {"id": 1, "lines": {"sku": "B"}}],
        ),
        Example(
            "Orders of each city",
            params={"operation": {"kind": "group", "by": "city"}},
            input=_ORDERS,
            returns=[{"key": "Ulm", "items": [_ORDERS[0], _ORDERS[2]]}, {"key": "Bonn", "items": [_ORDERS[1]]}],
        ),
        Example(
            "Figures of all orders",
            params={
                "operation": {
                    "kind": "aggregate",
                    "figures": [
                        {"name": "orders", "function": "count"},
                        {"name": "revenue", "function": "sum", "path": "total"},
                        {"name": "ids", "function": "join", "path": "id"},
                    ],
                }
            },
            input=_ORDERS,
            returns={"orders": 3, "revenue": 47, "ids": "1, 2, 3"},
        ),
        Example(
            "Figures by city",
            params={
                "operation": {
                    "kind": "aggregate",
                    "by": "city",
                    "figures": [{"name": "average", "function": "average", "path": "total"}],
                }
            },
            input=_ORDERS,
            returns=[{"key": "Ulm", "average": 21.0}, {"key": "Bonn", "average": 5.0}],
        ),
        Example("Backwards", params={"operation": {"kind": "reverse"}}, input=[1, 2, 3], returns=[3, 2, 1]),
        Example(
            "One level opened", params={"operation": {"kind": "flatten"}}, input=[1, [2, [3]]], returns=[1, 2, [3]]
        ),
        Example(
            "Pieces of two",
            params={"operation": {"kind": "chunk", "size": 2}},
            input=[1, 2, 3],
            returns=[[1, 2], [3]],
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Do the operation on a list that is not too long."""
        items = params.items if "items" in params.model_fields_set else _input(ctx.json)
        if len(items) > MAX_ITEMS:
            raise too_long(len(items), "The list")
        return Done(params.operation.apply(items))


def _input(value: Json) -> list[Json]:
    if isinstance(value, list):
        return value
    lists = [name for name, inner in value.items() if isinstance(inner, list)] if isinstance(value, dict) else []
    inner = lists[0] if lists and lists[0].isidentifier() else "items"
    raise NodeError(
        "list.not_list",
        f"The input is {kind_of(value)}, not a list.",
        f"Set items to the list, as in {{{{ $json.{inner} }}}}.",
    )
