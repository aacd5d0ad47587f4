"""The function table: every function an expression can call, and nothing else."""

from types import MappingProxyType
from typing import Final

from apps.nodes.expressions.functions.dateparts import DATE_PARTS
from apps.nodes.expressions.functions.dates import DATES
from apps.nodes.expressions.functions.encodings import ENCODINGS
from apps.nodes.expressions.functions.json import OBJECTS
from apps.nodes.expressions.functions.lambdas import LAMBDAS, OBJECT_LAMBDAS
from apps.nodes.expressions.functions.lists import LISTS
from apps.nodes.expressions.functions.numbers import NUMBERS
from apps.nodes.expressions.functions.patterns import PATTERNS
from apps.nodes.expressions.functions.registry import Function
from apps.nodes.expressions.functions.strings import TEXTS
from apps.nodes.expressions.functions.totals import TOTALS

_TABLES: Final = (
    *(TEXTS, PATTERNS, ENCODINGS),
    *(LAMBDAS, TOTALS, LISTS),
    NUMBERS,
    *(DATES, DATE_PARTS),
    *(OBJECTS, OBJECT_LAMBDAS),
)
FUNCTIONS: Final[tuple[Function, ...]] = tuple(function for table in _TABLES for function in table.functions)
"""Every function, grouped, in the order documentation shows them."""


def _unique(named: list[tuple[str, Function]]) -> MappingProxyType[str, Function]:
    table: dict[str, Function] = {}
    for name, function in named:
        if name in table:
            raise ValueError(f"two functions are called {name}")
        table[name] = function
    return MappingProxyType(table)


METHODS: Final = _unique(
    [(name, entry) for entry in FUNCTIONS if entry.is_method for name in (entry.name, *entry.aliases)]
)
"""Functions by the names that can follow a dot."""

GLOBALS: Final = _unique([(name, entry) for entry in FUNCTIONS for name in entry.globals])
"""Functions by the names that can stand alone, such as `number` and `Math.round`."""

__all__ = ["FUNCTIONS", "GLOBALS", "METHODS", "Function"]
