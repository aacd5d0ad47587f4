"""The API's description."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.openapi import AutoSchema

_REFERENCE = {"$ref": "#/components/responses/Problem"}
_PROBLEM = {
    "description": "What is wrong, where, and what to do (RFC 9457).",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail", "code"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                    "hint": {"type": "string"},
                    "instance": {"type": "string"},
                    "errors": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["path", "message"],
                            "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
                        },
                    },
                },
            }
        }
    },
}


def with_problem(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the problem document into the components, where every operation refers to it; say “anything” where null is
    one of any values: the package writes that anything and null exclude each other, so that null would be nothing.
    """
    result.setdefault("components", {}).setdefault("responses", {})["Problem"] = _PROBLEM
    return cast(dict[str, Any], _with_anything(result))


def _with_anything(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_anything(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    if {} in (node.get("oneOf") or ()):
        node = {name: inner for name, inner in node.items() if name != "oneOf"}
    return {name: _with_anything(inner) for name, inner in node.items()}


class ProblemAwareSchema(AutoSchema):
    """Every operation says that it may answer with a problem document."""

    def get_operation_id(self) -> str:
        """`workflow_publish`: the noun and the action, which no other operation has."""
        noun, action = getattr(self.view, "basename", None), getattr(self.view, "action", None)
        if noun and action:
            return f"{noun.replace('-', '_')}_{action}"
        found: str = super().get_operation_id()
        return found

    def get_summary(self) -> str:
        """The first sentence of what the operation does: the reference shows it beside the address."""
        words = " ".join(self.get_description().split()).replace("`", "")
        return words.partition(". ")[0].removesuffix(".")

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """The operation as drf-spectacular describes it, with the problem document as its default response."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            operation.setdefault("responses", {}).setdefault("default", _REFERENCE)
        return operation
