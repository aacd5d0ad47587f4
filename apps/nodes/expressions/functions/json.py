"""Functions of objects and of JSON text."""

import json
import re
from typing import Final, NoReturn, cast

from apps.nodes.expressions.budget import MAX_TEXT, MAX_VALUE_DEPTH, Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.registry import Table, whole
from apps.nodes.expressions.values import NUMBER_TYPES, Value, measure, to_json, to_text, type_name

OBJECTS: Final = Table("object")
function = OBJECTS.function

_MAX_PATH: Final = 500
_STEP: Final = re.compile(r"(?P<first>(?<![\s\S])[^.\[\]]+)|\.(?P<name>[^.\[\]]+)|\[(?P<place>[0-9]{1,9})\]")


@function(
    "keys(object: object) -> list", "The object's keys.", "({a: 1, b: 2}).keys()", ["a", "b"], globals="Object.keys"
)
def keys(budget: Budget, value: dict[str, Value]) -> list[Value]:
    budget.items(len(value))
    return list(value)


@function(
    "values(object: object) -> list",
    "What stands under the object's keys.",
    "Object.values({a: 1, b: 2})",
    [1, 2],
    globals="Object.values",
)
def values(budget: Budget, value: dict[str, Value]) -> list[Value]:
    budget.items(len(value))
    return list(value.values())


@function(
    "entries(object: object) -> list",
    "The object as a list of [key, value] pairs.",
    "({a: 1}).entries()",
    [["a", 1]],
    globals="Object.entries",
)
def entries(budget: Budget, value: dict[str, Value]) -> list[Value]:
    budget.spend(len(value))
    return [[key, item] for key, item in value.items()]


@function(
    "fromEntries(list: list) -> object",
    "The object a list of [key, value] pairs describes.",
    "Object.fromEntries([['a', 1]])",
    {"a": 1},
    globals="Object.fromEntries",
)
def from_entries(budget: Budget, pairs: list[Value]) -> dict[str, Value]:
    budget.spend(len(pairs))
    result: dict[str, Value] = {}
    for index, pair in enumerate(pairs):
        if type(pair) is not list or len(pair) != 2:
            raise ExprError(f"fromEntries() needs pairs [key, value], but item {index} is {type_name(pair)}")
        result[to_text(pair[0], budget)] = pair[1]
    return result


@function(
    "merge(object: object, ...more: object|empty) -> object",
    "One object with the keys of all; what comes later wins, null is skipped. Also written ({...one, ...other}).",
    "({a: 1, b: 1}).merge({b: 2})",
    {"a": 1, "b": 2},
    globals="Object.assign",
)
def merge(budget: Budget, value: dict[str, Value], *more: dict[str, Value] | None) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for part in (value, *more):
        if part is not None:
            budget.spend(len(part))
            result |= part
    return result


@function(
    "pick(object: object, ...keys: text|list) -> object",
    "The object with only these keys, those it has.",
    "({a: 1, b: 2, c: 3}).pick('a', 'c')",
    {"a": 1, "c": 3},
)
def pick(budget: Budget, value: dict[str, Value], *names: Value) -> dict[str, Value]:
    return {name: value[name] for name in _names(budget, names) if name in value}


@function(
    "omit(object: object, ...keys: text|list) -> object",
    "The object without these keys.",
    "({a: 1, b: 2}).omit('b')",
    {"a": 1},
    aliases="removeField",
)
def omit(budget: Budget, value: dict[str, Value], *names: Value) -> dict[str, Value]:
    left_out = set(_names(budget, names))
    budget.spend(len(value))
    return {key: item for key, item in value.items() if key not in left_out}


def _names(budget: Budget, names: tuple[Value, ...]) -> list[str]:
    flat: list[Value] = []
    for name in names:
        if type(name) is list:
            flat.extend(name)
        else:
            flat.append(name)
        budget.spend(len(flat))
    for name in flat:
        if type(name) is not str:
            raise ExprError(f"a key must be text, not {type_name(name)}")
        budget.read(len(name))
    return flat


@function(
    "has(object: object, key: text) -> boolean",
    "Whether the object has the key, even with null under it.",
    "({a: null}).has('a')",
    True,
    aliases="hasOwnProperty hasField",
    globals="Object.hasOwn",
)
def has(budget: Budget, value: dict[str, Value], key: str) -> bool:
    budget.read(len(key))
    return key in value


@function(
    "get(value: object|list, path: text, otherwise?: any) -> any",
    "What stands at a path such as a.b[0]; the last argument (or null) where nothing does.",
    "({a: {b: [5, 6]}}).get('a.b[1]')",
    6,
)
def get(budget: Budget, value: Value, path: str, otherwise: Value = None) -> Value:
    if len(path) > _MAX_PATH:
        raise ExprError(f"the path is longer than {_MAX_PATH} characters")
    position = 0
    while position < len(path):
        found = _STEP.match(path, position)
        if not found or (position and found["first"]):
            raise ExprError(f"the path {path[:40]!r} cannot be read at character {position + 1}", hint="as in a.b[0]")
        position = found.end()
        budget.spend(1)
        name = found["first"] or found["name"]
        if type(value) is dict:
            value = value.get(name if name is not None else found["place"])
        elif type(value) is list and name is None and int(found["place"]) < len(value):
            value = value[int(found["place"])]
        else:
            value = None
        if value is None:
            return otherwise
    return value


@function(
    "mergeDeep(object: object, other: object) -> object",
    "One object with the keys of both, objects inside each other merged too; what comes later wins, lists as a whole.",
    "({a: {x: 1, y: 1}}).mergeDeep({a: {y: 2}})",
    {"a": {"x": 1, "y": 2}},
)
def merge_deep(budget: Budget, value: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    return _merged(budget, value, other, 0)


def _merged(budget: Budget, value: dict[str, Value], other: dict[str, Value], depth: int) -> dict[str, Value]:
    if depth > MAX_VALUE_DEPTH:
        raise ExprError("the objects are nested too deeply")
    budget.spend(len(value) + len(other) + 2)
    result = dict(value)
    for key, item in other.items():
        before = result.get(key)
        is_both = type(before) is dict and type(item) is dict
        result[key] = _merged(budget, cast(dict[str, Value], before), item, depth + 1) if is_both else item
    return result


@function(
    "renameKeys(value: object|list, names: object) -> object|list",
    "The object (or every object of the list) with keys renamed; those not named stay.",
    "({a: 1, b: 2}).renameKeys({a: 'x'})",
    {"x": 1, "b": 2},
)
def rename_keys(budget: Budget, value: Value, names: dict[str, Value]) -> Value:
    for name in names.values():
        if type(name) is not str:
            raise ExprError(f"a key must be text, not {type_name(name)}")
    renamed = []
    for item in value if type(value) is list else [value]:
        if type(item) is dict:
            budget.spend(len(item) + 1)
            item = {names.get(key, key): part for key, part in item.items()}
        renamed.append(item)
    budget.items(len(renamed))
    return renamed if type(value) is list else renamed[0]


@function(
    "toJson(value: any, indent?: number|empty, width?: number) -> text",
    "The value as JSON text, indented by that many spaces if said so. JSON.stringify(x, null, 2) works too.",
    "({a: [1, 2]}).toJson()",
    '{"a":[1,2]}',
    aliases="toJsonString",
    globals="JSON.stringify",
)
def to_json_(budget: Budget, value: Value, indent: Value = None, width: Value = None) -> str:
    spaces = indent if type(indent) in NUMBER_TYPES else width
    return to_json(value, budget, whole(spaces or 0, "the indent", 0, 8))


@function(
    "parseJson(text: text) -> any",
    "The value a JSON text describes.",
    "JSON.parse('{\"a\": 1}').a",
    1,
    globals="JSON.parse",
)
def parse_json(budget: Budget, text: str) -> Value:
    if len(text) > MAX_TEXT:
        raise ExprError("the JSON text is too long", hint=f"the limit is {MAX_TEXT:,} characters")
    budget.spend((len(text) >> 4) + text.count("[") + text.count("{") + (text.count(",") >> 2) + 5)
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ExprError("the JSON text is nested too deeply") from None
    except ValueError as error:
        place = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        raise ExprError(f"this text is not JSON{place}") from None
    measure(value, 2 * MAX_TEXT)
    if "\\u" in text:
        _check_characters(value)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_characters(value: Value) -> None:
    """Refuse what JSON's escapes can spell but no text may hold."""
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is str:
            if "\0" in item or not _is_encodable(item):
                raise ExprError("the JSON text contains a character that is none")
        elif type(item) is list:
            stack.extend(item)
        elif type(item) is dict:
            stack.extend(item)
            stack.extend(item.values())


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeError:
        return False
    return True
