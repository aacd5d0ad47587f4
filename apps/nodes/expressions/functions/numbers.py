"""Functions of numbers and conversions between types."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from apps.nodes.expressions.arithmetic import power
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
_ALL_WHOLE: Final = 2**53
"""From here on numbers have nothing behind the point."""
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
    if abs(number(value)) >= _ALL_WHOLE:
        return value
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
def trunc(budget: Budget, value: Value) -> Value:
    return int(value) if abs(number(value)) < _ALL_WHOLE else value


@function("abs(number: number) -> number", "The number without its sign.", "Math.abs(-3)", 3, globals="Math.abs")
def abs_(budget: Budget, value: Value) -> Value:
    return abs(value)


@function("sqrt(number: number) -> number", "The square root.", "Math.sqrt(9)", 3.0, globals="Math.sqrt")
def sqrt(budget: Budget, value: Value) -> Value:
    if value < 0:
        raise ExprError("a negative number has no square root here")
    return math.sqrt(value)


@function(
    "sign(number: number) -> number",
    "1 for numbers above 0, -1 for those below, 0 for 0.",
    "Math.sign(-3)",
    -1,
    globals="Math.sign",
)
def sign(budget: Budget, value: Value) -> int:
    return int(value > 0) - int(value < 0)


@function(
    "pow(number: number, exponent: number) -> number",
    "The number to the power of the exponent, as ** gives it.",
    "Math.pow(2, 10)",
    1024,
    globals="Math.pow",
)
def pow_(budget: Budget, value: Value, exponent: Value) -> Value:
    return power(value, exponent)


@function("exp(number: number) -> number", "e to the power of the number.", "Math.exp(0)", 1.0, globals="Math.exp")
def exp(budget: Budget, value: Value) -> Value:
    try:
        return number(math.exp(number(value)))
    except OverflowError:
        raise ExprError("the number is too large") from None


@function("log(number: number) -> number", "The natural logarithm.", "Math.log(1)", 0.0, globals="Math.log")
def log(budget: Budget, value: Value) -> Value:
    return _logarithm(math.log, value)


@function("log10(number: number) -> number", "The logarithm to base 10.", "Math.log10(1000)", 3.0, globals="Math.log10")
def log10(budget: Budget, value: Value) -> Value:
    return _logarithm(math.log10, value)


def _logarithm(how: Callable[[Value], float], value: Value) -> float:
    if value <= 0:
        raise ExprError("only numbers above 0 have a logarithm")
    return how(number(value))


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
    "formatNumber(number: number, digits?: number, point?: text, separator?: text) -> text",
    "The number for people: digits behind the point (2), what the point is (.) and what parts thousands (,).",
    "(1234567.891).formatNumber(2, ',', '.')",
    "1.234.567,89",
)
def format_number(budget: Budget, value: Value, digits: Value = 2, point: str = ".", separator: str = ",") -> str:
    text = to_fixed(budget, value, digits)
    budget.make(len(text) * (1 + len(separator)) + len(point))
    body, mark, rest = text.partition(".")
    if not body.lstrip("-").isdigit():
        return text
    grouped = f"{int(body):,}".replace(",", separator)
    is_below = body == "-0" and rest.strip("0")
    return f"{'-' if is_below else ''}{grouped}{point if mark else ''}{rest}"


@function(
    "isInteger(value: any) -> boolean",
    "Whether the value is a whole number.",
    "(2.5).isInteger()",
    False,
    globals="Number.isInteger",
)
def is_integer(budget: Budget, value: Value) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


@function("isEven(number: number) -> boolean", "Whether the whole number is even.", "(4).isEven()", True)
def is_even(budget: Budget, value: Value) -> bool:
    if not is_integer(budget, value):
        raise ExprError(f"{number_text(value)} is not a whole number")
    return int(value) % 2 == 0


@function("isOdd(number: number) -> boolean", "Whether the whole number is odd.", "(4).isOdd()", False)
def is_odd(budget: Budget, value: Value) -> bool:
    return not is_even(budget, value)


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
    "isNotEmpty(value: any) -> boolean",
    "Whether the value is not null and no empty text, list or object.",
    "'Ada'.isNotEmpty()",
    True,
    globals="isNotEmpty",
)
def is_not_empty(budget: Budget, value: Value) -> bool:
    return not is_empty(budget, value)


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
