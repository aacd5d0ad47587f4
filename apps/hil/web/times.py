"""Response times as their page shows them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from apps.core.axis import axis
from apps.hil.selectors import Times
from apps.hil.web.words import length

DAYS = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: how many were answered, how many nobody answered in time."""

    label: str
    answered: int
    late: int
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Thirty bars and an axis that holds them. `label` says it in one sentence."""

    bars: tuple[Bar, ...]
    top: int
    ticks: tuple[int, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table, in words."""

    label: str
    answered: int
    timed_out: int
    median: str
    slow: str


def lines(found: Sequence[Times]) -> list[Line]:
    """A table."""
    return [Line(each.label, each.answered, each.timed_out, words(each.median), words(each.slow)) for each in found]


def words(seconds: float | None) -> str:
    """A length of time; a dash where there is none."""
    return "–" if seconds is None else length(max(0, round(seconds)))


def chart(found: Sequence[Times], today: date) -> Chart:
    """The last thirty days, today included."""
    by_day = {each.day: each for each in found}
    bars = []
    for ago in range(DAYS - 1, -1, -1):
        day = today - timedelta(days=ago)
        each = by_day.get(day) or Times(0, 0, None, None)
        title = _("%(day)s: %(answered)s answered, %(late)s timed out") % {
            "day": f"{day:%Y-%m-%d}",
            "answered": each.answered,
            "late": each.timed_out,
        }
        if each.median is not None:
            title += _(", typically after %(time)s") % {"time": words(each.median)}
        label = f"{day.day} {day:%b}" if ago % 7 == 0 else ""
        bars.append(Bar(label, each.answered, each.timed_out, title))
    highest = max(bar.answered + bar.late for bar in bars)
    ticks = axis(highest)
    label = _("%(answered)s answered and %(late)s timed out in %(days)s days") % {
        "answered": sum(bar.answered for bar in bars),
        "late": sum(bar.late for bar in bars),
        "days": DAYS,
    }
    return Chart(tuple(bars), max(ticks[-1], highest), ticks, label)
