"""Where an expression means something in both languages, it means the same as in JavaScript."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from apps.nodes.expressions import ExprError, Scope, compile_expression
from tests.fuzzing import SEED, cases
from tests.nodes.expressions.javascript import Answer, evaluated, node
from tests.nodes.expressions.shared import DATA, Writer

pytestmark = pytest.mark.fuzz

SCOPE: Final = Scope(json=DATA)
REFUSED: Final = re.compile(
    r"division by zero|the number is too large|the result is not a finite number|a text of [\d,]+ characters"
    r"|the expression is (too long|nested too deeply)|the expression has too many operations in a row"
    r"|this expression does too much work|the value is too large"
)
"""What is refused here although JavaScript gives something. Anything else refused in the shared part is a fault."""


def _comparable(value: object) -> object:
    """Numbers as JavaScript has them, with the last digits of long calculations left aside."""
    if type(value) in (int, float):
        return float(f"{float(value):.12g}") + 0.0  # type: ignore[arg-type]
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        return [(key, _comparable(item)) for key, item in value.items()]
    return value


def test_random_expressions_agree() -> None:
    count = cases(1_000, 20_000)
    writer = Writer(SEED)
    texts = [text for text in (writer.any(3) for _ in range(count)) if len(text) < 3_000]
    assert len(texts) > count * 0.95
    outcomes: Counter[str] = Counter()
    for text, answer in zip(texts, evaluated(texts, DATA), strict=True):
        try:
            ours = compile_expression(text).evaluate(SCOPE)
        except ExprError as error:
            if answer.is_json and not REFUSED.search(error.message):
                raise AssertionError(text, answer) from error
            outcomes["refused here" if answer.is_json else "refused by both"] += 1
            continue
        assert answer.is_json, (text, ours, answer)
        assert _comparable(ours) == _comparable(answer.value), (text, ours, answer)
        assert type(ours) is type(answer.value) or not isinstance(ours, bool), text
        outcomes["same"] += 1
    print(f"{len(texts)} expressions, seed {SEED}: {dict(outcomes)}")
    assert outcomes["same"] > 0.9 * len(texts)


ROW: Final = re.compile(
    r"\| (?:`` (?P<quoted>.+?) ``|`(?P<text>.+?)`) "
    r"\| (?P<here>`.+?`|error) \| (?P<there>`.+?`|[a-z A-Z]+) \| .+ \|"
)


def _said(words: str) -> Answer:
    return Answer(True, json.loads(words[1:-1])) if words[0] == "`" else Answer(False, words)


def test_the_page_of_differences_says_the_truth() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/reference/javascript.md").read_text()
    rows = [line.replace("\\|", "\0") for line in page.splitlines() if line.startswith("| `")]
    found = [row for row in map(ROW.fullmatch, rows) if row]
    assert len(found) == len(rows) > 30
    texts = [(row["text"] or row["quoted"]).replace("\0", "|") for row in found]
    for row, text, there in zip(found, texts, evaluated(texts, {}), strict=True):
        here, says = _said(row["here"].replace("\0", "|")), _said(row["there"])
        if here.is_json:
            assert compile_expression(text).evaluate(Scope(json={})) == here.value, text
        else:
            with pytest.raises(ExprError):
                compile_expression(text).evaluate(Scope(json={}))
        # JSON knows neither what is not a number nor functions.
        assert there == says if says.is_json else not there.is_json or there.value is None, (text, there)
        assert here != says, text


def test_numbers_are_written_alike() -> None:
    chance = random.Random(SEED)
    numbers = [0.1, 1e21, 1e-7, 123456789012345680000.0, 5e-324, 1.7976931348623157e308, 2.0**53, 1e-6, 0.000123]
    numbers += [math.ldexp(chance.uniform(-1, 1), chance.randint(-300, 300)) for _ in range(cases(2_000, 50_000))]
    numbers += [float(f"{chance.uniform(-10, 10):.3f}e{chance.randint(-9, 24)}") for _ in range(cases(500, 10_000))]
    script = "JSON.parse(require('fs').readFileSync(0, 'utf8')).forEach(number => console.log(String(number)))"
    ran = subprocess.run(
        [node(), "-e", script], input=json.dumps(numbers), capture_output=True, text=True, timeout=60, check=True
    )
    string = compile_expression("string($json)")
    assert [string.evaluate(Scope(json=number)) for number in numbers] == ran.stdout.splitlines()
