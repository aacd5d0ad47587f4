"""Texts with `{{ … }}`, whole params values, and what can be known about them without evaluating."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest

from apps.nodes.expressions import (
    ExprError,
    Json,
    Reference,
    Scope,
    check,
    compile_expression,
    compile_template,
    references,
    resolve,
)

SCOPE = Scope(
    json={"n": 3, "s": "Ada", "list": [1, 2.0, "x"], "o": {"a": None}, "t": True, "nil": None, "braces": "{{ 7 * 7 }}"},
    input={"main": {"n": 3}, "error": {"code": 500}},
    node={"Fetch page": {"body": {"id": 7}}, "Total": 9},
    now=datetime(2024, 5, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{ $json.n }}", 3),
        ("  {{$json.n}}\n", 3),
        ("{{ $json.list }}", [1, 2.0, "x"]),
        ("{{ $json.nil }}", None),
        ("{{ $json.t }}", True),
        ("{{ $json.s }}", "Ada"),
        ("n={{ $json.n }}", "n=3"),
        ("{{ $json.n }}{{ $json.n }}", "33"),
        ("{{ $json.n }} {{ $json.s }}", "3 Ada"),
        ("{{ $json.n }}!", "3!"),
        ("<{{ $json.nil }}>", "<>"),
        ("<{{ $json.missing.x }}>", "<>"),
        ("<{{ $json.t }}>", "<true>"),
        ("<{{ $json.list }}>", '<[1,2,"x"]>'),
        ("<{{ $json.o }}>", '<{"a":null}>'),
        ("<{{ 1.0 }} {{ 1.5 }} {{ 1e21 }} {{ 5 / 2 }}>", "<1 1.5 1e+21 2.5>"),
        ('{{ "}}" }}', "}}"),
        ("{{ '{{' }}", "{{"),
        ("{{ {a: {b: 1}} }}", {"a": {"b": 1}}),
        ("{{{a: 1}}}", {"a": 1}),
        ("{{ {a: {b: 1}}.a.b }} }}", "1 }}"),
        ("a } b }} c { d", "a } b }} c { d"),
        ("{{ $input.main.n }}", 3),
        ("{{ $input['error'].code }}", 500),
        ("{{ $node['Fetch page'].body.id }}", 7),
        ("{{ $node.Total + 1 }}", 10),
        ("{{ $index ?? 'no loop' }}", "no loop"),
        ("{{ [1,2].map(n => n * 2).sum() }}", 6),
        ("über {{ 'ß' }}", "über ß"),
    ],
)
def test_evaluate(text: str, expected: Json) -> None:
    result = compile_template(text).evaluate(SCOPE)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    "data",
    [
        "{{ 7*7 }}",
        "{{ $env.SECRET }}",
        "${7*7}",
        "#{7*7}",
        "<%= 7*7 %>",
        "{{ {{ }} }}",
        "}}{{",
        "{{",
        "{% raw %}",
        "$json.n",
    ],
)
def test_data_is_never_read_as_an_expression(data: str) -> None:
    scope = Scope(json={"v": data, "k": {data: data}})
    assert compile_template("{{ $json.v }}").evaluate(scope) == data
    assert compile_template("<{{ $json.v }}>").evaluate(scope) == f"<{data}>"
    assert resolve({"a": ["{{ $json.v }}", "x{{ $json.v + '' }}"]}, scope) == {"a": [data, "x" + data]}
    assert resolve("{{ $json.k }}", scope) == {data: data}
    assert compile_template("{{ JSON.stringify($json.v) + '{' + '{ 1 }' + '}' }}").evaluate(scope)


def test_resolve_walks_everything_and_leaves_the_rest_alone() -> None:
    params: Json = {
        "url": "https://example.com/{{ $json.n }}",
        "retries": 3,
        "fields": [{"name": "a", "value": "{{ $json.list }}"}, {"name": "{{ $json.s }}", "value": None}],
        "{{ $json.s }}": "keys stay",
        "plain": ["a", 1.5, False],
    }
    resolved = resolve(params, SCOPE)
    assert resolved == {
        "url": "https://example.com/3",
        "retries": 3,
        "fields": [{"name": "a", "value": [1, 2.0, "x"]}, {"name": "Ada", "value": None}],
        "{{ $json.s }}": "keys stay",
        "plain": ["a", 1.5, False],
    }
    assert resolved is not params


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"fields": [{"value": "{{ 1 / 0 }}"}]}, "fields[0].value"),
        ({"headers": {"X-Api key": "{{ 1 / 0 }}"}}, "headers['X-Api key']"),
        ([["{{ 1 / 0 }}"]], "[0][0]"),
        ("{{ 1 / 0 }}", ""),
        ({"a": {"b": ["x", "{{ nope }}"]}}, "a.b[1]"),
    ],
)
def test_errors_carry_the_path(params: Json, path: str) -> None:
    with pytest.raises(ExprError) as caught:
        resolve(params, SCOPE)
    assert caught.value.path == path
    assert caught.value.column == 4
    if path:
        assert str(caught.value).startswith(f"{path}: ")


def test_check_finds_everything_without_evaluating() -> None:
    params: Json = {
        "ok": "{{ $json.a / 0 }}",
        "first": "a {{ nope }} b {{ $env.X }} c {{ fine($json) }}",
        "list": ["{{ 1 + }}", {"deep": "{{ 'open"}],
        "regex": "{{ $json.a.match(/(/) }}",
    }
    found = [(error.path, error.column, error.message) for error in check(params)]
    assert found == [
        ("first", 6, "there is no nope"),
        ("first", 19, "$env is never available"),
        ("first", 34, "there is no function fine()"),
        ("list[0]", 7, "the expression ends too early"),
        ("list[1].deep", 4, "this text is never closed"),
        ("regex", 18, "this pattern does not work: missing ): ("),
    ]
    assert check({"a": ["{{ $json.x }}", 5, None, "plain }}"]}) == []


def test_references() -> None:
    params: Json = {
        "a": "{{ $json.x.y + $node['Fetch page'].body }} {{ $node.Total }}",
        "b": ["{{ $vars.REGION }}", "{{ $input.main.x ?? $input['error'] }}", "{{ $now }}"],
        "c": "no reference: $json",
        "d": "{{ [1].map(item => item.json) }}",
        "broken": "{{ $execution.id }} {{ 1 + }}",
    }
    assert references(params) == {
        Reference("json"),
        Reference("node", "Fetch page"),
        Reference("node", "Total"),
        Reference("vars", "REGION"),
        Reference("input", "main"),
        Reference("input", "error"),
        Reference("now"),
        Reference("execution"),
    }
    template = compile_template(
        "{{ $json.items.map(i => i.price * $vars.RATE)[0].x }}{{ $node.A.b[0].c }}{{ $vars[$json.k] }}"
    )
    assert template.references == {
        Reference("json"),
        Reference("vars", "RATE"),
        Reference("vars"),
        Reference("node", "A"),
    }
    assert template.paths == {("json", "items"), ("json", "k"), ("vars", "RATE"), ("vars",), ("node", "A", "b")}


@pytest.mark.parametrize(
    ("text", "is_constant", "is_expression"),
    [
        ("plain", True, False),
        ("{{ 1 + 1 }}", True, True),
        (" {{ $json }} ", False, True),
        ("a {{ 1 }}", True, False),
        ("{{ $now }}{{ 1 }}", False, False),
        ("{{ [1].map(x => x) }}", True, True),
    ],
)
def test_what_a_template_says_about_itself(text: str, is_constant: bool, is_expression: bool) -> None:
    template = compile_template(text)
    assert template.is_constant is is_constant
    assert template.is_expression is is_expression


def test_compiling_twice_gives_the_same_object() -> None:
    assert compile_template("{{ $json.n * 11 }}") is compile_template("{{ $json.n * 11 }}")
    assert compile_expression("$json.n * 11") is compile_expression("$json.n * 11")


class Outputs(Mapping[str, Json]):
    """Node outputs that note what is asked for."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._failure = failure

    def __getitem__(self, name: str) -> Json:
        self.asked.append(name)
        if self._failure:
            raise self._failure
        if name != "Fetch":
            raise KeyError(name)
        return {"id": 1}

    def __iter__(self) -> Iterator[str]:
        return iter(["Fetch"])

    def __len__(self) -> int:
        return 1


def test_roots_are_loaded_only_when_named_and_once() -> None:
    outputs = Outputs()
    calls: list[str] = []

    def variables() -> Json:
        calls.append("vars")
        return {"A": 1}

    def never() -> Json:
        raise AssertionError

    scope = Scope(json=1, node=outputs, vars=variables, trigger=never, execution=never)
    assert compile_template("{{ $json }}").evaluate(scope) == 1
    assert (outputs.asked, calls) == ([], [])
    assert compile_template("{{ $node.Fetch.id + $node['Fetch'].id + $vars.A + $vars.A }}").evaluate(scope) == 4
    assert compile_template("{{ $vars.A }}").evaluate(scope) == 1
    assert (outputs.asked, calls) == (["Fetch"], ["vars"])
    assert compile_template("{{ $vars.A + $index }}").evaluate(scope.for_item({"x": 1}, 5)) == 6
    assert calls == ["vars"]


def test_failures_of_the_scope_are_not_the_expressions() -> None:
    def variables() -> Json:
        raise KeyError("gone")

    scope = Scope(node=Outputs(ConnectionError("database gone")), vars=variables)
    with pytest.raises(ConnectionError, match="database gone"):
        resolve({"a": "{{ $node.Fetch }}"}, scope)
    with pytest.raises(KeyError):
        resolve("{{ $vars.x }}", scope)


@pytest.mark.parametrize(
    "foreign", [object(), (1, 2), {1}, b"x", datetime(2024, 1, 1, tzinfo=UTC), 1j, type, float("nan")]
)
def test_only_plain_json_comes_out(foreign: object) -> None:
    scope = Scope(json={"v": foreign})  # type: ignore[dict-item]
    for text in (
        "{{ $json.v }}",
        "{{ [$json] }}",
        "{{ $json }}",
        "x {{ $json.v }}",
        "{{ $json.v.__class__ }}{{ $json.v + 1 }}",
    ):
        with pytest.raises(ExprError):
            compile_template(text).evaluate(scope)
    with pytest.raises(ExprError, match="not JSON"):
        resolve({"a": (1,)}, Scope())  # type: ignore[dict-item]


class Text(str):
    """A text that would notice being treated as an object."""

    def upper(self) -> str:
        raise AssertionError


def test_subclasses_of_json_types_are_refused() -> None:
    scope = Scope(json={"v": Text("a")})
    for text in ("{{ $json.v.upper() }}", "{{ $json.v }}", "{{ [$json.v].join() }}", "{{ $json.v.x + 1 }}"):
        with pytest.raises(ExprError):
            compile_template(text).evaluate(scope)


def test_a_deep_stack_is_no_way_out() -> None:
    def deeper(left: int) -> Json:
        if left:
            return deeper(left - 1)
        return resolve({"a": "{{ [[[[[[1]]]]]].map(x => x.map(y => y.map(z => JSON.stringify(z)))) }}{{ 1 }}"}, Scope())

    for depth in range(sys.getrecursionlimit() - 200, sys.getrecursionlimit(), 5):
        try:
            deeper(depth)
        except (ExprError, RecursionError):
            continue
