"""Values carried along connections that make others of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from apps.executions.engine.mapping import MappingFailed, mapped
from apps.nodes.expressions import Scope
from apps.workflows.graph.mapping import Mapping

ADAPTER: TypeAdapter[Any] = TypeAdapter(Mapping)
ORDER = {"id": "A-1", "lines": [{"sku": "X", "price": 3}, {"sku": "Y", "price": 4}], "customer": None, "note": "hi"}


def run(given: dict[str, Any], value: Any = ORDER) -> Any:
    node: dict[str, Any] = {"Fetch": {"rate": 2}}
    return mapped(ADAPTER.validate_python(given), value, lambda json: Scope(json=json, node=node))


def fields(*given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"mode": "fields", "fields": list(given), **more}


def test_direct_passes_the_value_on() -> None:
    assert run({"mode": "direct"}) is not None
    assert run({"mode": "direct"}) == ORDER


def test_fields_are_put_together_with_defaults_and_transforms() -> None:
    made = run(
        fields(
            {"from": "id", "to": "order.id", "required": True},
            {"from": "lines.1.sku", "to": "order.second"},
            {"from": "customer", "to": "customer", "default": "{{ $json.note + '!' }}"},
            {"from": "lines", "to": "total", "transform": "{{ $json.map(l => l.price).sum() * $node['Fetch'].rate }}"},
            {"from": "no.such.thing", "to": "nothing", "transform": "{{ $json.boom() }}"},
            {"to": "all"},
        )
    )
    assert made == {
        "order": {"id": "A-1", "second": "Y"},
        "customer": "hi!",
        "total": 14,
        "nothing": None,
        "all": ORDER,
    }


def test_a_template_keeps_types_and_gives_any_json() -> None:
    template = {"ids": ["{{ $json.id }}", "#{{ $json.lines.length }}"], "n": "{{ $json.lines.length }}", "fixed": 1}
    assert run({"mode": "template", "template": template}) == {"ids": ["A-1", "#2"], "n": 2, "fixed": 1}


def test_an_expression_gives_what_it_comes_to() -> None:
    assert run({"mode": "expression", "expression": "{{ $json.lines.map(l => l.sku) }}"}) == ["X", "Y"]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        (
            fields({"from": "id", "to": "a"}, {"from": "customer.name", "to": "b", "required": True}),
            "mapping.required_missing",
            "fields[1].from",
        ),
        (fields({"from": "note.length", "to": "a"}), "mapping.path_blocked", "fields[0].from"),
        (
            fields({"from": "id", "to": "a", "transform": "{{ $json - 1 }}"}),
            "expressions.failed",
            "fields[0].transform",
        ),
        (fields({"from": "no", "to": "a", "default": "{{ 1 / [] }}"}), "expressions.failed", "fields[0].default"),
        ({"mode": "template", "template": {"a": ["{{ 'x' - 1 }}"]}}, "expressions.failed", "template.a[0]"),
        ({"mode": "template", "template": ["{{ 'x' - 1 }}"]}, "expressions.failed", "template[0]"),
        ({"mode": "expression", "expression": "{{ $json.id - 1 }}"}, "expressions.failed", "expression"),
        (
            fields({"from": "id", "to": "n"}, result_schema={"properties": {"n": {"type": "number"}}}),
            "mapping.result_invalid",
            "result_schema",
        ),
        ({"mode": "direct", "result_schema": {"type": "list"}}, "mapping.schema_invalid", "result_schema"),
    ],
)
def test_what_fails_says_where(given: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(MappingFailed) as failed:
        run(given)
    assert (failed.value.code, failed.value.path) == (code, path)
    assert failed.value.message


def test_a_result_that_fits_its_schema_passes() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    assert run(fields({"from": "id", "to": "id"}, result_schema=schema)) == {"id": "A-1"}


def test_all_fields_together_have_one_budget() -> None:
    slow = (
        "{{ $json.map(a => [1,2,3,4,5,6,7,8,9,10].map(b => [1,2,3,4,5,6,7,8,9,10].map(c => a + b + c).sum()).sum()) }}"
    )
    given = fields(*({"from": "items", "to": f"f{at}", "transform": slow} for at in range(200)))
    with pytest.raises(MappingFailed, match="work"):
        run(given, {"items": list(range(100))})
