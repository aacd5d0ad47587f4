"""When a cron expression comes due. Pure.

Times on the clock of a zone follow what people expect of a wall clock: an hour that daylight saving skips comes due at
the moment of the change, one that it doubles comes due once. Expressions that repeat within the hour or every hour
follow elapsed time instead, so that "every ten minutes" is every ten minutes on those days, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

MISSED_AFTER = timedelta(seconds=60)
"""A due time found later than this was missed: nothing ran when it came."""

MOST_MADE_UP = 100
"""So many missed due times are made up for at most, the latest ones."""


class NeverDue(ValueError):
    """The expression or the zone cannot be understood, or no time matches it."""


def after(expression: str, timezone: str, moment: datetime) -> Iterator[datetime]:
    """Every due time later than `moment`, in UTC, in order, without end. Raises `NeverDue`."""
    try:
        zone = ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):
        raise NeverDue(f"“{timezone}” is no time zone; use a name such as Europe/Berlin.") from None
    start = moment.astimezone(zone)
    if _is_wall_clock(expression):
        start = start.replace(tzinfo=None)
    try:
        clock = CronSim(expression, start)
    except CronSimError as wrong:
        raise NeverDue(f"“{expression}” is no cron expression: {wrong}. Write it as in 0 9 * * 1-5.") from None
    return _moments(clock, zone, moment, expression)


def next_after(expression: str, timezone: str, moment: datetime) -> datetime:
    """The first due time later than `moment`, in UTC. Raises `NeverDue`."""
    return next(after(expression, timezone, moment))


def came_due(expression: str, timezone: str, *, since: datetime, now: datetime, missed: str) -> list[datetime]:
    """The due times from `since` (one itself) up to `now` that are to be run, in order.

    Those of the last minute always are. Of older ones `missed` decides: none (`skip`), the latest (`one`) or the latest
    hundred (`all`). Takes no longer for a gap of a year than for one of an hour. Raises `NeverDue`.
    """
    fresh_from = now - MISSED_AFTER
    fresh = _between(expression, timezone, max(since, fresh_from), now, len_limit=None)
    wanted = {"skip": 0, "one": 1}.get(missed, MOST_MADE_UP)
    if not wanted or since >= fresh_from:
        return fresh
    window, found = timedelta(hours=1), []
    while True:
        start = max(since, fresh_from - window)
        found = _between(expression, timezone, start, fresh_from - timedelta(microseconds=1), len_limit=wanted)
        if len(found) == wanted or start == since:
            return found + fresh
        window *= 4


def _between(
    expression: str, timezone: str, first: datetime, last: datetime, *, len_limit: int | None
) -> list[datetime]:
    found: deque[datetime] = deque(maxlen=len_limit)
    for due in after(expression, timezone, first - timedelta(microseconds=1)):
        if due > last:
            break
        found.append(due)
    return list(found)


def _moments(clock: CronSim, zone: ZoneInfo, moment: datetime, expression: str) -> Iterator[datetime]:
    latest = moment.astimezone(UTC)
    while True:
        try:
            local: datetime = next(clock)
        except StopIteration:
            raise NeverDue(f"“{expression}” never comes due.") from None
        if local.tzinfo is None:
            local = _on_the_wall(local, zone)
        due = local.astimezone(UTC)
        if due > latest:  # two times inside a skipped hour are the one moment of the change
            latest = due
            yield due


def _on_the_wall(naive: datetime, zone: ZoneInfo) -> datetime:
    """The moment a clock on the wall shows this time first; for a time it never shows, the moment it jumps over it."""
    local = naive.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive:
        return local
    # Inside the gap: seen with the offset before the change (fold=0) the time lies after the change by as much as it
    # lies inside the gap, so the change is where both offsets agree.
    before = local.utcoffset() or timedelta()
    after_change = local.replace(fold=1).utcoffset() or timedelta()
    return _change_between(naive - after_change, naive - before, zone)


def _change_between(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The moment between two UTC times (naive) at which the zone changes its offset, to the second."""
    low, high = early.replace(tzinfo=UTC), late.replace(tzinfo=UTC)
    old = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high


def _is_wall_clock(expression: str) -> bool:
    """Whether it names minutes and hours, as in `30 9 * * *`, rather than a rhythm, as in `*/10 * * * *`."""
    parts = expression.split()
    return len(parts) in (5, 6) and not any(part.startswith("*") for part in parts[-5:-3])
