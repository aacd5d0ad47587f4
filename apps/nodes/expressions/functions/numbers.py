"""Functions of numbers and conversions between types."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from apps.nodes.expressions.budget import Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.registry import Table, whole
from apps.nodes.expressions.values import Value, number, number_text, to_text, type_name

NUMBERS: Final = Table("number")
function = NUMBERS.function

_NUMBER: Final = re.compile(r"\s*+(?P<sign>[+-]?)(?P<whole>[0-9]*+)(?P<rest>(?:\.[0-9]*+)?(?:[eE][+-]?[0-9]++)?)\s*+")
_INTEGER_START: Final = re.compile(r"\s*+[+-]?[0-9]++")
_MAX_NUMBER_TEXT: Final = 100
_EXACT: Final = Context(prec=400)
_FALSE_WORDS: Final = frozenset({"", "false", "no", "off", "0", "n", "f"})
_TRUE_WORDS: Final = frozenset({"true", "yes", "on", "1", "y", "t"})


def read_number(text: str) -> Value:
    """The number a text spells, None when it spells none."""
    if len(text) > _MAX_NUMBER_TEXT:
        return None
    found = _NUMBER.fullmatch(text)
    if not found or not (found["whole"] or found["rest"][1:2].isdigit()):
        return None
    if not found["rest"]:
        return number(int(found["sign"] + found["whole"]))
    return number(float(text))


def _rounded(value: Value, digits: int, how: Callable[[Value], int]) -> Value:
    """`value` with `how` applied at that many digits behind the point."""
    if type(value) is int:
        return value
    number(value)
    if not digits:
        return how(value)
    shifted = Decimal(repr(value)).scaleb(digits, _EXACT)
    return float(Decimal(how(shifted)).scaleb(-digits, _EXACT))


def _half_up(value: Value) -> int:
    """The nearest whole number; halves go up, as in JavaScript."""
    low: int = math.floor(value)
    return low + int(value - low >= (Decimal("0.5") if isinstance(value, Decimal) else 0.5))


@function(
    "round(number: number, digits?: number) -> number",
    "The nearest whole number (halves go up), or with that many digits behind the point.",
    "1.005.round(2)",
    1.01,
    globals="Math.round",
)
def round_(budget: Budget, value: Value, digits: Value = 0) -> Value:
    return number(_rounded(value, whole(digits, "the number of digits", 0, 15), _half_up))


@function(
    "floor(number: number, digits?: number) -> number",
    "The next whole number downwards, or with that many digits behind the point.",
    "Math.floor(-1.5)",
    -2,
    globals="Math.floor",
)
def floor(budget: Budget, value: Value, digits: Value = 0) -> Value:
    return number(_rounded(value, whole(digits, "the number of digits", 0, 15), math.floor))


@function(
    "ceil(number: number, digits?: number) -> number",
    "The next whole number upwards, or with that many digits behind the point.",
    "1.2.ceil()",
    2,
    globals="Math.ceil",
)
def ceil(budget: Budget, value: Value, digits: Value = 0) -> Value:
    return number(_rounded(value, whole(digits, "the number of digits", 0, 15), math.ceil))


@function(
    "trunc(number: number) -> number",
    "The number without what is behind the point.",
    "Math.trunc(-1.9)",
    -1,
    globals="Math.trunc",
)
def trunc(budget: Budget, value: Value) -> int:
    return int(number(value))


@function("abs(number: number) -> number", "The number without its sign.", "Math.abs(-3)", 3, globals="Math.abs")
def abs_(budget: Budget, value: Value) -> Value:
    return abs(value)


@function("sqrt(number: number) -> number", "The square root.", "Math.sqrt(9)", 3.0, globals="Math.sqrt")
def sqrt(budget: Budget, value: Value) -> Value:
    if value < 0:
        raise ExprError("a negative number has no square root here")
    return math.sqrt(value)


@function(
    "clamp(number: number, least: number, most: number) -> number",
    "The number, or the limit it exceeds.",
    "(140).clamp(0, 100)",
    100,
)
def clamp(budget: Budget, value: Value, least: Value, most: Value) -> Value:
    if least > most:
        raise ExprError("the lower limit is above the upper one")
    return min(max(value, least), most)


@function(
    "toFixed(number: number, digits?: number) -> text",
    "The number as text with exactly that many digits behind the point.",
    "(3.14159).toFixed(2)",
    "3.14",
)
def to_fixed(budget: Budget, value: Value, digits: Value = 0) -> str:
    places = whole(digits, "the number of digits", 0, 20)
    exact = Decimal(number(value) or 0)
    if abs(exact) >= Decimal("1e21"):
        return number_text(value)
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT):f}"


@function(
    "number(value: any, otherwise?: any) -> number",
    "The number a text spells (true is 1, false 0). For anything else the second argument, or an error without one.",
    "number('12.50')",
    12.5,
    aliases="toNumber",
    globals="number Number parseFloat",
)
def number_(budget: Budget, value: Value, *otherwise: Value) -> Value:
    kind = type(value)
    if kind is int or kind is float:
        return value
    if kind is bool:
        return int(value)
    result = read_number(value) if kind is str else None
    if result is not None:
        return result
    if otherwise:
        return otherwise[0]
    shown = f"the text {value[:40]!r}" if kind is str else type_name(value)
    raise ExprError(f"{shown} is not a number", hint="give what to use instead as second argument: number(x, 0)")


@function(
    "integer(value: any, otherwise?: any) -> number",
    "The whole number a text begins with or a number is without its fraction; otherwise as number().",
    "integer('42 pieces')",
    42,
    aliases="toInt",
    globals="integer parseInt",
)
def integer(budget: Budget, value: Value, *otherwise: Value) -> Value:
    kind = type(value)
    if kind is int or kind is float:
        return math.trunc(number(value))
    found = _INTEGER_START.match(value) if kind is str else None
    if found and len(found[0]) <= _MAX_NUMBER_TEXT:
        return number(int(found[0]))
    return number_(budget, value, *otherwise)


@function(
    "string(value: any) -> text",
    "The value as text: lists and objects as JSON, null as the empty text.",
    "string([1, 'a'])",
    '[1,"a"]',
    aliases="toString",
    globals="string String",
)
def string(budget: Budget, value: Value) -> str:
    return to_text(value, budget)


@function(
    "boolean(value: any) -> boolean",
    "Whether the value means yes: texts by their word, numbers if not 0; null is no. !!x is JavaScript's rule.",
    "boolean('no')",
    False,
    aliases="toBoolean",
    globals="boolean",
)
def boolean(budget: Budget, value: Value) -> bool:
    kind = type(value)
    if kind is str:
        word = value[:20].strip().lower()
        if word in _TRUE_WORDS:
            return True
        if word in _FALSE_WORDS:
            return False
        raise ExprError(
            f"the text {value[:40]!r} means neither yes nor no", hint="write !!x to ask whether it is empty"
        )
    if kind is list or kind is dict:
        raise ExprError(f"{type_name(value)} means neither yes nor no", hint="ask with isEmpty()")
    return bool(value)


@function(
    "isEmpty(value: any) -> boolean",
    "Whether the value is null, an empty text, list or object.",
    "[].isEmpty()",
    True,
    globals="isEmpty",
)
def is_empty(budget: Budget, value: Value) -> bool:
    return value is None or (type(value) in (str, list, dict) and not value)


@function(
    "ifEmpty(value: any, otherwise: any) -> any",
    "The value, or the other one if it is null, an empty text, list or object.",
    "''.ifEmpty('none')",
    "none",
    globals="ifEmpty",
)
def if_empty(budget: Budget, value: Value, otherwise: Value) -> Value:
    return otherwise if is_empty(budget, value) else value


@function(
    "typeOf(value: any) -> text",
    "The type's name: empty, boolean, number, text, list or object.",
    "typeOf([1])",
    "list",
    globals="typeOf",
)
def type_of(budget: Budget, value: Value) -> str:
    return type_name(value)


@function(
    "isArray(value: any) -> boolean",
    "Whether the value is a list.",
    "Array.isArray([])",
    True,
    globals="Array.isArray",
)
def is_array(budget: Budget, value: Value) -> bool:
    return type(value) is list
