"""Which due times of a schedule are to be run now. Pure; when they come due at all says `apps.nodes.cadence`."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from apps.nodes import cadence
from apps.nodes.cadence import NeverDue as NeverDue
from apps.nodes.cadence import Over as Over
from apps.nodes.cadence import Rule as Rule

MISSED_AFTER = timedelta(seconds=60)
"""A due time found later than this was missed: nothing ran when it came."""

MOST_MADE_UP = 100
"""So many missed due times are made up for at most, the latest ones."""


def rule_of(expression: str, timezone: str, more: Mapping[str, Any] | None = None) -> Rule:
    """The rule of a CRON node; `more` has its windows, holidays, first and last date. Raises `NeverDue`."""
    given = more or {}
    return Rule(
        expression=expression,
        timezone=timezone,
        windows=tuple(
            cadence.window(each["begins"], each["ends"], each["days"]) for each in given.get("windows") or ()
        ),
        holidays=tuple(given.get("holidays") or ()),
        starts_at=given.get("starts_at") or "",
        ends_at=given.get("ends_at") or "",
    )


def jitter_of(more: Mapping[str, Any] | None, identity: str) -> timedelta:
    """By how much a schedule fires after its due times: always the same for the same schedule, spread evenly."""
    longest = int((more or {}).get("jitter_seconds") or 0)
    if not longest:
        return timedelta()
    digest = hashlib.sha256(identity.encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8], "big") % (longest + 1))


def after(expression: str, timezone: str, moment: datetime) -> Iterator[datetime]:
    """Every due time later than `moment`, in UTC, in order, without end. Raises `NeverDue`."""
    return Rule(expression, timezone).after(moment)


def next_after(rule: Rule, moment: datetime) -> datetime:
    """The first due time later than `moment`, in UTC. Raises `NeverDue`."""
    return next(rule.after(moment))


def next_times(rule: Rule, moment: datetime, *, count: int = 10) -> list[datetime]:
    """The next due times, fewer when it ends before. Raises `NeverDue` when there is none."""
    found: list[datetime] = []
    try:
        found.extend(islice(rule.after(moment), count))
    except Over:
        if not found:
            raise
    return found


def came_due(rule: Rule, *, since: datetime, now: datetime, missed: str) -> list[datetime]:
    """The due times from `since` (one itself) up to `now` that are to be run, in order.

    Those of the last minute always are. Of older ones `missed` decides: none (`skip`), the latest (`one`) or the latest
    hundred (`all`). Takes no longer for a gap of a year than for one of an hour. Raises `NeverDue`.
    """
    fresh_from = now - MISSED_AFTER
    fresh = _between(rule, max(since, fresh_from), now, most=None)
    wanted = {"skip": 0, "one": 1}.get(missed, MOST_MADE_UP)
    if not wanted or since >= fresh_from:
        return fresh
    window, found = timedelta(hours=1), []
    while True:
        start = max(since, fresh_from - window)
        found = _between(rule, start, fresh_from - timedelta(microseconds=1), most=wanted)
        if len(found) == wanted or start == since:
            return found + fresh
        window *= 4


def _between(rule: Rule, first: datetime, last: datetime, *, most: int | None) -> list[datetime]:
    found: deque[datetime] = deque(maxlen=most)
    try:
        for due in rule.after(first - timedelta(microseconds=1)):
            if due > last:
                break
            found.append(due)
    except Over:
        pass
    return list(found)
