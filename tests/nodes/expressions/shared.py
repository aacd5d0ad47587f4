"""Random expressions of the part that both languages share: where they must give the same.

What is left out on purpose stands, with its reason, in docs/reference/javascript.md.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Final

from apps.nodes.expressions import Json

DATA: Final[Json] = {
    "n": 7,
    "f": -2.75,
    "big": 123456.789,
    "s": "Hello, World",
    "t": "a-b-c",
    "u": "Größe Ωmega  é",
    "spaces": "\u00a0\ufeff\u2003 x\u1680\x85\u3000",
    "cases": "ẞßİıΣΑΣ ŉǰﬁ ΑΣ",
    "b": True,
    "nil": None,
    "list": [3, 1.5, -2, 10],
    "words": ["pear", "fig", "apple"],
    "rows": [
        {"k": "x", "v": 1, "tags": ["a", "b"]},
        {"k": "y", "v": 2.5, "tags": []},
        {"k": "x", "v": -3, "tags": ["b"]},
    ],
    "deep": {"a": {"b": {"c": "found"}}, "empty": {}, "list": [[1, 2], [3]]},
    "day": "2024-05-01T12:30:00.000Z",
}
SEPARATORS: Final = ("','", "''", "'-'", "' '", "/,\\s*/", "/[aeiou]/", "/(b)/")
PATTERNS: Final = (
    "/[a-c]/g",
    "/l+/",
    "/(\\w)-(\\w)/",
    "/[A-Z]/g",
    "/o|e/gi",
    "/^./",
    "/\\d+/g",
    "/(?:x|y)?/",
    "/\\b\\w/g",
    "/a{1,2}?./",
    "/(?:a|b)+/",
    "/[^a-z]+$/",
    "/^\\W*/",
    "/(?<first>\\w)\\w/",
)
TESTS: Final = ("/[a-f]+\\d*/i", "/^H/", "/o.*o/", "/-/")
NUMERIC: Final = ("'7'", "' 12.50 '", "'1e3'", "'-2.75'", "'x'", "'.5'", "'5.'", "'+1'")
Make = Callable[[], str]


class Writer:
    """Writes expressions of a wanted type, at most `depth` calls and operators inside each other."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def any(self, depth: int) -> str:
        """One of any type."""
        return self._pick(self.number, self.text, self.truth, self.numbers, self.texts, self.object, self.rows)(depth)

    def _pick(self, *options: Callable[[int], str]) -> Callable[[int], str]:
        return self._random.choice(options)

    def _word(self, *options: str) -> str:
        return self._random.choice(options)

    def _small(self) -> str:
        return str(self._random.randint(-3, 8))

    def _one_of(self, options: list[Make]) -> str:
        return self._random.choice(options)()

    def number(self, depth: int) -> str:
        """A number; products are kept small enough for JavaScript to hold exactly."""
        if depth <= 0:
            plain = [
                "$json.n",
                "$json.f",
                "$json.list[1]",
                "2",
                "0.1",
                "100",
                "1e3",
                "$json.rows[1].v",
                "$json.big",
                "0",
            ]
            plain += [
                "1e21",
                "1e-7",
                "(0.1 + 0.2)",
                "0.5",
                "-0",
                "1.005",
                "5e-324",
            ]
            return self._word(*plain, "Math.PI", "$json['n']", "$json.deep.list[0][1]")
        n, s, x = partial(self.number, depth - 1), partial(self.text, depth - 1), partial(self.numbers, depth - 1)
        w, o, t = partial(self.texts, depth - 1), partial(self.object, depth - 1), partial(self.truth, depth - 1)
        return self._one_of(
            [
                lambda: f"({n()} {self._word('+', '-')} {n()})",
                lambda: f"({n()} % 1009 * ({n()} % 997))",
                lambda: f"({n()} / {self._word('2', '3', '0.7', '-8')})",
                lambda: f"({n()} % {self._word('2', '3', '0.7', '-4')})",
                lambda: (
                    f"({self._word('2', '3', '(-2)', '0.5')} ** {self._word('0', '1', '2', '5', '2 ** 2')})"
                    if self._random.random() < 0.5
                    else f"Math.pow({self._word('2', '-3', '0.5')}, {self._word('0', '2', '3')})"
                ),
                lambda: f"(-{n()})",
                lambda: f"Math.{self._word('round', 'floor', 'ceil', 'trunc', 'abs', 'sign')}({n()})",
                lambda: f"Math.{self._word('min', 'max')}({n()}, {n()}, {n()})",
                lambda: f"Math.round(Math.sqrt(Math.abs({n()})) * 1e6)",
                lambda: f"Math.round(Math.{self._word('log', 'log10')}(Math.abs({n()}) + 1) * 1e6)",
                lambda: f"{s()}.length",
                lambda: f"{s()}.{self._word('indexOf', 'lastIndexOf')}({s()})",
                lambda: f"{s()}.search({self._word(*PATTERNS)})",
                lambda: f"{x()}.length",
                lambda: f"{x()}.reduce((t, i) => t + i, {n()})",
                lambda: f"{x()}.{self._word('indexOf', 'lastIndexOf')}({n()})",
                lambda: f"{x()}.{self._word('findIndex', 'findLastIndex')}(i => i > {n()})",
                lambda: f"({x()}.{self._word('find', 'findLast')}((i, at) => i > at) ?? {n()})",
                lambda: f"({x()}[{self._random.randint(0, 3)}] ?? {n()})",
                lambda: f"({x()}.at({self._small()}) ?? {n()})",
                lambda: f"Object.keys({o()}).length",
                lambda: f"{w()}.length",
                lambda: f"({t()} ? {n()} : {n()})",
                lambda: (
                    f"Number({self._word(chr(39) + '12.5' + chr(39), chr(39) + ' -7 ' + chr(39), '$json.n', 'true')})"
                ),
                lambda: f"JSON.parse(JSON.stringify({n()}))",
            ]
        )

    def text(self, depth: int) -> str:
        """A text."""
        if depth <= 0:
            plain = [
                "$json.s",
                "$json.t",
                "$json.u",
                "'a'",
                "''",
                "$json.words[0]",
                "$json.rows[0].k",
                "'12.5'",
                "'  pad '",
            ]
            plain += ["$json.spaces", "$json.cases", "'\\ud83d\\ude00'.slice(0, 0)", "'007'", "'-1e3'"]
            return self._word(*plain, "$json.deep.a.b.c", "$json?.deep?.a?.b?.c", '"l\\u00e9\\n"', "'a&b=c/d?'")
        n, s = partial(self.number, depth - 1), partial(self.text, depth - 1)
        x, w, o = partial(self.numbers, depth - 1), partial(self.texts, depth - 1), partial(self.object, depth - 1)
        small, count = self._small(), str(self._random.randint(0, 8))
        return self._one_of(
            [
                lambda: f"({s()} + {self._random.choice([s, n])()})",
                lambda: f"({n()} + {s()})",
                lambda: f"({s()} + {self.truth(depth - 1)})",
                lambda: f"`{self._word('', 'a ')}${{{self._random.choice([s, n])()}}} ${{{self.truth(depth - 1)}}}`",
                lambda: f"{s()}.{self._word('toUpperCase', 'toLowerCase', 'trim', 'trimStart', 'trimEnd')}()",
                lambda: f"{s()}.{self._word('slice', 'substring')}({small}, {self._small()})",
                lambda: f"{s()}.{self._word('slice', 'substring')}({small})",
                lambda: f"{s()}.replace({s()}, 'x')",
                lambda: f"{s()}.replaceAll({s()}, '')",
                lambda: f"{s()}.replace({self._word(*PATTERNS)}, '<$&>')",
                lambda: f"{s()}.replace(/(\\w)-(\\w)/g, '$2+$1')",
                lambda: f"{s()}.{self._word('padStart', 'padEnd')}({count}{self._word('', ', ' + repr('ab'))})",
                lambda: f"{s()}.repeat({count})",
                lambda: f"{s()}.split({self._word(*SEPARATORS)}).join('|')",
                lambda: f"{s()}.concat({s()}, {n()})",
                lambda: f"{s()}.charAt({small})",
                lambda: f"({s()}.at({small}) ?? '-')",
                lambda: f"({s()}[{count}] ?? '-')",
                lambda: f"({n()}).toFixed({self._random.randint(0, 4)})",
                lambda: f"JSON.stringify({self._random.choice([n, s, x, w, o])()})",
                lambda: f"JSON.stringify({self._random.choice([x, o])()}, null, {self._word('2', '1', '0')})",
                lambda: f"encodeURIComponent({s()})",
                lambda: f"decodeURIComponent(encodeURIComponent({s()}))",
                lambda: f"String({self._random.choice([n, s, partial(self.truth, depth - 1)])()})",
                lambda: f"{w()}.join({self._word(repr('-'), repr(''), '')})",
                lambda: f"({w()}.find(i => i.length > {count}) ?? {s()})",
                lambda: f"({self.truth(depth - 1)} ? {s()} : {s()})",
                lambda: f"({s()} || {s()})",
            ]
        )

    def truth(self, depth: int) -> str:
        """True or false."""
        if depth <= 0:
            return self._word(
                "$json.b", "true", "false", "!$json.nil", "($json.missing == null)", "($json?.a?.b === undefined)"
            )
        n, s, t = partial(self.number, depth - 1), partial(self.text, depth - 1), partial(self.truth, depth - 1)
        x, w, o = partial(self.numbers, depth - 1), partial(self.texts, depth - 1), partial(self.object, depth - 1)
        same, order = self._word("==", "!=", "===", "!=="), self._word("<", "<=", ">", ">=")
        return self._one_of(
            [
                lambda: f"({n()} {order} {n()})",
                lambda: f"({s()} {order} {s()})",
                lambda: f"({n()} {same} {n()})",
                lambda: f"({s()} {same} {s()})",
                lambda: f"({t()} {same} {t()})",
                lambda: f"({n()} {self._word('===', '!==')} {s()})",
                lambda: f"({n()} {self._word('==', '!=')} {self._word(*NUMERIC)})",
                lambda: f"({self._random.choice([n, s, t, x, o])()} {same} {self._word('null', 'undefined')})",
                lambda: f"({t()} {self._word('&&', '||')} {t()} || {t()})",
                lambda: f"!!({self._random.choice([n, s, t, x])()} {self._word('||', '&&')} {t()})",
                lambda: f"!{self._random.choice([n, s, t, x, o])()}",
                lambda: f"{s()}.{self._word('includes', 'startsWith', 'endsWith')}({s()})",
                lambda: f"{self._word(*TESTS)}.test({s()})",
                lambda: f"{x()}.{self._word('some', 'every')}(i => i {order} {n()})",
                lambda: f"{w()}.{self._word('some', 'every')}((i, at) => i.length > at)",
                lambda: f"{x()}.includes({n()})",
                lambda: f"{w()}.includes({s()})",
                lambda: f"Array.isArray({self._random.choice([n, x, o])()})",
                lambda: f"Number.isInteger({self._random.choice([n, s])()})",
                lambda: f"Object.hasOwn({o()}, {s()})",
                lambda: f"({s()}.match({self._word(*PATTERNS)}) == null)",
            ]
        )

    def numbers(self, depth: int) -> str:
        """A list of numbers."""
        if depth <= 0:
            return self._word("$json.list", "[]", "[1, 2.5]", "$json.rows.map(r => r.v)", "$json.deep.list[0]")
        n, x, w = partial(self.number, depth - 1), partial(self.numbers, depth - 1), partial(self.texts, depth - 1)
        return self._one_of(
            [
                lambda: f"[{n()}, {n()}]",
                lambda: f"[...{x()}, {n()}, ...{x()}]",
                lambda: f"{x()}.map((i, at) => i % 1009 * at + {n()})",
                lambda: f"{x()}.map(i => $json.list.map(j => i + j).length)",
                lambda: f"{x()}.filter(i => i {self._word('<', '>=')} {n()})",
                lambda: f"{x()}.filter((i, at) => at % 2 == 0)",
                lambda: f"{x()}.slice({self._small()}, {self._small()})",
                lambda: f"{x()}.concat({x()}, {n()})",
                lambda: f"{x()}.flatMap(i => [i, -i])",
                lambda: f"[{x()}, {x()}].flat()",
                lambda: f"[[{x()}], {n()}].flat(2)",
                lambda: f"{x()}.{self._word('slice().sort', 'toSorted')}((a, b) => {self._word('a - b', 'b - a')})",
                lambda: f"{x()}.{self._word('slice().reverse', 'toReversed')}()",
                lambda: f"{w()}.map(w => w.length + {n()})",
                lambda: f"Object.values({{a: {n()}, b: {n()}}})",
                lambda: f"({self.truth(depth - 1)} ? {x()} : {x()})",
            ]
        )

    def texts(self, depth: int) -> str:
        """A list of texts."""
        if depth <= 0:
            return self._word("$json.words", "[]", "['b', 'a', 'c']", "$json.rows.map(r => r.k)", "$json.rows[0].tags")
        s, w, x = partial(self.text, depth - 1), partial(self.texts, depth - 1), partial(self.numbers, depth - 1)
        return self._one_of(
            [
                lambda: f"[{s()}, {s()}]",
                lambda: f"{s()}.split({self._word(*SEPARATORS)})",
                lambda: f"{s()}.split('', {self._random.randint(0, 4)})",
                lambda: f"({s()}.match({self._word(*PATTERNS)}) ?? [])",
                lambda: f"{w()}.map(i => i + {s()})",
                lambda: f"{w()}.filter(i => i {self._word('<', '>=')} {s()})",
                lambda: f"{w()}.{self._word('slice().sort', 'toSorted')}()",
                lambda: f"{w()}.concat({w()})",
                lambda: f"{x()}.map(i => String(i))",
                lambda: f"Object.keys({self.object(depth - 1)})",
                lambda: "$json.rows.flatMap(r => r.tags)",
            ]
        )

    def object(self, depth: int) -> str:
        """An object, whose keys do not look like numbers: JavaScript puts those first."""
        if depth <= 0:
            return self._word("$json.deep", "({})", "$json.rows[0]", "({a: 1, 'b c': null})", "$json.deep.a")
        n, s, o = partial(self.number, depth - 1), partial(self.text, depth - 1), partial(self.object, depth - 1)
        return self._one_of(
            [
                lambda: f"({{a: {n()}, b: {s()}}})",
                lambda: f"({{'x y': {self.truth(depth - 1)}, list: {self.numbers(depth - 1)}}})",
                lambda: f"Object.assign({{}}, {o()}, {o()})",
                lambda: f"({{...{o()}, z: {n()}, ...{o()}}})",
                lambda: f"Object.fromEntries(Object.entries({o()}))",
                lambda: f"Object.fromEntries($json.rows.map(r => ['k' + r.k, {n()}]))",
                lambda: f"JSON.parse(JSON.stringify({o()}))",
                lambda: f"({self.truth(depth - 1)} ? {o()} : {o()})",
                lambda: f"({o()}.missing ?? {o()})",
            ]
        )

    def rows(self, depth: int) -> str:
        """A list of anything."""
        o, n = partial(self.object, depth - 1), partial(self.number, depth - 1)
        return self._one_of(
            [
                lambda: f"$json.rows.filter(r => r.v > {n()})",
                lambda: f"$json.rows.map((r, at) => ({{at: at, k: r.k, v: r.v + {n()}}}))",
                lambda: f"[{o()}, {n()}, null]",
                lambda: f"Object.entries({o()})",
                lambda: "$json.rows.slice().sort((a, b) => a.v - b.v)",
                lambda: f"$json.rows.find(r => r.k == {self.text(depth - 1)})",
                lambda: "$json.deep.list.concat([[4]])",
                lambda: f"$json.deep.list.map(l => l.map(i => i + {n()}))",
            ]
        )
