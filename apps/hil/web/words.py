"""How lengths of time are said; the page's script says the same as time goes on. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

MINUTE, HOUR, DAY = 60, 3600, 86_400
SOON = timedelta(hours=2)


def time_left(deadline: datetime, now: datetime) -> str:
    """What remains until a deadline: "23 h 48 min left", "40 s left", "Overdue"."""
    left = int((deadline - now).total_seconds())
    if left <= 0:
        return "Overdue"
    return f"{length(left if left < MINUTE else left - left % MINUTE)} left"


def length(seconds: int) -> str:
    """A length of time with at most two units: "48 s", "14 min 35 s", "2 d 3 h"."""
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return _pair(seconds, MINUTE, "min", 1, "s")
    if seconds < DAY:
        return _pair(seconds, HOUR, "h", MINUTE, "min")
    return _pair(seconds, DAY, "d", HOUR, "h")


def _pair(seconds: int, big: int, big_unit: str, small: int, small_unit: str) -> str:
    whole, rest = seconds // big, seconds % big // small
    return f"{whole} {big_unit} {rest} {small_unit}" if rest else f"{whole} {big_unit}"


def age(since: datetime, now: datetime) -> str:
    """How long ago, in one unit: "now", "12 min", "2 d"."""
    seconds = int((now - since).total_seconds())
    if seconds < MINUTE:
        return "now"
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    raise AssertionError(seconds)
