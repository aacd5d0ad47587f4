"""Words, windows, holidays, first and last dates, and the days on which clocks change."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from apps.nodes.builtin.triggers.cron import Cron
from apps.nodes.cadence import NeverDue, Over, Rule, parts_of, window

BERLIN = "Europe/Berlin"
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
OFFICE = (window("09:00", "17:00", ["mon", "tue", "wed", "thu", "fri"]),)


def times(expression: str, count: int, *, at: datetime = FRIDAY, zone: str = BERLIN, **more: Any) -> list[str]:
    rule = Rule(expression, zone, **more)
    return [f"{due.astimezone(ZoneInfo(zone)):%a %d %H:%M}" for due in islice(rule.after(at), count)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("every 15 minutes", ["Fri 20 13:15", "Fri 20 13:30"]),
        ("Every Minute", ["Fri 20 13:01", "Fri 20 13:02"]),
        ("every 90 minutes", ["Fri 20 14:30", "Fri 20 16:00"]),
        ("every hour", ["Fri 20 14:00", "Fri 20 15:00"]),
        ("every day at 9, 17:30", ["Fri 20 17:30", "Sat 21 09:00"]),
        ("every weekday at 9:00", ["Mon 23 09:00", "Tue 24 09:00"]),
        ("every weekend at 10am", ["Sat 21 10:00", "Sun 22 10:00"]),
        ("every monday, tuesday and thursday at 8:15 pm", ["Mon 23 20:15", "Tue 24 20:15"]),
        ("every week on friday at 5pm", ["Fri 20 17:00", "Fri 27 17:00"]),
        ("every other day at noon", ["Sat 21 12:00", "Mon 23 12:00"]),
        ("every month on the 1st and last day at 12 am", ["Mon 30 00:00", "Tue 01 00:00"]),
        ("0 9 * * 1-5; every sunday at 10\nevery sunday at 10:00", ["Sun 22 10:00", "Mon 23 09:00"]),
    ],
)
def test_words(words: str, expected: list[str]) -> None:
    assert times(words, 2) == expected


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("every day", "says no time"),
        ("every fortnight at 9", "not understood"),
        ("every 0 minutes", "not understood"),
        ("every day at 25", "not understood"),
        ("every day at 13pm", "not understood"),
        ("every 2 weekdays at 9", "not understood"),
        ("every 5 minutes at 9", "not understood"),
        ("every month on the 32nd at 9", "not understood"),
        ("often", "no cron expression"),
        ("", "no time in it"),
        (";".join(["every minute"] * 21), "at most 20"),
    ],
)
def test_what_is_not_understood_says_why(words: str, reason: str) -> None:
    with pytest.raises(NeverDue, match=reason):
        next(Rule(words).after(FRIDAY))


@given(st.text(max_size=60))
def test_no_text_is_a_fault(text: str) -> None:
    for words in (text, f"every {text}"):
        try:
            parts_of(words)
        except NeverDue:
            pass


def test_windows_and_holidays_leave_out() -> None:
    found = times("every hour", 5, windows=OFFICE, holidays=("2026-11-23",))
    assert found == ["Fri 20 14:00", "Fri 20 15:00", "Fri 20 16:00", "Tue 24 09:00", "Tue 24 10:00"]
    yearly = times(
        "every day at 9", 3, at=datetime(2026, 12, 23, 12, tzinfo=UTC), holidays=("12-24", "2026-12-26/2027-01-01")
    )
    assert yearly == ["Fri 25 09:00", "Sat 02 09:00", "Sun 03 09:00"]


def test_a_window_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    night = (window("22:00", "02:00", ["fri"]),)
    assert times("every hour", 5, windows=night) == [
        "Fri 20 22:00",
        "Fri 20 23:00",
        "Sat 21 00:00",
        "Sat 21 01:00",
        "Fri 27 22:00",
    ]


def test_a_window_costs_no_search_through_the_seconds_between() -> None:
    began = time.perf_counter()
    monday = (window("09:00", "09:01", ["mon"]),)
    found = list(islice(Rule("* * * * * *", "UTC", monday).after(FRIDAY), 61))
    assert (found[0], found[59].second, found[60].day) == (datetime(2026, 11, 23, 9, tzinfo=UTC), 59, 30)
    with pytest.raises(NeverDue, match="inside its windows"):
        next(Rule("0 3 * * *", "UTC", OFFICE).after(FRIDAY))
    with pytest.raises(NeverDue, match="None of its windows"):
        next(Rule("0 3 * * *", "UTC", (), ("2020-01-01/2040-01-01",)).after(FRIDAY))
    assert time.perf_counter() - began < 5


def test_first_and_last_date() -> None:
    bounded = Rule("every 3 days at 6:00", BERLIN, starts_at="2026-12-01", ends_at="2026-12-07")
    found = bounded.after(FRIDAY)
    assert [f"{due.astimezone(ZoneInfo(BERLIN)):%d %H}" for due in islice(found, 3)] == ["01 06", "04 06", "07 06"]
    with pytest.raises(Over, match="ended on 2026-12-07"):
        next(found)


@pytest.mark.parametrize("expression", ["every day at 2:30", "30 2 * * *"])
def test_a_time_of_day_on_days_of_change(expression: str) -> None:
    assert times(expression, 2, at=datetime(2027, 3, 27, 12, tzinfo=UTC)) == ["Sun 28 03:00", "Mon 29 02:30"]
    assert times(expression, 2, at=datetime(2027, 10, 30, 12, tzinfo=UTC)) == ["Sun 31 02:30", "Mon 01 02:30"]


def test_an_interval_is_elapsed_time_on_days_of_change() -> None:
    found = list(islice(Rule("every 90 minutes", BERLIN).after(datetime(2027, 10, 30, 22, tzinfo=UTC)), 20))
    assert {(two - one).total_seconds() for one, two in pairwise(found)} == {5400}


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"expression": "every noww"}, "not understood"),
        ({"expression": "0 9 * * *", "timezone": "Mars/Base"}, "no time zone"),
        ({"expression": "0 9 * * *", "holidays": ["24.12."]}, "no day"),
        ({"expression": "0 9 * * *", "starts_at": "soon"}, "starts_at"),
        ({"expression": "0 9 * * *", "windows": [{"begins": "9"}]}, "begins"),
        ({"expression": "0 3 * * *", "windows": [{}]}, "inside its windows"),
    ],
)
def test_the_node_refuses_what_never_comes_due(params: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Cron.Params.model_validate(params)
