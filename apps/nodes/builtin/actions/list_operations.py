"""What the List node can do with a list: one class per operation, with its parameters and its work."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from apps.core.jsonkind import kind_of
from apps.nodes import borrowed
from apps.nodes.builtin.actions.list_items import MAX_ITEMS, Rule, at, need_one_kind, too_long, values_at, where
from apps.nodes.contract import Expr, Json, NodeError, NodeParams
from apps.nodes.expressions.values import number, to_text
from apps.nodes.paths import Path, PathOrWhole, identity, put

_Count = Annotated[int, Field(ge=0, le=MAX_ITEMS)]
_Paths = Annotated[list[Path], Field(max_length=50)]
_NUMBERS = (int, float)


# ── Order and choice ─────────────────────────────────────────────────────────────────────────────────────────────────


class SortKey(NodeParams):
    """One thing to sort by."""

    path: PathOrWhole = ""
    """Where it stands in an item; empty: the item itself."""
    order: Literal["asc", "desc"] = "asc"
    """Smallest or largest first. What is missing (null) comes last either way."""
    ignore_case: bool = False
    """Take capital and small letters for the same."""


class Sort(NodeParams):
    """Put the items in order."""

    kind: Literal["sort"]
    """Items in order; those that are alike keep theirs."""
    keys: Annotated[list[SortKey], Field(min_length=1, max_length=10)]
    """What to sort by, the most important first."""

    def apply(self, items: list[Json]) -> Json:
        """The items, sorted."""
        order = list(range(len(items)))
        for key in reversed(self.keys):
            values = values_at(items, key.path)
            present = [index for index in order if values[index] is not None]
            need_one_kind([(index, values[index]) for index in sorted(present)], key.path, "sorting")
            if key.ignore_case:
                values = [value.casefold() if isinstance(value, str) else value for value in values]
            absent = [index for index in order if values[index] is None]
            order = sorted(present, key=values.__getitem__, reverse=key.order == "desc") + absent
        return [items[index] for index in order]


class Limit(NodeParams):
    """Keep some of the items."""

    kind: Literal["limit"]
    """The first or last few items."""
    count: Expr[_Count]
    """How many to keep."""
    take: Literal["first", "last"] = "first"
    """From which end."""
    offset: Expr[_Count] = 0
    """How many to leave out before, from the same end."""

    def apply(self, items: list[Json]) -> Json:
        """The part of the list, in its order."""
        if self.take == "first":
            return items[self.offset : self.offset + self.count]
        end = max(len(items) - self.offset, 0)
        return items[max(end - self.count, 0) : end]


class Unique(NodeParams):
    """Keep one of those that are alike."""

    kind: Literal["unique"]
    """Every different item once."""
    by: _Paths = Field(default_factory=list)
    """What makes items alike; left out: the whole item."""
    keep: Literal["first", "last"] = "first"
    """Which of those that are alike stays."""

    def apply(self, items: list[Json]) -> Json:
        """The different items, in their order."""
        found: dict[Hashable, int] = {}
        for index, item in enumerate(items):
            key = tuple(identity(at(index, item, path)) for path in self.by or [""])
            if self.keep == "last":
                found[key] = index
            else:
                found.setdefault(key, index)
        return [items[index] for index in sorted(found.values())]


class FilterItems(NodeParams):
    """Keep the items that fit."""

    kind: Literal["filter"]
    """The items for which the rules hold."""
    rules: Annotated[list[Rule], Field(min_length=1, max_length=20)]
    """What to look at."""
    match: Literal["all", "any"] = "all"
    """Whether every rule must hold, or one of them."""

    def apply(self, items: list[Json]) -> Json:
        """The items that fit, in their order."""
        rules = [(rule, rule.wanted()) for rule in self.rules]
        enough = all if self.match == "all" else any
        return [
            item
            for index, item in enumerate(items)
            if enough(rule.holds(index, item, wanted) for rule, wanted in rules)
        ]


# ── Shape ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Reverse(NodeParams):
    """Turn the list around."""

    kind: Literal["reverse"]
    """The last item first."""

    def apply(self, items: list[Json]) -> Json:
        """The items backwards."""
        return items[::-1]


class Flatten(NodeParams):
    """Open the lists in the list."""

    kind: Literal["flatten"]
    """Lists among the items replaced by what is in them."""
    depth: Expr[Annotated[int, Field(ge=1, le=100)]] = 1
    """How many levels to open."""

    def apply(self, items: list[Json]) -> Json:
        """The items, opened."""
        for _ in range(self.depth):
            if not any(isinstance(item, list) for item in items):
                break
            count = sum(len(item) if isinstance(item, list) else 1 for item in items)
            if count > MAX_ITEMS:
                raise too_long(count, "The flattened list")
            items = [inner for item in items for inner in (item if isinstance(item, list) else [item])]
        return items


class Chunk(NodeParams):
    """Cut the list into pieces."""

    kind: Literal["chunk"]
    """Lists of a few items each."""
    size: Expr[Annotated[int, Field(ge=1, le=MAX_ITEMS)]]
    """The most items a piece may have."""

    def apply(self, items: list[Json]) -> Json:
        """The pieces, in order."""
        return [items[start : start + self.size] for start in range(0, len(items), self.size)]


class Split(NodeParams):
    """Make one item of each thing in a list that the items hold."""

    kind: Literal["split"]
    """One item for each thing in a list inside of the items."""
    path: Path
    """Where that list stands in an item. Where it is missing, there is nothing to split."""
    keep: _Paths = Field(default_factory=list)
    """What to keep of the item around it; the thing then takes the place of its list."""

    @model_validator(mode="after")
    def _places_differ(self) -> Self:
        for kept in self.keep:
            if f"{kept}.".startswith(f"{self.path}.") or f"{self.path}.".startswith(f"{kept}."):
                raise ValueError(f"“{kept}” and “{self.path}” are in each other's place.")
        return self

    def apply(self, items: list[Json]) -> Json:
        """The things in the lists, in order."""
        made: list[Json] = []
        for index, item in enumerate(items):
            inner = at(index, item, self.path)
            if inner is None:
                continue
            if not isinstance(inner, list):
                message = f"{where(index, self.path)} is {kind_of(inner)}, not a list."
                raise NodeError("list.kind", message, "Choose a path that leads to a list.")
            if len(made) + len(inner) > MAX_ITEMS:
                raise too_long(len(made) + len(inner), "The split list")
            made += (self._kept(index, item, thing) for thing in inner) if self.keep else inner
        return made

    def _kept(self, index: int, item: Json, thing: Json) -> Json:
        result: dict[str, Json] = {}
        for path in self.keep:
            put(result, path, at(index, item, path))
        put(result, self.path, thing)
        return result


# ── Figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _grouped(items: list[Json], path: str) -> Iterator[tuple[Json, list[tuple[int, Json]]]]:
    """Each different value at `path` with its items and their places, in the order the values first appear."""
    groups: dict[Hashable, tuple[Json, list[tuple[int, Json]]]] = {}
    for index, item in enumerate(items):
        key = at(index, item, path)
        groups.setdefault(identity(key), (key, []))[1].append((index, item))
    yield from groups.values()


class Group(NodeParams):
    """Put together what belongs together."""

    kind: Literal["group"]
    """A list of `{key, items}`, in the order the keys first appear."""
    by: PathOrWhole
    """Where the key stands in an item. Items without one (null) are a group of their own."""

    def apply(self, items: list[Json]) -> Json:
        """The groups."""
        return [{"key": key, "items": [item for _, item in members]} for key, members in _grouped(items, self.by)]


class Figure(NodeParams):
    """One thing to work out."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    """Name of the figure in the result."""
    function: Literal["count", "sum", "average", "min", "max", "first", "last", "join"]
    """How to work it out. What is missing (null) does not count; of nothing at all the average, `min`, `max`, `first`
    and `last` are null."""
    path: PathOrWhole = ""
    """Where the values stand in the items; empty: the items themselves."""
    separator: str = ", "
    """What `join` puts between the values."""

    def of(self, members: Sequence[tuple[int, Json]]) -> Json:
        """The figure of these items."""
        values = [(index, value) for index, item in members if (value := at(index, item, self.path)) is not None]
        plain = [value for _, value in values]
        match self.function:
            case "count":
                return len(plain)
            case "first":
                return plain[0] if plain else None
            case "last":
                return plain[-1] if plain else None
            case "min" | "max":
                need_one_kind(values, self.path, f"“{self.function}”")
                return (min if self.function == "min" else max)(plain, default=None)
            case "join":
                with borrowed.refusals("list.too_large", f"The figure “{self.name}”"):
                    budget = borrowed.budget()
                    texts = [to_text(value, budget) for value in plain]
                    budget.make(sum(map(len, texts)) + len(self.separator) * len(texts))
                    return self.separator.join(texts)
        for index, value in values:
            if isinstance(value, bool) or not isinstance(value, _NUMBERS):
                message = f"{where(index, self.path)} is {kind_of(value)}; “{self.function}” needs numbers."
                raise NodeError("list.kind", message, "Make numbers of them first, or choose another path.")
        with borrowed.refusals("list.too_large", f"The figure “{self.name}”"):
            total = number(_total(plain))
            if self.function == "sum":
                return total
            return number(total / len(plain)) if plain else None


def _total(values: list[int | float]) -> int | float:
    try:
        return math.fsum(values) if any(isinstance(value, float) for value in values) else sum(values)
    except OverflowError:
        return math.inf


class Aggregate(NodeParams):
    """Work out figures."""

    kind: Literal["aggregate"]
    """An object with figures of all items; with `by`, a list of such objects, each with its `key`."""
    figures: Annotated[list[Figure], Field(min_length=1, max_length=50)]
    """What to work out."""
    by: Path | None = None
    """Where the key stands that puts items into groups; left out: all items together."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [figure.name for figure in self.figures]
        if len(set(names)) < len(names):
            raise ValueError("Two figures have the same name.")
        if self.by and "key" in names:
            raise ValueError("With groups, “key” is the key of the group; name the figure differently.")
        return self

    def apply(self, items: list[Json]) -> Json:
        """The figures, of each group where there are groups."""
        if self.by is None:
            return self._of(list(enumerate(items)))
        return [{"key": key} | self._of(members) for key, members in _grouped(items, self.by)]

    def _of(self, members: Sequence[tuple[int, Json]]) -> dict[str, Json]:
        return {figure.name: figure.of(members) for figure in self.figures}


Operation = Annotated[
    Sort | Limit | Unique | FilterItems | Reverse | Flatten | Chunk | Split | Group | Aggregate,
    Field(discriminator="kind"),
]
"""One of the things to do with a list."""
