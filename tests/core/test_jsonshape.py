"""Values against schemas that users write."""

from __future__ import annotations

import time
from typing import Any

import pytest

from apps.core import jsonshape


def paths(value: Any, schema: Any) -> list[str]:
    return [fault.path for fault in jsonshape.faults(value, schema, path="input")]


def test_each_fault_says_where() -> None:
    schema = {
        "type": "object",
        "required": ["id"],
        "properties": {"items": {"type": "array", "items": {"properties": {"price": {"type": "number"}}}}},
    }
    assert paths({"items": [{"price": 1}, {"price": "2"}]}, schema) == ["input", "input.items[1].price"]
    assert paths({"id": 1, "items": [{"price": 1.5}]}, schema) == []


def test_there_is_an_end_to_the_faults() -> None:
    schema = {"items": {"type": "integer"}}
    assert len(paths(["x"] * 10_000, schema)) == jsonshape.MAX_FAULTS


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^(a+)+$"},
        {"patternProperties": {"^(a+)+$": False}},
        {"patternProperties": {"^(a+)+$": True}, "additionalProperties": False},
        {"propertyNames": {"pattern": "^(a+)+$"}},
    ],
)
def test_patterns_cost_linear_time(schema: Any) -> None:
    hostile = "a" * 30_000 + "!"
    began = time.monotonic()
    jsonshape.faults(hostile if "pattern" in schema else {hostile: 1}, schema)
    assert time.monotonic() - began < 2


def test_patterns_of_property_names_count() -> None:
    schema = {"patternProperties": {"^n_": {"type": "number"}}}
    assert paths({"n_a": "1", "other": "1"}, schema) == ["input.n_a"]


def test_what_is_unknown_can_be_refused_or_checked() -> None:
    schema = {"properties": {"a": {}}, "patternProperties": {"^n_": {}}, "additionalProperties": False}
    assert paths({"a": 1, "n_x": 1, "b": 1}, schema) == ["input.b"]
    assert paths({"b": "1"}, {"additionalProperties": {"type": "integer"}}) == ["input.b"]
    assert paths({"b": "1"}, {"additionalProperties": True}) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"unevaluatedProperties": False},
        {"type": "nonsense"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "#/nowhere"},
        {"properties": {"a": {"pattern": "("}}},
        {"$defs": {"me": {"$ref": "#/$defs/me"}}, "$ref": "#/$defs/me"},
        [],
        7,
    ],
)
def test_what_is_no_schema_is_said_to_be_none(schema: Any) -> None:
    with pytest.raises(jsonshape.ShapeInvalid):
        jsonshape.faults({"a": "b"}, schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"unevaluatedProperties": False}}},
        {"items": {"type": "nonsense"}},
        {"allOf": [{"$ref": "https://example.com/schema.json"}]},
        {"not": {"$ref": "#/nowhere"}},
        {"$defs": {"a": {"pattern": "(?=x)"}}},
        {"anyOf": [{"patternProperties": {"(": {}}}]},
        [],
        7,
    ],
)
def test_what_is_no_schema_shows_without_a_value(schema: Any) -> None:
    with pytest.raises(jsonshape.ShapeInvalid):
        jsonshape.check(schema)


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"properties": {"unevaluatedProperties": {}, "pattern": {"type": "string"}, "$ref": {"type": "string"}}},
        {"const": {"pattern": "(", "$ref": "#/nowhere"}, "default": {"type": "nonsense"}},
        {"$defs": {"me": {"$ref": "#/$defs/me"}}, "items": {"$ref": "#"}},
        {"definitions": {"a": {"$anchor": "a", "type": "object"}}, "items": {"$ref": "#/definitions/a"}},
        {"$id": "https://example.com/a", "$defs": {"a": {"$id": "b"}}, "$ref": "https://example.com/b"},
    ],
)
def test_what_is_a_schema_passes(schema: Any) -> None:
    jsonshape.check(schema)


def doubling(times: int) -> dict[str, Any]:
    """A schema that grows with `times`, and whose work doubles with each."""
    steps = {f"a{at}": {"allOf": [{"$ref": f"#/$defs/a{at + 1}"}] * 2} for at in range(times)}
    return {"$defs": steps | {f"a{times}": {"type": "object"}}, "$ref": "#/$defs/a0"}


def test_a_short_schema_cannot_keep_a_process_busy() -> None:
    assert paths({}, doubling(8)) == []
    began = time.monotonic()
    with pytest.raises(jsonshape.ShapeInvalid, match="steps"):
        paths({}, doubling(60))
    assert time.monotonic() - began < 30
    assert paths({}, doubling(8)) == []


def test_whether_many_items_differ_is_soon_known() -> None:
    began = time.monotonic()
    assert paths([{"id": at} for at in range(20_000)], {"uniqueItems": True}) == []
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("items", "are_unique"),
    [
        ([1, 1.0], False),
        ([1, True, 0, False], True),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], False),
        ([[1, 2], [2, 1]], True),
        ([[], {}, None, "", 0], True),
        (["a", "a"], False),
        ([{"a": True}, {"a": 1}], True),
    ],
)
def test_which_items_are_the_same(items: list[Any], are_unique: bool) -> None:
    assert (paths(items, {"uniqueItems": True}) == []) is are_unique
    assert paths(items + items, {"uniqueItems": False}) == []


def test_a_number_too_large_to_divide_is_refused() -> None:
    with pytest.raises(jsonshape.ShapeInvalid):
        jsonshape.faults(10**400, {"multipleOf": 0.1})
