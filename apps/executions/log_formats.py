"""A log as a file: JSON lines, CSV for spreadsheets, or plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from apps.core import sheets
from apps.executions.logbook import Line

LONGEST_CELL = 30_000  # spreadsheets hold 32,767 characters
_COLUMNS = ("at", "level", "kind", "node_id", "node", "path", "is_milestone", "message", "data", "id")
# Line breaks could forge lines, and marks that turn the direction of writing could make one read as another.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


def jsonl(lines: Iterable[Line]) -> str:
    """One JSON object per line, as the API gives it."""
    return "".join(json.dumps(line.as_dict(), ensure_ascii=False, default=str) + "\n" for line in lines)


def as_csv(lines: Iterable[Line]) -> str:
    """Rows for a spreadsheet, in the order of `_COLUMNS`."""
    known = (line.as_dict() for line in lines)
    return sheets.as_csv([_short(each[name]) for name in _COLUMNS] for each in known)


def txt(lines: Iterable[Line]) -> str:
    """One line of text per line: control characters are written as `\\n` or `\\u202e`, so none can forge another."""
    return "".join(
        f"{line.entry.at.isoformat()} {line.entry.level.upper():<7} {visible(line.entry.message)}\n" for line in lines
    )


def visible(text: str) -> str:
    """The text with control characters and marks of direction written out."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"{text[:LONGEST_CELL]}…" if len(text) > LONGEST_CELL else value


FORMATS: dict[str, tuple[str, str, Callable[[Iterable[Line]], str]]] = {
    "jsonl": ("application/x-ndjson", "", jsonl),
    "csv": ("text/csv; charset=utf-8", ",".join(_COLUMNS) + "\r\n", as_csv),
    "txt": ("text/plain; charset=utf-8", "", txt),
}
"""Per format: content type, what the file begins with, and how lines are written."""
