"""Checking data."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from apps.core import jsonshape
from apps.nodes.contract import (
    Context,
    Done,
    Example,
    Expr,
    Node,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    asked,
)

VALID, INVALID = "valid", "invalid"


def _usable(schema: dict[str, Any]) -> dict[str, Any]:
    try:
        jsonshape.check(schema)
    except jsonshape.ShapeInvalid as wrong:
        raise ValueError(f"This is no JSON Schema: {wrong}") from None
    return schema


class Fault(NodeOutput):
    """One thing that does not fit."""

    path: str
    """Where in the value, as in `items[1].price`; empty: the value itself."""
    message: str
    """What is wrong there."""


class Validate(Node):
    """Check data against a JSON Schema.

    A value that fits leaves by `valid`; any other by `invalid`, with what is wrong and where (at most 20 findings). The
    schema is one of JSON Schema 2020-12, except that `unevaluatedProperties` is not supported, references lead nowhere
    outside of it, patterns are those of RE2 and `format` is not checked.
    """

    type, subtype, icon, name = NodeType.ACTION, "VALIDATE", "list-checks", "Validate"
    summary = "Against {schema.title}"
    keywords = ("json schema", "check", "verify", "shape", "required", "contract")
    ports = (VALID, INVALID)

    class Params(NodeParams):
        json_schema: Annotated[dict[str, Any], AfterValidator(_usable), Field(alias="schema"), asked("JSON Schema")]
        """The JSON Schema, taken as written."""
        value: Expr[Any] = None
        """What to check; left out: this node's input."""

    class Output(NodeOutput):
        value: Any
        """What was checked, unchanged."""
        errors: list[Fault]
        """What does not fit; empty on `valid`."""

    examples = (
        Example(
            "An order as it should be",
            params={
                "schema": {
                    "title": "Order",
                    "type": "object",
                    "required": ["id", "items"],
                    "properties": {
                        "id": {"type": "string", "pattern": "^A-[0-9]+$"},
                        "items": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"properties": {"price": {"type": "number", "minimum": 0}}},
                        },
                    },
                }
            },
            input={"id": "A-1", "items": [{"price": 5}]},
            returns={"value": {"id": "A-1", "items": [{"price": 5}]}, "errors": []},
            port=VALID,
        ),
        Example(
            "What is wrong, and where",
            params={
                "schema": {
                    "required": ["email"],
                    "properties": {"lines": {"items": {"properties": {"price": {"type": "number"}}}}},
                },
                "value": "{{ $json.body }}",
            },
            input={"body": {"lines": [{"price": 5}, {"price": "6"}]}},
            returns={
                "value": {"lines": [{"price": 5}, {"price": "6"}]},
                "errors": [
                    {"path": "", "message": "'email' is a required property"},
                    {"path": "lines[1].price", "message": "'6' is not of type 'number'"},
                ],
            },
            port=INVALID,
        ),
        Example(
            "One of a few words",
            params={"schema": {"enum": ["small", "large"]}, "value": "{{ $json.size }}"},
            input={"size": "huge"},
            returns={
                "value": "huge",
                "errors": [{"path": "", "message": "'huge' is not one of ['small', 'large']"}],
            },
            port=INVALID,
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Choose the port by what was found."""
        value = params.value if "value" in params.model_fields_set else ctx.json
        try:
            found = jsonshape.faults(value, params.json_schema)
        except jsonshape.ShapeInvalid as wrong:
            message = f"The schema cannot be applied: {wrong}"
            raise NodeError("validate.schema", message, "Make the schema simpler, or repair it.") from None
        errors = [{"path": fault.path, "message": fault.message} for fault in found]
        return Done({"value": value, "errors": errors}, port=INVALID if errors else VALID)
