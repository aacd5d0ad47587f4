"""Mappings as written: what is read, and what the lint says of them."""

from __future__ import annotations

from typing import Any

import pytest

from apps.workflows.graph import Finding, compile
from apps.workflows.lint import lint
from tests.workflows.definitions import definition, hook, link, node, transform


def linted(mapping: Any, *, value: Any = "{{ $json.id }}", **more: Any) -> list[Finding]:
    links = [link("hook", "a", mapping=mapping, **more)]
    found = lint(definition(hook(), transform("a", value), links=links))
    return [finding for finding in found if "mapping" in finding.path]


def told(mapping: Any, **more: Any) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.code, finding.path) for finding in linted(mapping, **more)]


BASE = "connections[0].mapping"


@pytest.mark.parametrize(
    "mapping",
    [
        {"mode": "direct"},
        {"mode": "fields", "fields": [{"from": "body.id", "to": "id", "required": True, "default": 1}]},
        {"mode": "template", "template": {"id": "{{ $json.body.id }}"}, "result_schema": {"type": "object"}},
        {"mode": "expression", "expression": "{{ $json.body }}"},
    ],
)
def test_sound_mappings_are_silent(mapping: Any) -> None:
    assert told(mapping) == []


@pytest.mark.parametrize(
    ("mapping", "code", "path"),
    [
        ({"mode": "other"}, "definition.invalid", BASE),
        ({"mode": "fields", "fields": []}, "definition.invalid", f"{BASE}.fields"),
        ({"mode": "fields", "fields": [{"from": "a", "to": ""}]}, "definition.invalid", f"{BASE}.fields[0].to"),
        ({"mode": "direct", "fields": []}, "definition.unknown_key", f"{BASE}.fields"),
        ({"mode": "expression", "expression": "{{ $json. }}"}, "expression.invalid", f"{BASE}.expression"),
        ({"mode": "expression", "expression": "id {{ $json.id }}"}, "mapping.text_outside", f"{BASE}.expression"),
        ({"mode": "expression", "expression": "id"}, "mapping.text_outside", f"{BASE}.expression"),
        ({"mode": "template", "template": ["{{ $node['No'].id }}"]}, "reference.unknown_node", f"{BASE}.template[0]"),
        (
            {"mode": "fields", "fields": [{"to": "a.b"}, {"to": "a"}]},
            "mapping.same_target",
            f"{BASE}.fields[1].to",
        ),
        (
            {"mode": "fields", "fields": [{"to": "id", "transform": "{{ nope($json) }}"}]},
            "expression.invalid",
            f"{BASE}.fields[0].transform",
        ),
        ({"mode": "direct", "result_schema": {"type": 3}}, "mapping.schema_invalid", f"{BASE}.result_schema"),
    ],
)
def test_mistakes_are_errors_with_their_place(mapping: Any, code: str, path: str) -> None:
    assert ("error", code, path) in told(mapping)


def test_both_ends_are_looked_at() -> None:
    unknown, lost = linted({"mode": "fields", "fields": [{"from": "bodi.id", "to": "number"}]})
    assert (unknown.severity, unknown.code, unknown.path) == (
        "warning",
        "mapping.unknown_source",
        f"{BASE}.fields[0].from",
    )
    assert "body" in unknown.fix
    assert (lost.severity, lost.code) == ("warning", "mapping.not_given")
    assert "$json.id" in lost.message
    fixed = told({"mode": "template", "template": {"id": 1}})
    assert fixed == [("warning", "mapping.is_fixed", f"{BASE}.template")]


def test_a_reference_must_run_before_the_target() -> None:
    mapping = {"mode": "expression", "expression": '{{ $node["B"].value }}'}
    document = definition(
        hook(), transform("a"), transform("b"), links=[link("hook", "a", mapping=mapping), link("a", "b")]
    )
    assert "reference.not_before" in {finding.code for finding in lint(document)}


def test_only_what_changes_something_is_in_the_graph() -> None:
    plain = [link("hook", "a"), link("a", "b", mapping={"mode": "direct"})]
    graph = compile(definition(hook(), transform("a"), transform("b"), links=plain))
    assert (graph.mapped, graph.deciding) == (frozenset(), frozenset())
    mapping = {"mode": "expression", "expression": "{{ $json.body }}"}
    links = [link("hook", "a", mapping=mapping), link("a", "b", condition="{{ $json.value > 1 }}")]
    graph = compile(definition(hook(), transform("a"), transform("b"), links=links))
    assert (list(graph.mapped), list(graph.deciding)) == (["a"], ["a"])
    assert [edge.at for edge in graph.incoming["b"]] == [1]


def test_nothing_but_agents_has_attachments() -> None:
    document = definition(hook(), transform("a", attached=["hook"]), node("c", "FLOW", "MERGE"))
    assert ("attached.no_agent", "nodes[1].attached[0]") in {(f.code, f.path) for f in lint(document)}
