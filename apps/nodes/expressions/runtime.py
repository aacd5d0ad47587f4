"""What compiled closures call while they run: look-ups, operators, bound lambdas."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from apps.nodes.expressions.budget import Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions import METHODS
from apps.nodes.expressions.functions.numbers import read_number
from apps.nodes.expressions.values import NUMBER_TYPES, Value, equal, number_text, type_name

Frame: TypeAlias = list[Any]
Closure: TypeAlias = Callable[[Frame], Value]


def step(value: Value, key: str | int | float) -> Value:
    """`value[key]`: a key of an object, a place in a list or text, or null. Nothing else can be looked up."""
    kind = type(value)
    if kind is dict:
        return value.get(key if type(key) is str else number_text(key))  # type: ignore[arg-type]
    if kind is list or kind is str:
        if type(key) is int:
            return value[key] if 0 <= key < len(value) else None
        if key == "length":
            return len(value)
        if type(key) is float and key.is_integer():
            return step(value, int(key))
    if type(key) is str and key in METHODS and kind in METHODS[key].parameter(0).types and value is not None:
        raise ExprError(f"{key} is a function of {type_name(value)}", hint=f"write {key}() with parentheses")
    return None


def follow(value: Value, keys: tuple[str | int, ...]) -> Value:
    """`value` looked up by one key after the other."""
    for key in keys:
        if type(value) is dict and type(key) is str:
            value = value.get(key)
        else:
            value = step(value, key)
    return value


def loosely_equal(left: Value, right: Value, budget: Budget) -> bool:
    """JavaScript's `==` as far as it is no trap: a text that spells a number equals that number."""
    if type(left) is str and type(right) in NUMBER_TYPES:
        return bool(read_number(left) == right)
    if type(right) is str and type(left) in NUMBER_TYPES:
        return bool(read_number(right) == left)
    return equal(left, right, budget)


def concatenated(value: Value) -> str | None:
    """How `value` reads when `+` joins it to a text; None for what has no obvious spelling."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int or kind is float:
        return number_text(value)
    if kind is bool:
        return "true" if value else "false"
    return None


class BoundLambda:
    """A lambda together with the frame it is evaluated in; see registry.Lambda."""

    __slots__ = ("_body", "_cost", "_frame", "_slots", "arity")

    def __init__(self, frame: Frame, body: Closure, slots: tuple[int, ...], cost: int) -> None:
        self._frame = frame
        self._body = body
        self._slots = slots
        self._cost = cost
        self.arity = len(slots)

    def each(self, items: list[Value]) -> list[Value]:
        frame, body = self._frame, self._body
        frame[0].spend(len(items) * self._cost)
        results = []
        if self.arity == 1:
            slot = self._slots[0]
            for item in items:
                frame[slot] = item
                results.append(body(frame))
        elif self.arity == 2:
            slot, counter = self._slots
            for index, item in enumerate(items):
                frame[slot] = item
                frame[counter] = index
                results.append(body(frame))
        else:
            results.extend(body(frame) for _ in items)
        return results

    def stream(self, items: list[Value]) -> Iterator[Value]:
        for index, item in enumerate(items):
            yield self.call(item, index)

    def call(self, *arguments: Value) -> Value:
        frame = self._frame
        frame[0].spend(self._cost)
        for slot, argument in zip(self._slots, arguments, strict=False):
            frame[slot] = argument
        return self._body(frame)
