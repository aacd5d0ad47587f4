"""Functions that take one part of a date."""

import calendar
from typing import Final

from apps.nodes.expressions.budget import Budget
from apps.nodes.expressions.functions.moments import in_zone, read, unit_of
from apps.nodes.expressions.functions.registry import Table

DATE_PARTS: Final = Table("date")
function = DATE_PARTS.function

COST: Final = 20


@function(
    "datePart(date: date, part: text, zone?: text) -> number",
    "The year, quarter, month, week, day, weekday (1 is Monday), hour, minute, second or millisecond.",
    "'2024-05-01'.datePart('weekday')",
    3,
    aliases="extract",
    cost=COST,
)
def date_part(budget: Budget, text: str, part: str, zone_name: str | None = None) -> int:
    moment = in_zone(read(text), zone_name)
    name = part.lower()
    if name == "weekday":
        return moment.isoweekday()
    unit = unit_of(part)
    special = {
        "quarter": (moment.month + 2) // 3,
        "week": moment.isocalendar().week,
        "millisecond": moment.microsecond // 1000,
    }
    return special[unit] if unit in special else int(getattr(moment, unit))


@function(
    "year(date: date, zone?: text) -> number",
    "The year.",
    "'2024-05-01'.year()",
    2024,
    cost=COST,
)
def year(budget: Budget, text: str, zone_name: str | None = None) -> int:
    return date_part(budget, text, "year", zone_name)


@function(
    "quarter(date: date, zone?: text) -> number",
    "The quarter, 1 to 4.",
    "'2024-05-01'.quarter()",
    2,
    cost=COST,
)
def quarter(budget: Budget, text: str, zone_name: str | None = None) -> int:
    return date_part(budget, text, "quarter", zone_name)


@function(
    "month(date: date, zone?: text) -> number",
    "The month, 1 to 12.",
    "'2024-05-01'.month()",
    5,
    cost=COST,
)
def month(budget: Budget, text: str, zone_name: str | None = None) -> int:
    return date_part(budget, text, "month", zone_name)


@function(
    "week(date: date, zone?: text) -> number",
    "The week of the year as ISO counts it, 1 to 53.",
    "'2024-05-01'.week()",
    18,
    aliases="weekNumber",
    cost=COST,
)
def week(budget: Budget, text: str, zone_name: str | None = None) -> int:
    return date_part(budget, text, "week", zone_name)


@function(
    "day(date: date, zone?: text) -> number",
    "The day of the month.",
    "'2024-05-17'.day()",
    17,
    cost=COST,
)
def day(budget: Budget, text: str, zone_name: str | None = None) -> int:
    return date_part(budget, text, "day", zone_name)


@function(
    "weekday(date: date, zone?: text) -> number",
    "The day of the week, 1 (Monday) to 7 (Sunday).",
    "'2024-05-01'.weekday()",
    3,
    cost=COST,
)
def weekday(budget: Budget, text: str, zone_name: str | None = None) -> int:
    return date_part(budget, text, "weekday", zone_name)


@function(
    "hour(date: date, zone?: text) -> number",
    "The hour, 0 to 23.",
    "'2024-05-01T14:30:00Z'.hour('Europe/Berlin')",
    16,
    cost=COST,
)
def hour(budget: Budget, text: str, zone_name: str | None = None) -> int:
    return date_part(budget, text, "hour", zone_name)


@function(
    "minute(date: date, zone?: text) -> number",
    "The minute.",
    "'2024-05-01T14:30:00Z'.minute()",
    30,
    cost=COST,
)
def minute(budget: Budget, text: str, zone_name: str | None = None) -> int:
    return date_part(budget, text, "minute", zone_name)


@function(
    "second(date: date, zone?: text) -> number",
    "The second.",
    "'2024-05-01T14:30:15Z'.second()",
    15,
    cost=COST,
)
def second(budget: Budget, text: str, zone_name: str | None = None) -> int:
    return date_part(budget, text, "second", zone_name)


@function(
    "isWeekend(date: date, zone?: text) -> boolean",
    "Whether the date is a Saturday or a Sunday.",
    "'2024-05-04'.isWeekend()",
    True,
    cost=COST,
)
def is_weekend(budget: Budget, text: str, zone_name: str | None = None) -> bool:
    return weekday(budget, text, zone_name) > 5


@function(
    "daysInMonth(date: date, zone?: text) -> number",
    "How many days the date's month has.",
    "'2024-02-10'.daysInMonth()",
    29,
    cost=COST,
)
def days_in_month(budget: Budget, text: str, zone_name: str | None = None) -> int:
    moment = in_zone(read(text), zone_name)
    return calendar.monthrange(moment.year, moment.month)[1]
