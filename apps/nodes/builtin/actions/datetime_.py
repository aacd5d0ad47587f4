"""Working with dates."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, model_validator

from apps.nodes import borrowed
from apps.nodes.contract import Context, Done, Example, Expr, Json, Node, NodeOutput, NodeParams, NodeType, Result
from apps.nodes.expressions import ExprError
from apps.nodes.expressions.functions import dates, moments

_CODE = "datetime.failed"
_CALENDAR = frozenset({"day", "week", "month", "quarter", "year"})

Unit = Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"]
_Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
_Whole = Annotated[int, Field(ge=-120_000, le=120_000)]


def _known(name: str) -> str:
    try:
        if name:
            moments.zone(name)
    except ExprError as error:
        raise ValueError(f"{error.message[:1].upper()}{error.message[1:]}; write it {error.hint}.") from None
    return name


_Zone: TypeAlias = Annotated[str, AfterValidator(_known), Field(max_length=64)]


class _Dated(NodeParams):
    date: Expr[str]
    """An ISO 8601 date or date and time. Without an offset it is one of the zone, or of UTC without a zone."""
    zone: Expr[_Zone] = ""
    """IANA time zone such as `Europe/Berlin`, or an offset. Days, and changes of clocks, are those of this zone; left
    out: the date's own offset."""

    def moment(self) -> str:
        """The date, in the zone."""
        return _moment(self.date, self.zone, "date")


def _moment(text: str, zone: str, name: str) -> str:
    with borrowed.refusals(_CODE, f"operation.{name}"):
        if not zone:
            return dates.to_iso(borrowed.budget(), text)
        return dates.in_zone_(borrowed.budget(), dates.date(borrowed.budget(), text, None, zone), zone)


class Now(NodeParams):
    """The present moment."""

    kind: Literal["now"]
    """The moment this node runs."""
    zone: Expr[_Zone] = "UTC"
    """IANA time zone such as `Europe/Berlin`, or an offset."""

    def value(self, ctx: Context) -> Json:
        """The moment, in the zone."""
        return _moment(moments.iso(ctx.now), self.zone, "zone")


class Parse(NodeParams):
    """Read a date that is written in some other way."""

    kind: Literal["parse"]
    """The date that a text or a number stands for."""
    text: Expr[str | StrictInt | StrictFloat]
    """The text; a number counts milliseconds since 1970."""
    format: str = ""
    """How the text is written, as in `dd.MM.yyyy HH:mm`; left out: ISO 8601."""
    zone: Expr[_Zone] = ""
    """IANA time zone of a text that names no offset, and of the result; left out: UTC, or the offset in the text."""

    def value(self, ctx: Context) -> Json:
        """The date, in the zone."""
        with borrowed.refusals(_CODE, "operation.text"):
            found = dates.date(borrowed.budget(), self.text, self.format or None, self.zone or None)
        return _moment(found, self.zone, "text")


class Format(_Dated):
    """Write a date for people."""

    kind: Literal["format"]
    """The date as a text."""
    format: Annotated[str, Field(min_length=1, max_length=200)] = "yyyy-MM-dd"
    """How to write it: `yyyy MM dd HH mm ss SSS`, `h a`, `d M`, `MMM MMMM` (month), `EEE EEEE` (weekday), `ZZ`;
    plain letters in single quotes."""

    def value(self, ctx: Context) -> Json:
        """The text."""
        moment = self.moment()
        with borrowed.refusals(_CODE, "operation.format"):
            return dates.format_(borrowed.budget(), moment, self.format)


class Amount(NodeParams):
    """A length of time: the sum of its parts, the largest first."""

    years: Expr[_Whole] = 0
    """Years; of 29 February the 28th remains."""
    months: Expr[_Whole] = 0
    """Months; a day the month does not have becomes its last."""
    weeks: Expr[_Whole] = 0
    """Weeks of seven days of the calendar."""
    days: Expr[Annotated[int, Field(ge=-3_700_000, le=3_700_000)]] = 0
    """Days of the calendar: the time of day stays, whatever the clocks do."""
    hours: Expr[_Number] = 0
    """Hours that pass."""
    minutes: Expr[_Number] = 0
    """Minutes that pass."""
    seconds: Expr[_Number] = 0
    """Seconds that pass."""


class Shift(_Dated):
    """Go forward or back in time."""

    kind: Literal["shift"]
    """The date that much later or earlier."""
    direction: Literal["plus", "minus"] = "plus"
    """Later or earlier."""
    amount: Amount
    """How much, as in `{"days": 3}`."""

    def value(self, ctx: Context) -> Json:
        """The date, with the offset its zone has then."""
        move = dates.plus if self.direction == "plus" else dates.minus
        parts = {unit: count for unit, count in self.amount.model_dump().items() if count}
        moment = self.moment()
        with borrowed.refusals(_CODE, "operation.amount"):
            moved = move(borrowed.budget(), moment, parts, None, self.zone or None)
        return _moment(moved, self.zone, "date")


class Difference(NodeParams):
    """Measure the time between two dates."""

    kind: Literal["difference"]
    """How much later `end` is than `start`; below 0 if it is earlier."""
    start: Expr[str]
    """An ISO 8601 date or date and time."""
    end: Expr[str]
    """Another."""
    unit: Literal["millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"] = "day"
    """What to count. Months, quarters and years are counted when they are full."""
    zone: Expr[_Zone] = ""
    """IANA time zone whose calendar counts for days and longer: a day is one there even if the clocks change. Left out:
    a day has 24 hours."""

    def value(self, ctx: Context) -> Json:
        """The number."""
        start, end = _moment(self.start, self.zone, "start"), _moment(self.end, self.zone, "end")
        if self.zone and self.unit in _CALENDAR:
            start, end = _wall(start), _wall(end)
        with borrowed.refusals(_CODE, "operation"):
            return dates.diff(borrowed.budget(), end, start, self.unit)


def _wall(moment: str) -> str:
    """What calendar and clock on the wall show, as if it were UTC."""
    return moments.iso(moments.read(moments.read(moment).replace(tzinfo=None).isoformat()))


class Boundary(_Dated):
    """Find where an hour, a day, a month begins or ends."""

    kind: Literal["boundary"]
    """The beginning or end of the unit the date lies in."""
    at: Literal["start", "end"] = "start"
    """The first or the last millisecond."""
    unit: Unit = "day"
    """Of what. Weeks begin on Monday."""

    def value(self, ctx: Context) -> Json:
        """The date."""
        find = dates.start_of if self.at == "start" else dates.end_of
        moment = self.moment()
        with borrowed.refusals(_CODE, "operation.date"):
            found = find(borrowed.budget(), moment, self.unit, self.zone or None)
        return _moment(found, self.zone, "date")


class Convert(_Dated):
    """Say the same moment in another zone."""

    kind: Literal["convert"]
    """The same moment as clocks elsewhere show it."""
    to: Expr[_Zone]
    """IANA time zone such as `America/New_York`, or an offset."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.to:
            raise ValueError("Say to which zone.")
        return self

    def value(self, ctx: Context) -> Json:
        """The date, in that zone."""
        return _moment(self.moment(), self.to, "to")


class Datetime(Node):
    """Read, write, shift and compare dates.

    Dates go in and come out in ISO 8601, as in `2026-03-29T02:00:00.000Z`. With a time zone, days and months are those
    of its calendar and its changes between summer and winter time are minded; a time the clocks leave out becomes what
    they show instead, a time they show twice is the first of the two.
    """

    type, subtype, icon, name = NodeType.ACTION, "DATETIME", "calendar-clock", "Date and time"
    summary = "{operation.kind} {operation.unit}{operation.to}"
    keywords = ("date", "time", "now", "format", "parse", "add", "subtract", "difference", "zone", "calendar", "iso")

    class Params(NodeParams):
        operation: Annotated[
            Now | Parse | Format | Shift | Difference | Boundary | Convert, Field(discriminator="kind")
        ]
        """What to do."""

    class Output(NodeOutput):
        value: Any
        """A date in ISO 8601; for `format` a text, for `difference` a number."""

    examples = (
        Example(
            "The present moment in Berlin",
            params={"operation": {"kind": "now", "zone": "Europe/Berlin"}},
            returns={"value": "2026-11-20T10:00:00.000+01:00"},
        ),
        Example(
            "Read a German date",
            params={
                "operation": {
                    "kind": "parse",
                    "text": "{{ $json.ordered }}",
                    "format": "dd.MM.yyyy HH:mm",
                    "zone": "Europe/Berlin",
                }
            },
            input={"ordered": "01.07.2026 09:30"},
            returns={"value": "2026-07-01T09:30:00.000+02:00"},
        ),
        Example(
            "Write it for people",
            params={
                "operation": {
                    "kind": "format",
                    "date": "{{ $json.at }}",
                    "format": "EEEE d MMMM yyyy, HH:mm",
                    "zone": "America/New_York",
                }
            },
            input={"at": "2026-07-01T07:30:00Z"},
            returns={"value": "Wednesday 1 July 2026, 03:30"},
        ),
        Example(
            "The same time tomorrow, though the clocks change",
            params={
                "operation": {
                    "kind": "shift",
                    "date": "{{ $json.at }}",
                    "amount": {"days": 1},
                    "zone": "Europe/Berlin",
                }
            },
            input={"at": "2026-03-28T08:00:00+01:00"},
            returns={"value": "2026-03-29T08:00:00.000+02:00"},
        ),
        Example(
            "A month and two hours earlier",
            params={
                "operation": {
                    "kind": "shift",
                    "date": "2026-03-31T12:00:00Z",
                    "direction": "minus",
                    "amount": {"months": 1, "hours": 2},
                }
            },
            returns={"value": "2026-02-28T10:00:00.000Z"},
        ),
        Example(
            "How many days are left",
            params={"operation": {"kind": "difference", "start": "{{ $json.today }}", "end": "{{ $json.due }}"}},
            input={"today": "2026-11-20", "due": "2026-12-24"},
            returns={"value": 34},
        ),
        Example(
            "The end of the quarter",
            params={
                "operation": {
                    "kind": "boundary",
                    "at": "end",
                    "unit": "quarter",
                    "date": "2026-02-10",
                    "zone": "Europe/Berlin",
                }
            },
            returns={"value": "2026-03-31T23:59:59.999+02:00"},
        ),
        Example(
            "What time that is in Tokyo",
            params={"operation": {"kind": "convert", "date": "2026-11-20T09:00:00Z", "to": "Asia/Tokyo"}},
            returns={"value": "2026-11-20T18:00:00.000+09:00"},
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Do the operation."""
        return Done({"value": params.operation.value(ctx)})
