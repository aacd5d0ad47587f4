"""The JSON Schema of a definition, from the models that read it. Pure."""

from __future__ import annotations

from functools import cache
from typing import Any

from apps.workflows.graph.document import (
    MAX_ANNOTATIONS,
    MAX_CONNECTIONS,
    MAX_NODES,
    AnnotationDocument,
    ConnectionDocument,
    NodeDocument,
    Settings,
)

Json = Any


@cache
def definition_schema() -> dict[str, Json]:
    """What a definition looks like, without references."""
    return {
        "type": "object",
        "required": ["nodes", "connections", "settings"],
        "properties": {
            "nodes": {"type": "array", "maxItems": MAX_NODES, "items": _of(NodeDocument)},
            "connections": {"type": "array", "maxItems": MAX_CONNECTIONS, "items": _of(ConnectionDocument)},
            "settings": _of(Settings),
            "annotations": {"type": "array", "maxItems": MAX_ANNOTATIONS, "items": _of(AnnotationDocument)},
        },
        "additionalProperties": False,
    }


def _of(model: Any) -> Json:
    schema = model.model_json_schema()
    return _inlined(schema, schema.pop("$defs", {}))


def _inlined(value: Json, known: dict[str, Json]) -> Json:
    if isinstance(value, list):
        return [_inlined(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _inlined(known[value["$ref"].rpartition("/")[2]], known)
    found = {key: _inlined(inner, known) for key, inner in value.items() if key != "discriminator"}
    if isinstance(found.get("title"), str):  # names of models and members; the members have names already
        found.pop("title")
    return found
