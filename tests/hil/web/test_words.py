"""How lengths of time are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.hil.web.words import age, length, time_left

NOW = datetime(2026, 11, 20, 9, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (875, "14 min 35 s"),
        (85_680, "23 h 48 min"),
        (86_400, "1 d"),
        (183_600, "2 d 3 h"),
    ],
)
def test_lengths_have_two_units_at_most(seconds: int, words: str) -> None:
    assert length(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "Overdue"), (0, "Overdue"), (40, "40 s left"), (4_259, "1 h 10 min left"), (90_000, "1 d 1 h left")],
)
def test_what_remains(seconds: int, words: str) -> None:
    assert time_left(NOW + timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(("seconds", "words"), [(5, "now"), (750, "12 min"), (7_300, "2 h"), (180_000, "2 d")])
def test_ages(seconds: int, words: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == words
