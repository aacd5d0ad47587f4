"""Where an expression means something in both languages, it means the same as in JavaScript."""

import json
import math
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from functools import partial

import pytest

from apps.nodes.expressions import ExprError, Json, Scope, compile_expression

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

DATA: Json = {
    "n": 7,
    "f": -2.75,
    "s": "Hello, World",
    "t": "a-b-c",
    "b": True,
    "nil": None,
    "list": [3, 1.5, -2, 10],
    "words": ["pear", "fig", "apple"],
    "rows": [{"k": "x", "v": 1}, {"k": "y", "v": 2.5}, {"k": "x", "v": -3}],
}
SEPARATORS = ["','", "''", "'-'", "/,\\s*/"]
# Evaluates every line and answers its JSON, or null with ok false where JavaScript throws or leaves JSON.
SCRIPT = """
const data = JSON.parse(process.argv[1]);
const lines = require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean).map(JSON.parse);
for (const line of lines) {
  let answer;
  try {
    answer = new Function("$json", "return (" + line + ")")(structuredClone(data));
    answer = answer === undefined ? null : answer;
    answer = {ok: typeof answer !== "number" || Number.isFinite(answer), value: answer};
  } catch (error) { answer = {ok: false, value: String(error)}; }
  console.log(JSON.stringify(answer));
}
"""


class Writer:
    """Writes random expressions of a wanted type, in the part both languages share."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def number(self, depth: int) -> str:
        choices = ["$json.n", "$json.f", "$json.list[1]", "2", "0.1", "100", "1e3", "$json.rows[1].v"]
        if depth <= 0:
            return self._random.choice(choices)
        n, s, x = partial(self.number, depth - 1), partial(self.text, depth - 1), partial(self.numbers, depth - 1)
        options: list[Callable[[], str]] = [
            lambda: f"({n()} {self._random.choice(['+', '-', '*'])} {n()})",
            lambda: f"({n()} / {self._random.choice(['2', '3', '0.7'])})",
            lambda: f"({n()} % {self._random.choice(['2', '3', '0.7', '-4'])})",
            lambda: f"(-{n()})",
            lambda: f"Math.{self._random.choice(['round', 'floor', 'ceil', 'trunc', 'abs'])}({n()})",
            lambda: f"Math.{self._random.choice(['min', 'max'])}({n()}, {n()})",
            lambda: f"{s()}.length",
            lambda: f"{s()}.indexOf({s()})",
            lambda: f"{x()}.length",
            lambda: f"{x()}.reduce((t, i) => t + i, {n()})",
            lambda: f"({x()}[{self._random.randint(0, 3)}] ?? {n()})",
            lambda: f"({self.truth(depth - 1)} ? {n()} : {n()})",
        ]
        return self._random.choice(options)()

    def text(self, depth: int) -> str:
        choices = ["$json.s", "$json.t", "'a'", "''", "$json.words[0]", "$json.rows[0].k", "'12.5'"]
        if depth <= 0:
            return self._random.choice(choices)
        n, s = partial(self.number, depth - 1), partial(self.text, depth - 1)
        small = str(self._random.randint(-3, 8))
        options: list[Callable[[], str]] = [
            lambda: f"({s()} + {self._random.choice([s, n])()})",
            lambda: f"({n()} + {s()})",
            lambda: f"{s()}.{self._random.choice(['toUpperCase', 'toLowerCase', 'trim'])}()",
            lambda: f"{s()}.slice({small}, {self._random.randint(-3, 8)})",
            lambda: f"{s()}.replace({s()}, 'x')",
            lambda: f"{s()}.replaceAll({s()}, '')",
            lambda: f"{s()}.replace(/[a-c]/g, '<$&>')",
            lambda: f"{s()}.padStart({abs(int(small))}, 'ab')",
            lambda: f"{s()}.repeat({abs(int(small))})",
            lambda: f"{s()}.split({self._random.choice(SEPARATORS)}).join('|')",
            lambda: f"({n()}).toFixed({self._random.randint(0, 4)})",
            lambda: f"JSON.stringify({self._random.choice([n, s, partial(self.numbers, depth - 1)])()})",
            lambda: f"({s()}.at({small}) ?? '-')",
            lambda: f"({self.truth(depth - 1)} ? {s()} : {s()})",
        ]
        return self._random.choice(options)()

    def truth(self, depth: int) -> str:
        if depth <= 0:
            return self._random.choice(["$json.b", "true", "false", "!$json.nil", "($json.missing == null)"])
        n, s, t = partial(self.number, depth - 1), partial(self.text, depth - 1), partial(self.truth, depth - 1)
        same = self._random.choice(["==", "!=", "===", "!=="])
        options: list[Callable[[], str]] = [
            lambda: f"({n()} {self._random.choice(['<', '<=', '>', '>='])} {n()})",
            lambda: f"({s()} {self._random.choice(['<', '<=', '>', '>='])} {s()})",
            lambda: f"({n()} {same} {n()})",
            lambda: f"({s()} {same} {s()})",
            lambda: f"({n()} {self._random.choice(['===', '!=='])} {s()})",
            lambda: f"({t()} && {t()} || {t()})",
            lambda: f"!!({self._random.choice([n, s, t])()} || {t()})",
            lambda: f"{s()}.{self._random.choice(['includes', 'startsWith', 'endsWith'])}({s()})",
            lambda: f"/[a-f]+\\d*/i.test({s()})",
            lambda: f"{self.numbers(depth - 1)}.{self._random.choice(['some', 'every'])}(i => i > {n()})",
            lambda: f"Array.isArray({self._random.choice([n, partial(self.numbers, depth - 1)])()})",
        ]
        return self._random.choice(options)()

    def numbers(self, depth: int) -> str:
        if depth <= 0:
            return self._random.choice(["$json.list", "[]", "[1, 2.5]", "$json.rows.map(r => r.v)"])
        n, x = partial(self.number, depth - 1), partial(self.numbers, depth - 1)
        options: list[Callable[[], str]] = [
            lambda: f"[{n()}, {n()}]",
            lambda: f"{x()}.map((i, at) => i * at + {n()})",
            lambda: f"{x()}.filter(i => i {self._random.choice(['<', '>='])} {n()})",
            lambda: f"{x()}.slice({self._random.randint(-3, 3)})",
            lambda: f"{x()}.concat({x()})",
            lambda: f"{x()}.flatMap(i => [i, -i])",
            lambda: f"[{x()}, {x()}].flat()",
            lambda: f"{x()}.slice().sort((a, b) => a - b)",
            lambda: f"$json.words.map(w => w.length + {n()})",
        ]
        return self._random.choice(options)()


def _comparable(value: object) -> object:
    """Numbers as JavaScript has them, with the last digits of long calculations left aside."""
    if type(value) in (int, float):
        number = float(value)  # type: ignore[arg-type]
        return float(f"{number:.12g}") + 0.0
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return value


def test_random_expressions_agree() -> None:
    assert NODE
    count = int(os.environ.get("EXPRESSIONS_FUZZ_EXAMPLES", "400"))
    writer = Writer(seed=random.randrange(2**32))
    kinds = [writer.number, writer.text, writer.truth, writer.numbers]
    texts = [text for text in (kinds[at % 4](3) for at in range(count)) if len(text) < 3_000]
    ran = subprocess.run(
        [NODE, "-e", SCRIPT, json.dumps(DATA)],
        input="\n".join(map(json.dumps, texts)),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(answers) == len(texts)
    compared = 0
    scope = Scope(json=DATA)
    for text, answer in zip(texts, answers, strict=True):
        try:
            ours = compile_expression(text).evaluate(scope)
        except ExprError:
            continue
        assert answer["ok"], (text, ours, answer)
        assert _comparable(ours) == _comparable(answer["value"]), text
        assert type(ours) is type(answer["value"]) or not isinstance(ours, bool), text
        compared += 1
    assert compared > count / 2


def test_numbers_are_written_alike() -> None:
    assert NODE
    chance = random.Random(7)
    numbers = [0.1, 1e21, 1e-7, 123456789012345680000.0, 5e-324, 1.7976931348623157e308, 2.0**53, 1e-6, 0.000123]
    numbers += [math.ldexp(chance.uniform(-1, 1), chance.randint(-300, 300)) for _ in range(2_000)]
    numbers += [float(f"{chance.uniform(-10, 10):.3g}e{chance.randint(-9, 24)}") for _ in range(500)]
    script = "JSON.parse(require('fs').readFileSync(0, 'utf8')).forEach(number => console.log(String(number)))"
    ran = subprocess.run(
        [NODE, "-e", script], input=json.dumps(numbers), capture_output=True, text=True, timeout=60, check=True
    )
    string = compile_expression("string($json)")
    assert [string.evaluate(Scope(json=number)) for number in numbers] == ran.stdout.splitlines()
