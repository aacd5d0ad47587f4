"""Functions that are given a function: what to make of each item, which to keep, in which order."""

import functools
from typing import Final

from apps.nodes.expressions.budget import Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.lists import flatten
from apps.nodes.expressions.functions.registry import Lambda, Table
from apps.nodes.expressions.functions.totals import same_kind
from apps.nodes.expressions.values import NUMBER_TYPES, Value, to_text, truthy, type_name

LAMBDAS: Final = Table("list")
OBJECT_LAMBDAS: Final = Table("object")
function = LAMBDAS.function
keyed = OBJECT_LAMBDAS.function


@function(
    "map(list: list, change: item => any) -> list",
    "What the function makes of every item.",
    "[1, 2, 3].map(n => n * 2)",
    [2, 4, 6],
)
def map_(budget: Budget, items: list[Value], change: Lambda) -> list[Value]:
    return change.each(items)


@function(
    "filter(list: list, test: item => boolean) -> list",
    "The items the test is true for.",
    "[1, 5, 9].filter(n => n > 3)",
    [5, 9],
)
def filter_(budget: Budget, items: list[Value], test: Lambda) -> list[Value]:
    kept = test.each(items)
    return [
        item for item, keep in zip(items, kept, strict=True) if keep is True or (keep is not False and truthy(keep))
    ]


@function(
    "find(list: list, test: item => boolean) -> any",
    "The first item the test is true for, or null.",
    "[{id: 1}, {id: 2}].find(i => i.id == 2)",
    {"id": 2},
)
def find(budget: Budget, items: list[Value], test: Lambda) -> Value:
    for item, found in zip(items, test.stream(items), strict=False):
        if truthy(found):
            return item
    return None


@function(
    "findIndex(list: list, test: item => boolean) -> number",
    "Where the first item is that the test is true for, or -1.",
    "['a', 'b'].findIndex(x => x == 'b')",
    1,
)
def find_index(budget: Budget, items: list[Value], test: Lambda) -> int:
    for index, found in enumerate(test.stream(items)):
        if truthy(found):
            return index
    return -1


@function(
    "findLast(list: list, test: item => boolean) -> any",
    "The last item the test is true for, or null.",
    "[1, 5, 9, 2].findLast(n => n > 3)",
    9,
)
def find_last(budget: Budget, items: list[Value], test: Lambda) -> Value:
    place = find_last_index(budget, items, test)
    return None if place < 0 else items[place]


@function(
    "findLastIndex(list: list, test: item => boolean) -> number",
    "Where the last item is that the test is true for, or -1.",
    "['a', 'b', 'a'].findLastIndex(x => x == 'a')",
    2,
)
def find_last_index(budget: Budget, items: list[Value], test: Lambda) -> int:
    for index in range(len(items) - 1, -1, -1):
        if truthy(test.call(items[index], index)):
            return index
    return -1


@function(
    "some(list: list, test: item => boolean) -> boolean",
    "Whether the test is true for any item.",
    "[1, 5].some(n => n > 3)",
    True,
)
def some(budget: Budget, items: list[Value], test: Lambda) -> bool:
    return any(truthy(found) for found in test.stream(items))


@function(
    "every(list: list, test: item => boolean) -> boolean",
    "Whether the test is true for all items.",
    "[1, 5].every(n => n > 3)",
    False,
)
def every(budget: Budget, items: list[Value], test: Lambda) -> bool:
    return all(truthy(found) for found in test.stream(items))


@function(
    "reduce(list: list, step: (total, item) => any, start?: any) -> any",
    "One value made by going through the items; without a start the first item is it.",
    "[1, 2, 3].reduce((total, n) => total + n, 10)",
    16,
)
def reduce(budget: Budget, items: list[Value], step: Lambda, *start: Value) -> Value:
    if not start and not items:
        raise ExprError("reduce() has nothing to start from", hint="give a start value for empty lists")
    total, first = (start[0], 0) if start else (items[0], 1)
    for index in range(first, len(items)):
        total = step.call(total, items[index], index)
    return total


@function(
    "flatMap(list: list, change: item => any) -> list",
    "What the function makes of every item, lists among it opened.",
    "[1, 2].flatMap(n => [n, n * 10])",
    [1, 10, 2, 20],
)
def flat_map(budget: Budget, items: list[Value], change: Lambda) -> list[Value]:
    return flatten(budget, change.each(items), 1)


@function(
    "sortBy(list: list, key: item => any) -> list",
    "The items in order of what the function gives, all numbers or all texts; the smallest first.",
    "[{n: 2}, {n: 1}].sortBy(i => i.n)",
    [{"n": 1}, {"n": 2}],
)
def sort_by(budget: Budget, items: list[Value], key: Lambda) -> list[Value]:
    keys = key.each(items)
    if not keys:
        return []
    _pay_for_sorting(budget, keys, same_kind(keys, "sortBy()"))
    order = sorted(range(len(items)), key=keys.__getitem__)
    return [items[index] for index in order]


@function(
    "groupBy(list: list, key: item => any) -> object",
    "The items in lists under the text the function gives for them.",
    "[{t: 'a', n: 1}, {t: 'b', n: 2}, {t: 'a', n: 3}].groupBy(i => i.t).a.map(i => i.n)",
    [1, 3],
)
def group_by(budget: Budget, items: list[Value], key: Lambda) -> dict[str, Value]:
    groups: dict[str, Value] = {}
    for item, name in zip(items, key.each(items), strict=True):
        groups.setdefault(name if type(name) is str else to_text(name, budget), []).append(item)
    return groups


@function(
    "keyBy(list: list, key: item => any) -> object",
    "The items under the text the function gives for them; the last one wins.",
    "[{id: 'x', n: 1}].keyBy(i => i.id)",
    {"x": {"id": "x", "n": 1}},
)
def key_by(budget: Budget, items: list[Value], key: Lambda) -> dict[str, Value]:
    names = key.each(items)
    return {name if type(name) is str else to_text(name, budget): item for item, name in zip(items, names, strict=True)}


@function(
    "countBy(list: list, key: item => any) -> object",
    "How many items there are under each text the function gives.",
    "['a', 'b', 'a'].countBy(x => x)",
    {"a": 2, "b": 1},
)
def count_by(budget: Budget, items: list[Value], key: Lambda) -> dict[str, Value]:
    counts: dict[str, Value] = {}
    for name in key.each(items):
        text = name if type(name) is str else to_text(name, budget)
        counts[text] = counts.get(text, 0) + 1
    return counts


@function(
    "partition(list: list, test: item => boolean) -> list",
    "Two lists: the items the test is true for, and the others.",
    "[1, 5, 9].partition(n => n > 3)",
    [[5, 9], [1]],
)
def partition(budget: Budget, items: list[Value], test: Lambda) -> list[Value]:
    sides: list[list[Value]] = [[], []]
    for item, found in zip(items, test.each(items), strict=True):
        sides[not truthy(found)].append(item)
    return [*sides]


@function(
    "sort(list: list, compare?: (a, b) => number) -> list",
    "The items in order, all numbers or all texts; or as the function says by a number below or above 0.",
    "[10, 9, 1].sort((a, b) => a - b)",
    [1, 9, 10],
    aliases="toSorted",
)
def sort(budget: Budget, items: list[Value], compare: Lambda | None = None) -> list[Value]:
    if not items:
        return []
    if compare is None:
        _pay_for_sorting(budget, items, same_kind(items, "sort()"))
        return sorted(items)

    def order(left: Value, right: Value) -> int:
        answer = compare.call(left, right)
        if type(answer) not in NUMBER_TYPES:
            raise ExprError(f"the function of sort() must give a number, not {type_name(answer)}", hint="a - b")
        return int(answer > 0) - int(answer < 0)

    return sorted(items, key=functools.cmp_to_key(order))


def _pay_for_sorting(budget: Budget, keys: list[Value], kinds: frozenset[type]) -> None:
    rounds = len(keys).bit_length()
    budget.items(len(keys) * rounds)
    if str in kinds:
        budget.read(sum(map(len, keys)) * rounds)


@keyed(
    "mapValues(object: object, change: (value, key) => any) -> object",
    "The object with what the function makes of every value.",
    "({a: 1, b: 2}).mapValues(n => n * 10)",
    {"a": 10, "b": 20},
)
def map_values(budget: Budget, value: dict[str, Value], change: Lambda) -> dict[str, Value]:
    budget.spend(len(value))
    return {key: change.call(item, key) for key, item in value.items()}


@keyed(
    "pickBy(object: object, test: (value, key) => boolean) -> object",
    "The object with only the keys the test is true for.",
    "({a: 1, b: null}).pickBy(v => v != null)",
    {"a": 1},
)
def pick_by(budget: Budget, value: dict[str, Value], test: Lambda) -> dict[str, Value]:
    budget.spend(len(value))
    return {key: item for key, item in value.items() if truthy(test.call(item, key))}
