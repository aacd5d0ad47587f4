"""Looking at the items of a list: what stands at a path in each, whether it can be compared, whether a rule holds."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal, Self

from pydantic import model_validator

from apps.core.jsonkind import kind_of
from apps.nodes.contract import Expr, Json, NodeError, NodeParams
from apps.nodes.paths import PathBlocked, PathOrWhole, identity, look_up

MAX_ITEMS = 100_000


def too_long(count: int, what: str) -> NodeError:
    """The refusal of a list with more items than the node works on."""
    return NodeError(
        "list.too_long",
        f"{what} has {count:,} items; at most {MAX_ITEMS:,} can be worked on.",
        "Ask the source for fewer at a time.",
    )


def where(index: int, path: str) -> str:
    """The place as messages name it, as in `items[3].price`."""
    return f"items[{index}].{path}" if path else f"items[{index}]"


def at(index: int, item: Json, path: str) -> Json:
    """What stands at the path in the item, null where it is missing. Raises `NodeError` where none can lead."""
    try:
        return look_up(item, path)
    except PathBlocked as blocked:
        raise NodeError("list.path", f"{where(index, path)}: {blocked}.", "Check the path.") from None


def values_at(items: list[Json], path: str) -> list[Json]:
    """What stands at the path in each item."""
    return [at(index, item, path) for index, item in enumerate(items)]


def need_one_kind(values: Sequence[tuple[int, Json]], path: str, what: str) -> None:
    """Raises `NodeError` unless the values are all numbers, all texts, or all true or false."""
    first: tuple[int, str] | None = None
    for index, value in values:
        kind = kind_of(value)
        if isinstance(value, list | dict):
            message = f"{where(index, path)} is {kind}; {what} needs numbers or texts."
            raise NodeError("list.kind", message, "Choose a path that leads to a number or a text.")
        if first is None:
            first = (index, kind)
        elif kind != first[1]:
            message = f"{where(index, path)} is {kind}, but {where(first[0], path)} is {first[1]}."
            raise NodeError("list.kind", message, f"What {what} compares must be of one kind.")


Operator = Literal[
    "equals",
    "not_equals",
    "less",
    "less_or_equal",
    "greater",
    "greater_or_equal",
    "contains",
    "starts_with",
    "ends_with",
    "in",
    "exists",
    "missing",
]
_ALONE = frozenset({"exists", "missing"})
_ORDERED = frozenset({"less", "less_or_equal", "greater", "greater_or_equal"})


class Rule(NodeParams):
    """One thing that must hold for an item."""

    path: PathOrWhole = ""
    """Where to look in an item; empty: the item itself."""
    operator: Operator = "equals"
    """How to compare. What is missing (null) fits none but `equals` null, `not_equals` and `missing`."""
    value: Expr[Any] = None
    """What to compare with; a list for `in`, nothing for `exists` and `missing`."""

    @model_validator(mode="after")
    def _value_fits(self) -> Self:
        if self.operator in _ALONE and self.value is not None:
            raise ValueError(f"“{self.operator}” compares with nothing: remove the value.")
        if self.operator not in (*_ALONE, "equals", "not_equals") and self.value is None:
            raise ValueError(f"“{self.operator}” needs a value to compare with; this is null.")
        return self

    def wanted(self) -> frozenset[Hashable]:
        """What equals the value, or for `in` one of the values. Made once for the whole list."""
        if self.operator != "in":
            return frozenset({identity(self.value)})
        if isinstance(self.value, list):
            return frozenset(map(identity, self.value))
        raise self._unfit(f"“in” needs a list as its value, not {kind_of(self.value)}")

    def holds(self, index: int, item: Json, wanted: frozenset[Hashable]) -> bool:
        """Whether it does for this item. Raises `NodeError` for what cannot be compared."""
        found = at(index, item, self.path)
        match self.operator:
            case "exists" | "missing":
                return (found is not None) == (self.operator == "exists")
            case "equals" | "not_equals":
                return (identity(found) in wanted) == (self.operator == "equals")
        if found is None:
            return False
        if self.operator in _ORDERED:
            return self._in_order(index, found)
        if self.operator == "in":
            return identity(found) in wanted
        if self.operator == "contains" and isinstance(found, list):
            return any(identity(one) in wanted for one in found)
        if not isinstance(found, str):
            raise self._unfit(f"{where(index, self.path)} is {kind_of(found)}; “{self.operator}” looks into texts")
        if not isinstance(self.value, str):
            raise self._unfit(f"“{self.operator}” needs a text as its value, not {kind_of(self.value)}")
        match self.operator:
            case "contains":
                return self.value in found
            case "starts_with":
                return found.startswith(self.value)
            case _:
                return found.endswith(self.value)

    def _in_order(self, index: int, found: Json) -> bool:
        if kind_of(found) != kind_of(self.value) or not isinstance(found, int | float | str):
            message = f"{where(index, self.path)} is {kind_of(found)} and cannot be compared with {self._shown()}"
            raise self._unfit(message)
        match self.operator:
            case "less":
                return bool(found < self.value)
            case "less_or_equal":
                return bool(found <= self.value)
            case "greater":
                return bool(found > self.value)
            case _:
                return bool(found >= self.value)

    def _shown(self) -> str:
        return f"“{self.value[:40]}”" if isinstance(self.value, str) else kind_of(self.value)

    def _unfit(self, message: str) -> NodeError:
        return NodeError("list.kind", f"{message}.", "Compare like with like: numbers with numbers, texts with texts.")
