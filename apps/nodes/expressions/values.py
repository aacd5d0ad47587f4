"""JSON values as expressions see them: types, truth, equality, text and size.

A value is None, bool, int, float, str, list or dict, told apart by its exact type. Anything else is refused where it
shows, so no host object can be reached from an expression.
"""

import difflib
import json
import operator
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, TypeAlias

from apps.nodes.expressions.budget import (
    FLOAT_LIMIT,
    INTEGER_LIMIT,
    MAX_RESULT,
    MAX_VALUE_DEPTH,
    Budget,
)
from apps.nodes.expressions.errors import ExprError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Value: TypeAlias = Any
"""A Json inside the evaluator, where every use is preceded by a check of its exact type."""

NUMBER_TYPES: Final = frozenset({int, float})
TYPE_NAMES: Final[dict[type, str]] = {
    type(None): "empty",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
}
_NEAR_POOL: Final = 500
_NEAR_LENGTH: Final = 64


def type_name(value: object) -> str:
    """The word messages use for the type of `value`."""
    return TYPE_NAMES.get(type(value), "unsupported value")


def truthy(value: Value) -> bool:
    """Whether JavaScript takes `value` for true: all but null, false, 0 and the empty text (lists always are)."""
    return bool(value) or type(value) is list or type(value) is dict


def nearest(name: str, known: Iterable[object]) -> str | None:
    """The known name most like `name`, if there is one that could have been meant."""
    if len(name) > _NEAR_LENGTH:
        return None
    pool: list[str] = []
    for candidate in known:
        if type(candidate) is str and len(candidate) <= _NEAR_LENGTH:
            pool.append(candidate)
            if len(pool) == _NEAR_POOL:
                break
    lowered = {candidate.lower(): candidate for candidate in pool}
    close = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.6)
    # Two letters in the wrong order are the likelier slip.
    swapped = [known for known in close if sorted(known) == sorted(name.lower())]
    return lowered[(swapped or close)[0]] if close else None


def near(name: str, known: Iterable[object]) -> str:
    """`did you mean x?` for the known name most like `name`, or nothing."""
    found = nearest(name, known)
    return f"did you mean {found}?" if found else ""


def number(value: Value) -> Value:
    """`value`, a number computed just now, if it is one expressions can hold; raises ExprError otherwise."""
    if type(value) is int:
        if -INTEGER_LIMIT < value < INTEGER_LIMIT:
            return value
        raise ExprError("the number is too large")
    if type(value) is float and -FLOAT_LIMIT <= value <= FLOAT_LIMIT:
        return value
    raise ExprError("the result is not a finite number")


def number_text(value: int | float) -> str:
    """A number as JavaScript prints it: no `.0`, exponents from 1e21 and below 1e-6."""
    if type(value) is int:
        return str(number(value))
    number(value)
    if value == 0:
        return "0"
    if -1e21 < value < 1e21 and value == int(value):
        return str(int(value)) if abs(value) < 2**53 else f"{Decimal(repr(value)):f}".removesuffix(".0")
    text = repr(value)
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        if abs(value) >= 1e-6:
            return text
        mantissa, exponent = f"{Decimal(text):e}".split("e")
    power = int(exponent)
    if -7 < power < 21:
        return f"{Decimal(text):f}"
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{power:+d}"


def to_text(value: Value, budget: Budget) -> str:
    """`value` as interpolation shows it: texts as they are, empty as nothing, lists and objects as compact JSON."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int or kind is float:
        return number_text(value)
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return to_json(value, budget)


def equal(left: Value, right: Value, budget: Budget) -> bool:
    """Whether two values are the same: by type and content, lists and objects included, 1 and 1.0 alike."""
    kind = type(left)
    if kind is str:
        if type(right) is not str or len(left) != len(right):
            return False
        budget.read(len(left))
        return bool(left == right)
    if kind is int or kind is float:
        return type(right) in NUMBER_TYPES and bool(left == right)
    if kind is list or kind is dict:
        return type(right) is kind and _equal_deep(left, right, budget)
    return left is right


def _equal_deep(left: Value, right: Value, budget: Budget) -> bool:
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        kind = type(one)
        if kind is list:
            if type(other) is not list or len(one) != len(other):
                return False
            budget.spend(len(one) + 1)
            pairs.extend(zip(one, other, strict=True))
        elif kind is dict:
            if type(other) is not dict or len(one) != len(other):
                return False
            budget.spend(len(one) + 1)
            for key, value in one.items():
                if key not in other:
                    return False
                pairs.append((value, other[key]))
        elif not equal(one, other, budget):
            return False
    return True


def measure(value: Value, limit: int = MAX_RESULT) -> int:
    """The size of `value`, about the length of its JSON.

    Raises ExprError when it is larger than `limit`, nested too deeply, or holds anything that is not plain JSON. Values
    used several times count every time, so what passes here can be written out.
    """
    size = 0
    stack: list[tuple[Value, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        kind = type(item)
        if kind is str:
            size += len(item) + 2
        elif kind is int or kind is float:
            number(item)
            size += 8
        elif item is None or kind is bool:
            size += 8
        elif kind is list or kind is dict:
            if depth >= MAX_VALUE_DEPTH:
                raise ExprError("the value is nested too deeply", hint=f"the limit is {MAX_VALUE_DEPTH} levels")
            size += 8 * len(item) + 2
            if size > limit:
                break
            if kind is dict:
                for key in item:
                    if type(key) is not str:
                        raise ExprError(f"an object key is not text but {type(key).__name__}")
                    size += len(key) + 3
                stack.extend([(child, depth + 1) for child in item.values()])
            else:
                stack.extend([(child, depth + 1) for child in item])
        else:
            raise ExprError(f"a value of type {type(item).__name__} is not JSON")
        if size > limit:
            break
    if size > limit:
        raise ExprError("the value is too large", hint=f"the limit is about {limit:,} characters of JSON")
    return size


def to_json(value: Value, budget: Budget, indent: int = 0, *, sort_keys: bool = False) -> str:
    """`value` as JSON text, numbers as JavaScript writes them; compact unless `indent` is given."""
    size = measure(value)
    budget.spend((size >> 3) + 1)
    writer = _Writer(indent, sort_keys)
    writer.write(value, "\n")
    text = "".join(writer.pieces)
    budget.make(len(text))
    return text


_key: Final = operator.itemgetter(0)
_quote: Final = json.JSONEncoder(ensure_ascii=False).encode


class _Writer:
    """Writes a measured value as JSON, stopping as soon as indentation makes it too large."""

    def __init__(self, indent: int, sort_keys: bool) -> None:
        self.pieces: list[str] = []
        self._indent = " " * indent
        self._colon = ": " if indent else ":"
        self._sort_keys = sort_keys
        self._room = MAX_RESULT

    def write(self, value: Value, line: str) -> None:
        kind = type(value)
        add = self.pieces.append
        if kind is str:
            add(_quote(value))
        elif kind is int or kind is float:
            add(number_text(value))
        elif value is None:
            add("null")
        elif kind is bool:
            add("true" if value else "false")
        elif kind is list:
            if not value:
                add("[]")
                return
            inner = line + self._indent
            opening, between = ("[" + inner, "," + inner) if self._indent else ("[", ",")
            self._take(len(value) * len(between))
            for item in value:
                add(opening)
                self.write(item, inner)
                opening = between
            add(line + "]" if self._indent else "]")
        else:
            if not value:
                add("{}")
                return
            inner = line + self._indent
            opening, between = ("{" + inner, "," + inner) if self._indent else ("{", ",")
            self._take(len(value) * len(between))
            for key, item in sorted(value.items(), key=_key) if self._sort_keys else value.items():
                add(opening)
                add(_quote(key))
                add(self._colon)
                self.write(item, inner)
                opening = between
            add(line + "}" if self._indent else "}")

    def _take(self, length: int) -> None:
        self._room -= length
        if self._room < 0:
            raise ExprError("the value is too large to be written with indentation")
