"""Moments: how dates are written, what time zones and units of time there are, and going from one to another."""

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.registry import whole
from apps.nodes.expressions.values import Value, near

MAX_AMOUNT: Final = 10**12
"""Of any unit of time, in one step."""
_MAX_LENGTH: Final = 64
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*")
_OFFSET: Final = re.compile(r"(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-5][0-9])")
SECONDS: Final = {"millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
UNITS: Final = (*SECONDS, "month", "quarter", "year")
MONTHS_IN: Final = {"month": 1, "quarter": 3, "year": 12}
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


def unit_of(name: str) -> str:
    unit = _SHORT_UNITS.get(name, name.lower().removesuffix("s"))
    if unit not in UNITS:
        hint = near(unit, UNITS) or "there are " + ", ".join(UNITS)
        raise ExprError(f"there is no unit of time {name[:40]!r}", hint=hint)
    return unit


def guarded(compute: Callable[[], datetime]) -> str:
    try:
        return iso(compute())
    except (OverflowError, ValueError):
        raise ExprError("the date is outside the years 1 to 9999") from None


def add(moment: datetime, amount: Value, unit: str) -> datetime:
    if abs(amount) > MAX_AMOUNT:
        raise OverflowError
    if unit in SECONDS:
        if unit in ("day", "week"):
            return moment + timedelta(days=amount * (7 if unit == "week" else 1))
        exact = moment.astimezone(UTC) + timedelta(seconds=amount * SECONDS[unit])
        return exact.astimezone(moment.tzinfo)
    months = whole(amount, f"the number of {unit}s", -MAX_AMOUNT, MAX_AMOUNT)
    months *= MONTHS_IN[unit]
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def in_zone(moment: datetime, zone_name: str | None) -> datetime:
    if zone_name is None:
        return moment
    try:
        return moment.astimezone(zone(zone_name))
    except OverflowError:
        raise ExprError("the date is outside the years 1 to 9999") from None


def start_of_unit(moment: datetime, unit: str) -> datetime:
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
