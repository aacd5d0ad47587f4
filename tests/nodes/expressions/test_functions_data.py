"""Functions of lists, objects, numbers and dates where they could surprise."""

import pytest

from apps.nodes.expressions import ExprError, Json, Scope, compile_expression


def run(text: str) -> Json:
    return compile_expression(text).evaluate(Scope())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # lists
        ("[1, 2, 1].lastIndexOf(1)", 2),
        ("[[1], [2]].lastIndexOf([1])", 0),
        ("[].findLast(x => true)", None),
        ("[1, 5, 9].findLastIndex((n, at) => n > 3 && at < 2)", 1),
        ("[[1], {a: 1}, 1, true, 1].intersection([1.0, [1], {a: 1}])", [[1], {"a": 1}, 1, 1]),
        ("[1, true, 'a'].difference(['1', true])", [1, "a"]),
        ("[1, 1].union([true, 1.0, [2], [2]])", [1, True, [2]]),
        ("[1].append()", [1]),
        ("[1, null, 1].countBy(x => x)", {"1": 2, "": 1}),
        ("[1, 0, null].partition(x => x)", [[1], [0, None]]),
        ("[].partition(x => x)", [[], []]),
        ("[1, 2].zip([3])", [[1, 3]]),
        ("[1, 2].median()", 1.5),
        ("[2, 4].median()", 3.0),
        ("[].median()", None),
        ("[{k: 1, n: 2}, {n: 3}, {k: 'x'}].toObject('k', 'n')", {"1": 2, "x": None}),
        ("[{a: 1}, 2, {a: 3, b: 4}].renameKeys({a: 'c'})", [{"c": 1}, 2, {"c": 3, "b": 4}]),
        ("[3, 1].toSorted().toReversed()", [3, 1]),
        # objects
        ("({a: 1, b: '', c: null, d: 0}).compact()", {"a": 1, "d": 0}),
        ("({a: 1}).mapValues((v, k) => k + v)", {"a": "a1"}),
        ("({a: 1, b: 2}).pickBy((v, k) => k == 'b')", {"b": 2}),
        ("({a: {b: [{c: 1}]}}).get('a.b[0].c')", 1),
        ("({a: {b: 1}}).get('a.b.c', 'none')", "none"),
        ("({a: [1]}).get('a[1]')", None),
        ("({a: null}).get('a', 5)", 5),
        ("({a: 1}).get('')", {"a": 1}),
        ("[[1, [2]]].get('[0][1][0]')", 2),
        ("({'0': 1}).get('[0]')", 1),
        ("({'__class__': 1}).get('__class__')", 1),
        (
            "({a: {x: 1}, l: [1, 2]}).mergeDeep({a: {y: [2]}, l: [3], b: null})",
            {"a": {"x": 1, "y": [2]}, "l": [3], "b": None},
        ),
        ("({a: 1}).mergeDeep({a: {b: 1}})", {"a": {"b": 1}}),
        ("Object.hasOwn({a: null}, 'a')", True),
        # numbers
        ("Math.sign(-0.1)", -1),
        ("Math.sign(0)", 0),
        ("Math.pow(4, 0.5)", 2.0),
        ("Math.pow(2, 100)", 2**100),
        ("Math.PI > 3.14 && Math.E < 2.72", True),
        ("(1234567.891).formatNumber()", "1,234,567.89"),
        ("(-1234.5).formatNumber(0)", "-1,235"),
        ("(-0.4).formatNumber(0)", "0"),
        ("(-0.4).formatNumber(1, ',')", "-0,4"),
        ("(999).formatNumber(2, ',', '')", "999,00"),
        ("(1e22).formatNumber()", "1e+22"),
        ("(1e300).isEven()", True),
        ("(-3).isOdd()", True),
        ("Number.isInteger('1')", False),
        ("(2.0).isInteger()", True),
        ("isNotEmpty(null)", False),
        # dates
        ("'2024-12-30'.week()", 1),
        ("'2024-05-01T23:30:00Z'.day('Europe/Berlin')", 2),
        ("'2024-05-01T23:30:00+02:00'.hour()", 23),
        ("'2024-02-29'.set({month: 3, millisecond: 5})", "2024-03-29T00:00:00.005Z"),
        ("'2024-05-01T12:00:00Z'.set({hours: 9}, 'Europe/Berlin')", "2024-05-01T09:00:00.000+02:00"),
        ("'2024-03-31T23:30:00Z'.isSame('2024-04-01T01:00:00+02:00', 'month')", True),
        ("'2024-03-31T23:30:00Z'.isSame('2024-03-31T10:00:00Z', 'day', 'Europe/Berlin')", False),
        ("'2024-05-01'.isBetween('2024-05-01', '2024-05-01')", True),
        ("'1969-12-31T23:59:59.500Z'.toSeconds()", -1),
        ("'2024-05-05T23:00:00Z'.isWeekend('Europe/Berlin')", False),
        ("'2023-02-01'.daysInMonth()", 28),
        ("[null, 5, '2024-05-01', 'May'].map(d => d.isDate())", [False, False, True, False]),
    ],
)
def test_gives(text: str, expected: Json) -> None:
    result = run(text)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1, 'a'].median()", "item 1 is text"),
        ("[1].toObject('k', 'n')", "item 0 is number"),
        ("({a: 1}).renameKeys({a: 1})", "a key must be text"),
        ("({a: 1}).get('a..b')", "character 2"),
        ("({a: 1}).get('a[x]')", "character 2"),
        ("({a: 1}).get('a'.repeat(501))", "longer than 500"),
        ("Math.log(0)", "above 0"),
        ("Math.exp(1000)", "too large"),
        ("Math.pow(0, -1)", "division by zero"),
        ("(2.5).isEven()", "2.5 is not a whole number"),
        ("'2024-02-29'.set({year: 2023})", "no such date"),
        ("'2024-02-29'.set({hour: 25})", "no such date"),
        ("'2024-02-29'.set({week: 1})", "cannot be set"),
        ("'2024-02-29'.set({day: '1'})", "whole number"),
        ("'2024-02-29'.isSame('2024-02-29', 'dayz')", "no unit of time"),
        ("'May'.year()", "is not a date"),
    ],
)
def test_refuses(text: str, says: str) -> None:
    with pytest.raises(ExprError, match=says):
        run(text)
