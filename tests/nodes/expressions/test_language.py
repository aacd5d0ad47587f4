"""Syntax and meaning: precedence, look-ups, null, equality, truth, numbers and texts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.nodes.expressions import ExprError, Json, Scope, compile_expression, compile_template

DATA: dict[str, Json] = {
    "n": 3,
    "f": 1.5,
    "big": 2**200,
    "s": "abc",
    "t": True,
    "no": False,
    "nil": None,
    "list": [10, 20, 30],
    "o": {"a": {"b": "deep"}, "a b": 1, "0": "zero", "length": 99},
    "__proto__": "p",
    "constructor": "c",
    "hasOwnProperty": "h",
    "__class__": {"__mro__": "m"},
    "größe": 42,
}


def run(text: str) -> Json:
    return compile_expression(text).evaluate(Scope(json=DATA))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # literals
        ("1", 1),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'it\\'s'", "it's"),
        ('"a\\nb\\u00e9\\u{1F600}\\x41"', "a\nbé😀A"),
        ("'\\ud83d\\ude00'", "😀"),
        ("`plain`", "plain"),
        ("[1, [2], ]", [1, [2]]),
        ("{a: 1, 'b c': [2], 3: null,}", {"a": 1, "b c": [2], "3": None}),
        ("undefined", None),
        # precedence
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("2 ** 3 ** 2", 512),
        ("(-2) ** 2", 4),
        ("2 ** -1", 0.5),
        ("-2 * -3", 6),
        ("- - 2", 2),
        ("7 % 4 * 2", 6),
        ("1 + 1 == 2 && 3 > 2", True),
        ("true || false && false", True),
        ("!false && false", False),
        ("!(1 > 2)", True),
        ("1 < 2 == true", True),
        ("false ? 1 : true ? 2 : 3", 2),
        ("true ? false ? 1 : 2 : 3", 2),
        ("null ?? 1 + 1", 2),
        ("(null ?? 0) || 5", 5),
        ("1 > 2 ? 'a' : 'b' + 'c'", "bc"),
        ("6 / 2 / 3", 1),
        ("'a' + 1 + 2", "a12"),
        ("1 + 2 + 'a'", "3a"),
        ("[1, 2].map(x => x > 1 ? 'y' : 'n')", ["n", "y"]),
        ("[1].map((x) => ({v: x}))", [{"v": 1}]),
        ("[[1, 2]].map(x => x.map(y => y + x.length))", [[3, 4]]),
        ("[1].map(x => [2].map(x => x))", [[2]]),
        # look-ups
        ("$json.o.a.b", "deep"),
        ("$json['o']['a b']", 1),
        ("$json.o[0]", "zero"),
        ("$json.o.length", 99),
        ("$json.list.length", 3),
        ("$json.s.length", 3),
        ("$json.list[1]", 20),
        ("$json.list[1.0]", 20),
        ("$json.list[3]", None),
        ("$json.list[-1]", None),
        ("$json.list['x']", None),
        ("$json.s[0]", "a"),
        ("$json.list[$json.n - 1]", 30),
        ("$json['n' + '']", 3),
        ("$json.größe", 42),
        ("$json.missing", None),
        ("$json.missing.deeper.still", None),
        ("$json.nil?.x", None),
        ("$json?.n", 3),
        ("$json?.['n']", 3),
        ("$json.nil[$json.nil]", None),
        ("$json.n.x", None),
        ("$json.s.first", None),
        ("$json.missing?.name.upper()", None),
        ("$json.missing?.upper()", None),
        ("$json.missing?.items.map(i => i)[0]", None),
        ("$json.s?.upper()", "ABC"),
        ("$json.__proto__", "p"),
        ("$json.constructor", "c"),
        ("$json.hasOwnProperty", "h"),
        ("$json.__class__.__mro__", "m"),
        ("{}.__proto__", None),
        ("''.__class__.__mro__", None),
        ("[].constructor", None),
        # null
        ("null == null", True),
        ("null == undefined", True),
        ("null == 0", False),
        ("null != 0", True),
        ("$json.missing == null", True),
        ("$json.missing === 'x'", False),
        ("$json.missing ?? 'none'", "none"),
        ("0 ?? 1", 0),
        ("false ?? 1", False),
        ("'' ?? 1", ""),
        # equality
        ("1 == 1.0", True),
        ("1 === 1.0", True),
        ("'1' == 1", True),
        ("1 == '1.0'", True),
        ("'1' === 1", False),
        ("'1' !== 1", True),
        ("'1' != 1", False),
        ("'' == 0", False),
        ("'abc' == 0", False),
        ("true == 1", False),
        ("1 == true", False),
        ("false == 0", False),
        ("$json.t == true", True),
        ("$json.n == true", False),
        ("$json.t == 1", False),
        ("[1, {a: 'x'}] == [1.0, {a: 'x'}]", True),
        ("[1] == [true]", False),
        ("{a: 1, b: 2} == {b: 2, a: 1}", True),
        ("{a: 1} == {b: 1}", False),
        ("[] == {}", False),
        # order
        ("'a' < 'b'", True),
        ("'10' < '9'", True),
        ("1 <= 1.0", True),
        ("2 >= 3", False),
        # truth
        ("[] ? 1 : 2", 1),
        ("({}) ? 1 : 2", 1),
        ("'' ? 1 : 2", 2),
        ("0 ? 1 : 2", 2),
        ("0.0 ? 1 : 2", 2),
        ("'0' ? 1 : 2", 1),
        ("null ? 1 : 2", 2),
        ("!!'a'", True),
        ("![]", False),
        ("0 || 'x'", "x"),
        ("'' && 'x'", ""),
        ("[] && 'x'", "x"),
        ("1 && 0 || 3", 3),
        # numbers
        ("7 / 2", 3.5),
        ("6 / 2", 3),
        ("6.0 / 2", 3.0),
        ("-7 % 3", -1),
        ("7 % -3", 1),
        ("5.5 % 2", 1.5),
        ("0.1 + 0.2", 0.30000000000000004),
        ("2 ** 255", 2**255),
        ("(-1) ** 100001", -1),
        ("0 ** 0", 1),
        # texts
        ("'a' + true", "atrue"),
        ("'a' + 1.0", "a1"),
        ("'1' + 1", "11"),
        ("1 + '1'", "11"),
        ("'' + 1e21", "1e+21"),
        ("'' + 1e-7", "1e-7"),
        ("'' + 0.000001", "0.000001"),
        ("'' + 123456789012345680000.0", "123456789012345680000"),
        ("'' + 1.5e300", "1.5e+300"),
        ("'' + -0.0", "0"),
        ("'' + 0.00001234", "0.00001234"),
    ],
)
def test_meaning(text: str, expected: Json) -> None:
    result = run(text)
    assert result == expected
    assert type(result) is type(expected)


def test_short_circuit_leaves_the_other_side_alone() -> None:
    assert run("false && 1 / 0 > 1") is False
    assert run("true || 1 / 0 > 1") is True
    assert run("1 ?? 1 / 0") == 1
    assert run("true ? 1 : 1 / 0") == 1


def test_now_is_one_moment_in_the_zone_of_the_scope() -> None:
    scope = Scope(now=datetime(2024, 5, 1, 0, 30, 15, 123456, tzinfo=timezone(timedelta(hours=2))))
    assert compile_expression("$now").evaluate(scope) == "2024-05-01T00:30:15.123+02:00"
    assert compile_expression("$today").evaluate(scope) == "2024-05-01T00:00:00.000+02:00"
    assert compile_expression("$now == $now").evaluate(scope) is True
    assert (
        compile_expression("$now").evaluate(Scope(now=datetime(2024, 5, 1, tzinfo=UTC))) == "2024-05-01T00:00:00.000Z"
    )
    with pytest.raises(ExprError, match="not available"):
        compile_expression("$now").evaluate(Scope())
    with pytest.raises(ValueError, match="aware"):
        Scope(now=datetime(2024, 5, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "a = 1",
        "$json.a = 1",
        "$json.a += 1",
        "$json.n++",
        "--$json.n",
        "1; 2",
        "new Date()",
        "this",
        "this.process",
        "typeof 1",
        "function () {}",
        "() => 1",
        "x => x",
        "(x => x)(1)",
        "(() => {throw 1})()",
        "[1].map(x => {x})",
        "[1].map(x => x = 1)",
        "[1].map(({a}) => a)",
        "[1].map(true => 1)",
        "[1].map((x, x) => 1)",
        "delete $json.a",
        "'a' in $json",
        "1 & 2",
        "1 | 2",
        "~1",
        "1 < 2 < 3",
        "null ?? 1 || 2",
        "1 && 2 ?? 3",
        "-2 ** 2",
        "+'1'",
        "1 +",
        "* 2",
        "(1",
        "[1",
        "{a: 1",
        "{a}",
        "$json.",
        "$json[",
        "$json[]",
        "$json.1",
        "()",
        "1 2",
        "'a' 'b'",
        "a ? b",
        "true ? 1",
        "'open",
        '"open',
        "'a\nb",
        "'\\u0000'",
        "'\\0'",
        "'\\x00'",
        "'\\ud800'",
        "'\\u{110000}'",
        "0x10",
        "1_000",
        "1e999",
        "9" * 100,
        "@json",
        "#a",
        "$json.a\u0000",
        "/a/",
        "/a/.source",
        "name",
        "Math",
        "eval('1')",
        "$json.a()()",
        "$json.items[0]()",
        "$json?.()",
        "$node",
        "$node()",
        "$node[1]",
        "$node[$json.n]",
        "$node.map(x => x)",
        "$unknown",
        "$",
        "",
        "   ",
        "NaN",
        "Infinity",
        "import('os')",
        "async x => x",
    ],
)
def test_not_part_of_the_language(text: str) -> None:
    with pytest.raises(ExprError) as caught:
        compile_expression(text)
    assert caught.value.column is not None
    assert 1 <= caught.value.column <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`plain`", "plain"),
        ("`a ${1 + 1} b`", "a 2 b"),
        ("`${'x'}`", "x"),
        ("`$ $x {y} }`", "$ $x {y} }"),
        ("`\\`\\${no}\\n`", "`${no}\n"),
        ("`${null}|${true}|${[1, 2]}|${({a: 1})}|${0.5}`", '|true|[1,2]|{"a":1}|0.5'),
        ("`x${`y${`z`}`}`", "xyz"),
        ("`a ${ {a: '}'}.a } b` + `c`", "a } bc"),
        ("[1, 2].map(n => `${n}!`).join(' ')", "1! 2!"),
        ("`${/a/.test(`a`)} ${/b/.test(`a`)}`", "true false"),
        ("`${8}` + 8 / 2 + `${4 / 2}`", "842"),
        ("`a`.upper() + `b`.length", "A1"),
        ("[1, ...[2, 3], 4, ...[]]", [1, 2, 3, 4]),
        ("[...null]", []),
        ("({...{a: 1, b: 1}, c: 2, ...{a: 3}})", {"a": 3, "b": 1, "c": 2}),
        ("({...null, a: 1})", {"a": 1}),
        ("[1, 2].map((n, at) => ({n, at}))", [{"n": 1, "at": 0}, {"n": 2, "at": 1}]),
    ],
)
def test_composed_texts_lists_and_objects(text: str, expected: Json) -> None:
    assert compile_expression(text).evaluate(Scope()) == expected
    assert compile_template("{{" + text + "}}").evaluate(Scope()) == expected
    assert str(compile_template("{{ " + text + " }} {{ `}}` }}").evaluate(Scope())).endswith(" }}")


def test_what_is_spread_keeps_its_order() -> None:
    spread = compile_expression("({...{b: 1, a: 1}, b: 2})").evaluate(Scope())
    assert isinstance(spread, dict)
    assert list(spread) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("`a ${}`", "unexpected } at column 6"),
        ("`a ${1", "expected } after the expression, found the end at column 7"),
        ("`a ${1} b", "this text is never closed at column 7: write ` after it"),
        ("`a", "this text is never closed at column 1: write ` after it"),
        ("`a ${1 2}`", "expected } after the expression, found 2 at column 8"),
        ("[...'abc']", "extend() needs list or empty, not text at column 5"),
        ("Math.max(...[1])", "unexpected ... at column 10: a function takes the list itself, as in Math.max(list)"),
        ("[...]", "unexpected ] at column 5"),
        ("({a, b: 1})", "there is no a at column 3: did you mean $json.a, or the text 'a' in quotes?"),
    ],
)
def test_composed_wrongly(text: str, message: str) -> None:
    with pytest.raises(ExprError) as caught:
        compile_expression(text).evaluate(Scope())
    assert str(caught.value) == message
