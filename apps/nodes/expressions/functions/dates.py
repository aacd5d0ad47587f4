"""Functions of dates.

A date is a text in ISO 8601. Every function accepts any ISO date or date and time, and gives back the one form `iso`
writes. A text without an offset is taken as UTC. Arithmetic keeps the offset of what it is given; where a change of
clocks matters, the functions take a time zone.
"""

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from apps.nodes.expressions.budget import Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.registry import Table, whole
from apps.nodes.expressions.values import NUMBER_TYPES, Value, near, number, type_name

DATES: Final = Table("date")
function = DATES.function

COST: Final = 20
_MAX_LENGTH: Final = 64
_MAX_PATTERN: Final = 200
_MAX_AMOUNT: Final = 10**12
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*")
_OFFSET: Final = re.compile(r"(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-5][0-9])")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = tuple(calendar.month_name)[1:]
_SECONDS: Final = {"millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_UNITS: Final = (*_SECONDS, "month", "quarter", "year")
_SHORT_UNITS: Final = {"ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}


def iso(moment: datetime) -> str:
    """The one form dates are given in: milliseconds, and Z for UTC."""
    text = moment.isoformat(timespec="milliseconds")
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def read(text: str) -> datetime:
    """The moment an ISO 8601 text names; raises ExprError when it names none."""
    try:
        if len(text) <= _MAX_LENGTH:
            moment = datetime.fromisoformat(text.strip())
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        pass
    raise ExprError(
        f"the text {text[:40]!r} is not a date",
        hint="dates look like 2024-05-01 or 2024-05-01T12:30:00Z; read others with date(text, 'dd.MM.yyyy')",
    )


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """A time zone by its name or offset."""
    if name in ("UTC", "utc", "Z"):
        return UTC
    if len(name) <= _MAX_LENGTH:
        if offset := _OFFSET.fullmatch(name):
            minutes = int(offset["hours"]) * 60 + int(offset["minutes"])
            if minutes < 24 * 60:
                return timezone(timedelta(minutes=-minutes if offset["sign"] == "-" else minutes))
        elif _ZONE.fullmatch(name):
            try:
                return ZoneInfo(name)
            except (KeyError, ValueError, OSError):
                pass
    raise ExprError(f"there is no time zone {name[:40]!r}", hint="as in Europe/Berlin, UTC or +02:00")


def _unit(name: str) -> str:
    unit = _SHORT_UNITS.get(name, name.lower().removesuffix("s"))
    if unit not in _UNITS:
        hint = near(unit, _UNITS) or "there are " + ", ".join(_UNITS)
        raise ExprError(f"there is no unit of time {name[:40]!r}", hint=hint)
    return unit


def _guarded(compute: Callable[[], datetime]) -> str:
    try:
        return iso(compute())
    except (OverflowError, ValueError):
        raise ExprError("the date is outside the years 1 to 9999") from None


def _add(moment: datetime, amount: Value, unit: str) -> datetime:
    if abs(amount) > _MAX_AMOUNT:
        raise OverflowError
    if unit in _SECONDS:
        if unit in ("day", "week"):
            return moment + timedelta(days=amount * (7 if unit == "week" else 1))
        exact = moment.astimezone(UTC) + timedelta(seconds=amount * _SECONDS[unit])
        return exact.astimezone(moment.tzinfo)
    months = whole(amount, f"the number of {unit}s", -_MAX_AMOUNT, _MAX_AMOUNT)
    months *= {"month": 1, "quarter": 3, "year": 12}[unit]
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _shifted(text: str, amount: Value, unit: str | None, zone_name: str | None, sign: int) -> str:
    moment = _in_zone(read(text), zone_name)
    if type(amount) is dict:
        steps = [(_unit(key), value) for key, value in amount.items()]
        if len(steps) > len(_UNITS):
            raise ExprError("there are too many units of time")
    else:
        steps = [(_unit(unit or "day"), amount)]
    for _, value in steps:
        if type(value) not in NUMBER_TYPES:
            raise ExprError(f"an amount of time must be a number, not {type_name(value)}")
    steps.sort(key=lambda step: -_UNITS.index(step[0]))

    def compute() -> datetime:
        result = moment
        for name, value in steps:
            result = _add(result, sign * value, name)
        return result

    return _guarded(compute)


def _in_zone(moment: datetime, zone_name: str | None) -> datetime:
    if zone_name is None:
        return moment
    try:
        return moment.astimezone(zone(zone_name))
    except OverflowError:
        raise ExprError("the date is outside the years 1 to 9999") from None


@function(
    "date(value: text|number, format?: text, zone?: text) -> date",
    "The date a text or a number of milliseconds since 1970 stands for; other texts are read by a format.",
    "date('31.12.2024', 'dd.MM.yyyy')",
    "2024-12-31T00:00:00.000Z",
    aliases="toDate toDateTime",
    globals="date",
    cost=COST,
)
def date(budget: Budget, value: Value, pattern: str | None = None, zone_name: str | None = None) -> str:
    default = zone(zone_name) if zone_name is not None else UTC
    if type(value) is not str:
        if abs(value) > _MAX_AMOUNT * 1000:
            raise ExprError("the date is outside the years 1 to 9999")
        return _guarded(lambda: (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)).astimezone(default))
    if pattern is not None:
        return _guarded(lambda: _read_as(value, pattern, default))
    moment = read(value)
    if zone_name is not None and not re.search(r"(?:Z|[+-]\d\d:?\d\d)\s*$", value[10:]):
        moment = moment.replace(tzinfo=default)
    return _guarded(lambda: moment)


@function(
    "format(date: date, format: text, zone?: text) -> text",
    "The date written as said: yyyy MM dd HH mm ss SSS, h a, d M, MMM MMMM (month), EEE EEEE (weekday), ZZ, 'text'.",
    "'2024-05-01T14:30:00Z'.format('EEE d MMM yyyy, HH:mm', 'Europe/Berlin')",
    "Wed 1 May 2024, 16:30",
    aliases="toFormat formatDate",
    cost=COST,
)
def format_(budget: Budget, text: str, pattern: str, zone_name: str | None = None) -> str:
    moment = _in_zone(read(text), zone_name)
    return "".join(_WRITERS[kind](moment) if kind else part for kind, part in _tokens(pattern))


@function(
    "plus(date: date, amount: number|object, unit?: text, zone?: text) -> date",
    "The date that much later. In days unless said otherwise; an object gives several units: {days: 1, hours: 2}.",
    "'2024-01-31'.plus(1, 'month')",
    "2024-02-29T00:00:00.000Z",
    cost=COST,
)
def plus(budget: Budget, text: str, amount: Value, unit: str | None = None, zone_name: str | None = None) -> str:
    return _shifted(text, amount, unit, zone_name, 1)


@function(
    "minus(date: date, amount: number|object, unit?: text, zone?: text) -> date",
    "The date that much earlier; units as for plus().",
    "'2024-03-01'.minus({days: 1})",
    "2024-02-29T00:00:00.000Z",
    cost=COST,
)
def minus(budget: Budget, text: str, amount: Value, unit: str | None = None, zone_name: str | None = None) -> str:
    return _shifted(text, amount, unit, zone_name, -1)


@function(
    "diff(date: date, other: date, unit?: text) -> number",
    "How much later the date is than the other, in days unless said otherwise; below 0 if it is earlier.",
    "'2024-05-03'.diff('2024-05-01', 'hours')",
    48,
    cost=COST,
)
def diff(budget: Budget, text: str, other: str, unit: str = "days") -> Value:
    late, early = read(text), read(other)
    name = _unit(unit)
    if name in _SECONDS:
        amount = (late - early) / timedelta(milliseconds=1) / (_SECONDS[name] * 1000)
        return int(amount) if amount == int(amount) else amount
    if late < early:
        return -diff(budget, other, text, unit)
    late = late.astimezone(early.tzinfo)
    months = (late.year - early.year) * 12 + late.month - early.month
    if _add(early, months, "month") > late:
        months -= 1
    size = {"month": 1, "quarter": 3, "year": 12}[name]
    return number(months // size)


@function(
    "startOf(date: date, unit: text, zone?: text) -> date",
    "The beginning of the date's hour, day, week (Monday), month, quarter or year.",
    "'2024-05-17T14:30:00Z'.startOf('month')",
    "2024-05-01T00:00:00.000Z",
    cost=COST,
)
def start_of(budget: Budget, text: str, unit: str, zone_name: str | None = None) -> str:
    moment = _in_zone(read(text), zone_name)
    return _guarded(lambda: _start(moment, _unit(unit)))


@function(
    "endOf(date: date, unit: text, zone?: text) -> date",
    "The last millisecond of the date's hour, day, week (to Sunday), month, quarter or year.",
    "'2024-02-10'.endOf('month')",
    "2024-02-29T23:59:59.999Z",
    cost=COST,
)
def end_of(budget: Budget, text: str, unit: str, zone_name: str | None = None) -> str:
    moment = _in_zone(read(text), zone_name)
    name = _unit(unit)
    return _guarded(lambda: _add(_add(_start(moment, name), 1, name), -1, "millisecond"))


def _start(moment: datetime, unit: str) -> datetime:
    if unit == "millisecond":
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    start = moment.replace(microsecond=0)
    for name, field in (("second", "second"), ("minute", "minute"), ("hour", "hour")):
        if unit == name:
            return start
        start = start.replace(**{field: 0})  # type: ignore[arg-type]
    start = start.replace(fold=0)  # where the clocks show midnight twice, the day begins with the first
    match unit:
        case "week":
            return start - timedelta(days=start.weekday())
        case "month":
            return start.replace(day=1)
        case "quarter":
            return start.replace(day=1, month=(start.month - 1) // 3 * 3 + 1)
        case "year":
            return start.replace(day=1, month=1)
    return start


@function(
    "inZone(date: date, zone: text) -> date",
    "The same moment written with a time zone's offset.",
    "'2024-05-01T12:00:00Z'.inZone('Europe/Berlin')",
    "2024-05-01T14:00:00.000+02:00",
    aliases="setZone",
    cost=COST,
)
def in_zone(budget: Budget, text: str, zone_name: str) -> str:
    return iso(_in_zone(read(text), zone_name))


@function(
    "isBefore(date: date, other: date) -> boolean",
    "Whether the date is earlier, whatever the offsets.",
    "'2024-05-01T12:00:00+02:00'.isBefore('2024-05-01T11:00:00Z')",
    True,
    cost=COST,
)
def is_before(budget: Budget, text: str, other: str) -> bool:
    return read(text) < read(other)


@function(
    "isAfter(date: date, other: date) -> boolean",
    "Whether the date is later, whatever the offsets.",
    "'2024-05-02'.isAfter('2024-05-01')",
    True,
    cost=COST,
)
def is_after(budget: Budget, text: str, other: str) -> bool:
    return read(text) > read(other)


@function(
    "toMillis(date: date) -> number",
    "Milliseconds since 1970.",
    "'1970-01-02'.toMillis()",
    86400000,
    aliases="toTimestamp",
    cost=COST,
)
def to_millis(budget: Budget, text: str) -> int:
    return (read(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@function(
    "toISO(date: date) -> date",
    "The date in the form this language gives all dates in.",
    "'2024-05-01'.toISO()",
    "2024-05-01T00:00:00.000Z",
    cost=COST,
)
def to_iso(budget: Budget, text: str) -> str:
    return iso(read(text))


@function(
    "datePart(date: date, part: text, zone?: text) -> number",
    "The year, quarter, month, week, day, weekday (1 is Monday), hour, minute, second or millisecond.",
    "'2024-05-01'.datePart('weekday')",
    3,
    cost=COST,
)
def date_part(budget: Budget, text: str, part: str, zone_name: str | None = None) -> int:
    moment = _in_zone(read(text), zone_name)
    name = part.lower()
    if name == "weekday":
        return moment.isoweekday()
    unit = _unit(part)
    special = {
        "quarter": (moment.month + 2) // 3,
        "week": moment.isocalendar().week,
        "millisecond": moment.microsecond // 1000,
    }
    return special[unit] if unit in special else int(getattr(moment, unit))


# Formats

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


def _read_as(text: str, pattern: str, default: tzinfo) -> datetime:
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
