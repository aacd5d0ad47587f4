"""Functions of lists of numbers: what they come to."""

from collections.abc import Iterable
from typing import Final

from apps.nodes.expressions.budget import Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.registry import Table
from apps.nodes.expressions.values import NUMBER_TYPES, Value, number, type_name

TOTALS: Final = Table("list")
function = TOTALS.function


def same_kind(items: list[Value], what: str) -> frozenset[type]:
    """The types of `items`, which must be all numbers or all texts."""
    kinds = frozenset(map(type, items))
    if kinds <= NUMBER_TYPES or kinds == {str}:
        return kinds
    first = type(items[0])
    for index, item in enumerate(items):
        kind = type(item)
        if (kind is not str and kind not in NUMBER_TYPES) or (kind is str) != (first is str):
            raise ExprError(f"{what} needs numbers or texts, but item {index} is {type_name(item)}")
    raise ExprError(f"{what} needs numbers or texts")  # pragma: no cover


def _numbers(items: Iterable[Value], what: str) -> None:
    for index, item in enumerate(items):
        if type(item) not in NUMBER_TYPES:
            raise ExprError(f"{what} needs numbers, but item {index} is {type_name(item)}")


@function("sum(list: list) -> number", "All the numbers added up.", "[1, 2.5].sum()", 3.5)
def sum_(budget: Budget, items: list[Value]) -> Value:
    budget.items(len(items))
    if not NUMBER_TYPES.issuperset(map(type, items)):
        _numbers(items, "sum()")
    return number(sum(items))


@function("average(list: list) -> number", "The numbers' mean, null for an empty list.", "[1, 2].average()", 1.5)
def average(budget: Budget, items: list[Value]) -> Value:
    total = sum_(budget, items)
    return total / len(items) if items else None


@function(
    "median(list: list) -> number",
    "The number in the middle (of two their mean), null for an empty list.",
    "[9, 1, 4].median()",
    4,
)
def median(budget: Budget, items: list[Value]) -> Value:
    _numbers(items, "median()")
    budget.items(len(items) * len(items).bit_length())
    ordered = sorted(items)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return number((ordered[middle - 1] + ordered[middle]) / 2) if ordered else None


def _extreme(budget: Budget, values: tuple[Value, ...], what: str) -> list[Value]:
    items: list[Value] = values[0] if len(values) == 1 and type(values[0]) is list else list(values)
    budget.items(len(items))
    if items and str in same_kind(items, what):
        budget.read(sum(map(len, items)))
    return items


@function(
    "min(...values: list|number|text) -> any",
    "The smallest item of a list, null if it is empty; or the smallest argument.",
    "[3, 1, 2].min()",
    1,
    globals="Math.min",
)
def min_(budget: Budget, *values: Value) -> Value:
    return min(_extreme(budget, values, "min()"), default=None)


@function(
    "max(...values: list|number|text) -> any",
    "The largest item of a list, null if it is empty; or the largest argument.",
    "Math.max(3, 1, 2)",
    3,
    globals="Math.max",
)
def max_(budget: Budget, *values: Value) -> Value:
    return max(_extreme(budget, values, "max()"), default=None)
