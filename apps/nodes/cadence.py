"""When something comes due: cron expressions, intervals, plain words, windows, holidays, in a time zone. Pure.

Times on the clock of a zone follow what people expect of a wall clock: an hour that daylight saving skips comes due at
the moment of the change, one that it doubles comes due once. What repeats within the hour or every hour follows elapsed
time instead, so that "every ten minutes" is every ten minutes on those days, too.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NoReturn
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from apps.core.suggest import shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
_MOST_PARTS = 20
_MOST_JUMPS = 1_500
_LONGEST_CLOSED_DAYS = 1_100
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = tuple(name[:3] for name in _DAYS)
"""The days of the week as windows name them."""


class NeverDue(ValueError):
    """The expression or the zone cannot be understood, or no time matches it."""


class Over(NeverDue):
    """Its last date has passed."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, on which days of the week (0 is Monday). One that ends before it begins ends the next day."""

    begins: time
    ends: time
    """Midnight is the end of the day."""
    days: frozenset[int]

    def on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Its parts on a day, on the wall's clock."""
        midnight = datetime.combine(day, time())
        begins, ends = datetime.combine(day, self.begins), datetime.combine(day, self.ends)
        if self.ends > self.begins:
            if day.weekday() in self.days:
                yield begins, ends
            return
        if (day - timedelta(days=1)).weekday() in self.days and ends > midnight:
            yield midnight, ends
        if day.weekday() in self.days:
            yield begins, midnight + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything that decides when something comes due. Without windows every hour is open."""

    expression: str
    timezone: str = "UTC"
    windows: tuple[Window, ...] = ()
    holidays: tuple[str, ...] = ()
    starts_at: str = ""
    ends_at: str = ""

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Every due time later than `moment`, in UTC, in order, without end. Raises `NeverDue`."""
        zone = zone_of(self.timezone)
        first, last = _bound(self.starts_at, zone, is_end=False), _bound(self.ends_at, zone, is_end=True)
        if first is not None:
            moment = max(moment, first - _INSTANT)
        for due in self._open(moment, zone, first or _EPOCH):
            if last is not None and due > last:
                raise Over(f"It ended on {last.astimezone(zone):%Y-%m-%d at %H:%M}.")
            yield due

    def _open(self, moment: datetime, zone: ZoneInfo, anchor: datetime) -> Iterator[datetime]:
        if not self.windows and not self.holidays:
            yield from _due(self.expression, zone, moment, anchor)
            return
        closed = Closed.of(self.holidays)
        jumps = 0
        while True:
            for due in _due(self.expression, zone, moment, anchor):
                local = due.astimezone(zone).replace(tzinfo=None)
                opens = self._opens(local, closed)
                if opens <= local:
                    jumps = 0
                    yield due
                    continue
                moment = _on_the_wall(opens, zone).astimezone(UTC) - _INSTANT
                jumps += 1
                break
            if jumps > _MOST_JUMPS:
                raise NeverDue(f"“{shown(self.expression)}” never comes due inside its windows.")

    def _opens(self, local: datetime, closed: Closed) -> datetime:
        """This time if it lies in a window and on no holiday, else when the next window opens."""
        day = local.date()
        for _ in range(_LONGEST_CLOSED_DAYS):
            if not closed.has(day):
                midnight = datetime.combine(day, time())
                whole = [(midnight, midnight + timedelta(days=1))]
                parts = [part for window in self.windows for part in window.on(day)] if self.windows else whole
                reached = [max(begins, local) for begins, ends in parts if ends > local]
                if reached:
                    return min(reached)
            day += timedelta(days=1)
        raise NeverDue("None of its windows ever opens.")


def zone_of(name: str) -> ZoneInfo:
    """A time zone. Raises `NeverDue`."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise NeverDue(f"“{shown(name)}” is no time zone; use a name such as Europe/Berlin.") from None


# ── Parts of an expression ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Cron:
    text: str

    def after(self, moment: datetime, zone: ZoneInfo, anchor: datetime) -> Iterator[datetime]:
        start = moment.astimezone(zone)
        if _is_wall_clock(self.text):
            start = start.replace(tzinfo=None)
        try:
            clock = CronSim(self.text, start)
        except CronSimError as wrong:
            raise NeverDue(f"“{shown(self.text)}” is no cron expression: {wrong}. {_HOW}") from None
        latest = moment.astimezone(UTC)
        while True:
            try:
                local: datetime = next(clock)
            except StopIteration:
                raise NeverDue(f"“{shown(self.text)}” never comes due.") from None
            if local.tzinfo is None:
                local = _on_the_wall(local, zone)
            due = local.astimezone(UTC)
            if due > latest:  # two times inside a skipped hour are the one moment of the change
                latest = due
                yield due


@dataclass(frozen=True, slots=True)
class _Interval:
    """So many seconds of elapsed time, counted from the first date, or from 1970."""

    seconds: int

    def after(self, moment: datetime, zone: ZoneInfo, anchor: datetime) -> Iterator[datetime]:
        step = timedelta(seconds=self.seconds)
        due = anchor + ((moment - anchor) // step) * step
        while True:
            if due > moment:
                yield due
            due += step


@dataclass(frozen=True, slots=True)
class _EveryDays:
    """Every so many days at set times, counted from the first date, or from 1970."""

    count: int
    times: tuple[time, ...]

    def after(self, moment: datetime, zone: ZoneInfo, anchor: datetime) -> Iterator[datetime]:
        first = anchor.astimezone(zone).date().toordinal() if anchor > _EPOCH else date(1970, 1, 1).toordinal()
        ordinal = moment.astimezone(zone).date().toordinal() - 1
        ordinal += (first - ordinal) % self.count
        latest = moment
        while True:
            for at in self.times:
                due = _on_the_wall(datetime.combine(date.fromordinal(ordinal), at), zone).astimezone(UTC)
                if due > latest:
                    latest = due
                    yield due
            ordinal += self.count


_Part = _Cron | _Interval | _EveryDays
_HOW = "Write it as in 0 9 * * 1-5, or in words, as in every weekday at 9:00."


def _due(expression: str, zone: ZoneInfo, moment: datetime, anchor: datetime) -> Iterator[datetime]:
    parts = parts_of(expression)
    if len(parts) == 1:
        yield from parts[0].after(moment, zone, anchor)
        return
    latest = None
    for due in heapq.merge(*(part.after(moment, zone, anchor) for part in parts)):
        if due != latest:
            latest = due
            yield due


@lru_cache(maxsize=4096)
def parts_of(expression: str) -> tuple[_Part, ...]:
    """What an expression is made of: cron expressions or words, one per line or with `;` between. Raises `NeverDue`."""
    texts = [text for line in expression.splitlines() for part in line.split(";") if (text := part.strip())]
    if not texts:
        raise NeverDue(f"There is no time in it. {_HOW}")
    if len(texts) > _MOST_PARTS:
        raise NeverDue(f"It has {len(texts)} parts; at most {_MOST_PARTS} are accepted.")
    return tuple(part for text in texts for part in _parts(text))


def _parts(text: str) -> list[_Part]:
    if text[:5].lower() == "every":
        return _words(text, " ".join(text[5:].lower().replace(",", " , ").split()))
    try:
        CronSim(text, datetime(2024, 1, 1))  # noqa: DTZ001  # a wall clock's time
    except CronSimError as wrong:
        raise NeverDue(f"“{shown(text)}” is no cron expression: {wrong}. {_HOW}") from None
    return [_Cron(text)]


_UNITS = {"second": 1, "minute": 60, "hour": 3600}
_EVERY = re.compile(
    r"(?:(?P<count>\d{1,6}|other) )?"
    r"(?P<unit>second|minute|hour|day|weekday|weekend|month|week)s?(?: days?)?"
    r"(?: on (?:the )?(?P<on>.+?))?(?: at (?P<at>.+))?"
)


def _words(text: str, words: str) -> list[_Part]:
    days, _, at = words.partition(" at ")
    named = [name.removesuffix("s") for name in re.split(r" , and | , | and ", days)]
    if named and all(name in _DAYS for name in named):
        return _crons(_times(text, at), days=",".join(str((_DAYS.index(name) + 1) % 7) for name in named))
    found = _EVERY.fullmatch(words)
    if found is None:
        _unclear(text)
    count = {"other": 2}.get(found["count"] or "1") or int(found["count"] or 1)
    unit, on = found["unit"], found["on"]
    if count < 1 or (on and unit not in ("month", "week")) or (count > 1 and unit not in (*_UNITS, "day")):
        _unclear(text)
    if unit in _UNITS:
        if found["at"]:
            _unclear(text)
        return [_Interval(count * _UNITS[unit])]
    times = _times(text, found["at"] or "")
    if unit == "day" and count > 1:
        return [_EveryDays(count, times)]
    if unit == "month":
        return _crons(times, day=_days_of_month(text, on or "1"))
    if unit == "week":
        name = (on or "monday").removesuffix("s")
        if name not in _DAYS:
            _unclear(text)
        return _crons(times, days=str((_DAYS.index(name) + 1) % 7))
    return _crons(times, days={"day": "*", "weekday": "1-5", "weekend": "6,0"}[unit])


def _crons(times: Sequence[time], *, day: str = "*", days: str = "*") -> list[_Part]:
    return [_Cron(f"{at.minute} {at.hour} {day} * {days}") for at in times]


def _days_of_month(text: str, on: str) -> str:
    found = []
    for name in re.split(r" , and | , | and ", on):
        if name in ("last", "last day"):
            found.append("L")
        elif (number := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|\.)?", name)) and 1 <= int(number[1]) <= 31:
            found.append(number[1])
        else:
            _unclear(text)
    return ",".join(found)


_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))? ?(am|pm)?")


def _times(text: str, given: str) -> tuple[time, ...]:
    if not given:
        raise NeverDue(f"“{shown(text)}” says no time. Add one, as in every weekday at 9:00.")
    found = set()
    for name in re.split(r" , and | , | and ", given):
        if name in ("noon", "midnight"):
            found.add(time(12 if name == "noon" else 0))
            continue
        match = _TIME.fullmatch(name)
        if match is None:
            _unclear(text)
        hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
        if half:
            if not 1 <= hour <= 12:
                _unclear(text)
            hour = hour % 12 + (12 if half == "pm" else 0)
        if hour > 23 or minute > 59:
            _unclear(text)
        found.add(time(hour, minute))
    return tuple(sorted(found))


def _unclear(text: str) -> NoReturn:
    raise NeverDue(
        f"“{shown(text)}” is not understood. Write it as in every 15 minutes, every weekday at 9:00, every monday and "
        "thursday at 8:15, every 3 days at 6:00, every month on the 1st at 9:00."
    )


# ── Windows, holidays, first and last dates ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Closed:
    """The days on which nothing comes due."""

    days: frozenset[date]
    yearly: frozenset[tuple[int, int]]
    spans: tuple[tuple[date, date], ...]

    @classmethod
    def of(cls, texts: tuple[str, ...]) -> Closed:
        """Days as `2026-12-24`, each year `12-24`, from one to another `2026-12-24/2027-01-02`. Raises `NeverDue`."""
        return _holidays(texts)

    def has(self, day: date) -> bool:
        """Whether it is one of them."""
        return (
            day in self.days
            or (day.month, day.day) in self.yearly
            or any(begins <= day <= ends for begins, ends in self.spans)
        )


@lru_cache(maxsize=512)
def _holidays(texts: tuple[str, ...]) -> Closed:
    days, yearly, spans = set(), set(), []
    for text in texts:
        try:
            begins, slash, ends = text.strip().partition("/")
            if slash:
                spans.append((date.fromisoformat(begins), date.fromisoformat(ends)))
            elif len(begins) == 5:
                found = date.fromisoformat(f"2024-{begins}")
                yearly.add((found.month, found.day))
            else:
                days.add(date.fromisoformat(begins))
        except ValueError:
            raise NeverDue(
                f"“{shown(text)}” is no day; write 2026-12-24, 12-24 for each year, or 2026-12-24/2027-01-02."
            ) from None
    return Closed(frozenset(days), frozenset(yearly), tuple(spans))


def window(begins: str, ends: str, days: Sequence[str]) -> Window:
    """A window from `09:00` to `17:00` on days such as `mon`; no days: all of them. Raises `NeverDue`."""
    try:
        wanted = frozenset(DAYS.index(day) for day in days) or frozenset(range(7))
        last = time() if ends in ("24:00", "00:00") else time.fromisoformat(ends)
        return Window(time.fromisoformat(begins), last, wanted)
    except ValueError:
        raise NeverDue(f"“{shown(begins)} to {shown(ends)}” is no window; write 09:00 and 17:00.") from None


@lru_cache(maxsize=512)
def _bound(text: str, zone: ZoneInfo, *, is_end: bool) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise NeverDue(f"“{shown(text)}” is no date; write 2026-12-01 or 2026-12-01T09:00.") from None
    if is_end and len(text) <= 10:
        found += timedelta(days=1) - _INSTANT
    return found.astimezone(UTC) if found.tzinfo else _on_the_wall(found, zone).astimezone(UTC)


# ── The clock on the wall ────────────────────────────────────────────────────────────────────────────────────────────


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
