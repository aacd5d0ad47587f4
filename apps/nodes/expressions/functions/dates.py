"""Functions of dates.

A date is a text in ISO 8601. Every function accepts any ISO date or date and time, and gives back the one form `iso`
writes. A text without an offset is taken as UTC. Arithmetic keeps the offset of what it is given; where a change of
clocks matters, the functions take a time zone.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from apps.nodes.expressions.budget import Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions import dateformats
from apps.nodes.expressions.functions.moments import (
    MAX_AMOUNT,
    MONTHS_IN,
    SECONDS,
    UNITS,
    add,
    guarded,
    in_zone,
    iso,
    read,
    start_of_unit,
    unit_of,
    zone,
)
from apps.nodes.expressions.functions.registry import Table, whole
from apps.nodes.expressions.values import NUMBER_TYPES, Value, number, type_name

DATES: Final = Table("date")
function = DATES.function

COST: Final = 20


def _shifted(text: str, amount: Value, unit: str | None, zone_name: str | None, sign: int) -> str:
    moment = in_zone(read(text), zone_name)
    if type(amount) is dict:
        steps = [(unit_of(key), value) for key, value in amount.items()]
        if len(steps) > len(UNITS):
            raise ExprError("there are too many units of time")
    else:
        steps = [(unit_of(unit or "day"), amount)]
    for _, value in steps:
        if type(value) not in NUMBER_TYPES:
            raise ExprError(f"an amount of time must be a number, not {type_name(value)}")
    steps.sort(key=lambda step: -UNITS.index(step[0]))

    def compute() -> datetime:
        result = moment
        for name, value in steps:
            result = add(result, sign * value, name)
        return result

    return guarded(compute)


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
        if abs(value) > MAX_AMOUNT * 1000:
            raise ExprError("the date is outside the years 1 to 9999")
        return guarded(lambda: (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)).astimezone(default))
    if pattern is not None:
        return guarded(lambda: dateformats.read_as(value, pattern, default))
    moment = read(value)
    if zone_name is not None and not re.search(r"(?:Z|[+-]\d\d:?\d\d)\s*$", value[10:]):
        moment = moment.replace(tzinfo=default)
    return guarded(lambda: moment)


@function(
    "format(date: date, format: text, zone?: text) -> text",
    "The date written as said: yyyy MM dd HH mm ss SSS, h a, d M, MMM MMMM (month), EEE EEEE (weekday), ZZ, 'text'.",
    "'2024-05-01T14:30:00Z'.format('EEE d MMM yyyy, HH:mm', 'Europe/Berlin')",
    "Wed 1 May 2024, 16:30",
    aliases="toFormat formatDate",
    cost=COST,
)
def format_(budget: Budget, text: str, pattern: str, zone_name: str | None = None) -> str:
    moment = in_zone(read(text), zone_name)
    return dateformats.written(moment, pattern)


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
    aliases="diffTo",
    cost=COST,
)
def diff(budget: Budget, text: str, other: str, unit: str = "days") -> Value:
    late, early = read(text), read(other)
    name = unit_of(unit)
    if name in SECONDS:
        amount = (late - early) / timedelta(milliseconds=1) / (SECONDS[name] * 1000)
        return int(amount) if amount == int(amount) else amount
    if late < early:
        return -diff(budget, other, text, unit)
    late = late.astimezone(early.tzinfo)
    months = (late.year - early.year) * 12 + late.month - early.month
    if add(early, months, "month") > late:
        months -= 1
    size = MONTHS_IN[name]
    return number(months // size)


@function(
    "startOf(date: date, unit: text, zone?: text) -> date",
    "The beginning of the date's hour, day, week (Monday), month, quarter or year.",
    "'2024-05-17T14:30:00Z'.startOf('month')",
    "2024-05-01T00:00:00.000Z",
    aliases="beginningOf",
    cost=COST,
)
def start_of(budget: Budget, text: str, unit: str, zone_name: str | None = None) -> str:
    moment = in_zone(read(text), zone_name)
    return guarded(lambda: start_of_unit(moment, unit_of(unit)))


@function(
    "endOf(date: date, unit: text, zone?: text) -> date",
    "The last millisecond of the date's hour, day, week (to Sunday), month, quarter or year.",
    "'2024-02-10'.endOf('month')",
    "2024-02-29T23:59:59.999Z",
    cost=COST,
)
def end_of(budget: Budget, text: str, unit: str, zone_name: str | None = None) -> str:
    moment = in_zone(read(text), zone_name)
    name = unit_of(unit)
    return guarded(lambda: add(add(start_of_unit(moment, name), 1, name), -1, "millisecond"))


@function(
    "inZone(date: date, zone: text) -> date",
    "The same moment written with a time zone's offset.",
    "'2024-05-01T12:00:00Z'.inZone('Europe/Berlin')",
    "2024-05-01T14:00:00.000+02:00",
    aliases="setZone",
    cost=COST,
)
def in_zone_(budget: Budget, text: str, zone_name: str) -> str:
    return iso(in_zone(read(text), zone_name))


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
    "isBetween(date: date, from: date, to: date) -> boolean",
    "Whether the date is not before the first and not after the second, whatever the offsets.",
    "'2024-05-02'.isBetween('2024-05-01', '2024-05-31')",
    True,
    cost=COST,
)
def is_between(budget: Budget, text: str, first: str, last: str) -> bool:
    return read(first) <= read(text) <= read(last)


@function(
    "isSame(date: date, other: date, unit: text, zone?: text) -> boolean",
    "Whether both dates are in the same hour, day, week, month, quarter or year.",
    "'2024-05-02'.isSame('2024-05-31', 'month')",
    True,
    aliases="hasSame",
    cost=2 * COST,
)
def is_same(budget: Budget, text: str, other: str, unit: str, zone_name: str | None = None) -> bool:
    name = unit_of(unit)
    one = in_zone(read(text), zone_name)
    two = in_zone(read(other), zone_name)
    if zone_name is None:
        two = two.astimezone(one.tzinfo)
    return start_of_unit(one, name) == start_of_unit(two, name)


@function(
    "set(date: date, parts: object, zone?: text) -> date",
    "The date with other parts: year, month, day, hour, minute, second or millisecond.",
    "'2024-05-17T14:30:00Z'.set({day: 1, hour: 9, minute: 0})",
    "2024-05-01T09:00:00.000Z",
    cost=COST,
)
def set_(budget: Budget, text: str, parts: dict[str, Value], zone_name: str | None = None) -> str:
    moment = in_zone(read(text), zone_name)
    fields: dict[str, int] = {}
    for key, value in parts.items():
        name = unit_of(key)
        if name in ("week", "quarter") or len(parts) > len(UNITS):
            raise ExprError(f"the {name} of a date cannot be set", hint="set day and month")
        number_ = whole(value, f"the {name}", 0, 9999)
        fields["microsecond" if name == "millisecond" else name] = number_ * (1000 if name == "millisecond" else 1)
    try:
        return iso(moment.replace(**fields))  # type: ignore[arg-type]
    except ValueError as error:
        raise ExprError("there is no such date", hint=str(error)) from None


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
    "toSeconds(date: date) -> number",
    "Whole seconds since 1970.",
    "'1970-01-02'.toSeconds()",
    86400,
    cost=COST,
)
def to_seconds(budget: Budget, text: str) -> int:
    return (read(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


@function(
    "toUTC(date: date) -> date",
    "The same moment written in UTC.",
    "'2024-05-01T14:00:00+02:00'.toUTC()",
    "2024-05-01T12:00:00.000Z",
    cost=COST,
)
def to_utc(budget: Budget, text: str) -> str:
    return iso(in_zone(read(text), "UTC"))


@function(
    "isDate(value: any) -> boolean",
    "Whether the value is a text that the functions of dates read.",
    "'31.12.2024'.isDate()",
    False,
    cost=COST,
)
def is_date(budget: Budget, value: Value) -> bool:
    try:
        return type(value) is str and bool(read(value))
    except ExprError:
        return False


@function(
    "toISO(date: date) -> date",
    "The date in the form this language gives all dates in.",
    "'2024-05-01'.toISO()",
    "2024-05-01T00:00:00.000Z",
    cost=COST,
)
def to_iso(budget: Budget, text: str) -> str:
    return iso(read(text))
