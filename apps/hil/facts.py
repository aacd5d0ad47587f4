"""JSON as a person reads it: rows, tables and lists, the rest as indented JSON. Pure.

The database keeps no order of keys, so one is chosen: what something is, then its parts, then its figures, sums last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

MOST_ROWS = 100
MOST_COLUMNS = 6
LONGEST_TEXT = 20_000
_WORD_BORDER = re.compile(r"[_\-\s]+|(?<=[a-z0-9])(?=[A-Z])")
_URL = re.compile(r"https?://[^\s<>\"']{1,2000}", re.IGNORECASE)
_SUMS = {"total", "sum", "grand_total", "amount_due"}
_NAMES = ("name", "title", "label", "item", "product", "description", "id")
_CAPITALS = {"api", "iban", "id", "ip", "json", "sku", "url", "vat"}


@dataclass(frozen=True, slots=True)
class Value:
    """One scalar as it is shown. `kind` says how: a link is only ever http or https."""

    text: str
    kind: Literal["text", "number", "url", "nothing"] = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """A name and its value. `is_total`: a sum that ends its block."""

    label: str
    value: Value
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, and whether all its values are numbers."""

    label: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Part of what is shown, of one kind. `hidden` counts what was left out for length."""

    kind: Literal["rows", "table", "list", "text", "json"]
    title: str = ""
    rows: tuple[Row, ...] = ()
    columns: tuple[Column, ...] = ()
    lines: tuple[tuple[Value, ...], ...] = ()
    text: str = ""
    hidden: int = 0


def facts(data: Any) -> list[Block]:
    """What to show for a JSON value; nothing for null and for empty objects, lists and texts."""
    if data is None or data in ({}, [], ""):
        return []
    if isinstance(data, dict):
        return list(_object(data))
    return [_block("", data)]


def label_of(key: str) -> str:
    """A key as words: `customer_name` and `customerName` become "Customer name"."""
    words = [word for word in _WORD_BORDER.split(key) if word]
    text = " ".join(_word(word) for word in words) or key
    return text[:1].upper() + text[1:]


def _word(word: str) -> str:
    if word.lower() in _CAPITALS:
        return word.upper()
    return word if word.isupper() else word.lower()


def _object(data: dict[str, Any]) -> Iterator[Block]:
    parts = {key: value for key, value in data.items() if not _is_scalar(value)}
    figures = {key: value for key, value in data.items() if _is_scalar(value) and (_is_number(value) or _is_sum(key))}
    words = {key: value for key, value in data.items() if key not in parts and key not in figures}
    if not parts:
        yield _rows("", words | figures)
        return
    if words:
        yield _rows("", words)
    for key, value in parts.items():
        yield from _part(label_of(key), value)
    if figures:
        yield _rows("", figures)


def _part(title: str, value: Any) -> Iterator[Block]:
    """An object inside an object: what is plain in it as rows, then what is not, each under both names."""
    if not isinstance(value, dict) or not value or all(_is_scalar(inner) for inner in value.values()):
        yield _block(title, value)
        return
    plain = {key: inner for key, inner in value.items() if _is_scalar(inner)}
    if plain:
        yield _rows(title, plain)
    for key, inner in value.items():
        if key not in plain:
            yield _block(f"{title}: {label_of(key)}", inner)


def _block(title: str, value: Any) -> Block:
    if isinstance(value, str):
        return Block("text", title, text=_cut(value))
    if _is_scalar(value):
        return Block("list", title, lines=((_value(value),),))
    if isinstance(value, dict) and value and all(_is_scalar(inner) for inner in value.values()):
        return _rows(title, value)
    if isinstance(value, list) and value:
        if all(_is_scalar(inner) for inner in value):
            lines = tuple((_value(inner),) for inner in value[:MOST_ROWS])
            return Block("list", title, lines=lines, hidden=max(0, len(value) - MOST_ROWS))
        if all(isinstance(inner, dict) for inner in value):
            table = _table(title, value)
            if table is not None:
                return table
    return Block("json", title, text=_cut(json.dumps(value, indent=2, ensure_ascii=False)))


def _rows(title: str, values: dict[str, Any]) -> Block:
    keys = sorted(values, key=lambda key: (_is_sum(key), _is_number(values[key]), _rank(key)))
    last = len(keys) - 1
    rows = (Row(label_of(key), _value(values[key]), _is_sum(key) and at == last) for at, key in enumerate(keys))
    return Block("rows", title, rows=tuple(rows)[:MOST_ROWS], hidden=max(0, len(keys) - MOST_ROWS))


def _rank(key: str) -> int:
    last = key.lower().rpartition("_")[2]
    return _NAMES.index(last) if last in _NAMES else len(_NAMES)


def _table(title: str, items: list[dict[str, Any]]) -> Block | None:
    keys = list(dict.fromkeys(key for item in items for key in item))
    if not 1 <= len(keys) <= MOST_COLUMNS or not all(_is_scalar(value) for item in items for value in item.values()):
        return None
    shown = items[:MOST_ROWS]
    numeric = {key: all(_is_number(item.get(key)) for item in shown) for key in keys}
    keys.sort(key=lambda key: (numeric[key], _is_sum(key), _rank(key)))
    columns = tuple(Column(label_of(key), numeric[key]) for key in keys)
    lines = tuple(tuple(_value(item.get(key)) for key in keys) for item in shown)
    return Block("table", title, columns=columns, lines=lines, hidden=len(items) - len(shown))


def _is_sum(key: str) -> bool:
    return key.lower() in _SUMS


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value(value: Any) -> Value:
    if value is None or value == "":
        return Value("–", "nothing")
    if isinstance(value, bool):
        return Value("Yes" if value else "No")
    if isinstance(value, str):
        return Value(_cut(value), "url" if _URL.fullmatch(value) else "text")
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return Value(json.dumps(int(value) if is_whole else value), "number")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
