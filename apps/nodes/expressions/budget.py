"""How much one evaluation may cost, and the counter that holds it to that.

The limits are deterministic: the same expression over the same data spends the same fuel on every machine, so a node
run that is retried ends the same way. One unit of fuel stands for at most about half a microsecond of work. The one
clock here guards regular expressions, whose worst case cannot be known beforehand; it counts this thread's own
processor time, so a busy machine does not change the outcome.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from apps.nodes.expressions.errors import ExprError

MAX_EXPRESSION: Final = 4_000
"""Characters of one expression."""
MAX_NESTING: Final = 40
"""Brackets, calls and lambdas inside each other."""
MAX_HEIGHT: Final = 120
"""Height of the syntax tree: nesting and operators in a row together."""
MAX_TEMPLATE: Final = 256 * 1024
"""Characters of one parameter text that contains expressions."""
MAX_TEMPLATE_CODE: Final = 20_000
"""Characters of all the expressions of one parameter text together."""
MAX_FUEL: Final = 200_000
"""Units of work of one evaluation."""
MAX_RESOLVE_FUEL: Final = 5 * MAX_FUEL
"""Units of work of all the expressions of one params value."""
MAX_TEXT: Final = 1024 * 1024
"""Characters of a text an expression makes."""
MAX_RESULT: Final = 1024 * 1024
"""Size of a result, about the length of its JSON."""
MAX_RESOLVE_RESULT: Final = 8 * MAX_RESULT
"""Size of all the results of one params value."""
MAX_VALUE_DEPTH: Final = 100
"""Lists and objects inside each other in a result."""
MAX_INTEGER_BITS: Final = 256
INTEGER_LIMIT: Final = 2**MAX_INTEGER_BITS
FLOAT_LIMIT: Final = 1.7976931348623157e308
MAX_REGEX_SECONDS: Final = 0.1
"""Processor time all the regular expressions of one evaluation may take."""

CHARS_PER_FUEL_SHIFT: Final = 6
"""One unit of fuel pays for making or reading 64 characters; this also bounds the memory an evaluation can fill."""
ITEMS_PER_FUEL_SHIFT: Final = 2
"""One unit of fuel pays for four list items handled in one go."""


class Budget:
    """Fuel left for one evaluation. Every method raises ExprError once the evaluation may not go on."""

    __slots__ = ("_regex_seconds", "_regex_until", "fuel")

    def __init__(self, fuel: int = MAX_FUEL, regex_seconds: float = MAX_REGEX_SECONDS) -> None:
        self.fuel = fuel
        self._regex_seconds, self._regex_until = regex_seconds, 0.0

    def spend(self, units: int) -> None:
        """Pay for work about to be done."""
        self.fuel -= units
        if self.fuel < 0:
            raise ExprError(
                "this expression does too much work",
                hint="filter or shorten its lists first",
            )

    def items(self, count: int) -> None:
        """Pay for handling `count` list items."""
        self.fuel -= (count >> ITEMS_PER_FUEL_SHIFT) + 1
        if self.fuel < 0:
            self.spend(0)

    def read(self, length: int) -> None:
        """Pay for reading a text of `length` characters."""
        self.fuel -= length >> CHARS_PER_FUEL_SHIFT
        if self.fuel < 0:
            self.spend(0)

    def make(self, length: int) -> None:
        """Pay for making a text of `length` characters, which must not be longer than a text may be."""
        if length > MAX_TEXT:
            raise ExprError(f"a text of {length:,} characters is too long", hint=f"the limit is {MAX_TEXT:,}")
        self.fuel -= length >> CHARS_PER_FUEL_SHIFT
        if self.fuel < 0:
            self.spend(0)

    def search(self, length: int, part: int) -> None:
        """Pay for looking for a text of `part` characters in one of `length`.

        Python's search is linear for long parts, but may compare all of a short one at every place.
        """
        self.fuel -= (length + part >> CHARS_PER_FUEL_SHIFT) + (length * min(part, 400) >> 10)
        if self.fuel < 0:
            self.spend(0)

    def regex_tick(self) -> None:
        """Check the time regular expressions have taken, counted from the first call."""
        now = time.thread_time()
        if not self._regex_until:
            self._regex_until = now + self._regex_seconds
        elif now > self._regex_until:
            raise ExprError("the regular expression takes too long on this text", hint="use a simpler pattern")

    @property
    def regex_seconds(self) -> float:
        """What is left of the time for regular expressions."""
        return max(0.0, self._regex_until - time.thread_time()) if self._regex_until else self._regex_seconds


class Allowance:
    """What many evaluations may cost together, also those that fail; none gets more than one evaluation may have."""

    __slots__ = ("_fuel", "_regex_seconds")

    def __init__(self, fuel: int = MAX_RESOLVE_FUEL, regex_seconds: float = 5 * MAX_REGEX_SECONDS) -> None:
        self._fuel, self._regex_seconds = fuel, regex_seconds

    @contextmanager
    def one(self) -> Iterator[Budget]:
        """The budget of one evaluation; what it spends is gone."""
        budget = Budget(min(MAX_FUEL, self._fuel), min(MAX_REGEX_SECONDS, self._regex_seconds))
        fuel, seconds = budget.fuel, budget.regex_seconds
        try:
            yield budget
        finally:
            self._fuel = max(0, self._fuel - (fuel - budget.fuel))
            self._regex_seconds = max(0.0, self._regex_seconds - (seconds - budget.regex_seconds))
