"""Functions of lists, and those lists share with texts."""

from typing import Final, cast

from apps.nodes.expressions.budget import MAX_TEXT, Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.registry import Table, whole
from apps.nodes.expressions.values import (
    Value,
    equal,
    to_json,
    to_text,
    type_name,
)

LISTS: Final = Table("list")
function = LISTS.function

_FAR: Final = 2**53


def _position(value: Value, length: int, default: int) -> int:
    """A slice's end as JavaScript reads it: negative counts from the end."""
    if value is None:
        return default
    index = whole(value, "the position", -_FAR, _FAR)
    return max(index + length, 0) if index < 0 else min(index, length)


@function("first(list: list) -> any", "The first item, null if there is none.", "[7, 8].first()", 7)
def first(budget: Budget, items: list[Value]) -> Value:
    return items[0] if items else None


@function("last(list: list) -> any", "The last item, null if there is none.", "[7, 8].last()", 8)
def last(budget: Budget, items: list[Value]) -> Value:
    return items[-1] if items else None


@function(
    "at(value: list|text, index: number) -> any",
    "The item or character there, counted from the end when negative; null if there is none.",
    "[7, 8, 9].at(-1)",
    9,
)
def at(budget: Budget, value: Value, index: Value) -> Value:
    place = whole(index, "the index", -_FAR, _FAR)
    return value[place] if -len(value) <= place < len(value) else None


@function(
    "slice(value: list|text, start?: number, end?: number) -> list|text",
    "The part from start up to before end; negative positions count from the end.",
    "'invoice'.slice(0, -3)",
    "invo",
)
def slice_(budget: Budget, value: Value, start: Value = None, end: Value = None) -> Value:
    size = len(value)
    part = value[_position(start, size, 0) : _position(end, size, size)]
    if type(part) is str:
        budget.make(len(part))
    else:
        budget.items(len(part))
    return part


@function(
    "includes(value: list|text, part: any) -> boolean",
    "Whether the item is in the list, or the text in the text.",
    "['a', 'b'].includes('b')",
    True,
)
def includes(budget: Budget, value: Value, part: Value) -> bool:
    return index_of(budget, value, part) >= 0


@function(
    "indexOf(value: list|text, part: any) -> number",
    "Where the item or text is found first, -1 if it is not there.",
    "'abc'.indexOf('c')",
    2,
)
def index_of(budget: Budget, value: Value, part: Value) -> int:
    if type(value) is str:
        if type(part) is not str:
            raise ExprError(f"only text can be searched for in text, not {type_name(part)}", hint="string() makes text")
        budget.search(len(value), len(part))
        return value.find(part)
    budget.items(len(value))
    if type(part) is str and len(part) < 64:
        try:
            return cast(int, value.index(part))
        except ValueError:
            return -1
    budget.spend(len(value))
    for index, item in enumerate(value):
        if equal(item, part, budget):
            return index
    return -1


@function(
    "lastIndexOf(value: list|text, part: any) -> number",
    "Where the item or text is found last, -1 if it is not there.",
    "'a/b/c'.lastIndexOf('/')",
    3,
)
def last_index_of(budget: Budget, value: Value, part: Value) -> int:
    if type(value) is str:
        if type(part) is not str:
            raise ExprError(f"only text can be searched for in text, not {type_name(part)}", hint="string() makes text")
        budget.search(len(value), len(part))
        return value.rfind(part)
    budget.spend(len(value))
    for index in range(len(value) - 1, -1, -1):
        if equal(value[index], part, budget):
            return index
    return -1


@function(
    "reverse(value: list|text) -> list|text",
    "The items or characters backwards.",
    "[1, 2].reverse()",
    [2, 1],
    aliases="toReversed",
)
def reverse(budget: Budget, value: Value) -> Value:
    if type(value) is str:
        budget.make(len(value))
    else:
        budget.items(len(value))
    return value[::-1]


@function(
    "concat(value: list|text, ...more: any) -> list|text",
    "The list with the items of more lists (or single items) after it; or texts joined.",
    "[1].concat([2, 3], 4)",
    [1, 2, 3, 4],
)
def concat(budget: Budget, value: Value, *more: Value) -> Value:
    if type(value) is str:
        texts = [value, *(to_text(part, budget) for part in more)]
        budget.make(sum(map(len, texts)))
        return "".join(texts)
    items = list(value)
    for part in more:
        if type(part) is list:
            items.extend(part)
        else:
            items.append(part)
        budget.items(len(items))
    return items


@function(
    "extend(list: list, ...more: list|empty) -> list",
    "The list with the items of more lists after it, null is skipped; also written [...one, ...other].",
    "[1].extend([2, 3], null)",
    [1, 2, 3],
)
def extend(budget: Budget, value: list[Value], *more: list[Value] | None) -> list[Value]:
    items = list(value)
    for part in more:
        if part is not None:
            items.extend(part)
        budget.items(len(items))
    return items


@function(
    "flatten(list: list, depth?: number) -> list",
    "The list with the lists in it opened, one level or as many as said.",
    "[1, [2, [3]]].flatten()",
    [1, 2, [3]],
    aliases="flat",
)
def flatten(budget: Budget, items: list[Value], depth: Value = 1) -> list[Value]:
    for _ in range(whole(depth, "the depth", 0, 100)):
        if list not in map(type, items):
            break
        opened: list[Value] = []
        for item in items:
            if type(item) is list:
                budget.items(len(item))
                opened.extend(item)
            else:
                opened.append(item)
        budget.items(len(items) + len(opened))
        items = opened
    return items


def _identity(item: Value, budget: Budget) -> object:
    """What is the same exactly for items that are equal; paid for."""
    kind = type(item)
    if kind is str:
        budget.read(len(item))
    elif kind is bool:
        return (item,)
    elif kind is list or kind is dict:
        return (kind, to_json(item, budget, sort_keys=True))
    return item


def _known(items: list[Value], budget: Budget) -> set[object]:
    budget.spend(len(items))
    return {_identity(item, budget) for item in items}


@function(
    "unique(list: list) -> list",
    "Every different item once, in order.",
    "[1, 'a', 1.0, 'a'].unique()",
    [1, "a"],
    aliases="removeDuplicates",
)
def unique(budget: Budget, items: list[Value]) -> list[Value]:
    budget.spend(len(items))
    seen: set[object] = set()
    kept = []
    for item in items:
        key = _identity(item, budget)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


@function(
    "union(list: list, other: list) -> list",
    "Every different item of both lists once.",
    "[1, 2].union([2, 3])",
    [1, 2, 3],
)
def union(budget: Budget, items: list[Value], other: list[Value]) -> list[Value]:
    budget.items(len(items) + len(other))
    return unique(budget, items + other)


@function(
    "intersection(list: list, other: list) -> list",
    "The items that are in the other list too.",
    "[1, 2, 3].intersection([3, 2])",
    [2, 3],
)
def intersection(budget: Budget, items: list[Value], other: list[Value]) -> list[Value]:
    known = _known(other, budget)
    budget.spend(len(items))
    return [item for item in items if _identity(item, budget) in known]


@function(
    "difference(list: list, other: list) -> list",
    "The items that are not in the other list.",
    "[1, 2, 3].difference([2])",
    [1, 3],
)
def difference(budget: Budget, items: list[Value], other: list[Value]) -> list[Value]:
    known = _known(other, budget)
    budget.spend(len(items))
    return [item for item in items if _identity(item, budget) not in known]


@function(
    "append(list: list, ...items: any) -> list",
    "The list with these items after it, each as one; concat() opens lists.",
    "[1].append(2, [3])",
    [1, 2, [3]],
)
def append(budget: Budget, items: list[Value], *more: Value) -> list[Value]:
    budget.items(len(items) + len(more))
    return [*items, *more]


@function(
    "compact(value: list|object) -> list|object",
    "The list or object without null and empty texts.",
    "[1, null, '', 0].compact()",
    [1, 0],
)
def compact(budget: Budget, value: Value) -> Value:
    budget.items(len(value))
    if type(value) is dict:
        return {key: item for key, item in value.items() if item is not None and item != ""}
    return [item for item in value if item is not None and item != ""]


@function(
    "pluck(list: list, key: text) -> list",
    "What stands under the key in every object.",
    "[{n: 1}, {n: 2}].pluck('n')",
    [1, 2],
)
def pluck(budget: Budget, items: list[Value], key: str) -> list[Value]:
    budget.spend(len(items))
    budget.read(len(key))
    return [item.get(key) if type(item) is dict else None for item in items]


@function(
    "chunk(list: list, size: number) -> list",
    "The items in lists of at most that size.",
    "[1, 2, 3].chunk(2)",
    [[1, 2], [3]],
)
def chunk(budget: Budget, items: list[Value], size: Value) -> list[Value]:
    step = whole(size, "the size", 1, _FAR)
    budget.spend(len(items) // step * 3 + len(items))
    return [items[start : start + step] for start in range(0, len(items), step)]


@function(
    "zip(list: list, other: list) -> list",
    "Pairs of what stands at the same place in both lists, as many as the shorter one has items.",
    "['a', 'b'].zip([1, 2])",
    [["a", 1], ["b", 2]],
)
def zip_(budget: Budget, items: list[Value], other: list[Value]) -> list[Value]:
    budget.spend(min(len(items), len(other)) * 2)
    return [[one, two] for one, two in zip(items, other, strict=False)]


@function(
    "toObject(list: list, key: text, value: text) -> object",
    "An object from a list of objects: under what each has at the one key, what it has at the other.",
    "[{k: 'a', n: 1}, {k: 'b', n: 2}].toObject('k', 'n')",
    {"a": 1, "b": 2},
    aliases="smartJoin",
)
def to_object(budget: Budget, items: list[Value], key: str, value: str) -> dict[str, Value]:
    budget.spend(len(items) * 2)
    budget.read(len(key) + len(value))
    result: dict[str, Value] = {}
    for index, item in enumerate(items):
        if type(item) is not dict:
            raise ExprError(f"toObject() needs objects, but item {index} is {type_name(item)}")
        if (name := item.get(key)) is not None:
            result[name if type(name) is str else to_text(name, budget)] = item.get(value)
    return result


@function(
    "join(list: list, separator?: text) -> text",
    "The items as one text with the separator (a comma) between them; null is nothing.",
    "['a', 1, null].join('-')",
    "a-1-",
)
def join(budget: Budget, items: list[Value], separator: str = ",") -> str:
    if not items:
        return ""
    if all(type(item) is str for item in items):
        budget.items(len(items))
        texts = items
    else:
        budget.spend(len(items))
        texts = [item if type(item) is str else to_text(item, budget) for item in items]
    budget.make(sum(map(len, texts)) + len(separator) * (len(texts) - 1))
    return separator.join(texts)


@function(
    "range(start: number, end: number, step?: number) -> list",
    "The numbers from start up to before end.",
    "range(0, 10, 5)",
    [0, 5],
    globals="range",
    is_method=False,
)
def range_(budget: Budget, start: Value, end: Value, step: Value = 1) -> list[Value]:
    by = whole(step, "the step", -MAX_TEXT, MAX_TEXT)
    if not by:
        raise ExprError("the step cannot be 0")
    numbers = range(whole(start, "the start", -_FAR, _FAR), whole(end, "the end", -_FAR, _FAR), by)
    budget.spend(len(numbers))
    return list(numbers)


@function(
    "length(value: list|text|object) -> number",
    "How many items, characters or keys there are; also written .length without parentheses.",
    "'abc'.length()",
    3,
    aliases="count",
)
def length(budget: Budget, value: Value) -> int:
    return len(value)
