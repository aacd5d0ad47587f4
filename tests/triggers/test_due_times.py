"""Due times, most of all on the two days a year when clocks are changed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triggers.due_times import NeverDue, Rule, after, came_due, next_after

BERLIN = "Europe/Berlin"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def local(expression: str, zone: str, moment: datetime, count: int) -> list[str]:
    found = islice(after(expression, zone, moment), count)
    return [due.astimezone(ZoneInfo(zone)).isoformat()[5:22].replace("T", " ") for due in found]


@pytest.mark.parametrize("expression", ["30 2 * * *", "0 30 2 * * *"])
def test_a_skipped_hour_comes_due_at_the_change_and_a_doubled_one_once(expression: str) -> None:
    assert local(expression, BERLIN, utc(2026, 3, 28), 3) == [
        "03-28 02:30:00+01",
        "03-29 03:00:00+02",
        "03-30 02:30:00+02",
    ]
    assert local(expression, BERLIN, utc(2026, 10, 24), 3) == [
        "10-24 02:30:00+02",
        "10-25 02:30:00+02",
        "10-26 02:30:00+01",
    ]


def test_starting_inside_the_doubled_hour_does_not_repeat_it() -> None:
    second_pass = utc(2026, 10, 25, 1, 10)  # 02:10 for the second time
    assert local("30 2 * * *", BERLIN, second_pass, 1) == ["10-26 02:30:00+01"]


def test_two_times_inside_the_skipped_hour_are_one() -> None:
    assert local("0,30 2 * * *", BERLIN, utc(2026, 3, 29), 2) == ["03-29 03:00:00+02", "03-30 02:00:00+02"]


def test_a_rhythm_follows_elapsed_time() -> None:
    doubled = list(islice(after("*/20 * * * *", BERLIN, utc(2026, 10, 24, 23)), 12))
    skipped = list(islice(after("*/20 * * * *", BERLIN, utc(2026, 3, 29)), 12))
    for found in (doubled, skipped):
        assert {two - one for one, two in pairwise(found)} == {timedelta(minutes=20)}


def test_a_change_of_half_an_hour_at_an_odd_place() -> None:
    assert local("15 2 * * *", "Australia/Lord_Howe", utc(2026, 10, 3, 0), 1) == ["10-04 02:30:00+11"]


@pytest.mark.parametrize(
    ("expression", "zone"), [("x", "UTC"), ("61 * * * *", "UTC"), ("0 0 31 2 *", "UTC"), ("* * * * *", "Mars/Base")]
)
def test_what_never_comes_due_says_so(expression: str, zone: str) -> None:
    with pytest.raises(NeverDue):
        next_after(Rule(expression, zone), utc(2026, 1, 1))


NOON = utc(2026, 11, 20, 12, 0, 30)


@pytest.mark.parametrize(
    ("missed", "expected"),
    [
        ("skip", [utc(2026, 11, 20, 12)]),
        ("one", [utc(2026, 11, 20, 11, 50), utc(2026, 11, 20, 12)]),
        ("all", [utc(2026, 11, 20, 11, minute) for minute in (20, 30, 40, 50)] + [utc(2026, 11, 20, 12)]),
    ],
)
def test_missed_due_times(missed: str, expected: list[datetime]) -> None:
    since = utc(2026, 11, 20, 11, 20)
    assert came_due(Rule("*/10 * * * *"), since=since, now=NOON, missed=missed) == expected


def test_due_times_of_the_last_minute_are_not_missed() -> None:
    found = came_due(Rule("*/10 * * * * *"), since=NOON - timedelta(seconds=50), now=NOON, missed="skip")
    assert len(found) == 6


def test_at_most_a_hundred_are_made_up_and_a_long_gap_is_no_more_work() -> None:
    began = time.perf_counter()
    found = came_due(Rule("* * * * * *"), since=utc(2016, 1, 1), now=NOON, missed="all")
    rare = came_due(Rule("0 0 29 2 *"), since=utc(1996, 2, 29), now=NOON, missed="all")
    assert len([due for due in found if due < NOON - timedelta(minutes=1)]) == 100
    assert [due.year for due in rare] == [1996, 2000, 2004, 2008, 2012, 2016, 2020, 2024]
    assert time.perf_counter() - began < 2


@given(
    expression=st.sampled_from(
        ["30 2 * * *", "*/7 * * * *", "0 2,3 * * *", "15 */2 * * *", "5 4 1 * *", "0 0 2 * * 0"]
    ),
    zone=st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]),
    start=st.integers(0, 2 * 366 * 86_400).map(lambda seconds: utc(2026, 1, 1) + timedelta(seconds=seconds)),
)
def test_wherever_one_begins_the_times_are_the_same_and_rise(expression: str, zone: str, start: datetime) -> None:
    found = list(islice(after(expression, zone, start), 6))
    assert found[0] > start
    assert found == sorted(set(found))
    assert next_after(Rule(expression, zone), found[2]) == found[3]
    assert next_after(Rule(expression, zone), found[0] - timedelta(microseconds=1)) == found[0]
