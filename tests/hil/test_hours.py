"""Working hours: nights, weekends, holidays, zones, and the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from apps.hil import ladder
from apps.hil.hours import Hours, after, between

OFFICE = Hours("Europe/Berlin", holidays=frozenset({date(2026, 12, 25)}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("begins", "hours", "ends"),
    [
        ("2026-11-20T10:00+01:00", 2, "2026-11-20T12:00+01:00"),  # a Friday
        ("2026-11-20T16:00+01:00", 2, "2026-11-23T10:00+01:00"),  # over the weekend
        ("2026-11-20T07:00+01:00", 1, "2026-11-20T10:00+01:00"),  # before they open
        ("2026-11-20T19:00+01:00", 1, "2026-11-23T10:00+01:00"),  # after they closed
        ("2026-11-21T12:00+01:00", 8, "2026-11-23T17:00+01:00"),  # from a Saturday, one whole day
        ("2026-12-24T16:00+01:00", 2, "2026-12-28T10:00+01:00"),  # a holiday and a weekend
        ("2026-10-23T16:00+02:00", 2, "2026-10-26T10:00+01:00"),  # clocks go back on Sunday
        ("2026-11-20T10:00+01:00", 40, "2026-11-27T10:00+01:00"),  # a week of work
        ("2026-11-20T10:00+01:00", 0, "2026-11-20T10:00+01:00"),
    ],
)
def test_only_working_time_passes(begins: str, hours: int, ends: str) -> None:
    assert after(OFFICE, at(begins), timedelta(hours=hours)) == at(ends).astimezone(UTC)


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    night = Hours("UTC", days=frozenset({5}), opens=time(22), closes=time(6))
    assert after(night, at("2026-11-20T23:00Z"), timedelta(hours=2)) == at("2026-11-21T01:00Z")
    assert after(night, at("2026-11-21T05:00Z"), timedelta(hours=2)) == at("2026-11-27T23:00Z")


def test_until_midnight_and_all_week() -> None:
    always = Hours("UTC", days=frozenset(range(1, 8)), opens=time(0), closes=time(0))
    assert after(always, at("2026-11-20T23:30Z"), timedelta(hours=30)) == at("2026-11-22T05:30Z")


def test_how_much_working_time_lies_between() -> None:
    friday, monday = at("2026-11-20T16:00+01:00"), at("2026-11-23T10:00+01:00")
    assert between(OFFICE, friday, monday) == timedelta(hours=2)
    assert between(OFFICE, monday, friday) == timedelta()


def test_nobody_works_ever() -> None:
    with pytest.raises(ValueError, match="no working time"):
        after(Hours(days=frozenset()), at("2026-11-20T10:00Z"), timedelta(hours=1))


def test_the_ladder_by_the_clock_and_by_working_time() -> None:
    begins = at("2026-11-20T15:00Z")
    timing = {"seconds": 4 * 3600, "reminders": [50], "escalations": [{"at": 75, "assignees": ["a@example.com"]}]}
    plain = ladder.rungs(timing, begins_at=begins, ends_at=begins + timedelta(hours=4))
    assert [(rung.kind, rung.due_at.hour) for rung in plain] == [("remind", 17), ("escalate", 18)]
    worked = ladder.rungs(timing, begins_at=begins, ends_at=None, hours=Hours("UTC"))
    assert [(rung.kind, f"{rung.due_at:%a %H}") for rung in worked] == [
        ("remind", "Fri 17"),
        ("escalate", "Mon 10"),
        ("deadline", "Mon 11"),
    ]


def test_a_shift_that_the_clocks_swallow_takes_no_time_away() -> None:
    """02:30 to 03:10 on the day on which there is no 02:30: it would end before it begins."""
    early = Hours("Europe/Berlin", days=frozenset({7}), opens=time(2, 30), closes=time(3, 10))
    week_later = at("2026-04-05T02:40+02:00").astimezone(UTC)
    assert after(early, at("2026-03-28T12:00+01:00"), timedelta(minutes=10)) == week_later
