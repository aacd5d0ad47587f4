"""The chart of the day."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apps.insights.hours import Hour, chart

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_the_day_is_the_one_of_the_reader() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    now = datetime(2026, 11, 20, 20, 0, tzinfo=UTC).astimezone(kolkata)  # 01:30 on the 21st
    found = chart({datetime(2026, 11, 21, 1, tzinfo=kolkata): Hour(3, 3)}, now=now)
    assert (found.bars[1].success, found.bars[1].is_now) == (3, True)
    assert found.bars[0].at == datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
    assert found.bars[0].title.startswith("00:00 to 01:00 IST")


def test_today_stands_beside_yesterday() -> None:
    hours = {
        datetime(2026, 11, 20, 8, tzinfo=UTC): Hour(12, 9, 2, 1),
        datetime(2026, 11, 19, 8, tzinfo=UTC): Hour(20, 20, 0, 0),
        datetime(2026, 11, 19, 15, tzinfo=UTC): Hour(7, 7, 0, 0),
    }
    found = chart(hours, now=NOW)

    assert len(found.bars) == 24
    eight, nine, afternoon = found.bars[8], found.bars[9], found.bars[15]
    assert (eight.success, eight.human, eight.error, eight.other_day) == (9, 2, 1, 20)
    assert nine.is_now
    assert nine.label == "Now"
    assert afternoon.is_future
    assert afternoon.other_day == 7
    assert found.top == 20
    assert found.bars[6].label == "06"
    assert found.bars[12].label == "12"


def test_hours_say_when_in_utc_and_what_then() -> None:
    found = chart({datetime(2026, 11, 20, 8, tzinfo=UTC): Hour(3, 2, 0, 1)}, now=NOW)
    eight, late = found.bars[8], found.bars[23]
    assert eight.at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert eight.title == "08:00 to 09:00 UTC: 2 succeeded, 0 wait for a person, 1 failed; yesterday 0"
    assert eight.title.endswith(eight.words)
    assert late.title == "23:00 to 00:00 UTC yesterday: 0"
