"""The day as a chart of hours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.core.axis import axis


@dataclass(frozen=True, slots=True)
class Hour:
    """What became of the executions that began in one hour."""

    total: int = 0
    success: int = 0
    human: int = 0
    error: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of today, with the same hour of yesterday, as `components/chart_hours.html` draws it.

    `label` names few of the hours in the zone of the day; `title` says when, with the zone, and then `words`.
    """

    at: datetime
    label: str
    success: int
    human: int
    error: int
    other_day: int
    is_now: bool
    is_future: bool
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars for 24 hours and an axis that holds them. `label` says it all in one sentence."""

    bars: tuple[Bar, ...]
    top: int
    ticks: tuple[int, ...]
    label: str


def chart(hours: Mapping[datetime, Hour], *, now: datetime) -> Chart:
    """Today's 24 hours beside yesterday's, in the zone of `now`. `hours` is keyed by the beginning of each hour."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    bars = tuple(_bar(hours, midnight + timedelta(hours=hour), now.hour) for hour in range(24))
    highest = max(max(bar.success + bar.human + bar.error, bar.other_day) for bar in bars)
    ticks = axis(highest)
    total = sum(hours.get(midnight + timedelta(hours=hour), Hour()).total for hour in range(24))
    label = _("Executions by hour, today beside yesterday: %(total)d so far today.") % {"total": total}
    return Chart(bars, max(ticks[-1], highest), ticks, label)


def _bar(hours: Mapping[datetime, Hour], at: datetime, this_hour: int) -> Bar:
    today, yesterday = hours.get(at, Hour()), hours.get(at - timedelta(days=1), Hour())
    is_now, is_near = at.hour == this_hour, abs(at.hour - this_hour) < 3
    label = _("Now") if is_now else f"{at.hour:02}" if at.hour % 3 == 0 and not is_near else ""
    words = {
        "success": today.success,
        "human": today.human,
        "error": today.error,
        "yesterday": yesterday.total,
    }
    if at.hour > this_hour:
        said = _(" yesterday: %(yesterday)d") % words
    else:
        said = (
            _(": %(success)d succeeded, %(human)d wait for a person, %(error)d failed; yesterday %(yesterday)d") % words
        )
    between = {"from": at.hour, "to": (at.hour + 1) % 24, "zone": at.tzname()}
    return Bar(
        at=at,
        label=label,
        success=today.success,
        human=today.human,
        error=today.error,
        other_day=yesterday.total,
        is_now=is_now,
        is_future=at.hour > this_hour,
        title=_("%(from)02d:00 to %(to)02d:00 %(zone)s") % between + said,
        words=said,
    )
