"""The function table: every example runs, and every function where it could surprise."""

import re

import pytest

from apps.nodes.expressions import FUNCTIONS, ExprError, Function, Json, Scope, compile_expression
from apps.nodes.expressions.functions import GLOBALS, METHODS

DATA: Json = {
    "people": [
        {"name": "Ada", "age": 36, "city": "London"},
        {"name": "Grace", "age": 45, "city": "New York"},
        {"name": "Alan", "age": 41, "city": "London"},
    ],
    "mixed": [1, "1", True, None, 1.0, [1], {"a": 1}, [1], {"a": 1}, False, 0],
    "text": "Hello, World",
}


def run(text: str) -> Json:
    return compile_expression(text).evaluate(Scope(json=DATA))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_example_gives_what_the_table_says(function: Function) -> None:
    result = compile_expression(function.example).evaluate(Scope())
    assert result == function.result
    assert type(result) is type(function.result)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_entry_is_complete(function: Function) -> None:
    assert function.doc.endswith(".")
    assert function.parameters
    assert function.is_method or function.globals
    names = [*function.globals, *(METHODS if function.is_method else ())]
    assert any(re.search(rf"(?<!\w){re.escape(name)}\(", function.example) for name in names)


def test_every_name_leads_to_its_entry() -> None:
    assert METHODS["toUpperCase"] is METHODS["upper"]
    assert GLOBALS["Math.round"] is METHODS["round"]
    assert GLOBALS["JSON.stringify"] is METHODS["toJson"]
    assert len({function.name for function in FUNCTIONS}) == len(FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # texts
        ("'ß'.upper()", "SS"),
        ("'a,b,,c'.split(',')", ["a", "b", "", "c"]),
        ("'abc'.split('')", ["a", "b", "c"]),
        ("'a,b,c'.split(',', 2)", ["a", "b"]),
        ("''.split(',')", [""]),
        ("'a1b22c'.split(/\\d+/)", ["a", "b", "c"]),
        ("'a-b-c'.replace('-', '+')", "a+b-c"),
        ("'a-b-c'.replace(/-/g, '+')", "a+b+c"),
        ("'a-b-c'.replace(/-/, '+')", "a+b-c"),
        ("'aaa'.replaceAll('a', 'aa')", "aaaaaa"),
        ("'ab'.replaceAll('', '-')", "-a-b-"),
        ("'x'.replaceAll('x', '$&')", "$&"),
        ("'John Smith'.replace(/(?P<a>\\w+) (?P<b>\\w+)/, '$<b>, $<a>')", "Smith, John"),
        ("'a'.replace(/a/, '$$1$9')", "$1$9"),
        ("'ABC'.test(/b/)", False),
        ("'ABC'.test(/b/i)", True),
        ("/b/i.test('ABC')", True),
        ("'a\\nb'.test(/^b$/m)", True),
        ("'a.c'.test('a.c')", True),
        ("'abc'.test('a.c')", True),
        ("'none'.match(/\\d/)", None),
        ("'none'.match(/\\d/g)", None),
        ("'a1'.match(/([a-z])(\\d)(x)?/)", ["a1", "a", "1", None]),
        ("'größe 12'.match(/\\d+/g)", ["12"]),
        ("'a/b'.split(/\\//)", ["a", "b"]),
        ("'abc'.slice(1)", "bc"),
        ("'abc'.slice(-2, -1)", "b"),
        ("'abc'.slice(5)", ""),
        ("'abc'.substring(0, 2)", "ab"),
        ("'abc'.at(-1)", "c"),
        ("'abc'.at(3)", None),
        ("'abc'.includes('')", True),
        ("'abc'.indexOf('z')", -1),
        ("'abc'.length", 3),
        ("'7'.padStart(4, 'ab')", "aba7"),
        ("'long'.padStart(2)", "long"),
        ("'x'.padEnd(3, '')", "x"),
        ("'ab'.repeat(0)", ""),
        ("'abc'.truncate(3)", "abc"),
        ("'abcd'.truncate(2, '...')", ".."),
        ("'  '.trim()", ""),
        ("encodeURIComponent('ü/?')", "%C3%BC%2F%3F"),
        ("'a'.concat(1, true, null)", "a1true"),
        # lists
        ("[3, 1, 2].sort()", [1, 2, 3]),
        ("[10, 9, 2.5].sort()", [2.5, 9, 10]),
        ("['b', 'a'].sort()", ["a", "b"]),
        ("[].sort()", []),
        ("[1, 2, 3].map((n, i) => n * i)", [0, 2, 6]),
        ("[1, 2].map(() => 7)", [7, 7]),
        ("[0, 1, '', 'a', null, [], {}].filter(x => x)", [1, "a", [], {}]),
        ("[1, 2].find(n => n > 5)", None),
        ("[1, 2].findIndex(n => n > 5)", -1),
        ("[].every(n => n > 5)", True),
        ("[].some(n => n > 5)", False),
        ("[1, 2, 3].reduce((t, n, i) => t + n * i, 0)", 8),
        ("[5].reduce((t, n) => t + n)", 5),
        ("$json.people.sortBy(p => p.age).map(p => p.name)", ["Ada", "Alan", "Grace"]),
        ("$json.people.groupBy(p => p.city).London.length", 2),
        ("$json.people.keyBy(p => p.name).Grace.age", 45),
        ("$json.people.pluck('age').sum()", 122),
        ("$json.people.map(p => $json.people.filter(q => q.city == p.city).length)", [2, 1, 2]),
        ("$json.mixed.unique()", [1, "1", True, None, [1], {"a": 1}, False, 0]),
        ("[{a: 1, b: 2}, {b: 2, a: 1}].unique().length", 1),
        ("$json.mixed.includes(false)", True),
        ("[1].includes(true)", False),
        ("[true].includes(1)", False),
        ("['1'].includes(1)", False),
        ("[[1, 2]].includes([1, 2])", True),
        ("[{a: 1}].indexOf({a: 1})", 0),
        ("[1, [2, [3, [4]]]].flatten(2)", [1, 2, 3, [4]]),
        ("[1, [2]].flat()", [1, 2]),
        ("[].sum()", 0),
        ("[].average()", None),
        ("[].max()", None),
        ("['b', 'a'].min()", "a"),
        ("Math.max(1, 2.5)", 2.5),
        ("[].first()", None),
        ("[1, 2, 3, 4].slice(1, -1)", [2, 3]),
        ("[1, null, 'a', [2], {b: 1}].join(', ')", '1, , a, [2], {"b":1}'),
        ("[].join()", ""),
        ("range(3, 0, -1)", [3, 2, 1]),
        ("[1, 2, 3, 4, 5].chunk(2).length", 3),
        ("[].length", 0),
        # numbers
        ("Math.round(2.5)", 3),
        ("Math.round(-2.5)", -2),
        ("Math.round(0.49999999999999994)", 0),
        ("Math.round(1e300)", 1e300),
        ("(2.345).round(2)", 2.35),
        ("(-2.345).round(2)", -2.34),
        ("(1234.5).round(-0)", 1235),
        ("7.round(2)", 7),
        ("Math.floor(1.29, 1)", None),
        ("(1.29).floor(1)", 1.2),
        ("(1.21).ceil(1)", 1.3),
        ("(1.005).toFixed(2)", "1.00"),
        ("(2.5).toFixed(0)", "3"),
        ("5.toFixed(2)", "5.00"),
        ("(0.000001).toFixed(7)", "0.0000010"),
        ("number(' 12 ')", 12),
        ("number('-1.5e2')", -150.0),
        ("number('.5')", 0.5),
        ("number('x', null)", None),
        ("number(null, 0)", 0),
        ("number(true)", 1),
        ("integer('-7.9')", -7),
        ("parseInt('12px')", 12),
        ("integer(7.9)", 7),
        ("string(1.0)", "1"),
        ("string(null)", ""),
        ("string({a: 1.50})", '{"a":1.5}'),
        ("(5).toString()", "5"),
        ("boolean('TRUE')", True),
        ("boolean('off')", False),
        ("boolean(null)", False),
        ("boolean(2)", True),
        ("isEmpty(null)", True),
        ("isEmpty(0)", False),
        ("typeOf(null)", "empty"),
        ("typeOf(1.5)", "number"),
        ("({}).isEmpty()", True),
        ("ifEmpty([], 1)", 1),
        # objects and JSON
        ("({a: 1}).merge({b: 2}, null, {a: 3})", {"a": 3, "b": 2}),
        ("Object.assign({}, {a: 1})", {"a": 1}),
        ("({a: 1, b: 2}).omit(['a'])", {"b": 2}),
        ("({a: 1}).pick('z')", {}),
        ("({a: 1}).has('b')", False),
        ("({a: 1}).hasOwnProperty('a')", True),
        ("JSON.stringify({a: [1, 2.0, 'é', null, true]})", '{"a":[1,2,"é",null,true]}'),
        ("JSON.stringify({a: [1], b: {}}, null, 2)", '{\n  "a": [\n    1\n  ],\n  "b": {}\n}'),
        ("({a: 1}).toJson(1)", '{\n "a": 1\n}'),
        ("JSON.stringify('a\"b\\n')", '"a\\"b\\n"'),
        ("JSON.parse('[1, 2.50, \"\\\\u00e9\"]')", [1, 2.5, "é"]),
        ("Object.entries({a: 1}).map(e => e[0] + e[1])", ["a1"]),
        ("({b: 1, a: 2}).values().sum()", 3),
    ],
)
def test_functions(text: str, expected: Json) -> None:
    if text == "Math.floor(1.29, 1)":
        assert run(text) == 1.2
    else:
        result = run(text)
        assert result == expected
        assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("date('2024-05-01T14:30:00+02:00')", "2024-05-01T14:30:00.000+02:00"),
        ("date(0)", "1970-01-01T00:00:00.000Z"),
        ("date('2024-05-01 14:30')", "2024-05-01T14:30:00.000Z"),
        ("date('2024-05-01 14:30', null)", None),
        ("date('3 March 2024 5:07 pm', 'd MMMM yyyy h:mm a')", "2024-03-03T17:07:00.000Z"),
        ("date('01/02/2024', 'MM/dd/yyyy')", "2024-01-02T00:00:00.000Z"),
        ("date('2024-07-01 12:00', 'yyyy-MM-dd HH:mm', 'Europe/Berlin')", "2024-07-01T12:00:00.000+02:00"),
        ("'2024-02-29'.plus(1, 'year')", "2025-02-28T00:00:00.000Z"),
        ("'2024-01-31'.plus({months: 1, days: 1})", "2024-03-01T00:00:00.000Z"),
        ("'2024-03-31'.minus(1, 'quarter')", "2023-12-31T00:00:00.000Z"),
        ("'2024-01-01'.plus(90, 'minutes')", "2024-01-01T01:30:00.000Z"),
        ("'2024-01-01'.plus(1.5, 'h')", "2024-01-01T01:30:00.000Z"),
        ("'2024-03-30T12:00:00+01:00'.plus(1, 'day', 'Europe/Berlin')", "2024-03-31T12:00:00.000+02:00"),
        ("'2024-03-30T12:00:00+01:00'.plus(24, 'hours', 'Europe/Berlin')", "2024-03-31T13:00:00.000+02:00"),
        ("'2024-03-01'.diff('2024-02-01')", 29),
        ("'2024-03-01'.diff('2024-02-15', 'weeks')", 15 / 7),
        ("'2024-03-30'.diff('2024-01-31', 'months')", 1),
        ("'2024-03-31'.diff('2024-01-31', 'months')", 2),
        ("'2023-01-31'.diff('2024-03-31', 'years')", -1),
        ("'2024-05-15T10:20:30Z'.startOf('week')", "2024-05-13T00:00:00.000Z"),
        ("'2024-05-15T10:20:30Z'.startOf('quarter')", "2024-04-01T00:00:00.000Z"),
        ("'2024-05-15T10:20:30.456Z'.startOf('second')", "2024-05-15T10:20:30.000Z"),
        ("'2024-05-15T23:30:00Z'.startOf('day', 'Europe/Berlin')", "2024-05-16T00:00:00.000+02:00"),
        ("'2024-12-15'.endOf('year')", "2024-12-31T23:59:59.999Z"),
        ("'2024-05-01'.inZone('America/New_York')", "2024-04-30T20:00:00.000-04:00"),
        ("'2024-05-01'.inZone('+05:30')", "2024-05-01T05:30:00.000+05:30"),
        (
            "'2024-05-01T00:05:09.007Z'.format(\"yy-M-d h:mm a 'o''clock' ss.SSS ZZ\")",
            "24-5-1 12:05 AM oclock 09.007 +00:00",
        ),
        ("'2024-05-01'.isBefore('2024-05-01')", False),
        ("'2024-05-01T12:00:00Z'.isAfter('2024-05-01T13:00:00+02:00')", True),
        ("'2024-05-01T12:00:00Z'.datePart('hour', 'Asia/Tokyo')", 21),
        ("'2024-12-30'.datePart('week')", 1),
        ("'1970-01-01T00:00:00.001Z'.toMillis()", 1),
    ],
)
def test_dates(text: str, expected: Json) -> None:
    if expected is None:
        with pytest.raises(ExprError, match="needs text"):
            run(text)
    else:
        assert run(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'yesterday'.plus(1)", "'yesterday' is not a date"),
        ("'2024-02-30'.toISO()", "not a date"),
        ("'9999-12-31'.plus(1, 'day')", "outside the years"),
        ("'2024-01-01'.plus(1e300, 'days')", "outside the years"),
        ("'2024-01-01'.plus(1, 'fortnight')", "no unit of time"),
        ("'2024-01-01'.plus(0.5, 'months')", "whole number"),
        ("'2024-01-01'.inZone('../../etc/passwd')", "no time zone"),
        ("'2024-01-01'.inZone('Europe')", "no time zone"),
        ("'2024-01-01'.inZone('/etc/passwd')", "no time zone"),
        ("'2024-01-01'.format('YYYY')", "means nothing"),
        ("date('31.02.2024', 'dd.MM.yyyy')", "no day"),
        ("date('x', 'dd.MM.yyyy')", "not a date written as"),
        ("date(1e300)", "outside the years"),
        ("number('')", "is not a number"),
        ("number('1_000')", "is not a number"),
        ("number('Infinity')", "is not a number"),
        ("number('1e999')", "not a finite number"),
        ("number('٣')", "is not a number"),
        ("number([])", "list is not a number"),
        ("boolean('maybe')", "neither yes nor no"),
        ("[1, 'a'].sum()", "item 1 is text"),
        ("[1, null].max()", "item 1 is empty"),
        ("[1, 'a'].sort()", "item 1 is text"),
        ("[true, false].sort()", "item 0 is boolean"),
        ("[2, 1].sort((a, b) => a > b)", "must give a number"),
        ("[].reduce((a, b) => a)", "nothing to start from"),
        ("[1].map(n => n.x.y.upper())", "needs text, not empty"),
        ("'a'.repeat(-1)", "between 0"),
        ("'a'.repeat(1.5)", "whole number"),
        ("Math.sqrt(-1)", "square root"),
        ("[1].chunk(0)", "between 1"),
        ("range(0, 5, 0)", "cannot be 0"),
        ("'abc'.includes(1)", "only text can be searched"),
        ("'abc'.match(/(/)", "does not work"),
        ("'abc'.match('(?=a)')", "does not work"),
        ("'abc'.match(/(a)\\1/)", "does not work"),
        ("'abc'.match(/a/q)", "no pattern flag q"),
        ("JSON.parse('{')", "not JSON"),
        ("JSON.parse('NaN')", "not JSON"),
        ("JSON.parse('1e999')", "not a finite number"),
        ("JSON.parse('\"\\\\ud800\"')", "a character that is none"),
        ("JSON.parse('\"\\\\u0000\"')", "a character that is none"),
        ("Object.fromEntries([1])", "item 0 is number"),
        ("({a: 1}).pick(1)", "needs text or list, not number"),
        ("null.upper()", "needs text, not empty"),
        ("'a'.map(x => x)", "needs list, not text"),
        ("[1].map(2)", "needs a function"),
        ("'a'.upper(x => x)", "takes 0 arguments, not 1"),
        ("'a'.repeat(x => x)", "takes no function"),
        ("'a'.upper(1, 2)", "takes 0 arguments, not 2"),
        ("'a'.replace('b')", "takes 2 arguments, not 1"),
        ("'a'.padStart()", "takes 1 to 2 arguments, not 0"),
        ("[1].map((a, b, c) => a)", "too many parameters"),
        ("'a'.repeat(/a/)", "takes no pattern"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(ExprError, match=re.escape(message)):
        run(text)
