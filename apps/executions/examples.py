"""What a node that never ran could give back: from its examples, its schema, and what later nodes read of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.nodes.contract import Example, Trigger
from apps.nodes.paths import PathBlocked, put
from apps.workflows.graph import GraphNode
from apps.workflows.samples import PASS_ON

Json = Any
_DEEPEST = 4
_SIMPLE: Mapping[str, Json] = {"string": "…", "integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}


def example_of(
    node: GraphNode, port: str, given: Json, resolved: Callable[[Json], Json], read: Mapping[str, Json]
) -> Json:
    """What could leave a node by a port if `given` came in.

    `resolved` gives a stored text's value, None where it has none. `read` is what the workflow reads of what a trigger
    delivers.
    """
    if issubclass(node.cls, Trigger):
        known = _fitting(node, port)
        return _merged(known, read) if isinstance(known, dict) or read else known
    if node.subtype in PASS_ON or node.disabled or node.subtype == "MERGE":
        return given
    named = _named(node.params.get("fields"))
    if named:
        made = dict(given) if node.params.get("mode") == "merge" and isinstance(given, dict) else {}
        for field in named:
            try:
                put(made, str(field["name"]), resolved(field.get("value")))
            except PathBlocked:
                continue
        return made
    return _fitting(node, port)


def _named(value: Json) -> list[Mapping[str, Json]]:
    """The members that a node says it gives, with their values; none where it says something else."""
    is_list = isinstance(value, list) and all(isinstance(each, Mapping) and "name" in each for each in value)
    return value if is_list and all(set(each) <= {"name", "value"} for each in value) else []


def _fitting(node: GraphNode, port: str) -> Json:
    """What the example that is most like the node gives back; of a schema where there is none, or its own."""
    own = node.cls.output_of(node.params)
    if own is not None:
        return of_schema(own)
    examples = [example for example in node.cls.examples if example.returns is not None]
    examples = [example for example in examples if example.port == port] or examples
    if not examples:
        return of_schema(node.cls.Output.model_json_schema())

    def likeness(example: Example) -> int:
        return sum(node.params.get(name) == value for name, value in example.params.items())

    return max(examples, key=likeness).returns


def of_schema(schema: Json, defs: Json = None, depth: int = 0) -> Json:
    """A value that a JSON Schema would take, with the members it names."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    defs = schema.get("$defs", {}) if defs is None else defs
    if "$ref" in schema:
        return of_schema(defs.get(str(schema["$ref"]).rpartition("/")[2]), defs, depth + 1)
    for name in ("const", "default"):
        if schema.get(name) is not None:
            return schema[name]
    if schema.get("examples") or schema.get("enum"):
        return (schema.get("examples") or schema["enum"])[0]
    for name in ("anyOf", "oneOf"):
        options = [each for each in schema.get(name, ()) if each.get("type") != "null"]
        if options:
            return of_schema(options[0], defs, depth + 1)
    if "properties" in schema:
        return {name: of_schema(inner, defs, depth + 1) for name, inner in schema["properties"].items()}
    if schema.get("type") == "array" and "items" in schema:
        inner = of_schema(schema["items"], defs, depth + 1)
        return [] if inner is None else [inner]
    return _SIMPLE.get(str(schema.get("type")))


def _merged(known: Json, read: Mapping[str, Json]) -> Json:
    """`known` with what is read; where something is read of a member, only that counts."""
    found = dict(known) if isinstance(known, dict) else {}
    for name, value in read.items():
        before = found.get(name)
        if name not in found or (isinstance(value, dict) and not isinstance(before, dict)):
            found[name] = value
        elif isinstance(value, dict) and isinstance(before, dict):
            found[name] = {**value, **{key: inner for key, inner in before.items() if key in value}}
    return found
