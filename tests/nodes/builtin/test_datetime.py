"""DATETIME beyond its examples: changes of clocks, calendars, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from apps.nodes.builtin.actions.datetime_ import Datetime
from apps.nodes.contract import Done, NodeError
from apps.nodes.params import ParamsInvalid, stored_faults
from tests.nodes.running import run

BERLIN = "Europe/Berlin"


def done(kind: str, given: Any = None, **operation: Any) -> Any:
    result = run(Datetime, {"operation": {"kind": kind, **operation}}, given)
    assert isinstance(result, Done)
    return result.output["value"]


def refused(kind: str, **operation: Any) -> str:
    with pytest.raises(NodeError) as failed:
        done(kind, **operation)
    assert failed.value.code == "datetime.failed"
    assert not failed.value.retryable
    return failed.value.message


class TestReading:
    @pytest.mark.parametrize(
        ("operation", "value"),
        [
            ({"text": "2026-07-01"}, "2026-07-01T00:00:00.000Z"),
            ({"text": "2026-07-01", "zone": BERLIN}, "2026-07-01T00:00:00.000+02:00"),
            ({"text": "2026-07-01T10:00:00+05:30"}, "2026-07-01T10:00:00.000+05:30"),
            ({"text": "2026-07-01T10:00:00+05:30", "zone": BERLIN}, "2026-07-01T06:30:00.000+02:00"),
            ({"text": 0}, "1970-01-01T00:00:00.000Z"),
            ({"text": 1782900000123, "zone": BERLIN}, "2026-07-01T12:00:00.123+02:00"),
            ({"text": "1 Jul 2026 3 PM", "format": "d MMM yyyy h a", "zone": BERLIN}, "2026-07-01T15:00:00.000+02:00"),
            ({"text": "01.07.26 +0300", "format": "dd.MM.yyyy ZZ"}, None),
        ],
    )
    def test_parse(self, operation: Any, value: str | None) -> None:
        if value is None:
            assert "is not a date written as" in refused("parse", **operation)
        else:
            assert done("parse", **operation) == value

    def test_a_time_that_the_clocks_leave_out(self) -> None:
        assert done("parse", text="2026-03-29T02:30", zone=BERLIN) == "2026-03-29T03:30:00.000+02:00"
        parsed = done("parse", text="29.03.2026 02:30", format="dd.MM.yyyy HH:mm", zone=BERLIN)
        assert parsed == "2026-03-29T03:30:00.000+02:00"

    def test_a_time_that_the_clocks_show_twice(self) -> None:
        assert done("parse", text="2026-10-25T02:30", zone=BERLIN) == "2026-10-25T02:30:00.000+02:00"

    @pytest.mark.parametrize("value", [True, None, [], {}])
    def test_only_texts_and_numbers_are_dates(self, value: Any) -> None:
        with pytest.raises(ParamsInvalid):
            done("parse", {"at": value}, text="{{ $json.at }}")
        with pytest.raises(ParamsInvalid):
            done("format", {"at": value}, date="{{ $json.at }}")

    def test_what_is_no_date_is_named(self) -> None:
        message = refused("format", date="yesterday")
        assert message == "operation.date: the text 'yesterday' is not a date."
        assert refused("difference", start="2026-01-01", end="x").startswith("operation.end: ")
        assert refused("parse", text=10**18).startswith("operation.text: the date is outside the years")


class TestShifting:
    @pytest.mark.parametrize(
        ("date", "amount", "value"),
        [
            ("2026-03-28T02:30", {"days": 1}, "2026-03-29T03:30:00.000+02:00"),
            ("2026-03-28T02:30", {"hours": 24}, "2026-03-29T03:30:00.000+02:00"),
            ("2026-03-28T12:00", {"days": 1}, "2026-03-29T12:00:00.000+02:00"),
            ("2026-03-28T12:00", {"hours": 24}, "2026-03-29T13:00:00.000+02:00"),
            ("2026-10-25T00:30", {"hours": 2}, "2026-10-25T02:30:00.000+02:00"),
            ("2026-10-25T00:30", {"hours": 3}, "2026-10-25T02:30:00.000+01:00"),
            ("2026-10-24T12:00", {"weeks": 1}, "2026-10-31T12:00:00.000+01:00"),
            ("2026-01-31T12:00", {"months": 1}, "2026-02-28T12:00:00.000+01:00"),
            ("2024-02-29", {"years": 1}, "2025-02-28T00:00:00.000+01:00"),
            ("2026-01-31", {"months": 1, "days": 1}, "2026-03-01T00:00:00.000+01:00"),
            ("2026-01-01", {"months": -1}, "2025-12-01T00:00:00.000+01:00"),
            ("2026-01-01", {"minutes": 1.5}, "2026-01-01T00:01:30.000+01:00"),
            ("2026-01-01", {}, "2026-01-01T00:00:00.000+01:00"),
        ],
    )
    def test_with_a_zone(self, date: str, amount: Any, value: str) -> None:
        assert done("shift", date=date, amount=amount, zone=BERLIN) == value

    def test_without_a_zone_the_offset_stays(self) -> None:
        shifted = done("shift", date="2026-03-28T12:00:00+01:00", amount={"days": 1})
        assert shifted == "2026-03-29T12:00:00.000+01:00"

    def test_back(self) -> None:
        back = done("shift", date="2026-03-29T12:00", direction="minus", amount={"days": 1}, zone=BERLIN)
        assert back == "2026-03-28T12:00:00.000+01:00"

    def test_the_end_of_time(self) -> None:
        assert "years 1 to 9999" in refused("shift", date="9999-12-31", amount={"days": 1})
        assert "years 1 to 9999" in refused("shift", date="0001-01-01", direction="minus", amount={"seconds": 1})
        assert "years 1 to 9999" in refused("convert", date="9999-12-31T23:59:59Z", to="Asia/Tokyo")

    @pytest.mark.parametrize("amount", [{"months": 1.5}, {"days": 0.5}, {"fortnights": 1}, {"hours": 1e13}, 3])
    def test_amounts_that_are_none(self, amount: Any) -> None:
        assert stored_faults(Datetime, {"operation": {"kind": "shift", "date": "2026-01-01", "amount": amount}})


class TestDifference:
    @pytest.mark.parametrize(
        ("start", "end", "unit", "zone", "value"),
        [
            ("2026-03-29", "2026-03-30", "day", BERLIN, 1),
            ("2026-03-29", "2026-03-30", "hour", BERLIN, 23),
            ("2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", "day", "", 23 / 24),
            ("2026-01-01T00:00+01:00", "2026-07-01T00:00+02:00", "month", BERLIN, 6),
            ("2026-07-01T00:00+02:00", "2026-01-01T00:00+01:00", "month", BERLIN, -6),
            ("2026-01-31", "2026-03-01", "month", "", 1),
            ("2024-02-29", "2026-02-28", "year", "", 2),
            ("2026-01-01", "2026-01-15T12:00", "week", "", 14.5 / 7),
            ("2026-01-01T00:00:00.250Z", "2026-01-01T01:00:00+01:00", "millisecond", "", -250),
        ],
    )
    def test_units(self, start: str, end: str, unit: str, zone: str, value: float) -> None:
        assert done("difference", start=start, end=end, unit=unit, zone=zone) == pytest.approx(value)

    def test_hours_of_the_doubled_night(self) -> None:
        found = done("difference", start="2026-10-25", end="2026-10-26", unit="hour", zone=BERLIN)
        assert found == 25


class TestBoundaries:
    @pytest.mark.parametrize(
        ("date", "unit", "at", "value"),
        [
            ("2026-03-29T12:00", "day", "start", "2026-03-29T00:00:00.000+01:00"),
            ("2026-03-29T12:00", "day", "end", "2026-03-29T23:59:59.999+02:00"),
            ("2026-03-29T12:00", "week", "start", "2026-03-23T00:00:00.000+01:00"),
            ("2026-03-29T12:00", "month", "end", "2026-03-31T23:59:59.999+02:00"),
            ("2026-10-25T02:30+01:00", "hour", "start", "2026-10-25T02:00:00.000+01:00"),
            ("2026-10-25T02:30+02:00", "hour", "end", "2026-10-25T02:59:59.999+02:00"),
            ("2026-05-05", "year", "start", "2026-01-01T00:00:00.000+01:00"),
        ],
    )
    def test_in_berlin(self, date: str, unit: str, at: str, value: str) -> None:
        assert done("boundary", date=date, unit=unit, at=at, zone=BERLIN) == value

    def test_a_day_whose_midnight_comes_twice_begins_with_the_first(self) -> None:
        for at in ("2024-11-03T00:30:00-04:00", "2024-11-03T00:30:00-05:00", "2024-11-03T12:00:00-05:00"):
            assert done("boundary", date=at, zone="America/Havana") == "2024-11-03T00:00:00.000-04:00"

    def test_a_day_without_midnight_begins_later(self) -> None:
        found = done("boundary", date="2018-11-04T12:00", zone="America/Sao_Paulo")
        assert found == "2018-11-04T01:00:00.000-02:00"


class TestZones:
    @pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "+25:00", "CEST!", "/etc/localtime"])
    def test_zones_there_are_not(self, zone: str) -> None:
        (fault,) = stored_faults(Datetime, {"operation": {"kind": "now", "zone": zone}})
        assert (fault.path, fault.message) == (
            "params.operation.zone",
            f"There is no time zone {zone!r}; write it as in Europe/Berlin, UTC or +02:00.",
        )

    def test_a_zone_may_come_from_the_data(self) -> None:
        operation = {"kind": "now", "zone": "{{ $json.zone }}"}
        assert stored_faults(Datetime, {"operation": operation}) == []
        assert done("now", {"zone": "+05:30"}, zone="{{ $json.zone }}") == "2026-11-20T14:30:00.000+05:30"
        with pytest.raises(ParamsInvalid, match="no time zone"):
            done("now", {"zone": "Nowhere"}, zone="{{ $json.zone }}")

    def test_a_conversion_goes_somewhere(self) -> None:
        with pytest.raises(ParamsInvalid, match="Say to which zone"):
            done("convert", date="2026-01-01", to="")

    def test_formats_that_mean_nothing(self) -> None:
        assert refused("format", date="2026-01-01", format="YYYY") == (
            "operation.format: Y means nothing in the format 'YYYY'."
        )
