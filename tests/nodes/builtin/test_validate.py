"""VALIDATE beyond its examples."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core import jsonshape
from apps.nodes.builtin.actions.validate import Validate
from apps.nodes.contract import Done, NodeError
from apps.nodes.params import stored_faults
from tests.nodes.running import run


def found(schema: Any, value: Any) -> list[tuple[str, str]]:
    result = run(Validate, {"schema": schema}, value)
    assert isinstance(result, Done)
    assert result.output["value"] is value
    assert result.port == ("invalid" if result.output["errors"] else "valid")
    return [(error["path"], error["message"]) for error in result.output["errors"]]


def test_paths_begin_at_the_value() -> None:
    assert found({"items": {"type": "integer"}}, [1, "2"]) == [("[1]", "'2' is not of type 'integer'")]
    assert found({"type": "object"}, None) == [("", "None is not of type 'object'")]
    assert found({"additionalProperties": False}, {"x": 1}) == [("x", "'x' is unknown here")]
    assert found({}, None) == []


def test_a_value_that_is_missing_is_checked_as_null_and_not_replaced_by_the_input() -> None:
    result = run(Validate, {"schema": {"type": "object"}, "value": "{{ $json.order ?? null }}"}, {"id": 1})
    assert isinstance(result, Done)
    assert (result.port, result.output["value"]) == ("invalid", None)


def test_there_is_an_end_to_the_findings() -> None:
    assert len(found({"items": {"type": "integer"}}, ["x"] * 1_000)) == jsonshape.MAX_FAULTS


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "nonsense"}, "type: 'nonsense' is not valid"),
        ({"properties": {"a": {"pattern": "(?=x)"}}}, "invalid perl operator"),
        ({"$ref": "#/$defs/order"}, "The reference '#/$defs/order' leads nowhere in the schema."),
        ({"$ref": "https://example.com/order.json"}, "leads nowhere"),
        ({"unevaluatedProperties": False}, "unevaluatedProperties is not supported"),
    ],
)
def test_a_schema_that_is_none_is_found_before_anything_runs(schema: Any, message: str) -> None:
    (fault,) = stored_faults(Validate, {"schema": schema})
    assert fault.path == "params.schema"
    assert fault.message.startswith("This is no JSON Schema: ")
    assert message in fault.message


@pytest.mark.parametrize("params", [{}, {"schema": "{{ $json.schema }}"}, {"schema": None}, {"schema": []}])
def test_a_schema_is_needed(params: Any) -> None:
    assert [fault.path for fault in stored_faults(Validate, params)] == ["params.schema"]


def test_a_schema_without_end_fails_the_node() -> None:
    with pytest.raises(NodeError, match="The schema cannot be applied") as failed:
        found({"$defs": {"me": {"$ref": "#/$defs/me"}}, "$ref": "#/$defs/me"}, {})
    assert (failed.value.code, failed.value.retryable) == ("validate.schema", False)


def test_a_pattern_takes_linear_time() -> None:
    assert found({"pattern": "^(a+)+$"}, "a" * 30_000 + "!") != []
