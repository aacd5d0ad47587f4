"""Errors say where, which types, and what was probably meant."""

import pytest

from apps.nodes.expressions import ExprError, Json, Scope, compile_template

SCOPE = Scope(
    json={"amount": 5, "name": "Ada", "nothing": None, "items": [{"price": 3}], "order": {"total": 7}},
    input={"main": {"amount": 5}},
    node={"Total": {"sum": 9}, "Fetch page": None},
    vars={"REGION": "eu"},
)


def failure(text: str) -> ExprError:
    with pytest.raises(ExprError) as caught:
        compile_template(text).evaluate(SCOPE)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{{ $json.name == 'Ada' && $json.amont < 10 }}",
            "cannot compare empty with number at column 27: $json.amont is missing; did you mean amount?",
        ),
        (
            "{{ 10 > $json.amont }}",
            "cannot compare number with empty at column 9: $json.amont is missing; did you mean amount?",
        ),
        (
            "{{ $json.amont * 2 }}",
            "cannot multiply empty by number at column 4: $json.amont is missing; did you mean amount?",
        ),
        (
            "{{ 1 + $json.order.totl }}",
            "cannot add number and empty at column 8: $json.order.totl is missing; did you mean total?",
        ),
        ("{{ 'a' + $json.nothing }}", "cannot add text and empty at column 10: $json.nothing is null"),
        ("{{ $json.xyz.abc - 1 }}", "cannot subtract number from empty at column 4: $json.xyz is missing"),
        ("{{ $json.name * 2 }}", "cannot multiply text by number at column 4: number() turns a text into a number"),
        (
            "{{ $json.amount < 'a' }}",
            "cannot compare number with text at column 19: number() turns a text into a number",
        ),
        ("{{ $json.amount + true }}", "cannot add number and boolean at column 19"),
        (
            "{{ 'n: ' + $json.items }}",
            "cannot add text and list at column 4: join() or toJson() turn a list into text, length counts its items",
        ),
        ("{{ -$json.name }}", "cannot negate text at column 5"),
        (
            "{{ $json.nme.upper() }}",
            "upper() needs text, not empty at column 4: $json.nme is missing; did you mean name?",
        ),
        ("{{ $json.amount.upper() }}", "upper() needs text, not number at column 4"),
        (
            "{{ $json.items.map(i => i.prise * 2) }}",
            "cannot multiply empty by number at column 25: i.prise is missing; did you mean price?",
        ),
        (
            "{{ $json.items.first().prise + 1 }}",
            "cannot add empty and number at column 4: $json.items.first().prise gives null",
        ),
        (
            "{{ $node['Total'].som + 1 }}",
            "cannot add empty and number at column 4: $node['Total'].som is missing; did you mean sum?",
        ),
        (
            "{{ $node['Fetch page'].status + 1 }}",
            "cannot add empty and number at column 4: $node['Fetch page'] is empty",
        ),
        (
            "{{ $vars.REGIN.upper() }}",
            "upper() needs text, not empty at column 4: $vars.REGIN is missing; did you mean REGION?",
        ),
        (
            "{{ $input.mian.amount + 1 }}",
            "cannot add empty and number at column 4: $input.mian is missing; did you mean main?",
        ),
        ("{{ $item.x + 1 }}", "cannot add empty and number at column 4: $item is empty"),
        ("{{ $node['Totl'].sum }}", "there is no node named 'Totl' at column 4: did you mean Total?"),
        ("Sum: {{ $node['total'].sum }}", "there is no node named 'total' at column 9: did you mean Total?"),
        ("{{ 1 / 0 }}", "division by zero at column 4"),
        ("{{ 1 % 0 }}", "division by zero at column 4"),
        ("{{ 0 ** -1 }}", "division by zero at column 4"),
        ("{{ (-8) ** 0.5 }}", "a negative number has no such root at column 5"),
        ("{{ 1e308 * 10 }}", "the result is not a finite number at column 4"),
        ("{{ $json[true] }}", "a key must be text or a number, not boolean at column 10"),
        ("{{ $json.name.upper }}", "upper is a function of text at column 4: write upper() with parentheses"),
        ("{{ $json.name.uper() }}", "there is no function uper() at column 15: did you mean upper()?"),
        ("{{ uper($json.name) }}", "there is no function uper() at column 4: did you mean $json.name.upper()?"),
        (
            "{{ upper($json.name) }}",
            "there is no function upper() at column 4: write it after a value, as in $json.name.upper(…)",
        ),
        ("{{ 5.range(1) }}", "there is no function range() at column 6: write range(…) without a dot in front"),
        ("{{ Math.rond(1) }}", "there is no function Math.rond() at column 4: did you mean Math.round()?"),
        ("{{ jsn.a }}", "there is no jsn at column 4: did you mean $json?"),
        ("{{ $jsn.a }}", "there is no $jsn at column 4: did you mean $json?"),
        (
            "{{ $env.SECRET }}",
            "$env is never available at column 4: expressions cannot read the server's environment; use $vars",
        ),
        ("{{ [1].map(itm => item) }}", "there is no item at column 19: did you mean itm?"),
        ("{{ $json.a = 1 }}", "unexpected = at column 12: an expression cannot assign; compare with =="),
        ("{{ 'abc }}", "this text is never closed at column 4: write ' after it"),
        ("Hi {{ $json.name", "this {{ is never closed at column 4: write }} after the expression"),
        ("{{ }}", "there is no expression here at column 4: write a value, as in $json.name"),
        (
            "line one\n{{ $json.amont < 1 }}",
            "cannot compare empty with number at column 13: $json.amont is missing; did you mean amount?",
        ),
        (
            "{{ $json.name }} {{ $json.amont < 1 }}",
            "cannot compare empty with number at column 21: $json.amont is missing; did you mean amount?",
        ),
        # what people know from elsewhere
        ("{{ $json.items.mpa(i => i) }}", "there is no function mpa() at column 16: did you mean map()?"),
        (
            "{{ new Date() }}",
            "new is not part of the expression language at column 4: "
            "now is $now, another date date('2024-05-01'), a list [] and an object ({})",
        ),
        (
            "{{ if ($json.amount) 1 }}",
            "if is not part of the expression language at column 4: write condition ? one : other",
        ),
        ("{{ $json.amount > 1 and true }}", "unexpected and at column 21: write &&"),
        ("{{ 'price' in $json }}", "unexpected in at column 12: write object.has('key') or list.includes(item)"),
        ("{{ $if(1, 2, 3) }}", "there is no $if at column 4: write condition ? one : other"),
        ("{{ $('Total').item }}", 'there is no $ at column 4: the output of another node is $node["Its name"]'),
        ("{{ $json.first name }}", 'unexpected name at column 16: a key with a space is written ["first name"]'),
        ("{{ $json.first-name }}", 'there is no name at column 16: a key with a dash is written ["first-name"]'),
        ("{{ $json.a - b }}", "there is no b at column 14: did you mean $json.b, or the text 'b' in quotes?"),
        ("{{ $json.items.0.price }}", "unexpected .0 at column 15: an item of a list is written [0]"),
        ("{{ $json.name == “Ada” }}", 'unexpected “ at column 18: write straight quotes: "'),
        ("{{ $json.amount ≥ 5 }}", "unexpected ≥ at column 17: write >="),
        (
            "{{ $node['Total'].json.sum + 1 }}",
            "cannot add empty and number at column 4: "
            "$node['Total'].json is missing; what a node gave is read without .json",
        ),
        ("{{ Math.TAU }}", "Math is no value, it holds functions at column 4: as in Math.round(x)"),
        (
            "{{ $json.items.push(1) }}",
            "there is no function push() at column 16: "
            "nothing is changed in place; append() and concat() give a longer list",
        ),
        ("{{ '2024-05-01'.getMonth() }}", "there is no function getMonth() at column 17: write month(): 1 is January"),
        ("{{ '2024-05-01'.year }}", "year is a function of text at column 4: write year() with parentheses"),
        ("{{ 'x'.match(/(/) }}", "this pattern does not work: missing ): ( at column 14"),
    ],
)
def test_message(text: str, expected: str) -> None:
    assert str(failure(text)) == expected


def test_parts_of_an_error_can_be_shown_apart() -> None:
    error = failure("{{ $json.amont < 10 }}")
    assert error.message == "cannot compare empty with number"
    assert error.hint == "$json.amont is missing; did you mean amount?"
    assert error.column == 4
    assert error.path == ""


@pytest.mark.parametrize("value", [{"a" * 300: 1}, {}, [], "text", 5])
def test_no_suggestion_where_nothing_is_near(value: Json) -> None:
    with pytest.raises(ExprError) as caught:
        compile_template("{{ $json.abc + 1 }}").evaluate(Scope(json=value))
    assert caught.value.hint == "$json.abc is missing"


def test_columns_do_not_depend_on_what_was_compiled_before() -> None:
    first, second = failure("{{ $json.amont < 1 }}"), failure("text {{ $json.amont < 1 }}")
    assert (first.column, second.column) == (4, 9)
    assert failure("{{ $json.amont < 1 }}").column == 4
