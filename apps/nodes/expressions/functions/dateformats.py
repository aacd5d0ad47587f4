"""Dates by a format: the letters Luxon and Java use, written and read."""

import calendar
import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.moments import zone

_MAX_PATTERN: Final = 200
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = tuple(calendar.month_name)[1:]
_TOKEN: Final = re.compile(
    r"'(?P<quoted>[^']*)'|(?P<token>yyyy|yy|M{1,4}|d{1,2}|E{3,4}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|S{3}|a|Z{1,3})"
)


def _offset(moment: datetime, separator: str) -> str:
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{separator}{rest:02d}"


_WRITERS: Final[dict[str, Callable[[datetime], str]]] = {
    "yyyy": lambda t: f"{t.year:04d}",
    "yy": lambda t: f"{t.year % 100:02d}",
    "M": lambda t: str(t.month),
    "MM": lambda t: f"{t.month:02d}",
    "MMM": lambda t: _MONTHS[t.month - 1][:3],
    "MMMM": lambda t: _MONTHS[t.month - 1],
    "d": lambda t: str(t.day),
    "dd": lambda t: f"{t.day:02d}",
    "EEE": lambda t: _WEEKDAYS[t.weekday()][:3],
    "EEEE": lambda t: _WEEKDAYS[t.weekday()],
    "H": lambda t: str(t.hour),
    "HH": lambda t: f"{t.hour:02d}",
    "h": lambda t: str((t.hour + 11) % 12 + 1),
    "hh": lambda t: f"{(t.hour + 11) % 12 + 1:02d}",
    "m": lambda t: str(t.minute),
    "mm": lambda t: f"{t.minute:02d}",
    "s": lambda t: str(t.second),
    "ss": lambda t: f"{t.second:02d}",
    "SSS": lambda t: f"{t.microsecond // 1000:03d}",
    "a": lambda t: "AM" if t.hour < 12 else "PM",
    "Z": lambda t: _offset(t, ":"),
    "ZZ": lambda t: _offset(t, ":"),
    "ZZZ": lambda t: _offset(t, ""),
}
_READERS: Final = {
    "yyyy": ("year", r"\d{4}"),
    "M": ("month", r"\d{1,2}"),
    "MM": ("month", r"\d{2}"),
    "MMM": ("month_name", r"[A-Za-z]{3}"),
    "MMMM": ("month_name", r"[A-Za-z]{3,9}"),
    "d": ("day", r"\d{1,2}"),
    "dd": ("day", r"\d{2}"),
    "H": ("hour", r"\d{1,2}"),
    "HH": ("hour", r"\d{2}"),
    "h": ("hour", r"\d{1,2}"),
    "hh": ("hour", r"\d{2}"),
    "m": ("minute", r"\d{1,2}"),
    "mm": ("minute", r"\d{2}"),
    "s": ("second", r"\d{1,2}"),
    "ss": ("second", r"\d{2}"),
    "SSS": ("millisecond", r"\d{3}"),
    "a": ("half", r"[AaPp][Mm]"),
    "Z": ("offset", r"Z|[+-]\d{2}:?\d{2}"),
    "ZZ": ("offset", r"Z|[+-]\d{2}:?\d{2}"),
    "ZZZ": ("offset", r"Z|[+-]\d{2}:?\d{2}"),
}


@lru_cache(maxsize=256)
def _tokens(pattern: str) -> tuple[tuple[str, str], ...]:
    """The parts of a format: (token, "") or ("", text as it stands)."""
    if len(pattern) > _MAX_PATTERN:
        raise ExprError(f"the format is longer than {_MAX_PATTERN} characters")
    parts: list[tuple[str, str]] = []
    position = 0
    while position < len(pattern):
        found = _TOKEN.match(pattern, position)
        if found and found["token"]:
            parts.append((found["token"], ""))
        elif found:
            parts.append(("", found["quoted"]))
        elif pattern[position].isascii() and pattern[position].isalpha():
            letter = pattern[position]
            hint = {"Y": "years are yyyy", "D": "days are dd"}.get(letter, "put plain letters in single quotes")
            raise ExprError(f"{letter} means nothing in the format {pattern!r}", hint=hint)
        else:
            parts.append(("", pattern[position]))
        position = found.end() if found else position + 1
    return tuple(parts)


def written(moment: datetime, pattern: str) -> str:
    """The moment as the format says."""
    return "".join(_WRITERS[kind](moment) if kind else part for kind, part in _tokens(pattern))


@lru_cache(maxsize=256)
def _reader(pattern: str) -> re.Pattern[str]:
    expression = ""
    seen: set[str] = set()
    for kind, text in _tokens(pattern):
        if not kind:
            expression += re.escape(text)
            continue
        if kind not in _READERS:
            raise ExprError(f"a date cannot be read by {kind}", hint="write yyyy for the year")
        name, part = _READERS[kind]
        if name in seen:
            raise ExprError(f"the format {pattern!r} names the {name.replace('_', ' ')} twice")
        seen.add(name)
        expression += f"(?P<{name}>{part})"
    return re.compile(expression, re.ASCII)


def read_as(text: str, pattern: str, default: tzinfo) -> datetime:
    """The moment a text written as the format says names; in the zone `default` unless it says its offset."""
    found = _reader(pattern).fullmatch(text.strip()) if len(text) <= _MAX_PATTERN * 2 else None
    if not found:
        raise ExprError(f"the text {text[:40]!r} is not a date written as {pattern!r}")
    parts = found.groupdict()
    fields = {
        name: int(parts[name]) for name in ("year", "month", "day", "hour", "minute", "second") if parts.get(name)
    }
    if named := parts.get("month_name"):
        months = [index for index, month in enumerate(_MONTHS, 1) if month.lower().startswith(named.lower())]
        if len(months) != 1:
            raise ExprError(f"there is no month {named!r}")
        fields["month"] = months[0]
    if half := parts.get("half"):
        fields["hour"] = fields.get("hour", 0) % 12 + (12 if half.lower() == "pm" else 0)
    fields["microsecond"] = int(parts.get("millisecond") or 0) * 1000
    offset = parts.get("offset")
    place = default if offset is None else zone(offset)
    try:
        return datetime(**{"year": 1970, "month": 1, "day": 1, **fields}, tzinfo=place)
    except ValueError:
        raise ExprError(f"there is no day {text[:40]!r}") from None
