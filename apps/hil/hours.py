"""Working hours: what a length of time comes to when only these count. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_DAYS = 3_660
"""How far ahead is looked: ten years."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody works. `days`: 1 (Monday) to 7. `closes` at midnight is the end of the day. A night shift (closing
    before it opens) belongs to the day on which it begins.
    """

    zone: str = "UTC"
    days: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    opens: time = time(9)
    closes: time = time(17)
    holidays: frozenset[date] = frozenset()

    @property
    def has_any(self) -> bool:
        """Whether there is any time in which they work."""
        return bool(self.days)


def shifts(hours: Hours, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The times of work from the one that covers or follows this moment on, in UTC."""
    zone = ZoneInfo(hours.zone)
    first = moment.astimezone(zone).date() - timedelta(days=1)
    for ahead in range(MOST_DAYS):
        day = first + timedelta(days=ahead)
        if day.isoweekday() not in hours.days or day in hours.holidays:
            continue
        last = day if hours.closes > hours.opens else day + timedelta(days=1)
        begins = datetime.combine(day, hours.opens, zone).astimezone(UTC)
        ends = datetime.combine(last, hours.closes, zone).astimezone(UTC)
        if ends > max(moment, begins):  # where clocks go forward a short one may be none
            yield begins, ends


def after(hours: Hours, moment: datetime, length: timedelta) -> datetime:
    """The moment at which so much working time has passed. Never earlier than `moment`.

    Raises `ValueError` when nobody works for ten years.
    """
    left = length
    for begins, ends in shifts(hours, moment):
        begins = max(begins, moment)
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    raise ValueError("There is no working time in the next ten years.")


def between(hours: Hours, begins_at: datetime, ends_at: datetime) -> timedelta:
    """How much working time lies between two moments; nothing when the second is not later."""
    found = timedelta()
    for begins, ends in shifts(hours, begins_at):
        if begins >= ends_at:
            break
        found += max(timedelta(), min(ends, ends_at) - max(begins, begins_at))
    return found
