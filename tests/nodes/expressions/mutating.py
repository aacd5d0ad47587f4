"""Random changes of expressions that mean something, which come deeper into the evaluator than random texts do."""

from __future__ import annotations

import random
import re
from typing import Final

from apps.nodes.expressions import FUNCTIONS, Json
from apps.nodes.expressions.functions import GLOBALS, METHODS
from tests.nodes.expressions.bombs import BOMBS, HUGE, ODD_DATA, PROBES
from tests.nodes.expressions.hostile import ESCAPES, INERT
from tests.nodes.expressions.shared import DATA, Writer

_PART: Final = re.compile(r"\$?\w+|'[^']*'|/[^/ ]+/\w*|=>|\?\.|&&|\|\||\?\?|[=!]==?|\*\*|\s+|.", re.DOTALL)
_EXTREMES: Final = (
    *("0", "-1", "1", "0.1", "1e308", "-1e308", "5e-324", "1e400", "9" * 77, "2 ** 255", "-0", "1e9", "4294967296"),
    *("null", "true", "''", "'x'", "[]", "({})", "[[]]", "[null]", "({a: null})", "'\\u0000'", "'\\ud800'", "'\u202e'"),
    *("'9999-12-31'", "'0001-01-01'", "'2024-02-30'", "'24:00'", "'+99:99'", "'Europe/../Berlin'", "'years'", "'yyyy'"),
    *(
        "$json",
        "$json.x",
        "$json.n50",
        "$json.deep",
        "$json.objects",
        "$json.umlauts",
        "$json.json",
        "$json.a",
        "$item",
    ),
    *("x => x", "(x, y) => y", "x => $json", "x => [x, x]", "() => 1", "/a*/g", "/(a|b)*c/", "/(?:)/", "/\\p{L}+/u"),
)
_SIGNS: Final = (
    *"()[]{}.,:;?!+-*/%<>=&|'\"`\\$#@~^ \n\t\0",
    *("{{", "}}", "=>", "?.", "**", "...", "\ud800", "😀", "\u200b"),
)


class Mutator:
    """Gives one text after the other, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._writer = Writer(seed)
        self._seeds = [*(entry.example for entry in FUNCTIONS), *BOMBS, *ESCAPES, *INERT, *PROBES]
        self._names = [*METHODS, *GLOBALS]
        self._data: list[Json] = [DATA, HUGE, *ODD_DATA]

    def data(self) -> Json:
        """What the next text is evaluated over: ordinary, huge or odd."""
        return self._random.choice(self._data[:2]) if self._random.random() < 0.7 else self._random.choice(self._data)

    def text(self) -> str:
        """The next text."""
        chance = self._random.random()
        if chance < 0.15:
            return self._call()
        if chance < 0.4:
            text = self._writer.any(self._random.randint(1, 3))
        elif chance < 0.6:
            text = self._random.choice(FUNCTIONS).example
        else:
            text = self._random.choice(self._seeds)
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 5))):
            text = self._changed(text)
        return text[:5_000]

    def _call(self) -> str:
        """Any function with any arguments."""
        entry = self._random.choice(FUNCTIONS)
        most = len(entry.parameters) if entry.most is None else entry.most
        arguments = [self._random.choice(_EXTREMES) for _ in range(self._random.randint(entry.least, most + 1))]
        if entry.globals and (not entry.is_method or self._random.random() < 0.3):
            return f"{self._random.choice(entry.globals)}({', '.join(arguments)})"
        return f"({(arguments or ['$json'])[0]}).{entry.name}({', '.join(arguments[1:])})"

    def _changed(self, text: str) -> str:
        parts = _PART.findall(text) or [""]
        at = self._random.randrange(len(parts))
        match self._random.randrange(9):
            case 0:
                del parts[at]
            case 1:
                parts.insert(at, self._random.choice(_SIGNS))
            case 2:
                parts[at] = self._random.choice(_EXTREMES)
            case 3:
                parts.insert(at, self._random.choice(parts))
            case 4:
                names = [place for place, part in enumerate(parts) if part.isidentifier()]
                if names:
                    parts[self._random.choice(names)] = self._random.choice(self._names)
            case 5:
                other = _PART.findall(self._random.choice(self._seeds))
                return "".join(parts[:at] + other[self._random.randrange(len(other)) :])
            case 6:
                end = self._random.randint(at, min(len(parts), at + 12))
                return "".join(parts[:end] + parts[at:end] * self._random.randint(1, 30) + parts[end:])
            case 7:
                return f"range(0, {self._random.choice((9, 999, 99999))}).map(i => {text})"
            case _:
                return f"({text}).{self._random.choice(self._names)}({self._random.choice(_EXTREMES)})"
        return "".join(parts)
