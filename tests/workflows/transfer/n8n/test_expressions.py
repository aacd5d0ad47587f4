"""n8n's expressions in our language."""

from __future__ import annotations

from typing import Any

import pytest

from apps.nodes.expressions import Scope, check, resolve
from apps.workflows.transfer.n8n.expressions import Names, fault, json_template, operand, translated

NAMES = Names({"Get user": "Get user"}, {"Raw": "value"}, {"Wait": "Wait"})
SCOPE = Scope(json={"id": 7, "tags": ["a"]}, node={"Get user": {"name": "Ada"}, "Raw": {"value": {"x": 1}}})


def test_what_is_no_expression_stays_a_text() -> None:
    assert translated("plain", NAMES) == "plain"
    assert resolve(translated("a {{ $json.id }} b", NAMES), SCOPE) == "a {{ $json.id }} b"


@pytest.mark.parametrize(
    ("theirs", "value"),
    [
        ("={{ $json.id }}", 7),
        ("={{$json['id']}}", 7),
        ('={{ $node["Get user"].json.name }}', "Ada"),
        ("={{ $node['Get user'].json['name'] }}", "Ada"),
        ("={{ $('Get user').item.json.name }}", "Ada"),
        ("={{ $('Get user').first().json.name }}", "Ada"),
        ("={{ $('Get user').last().json.name.length }}", 3),
        ('={{ $items("Get user")[0].json.name }}', "Ada"),
        ("={{ $('Raw').item.json.x }}", 1),
        ("={{ $input.item.json.tags[0] }}", "a"),
        ("={{ $input.first().json.id + 1 }}", 8),
        ("=Hello {{ $('Get user').item.json.name }}, {{ $json.id }}", "Hello Ada, 7"),
        ("={{ '$json.id' + \"$('x')\" }}", "$json.id$('x')"),
        ("={{ { a: { b: $json.id } } }}", {"a": {"b": 7}}),
        ("={{ $json.tags.map(t => { return t }) }}", None),
        ("= text only", " text only"),
    ],
)
def test_references_are_named_as_here(theirs: str, value: Any) -> None:
    ours = translated(theirs, NAMES)
    if value is None:
        assert check(ours)
    else:
        assert resolve(ours, SCOPE) == value


def test_lists_of_items_and_addresses() -> None:
    assert (
        translated("={{ $('Get user').all().map(i => i.json.name) }}", NAMES)
        == '{{ $node["Get user"].map(i => i.name) }}'
    )
    assert translated("={{ $execution.resumeUrl }}", NAMES) == '{{ $execution.callback_url["Wait"] }}'


@pytest.mark.parametrize("lost", ["$env.HOME", "$workflow.name", "$runIndex", "$getWorkflowStaticData('global')"])
def test_what_is_not_known_here_says_what_to_do(lost: str) -> None:
    message, hint = fault(f"{{{{ {lost} }}}}")
    assert message
    assert hint
    assert fault(f"{lost} as a text") == ("", "")


@pytest.mark.parametrize(
    ("theirs", "value"),
    [
        ('{"a": [1, "x"]}', {"a": [1, "x"]}),
        ('={"a": {{ $json.id }}, "b": "{{ $json.id }}", "c": "n {{ $json.id }}"}', {"a": 7, "b": "7", "c": "n 7"}),
        ("={{ JSON.stringify($json) }}", {"id": 7, "tags": ["a"]}),
        ("={{ {a: $json.id} }}", {"a": 7}),
        ('={"a": "{{ $json.tags[0] }}{{ $json.id }}"}', {"a": "a7"}),
        ('=[{{ $json.id }}, {"q": "\\"{{ $json.id }}\\""}]', [7, {"q": '"7"'}]),
    ],
)
def test_json_with_expressions_in_it_is_json(theirs: str, value: Any) -> None:
    assert resolve(json_template(theirs, NAMES), SCOPE) == value


def test_what_only_becomes_json_when_it_runs() -> None:
    theirs = "={ {{ '\"a\"' }}: {{ $json.id }} }"
    assert resolve(json_template(theirs, NAMES), SCOPE) == {"a": 7}
    assert json_template("no json", NAMES) is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("x'y", "'x\\'y'"),
        (3, "3"),
        (None, "null"),
        (True, "true"),
        ("={{ $json.a }}", "($json.a)"),
        ([1, "a"], "[1, 'a']"),
    ],
)
def test_operands(value: Any, code: str) -> None:
    assert operand(value, NAMES) == code
    assert operand("=a{{ $json.b }}", NAMES) == "('a' + string($json.b) + '')"
