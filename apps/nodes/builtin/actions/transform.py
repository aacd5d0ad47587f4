"""Shaping data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

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
    asked,
)

_Path = Annotated[str, Field(pattern=r"^[^.\s][^.]*(\.[^.]+)*$", max_length=200)]


class TransformField(NodeParams):
    """One member of the result."""

    name: _Path
    """Name of the member; dots lead into objects, as in `customer.name`."""
    value: Expr[Any]
    """Its value; a single expression keeps its type."""


class Transform(Node):
    """Build the data that later nodes need.

    Sets fields to values or expressions. The result starts empty (`set`) or as the input (`merge`).
    """

    type, subtype, icon, name = NodeType.ACTION, "TRANSFORM", "braces", "Transform"
    summary = "Set {fields}"
    keywords = ("set", "map", "fields", "edit", "rename", "remove", "json")

    class Params(NodeParams):
        mode: Annotated[
            Literal["set", "merge"],
            asked("Result has", words={"set": "Only these fields", "merge": "The input, too"}),
        ] = "set"
        """`set`: only the fields below. `merge`: the input with the fields below set."""
        fields: Annotated[list[TransformField], Field(max_length=200)] = Field(default_factory=list)
        """What to set, in this order."""
        remove: Annotated[list[_Path], Field(max_length=200), asked("Leave out", when={"mode": ["merge"]})] = Field(
            default_factory=list
        )
        """Members of the input to leave out, with `merge`; dots lead into objects."""

    class Output(NodeOutput):
        """An object with the fields."""

    examples = (
        Example(
            "Total of an order",
            params={
                "fields": [
                    {"name": "order", "value": "{{ $json.id }}"},
                    {"name": "total", "value": "{{ $json.items.map(i => i.price * i.quantity).sum() }}"},
                ]
            },
            input={"id": "A-1", "items": [{"price": 5, "quantity": 2}, {"price": 1, "quantity": 3}]},
            returns={"order": "A-1", "total": 13},
        ),
        Example(
            "Keep the input, change a little",
            params={
                "mode": "merge",
                "fields": [{"name": "customer.name", "value": "{{ $json.customer.name.toUpperCase() }}"}],
                "remove": ["internal", "customer.password"],
            },
            input={"id": 7, "internal": True, "customer": {"name": "ada", "password": "x"}},
            returns={"id": 7, "customer": {"name": "ADA"}},
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Build the object without touching the input."""
        result: dict[str, Json] = {}
        if params.mode == "merge":
            if not isinstance(ctx.json, dict):
                raise NodeError(
                    "transform.not_object",
                    "The input is not an object, so nothing can be merged into it.",
                    "Use the mode “set”, or reach into the input with an expression.",
                )
            result = dict(ctx.json)
            for path in params.remove:
                _remove(result, path.split("."))
        for field in params.fields:
            _set(result, field.name.split("."), field.value)
        return Done(result)


def _set(target: dict[str, Json], path: list[str], value: Json) -> None:
    for key in path[:-1]:
        inner = target.get(key)
        if inner is not None and not isinstance(inner, dict):
            name = ".".join(path)
            raise NodeError(
                "transform.not_object",
                f"“{name}” cannot be set: “{key}” is not an object.",
                f"Set “{key}” itself, or choose another name.",
            )
        target[key] = dict(inner or {})
        target = target[key]
    target[path[-1]] = value


def _remove(target: dict[str, Json], path: list[str]) -> None:
    for key in path[:-1]:
        inner = target.get(key)
        if not isinstance(inner, dict):
            return
        target[key] = dict(inner)
        target = target[key]
    target.pop(path[-1], None)
