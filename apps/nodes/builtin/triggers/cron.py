"""A clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from apps.nodes.cadence import Closed, NeverDue, Rule, window, zone_of
from apps.nodes.contract import Context, Done, Example, Json, NodeOutput, NodeParams, Result, Trigger, asked

_LIMITS = "Limits"
_SOME_TIME = datetime(2024, 1, 1, tzinfo=UTC)


def _readable(expression: str) -> str:
    """Cron expressions or words, each of which comes due at some time."""
    next(Rule(expression).after(_SOME_TIME))
    return expression


def _known_zone(name: str) -> str:
    if name:
        zone_of(name)
    return name


def _day(text: str) -> str:
    Closed.of((text,))
    return text


def _moment(text: str) -> str:
    if text:
        datetime.fromisoformat(text)
    return text


TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Day = Annotated[
    Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    asked(words={"mon": "Mon", "tue": "Tue", "wed": "Wed", "thu": "Thu", "fri": "Fri", "sat": "Sat", "sun": "Sun"}),
]


class Opening(NodeParams):
    """Hours in which the schedule may come due."""

    begins: TimeOfDay = "09:00"
    """From this time, as in 09:00."""
    ends: TimeOfDay = "17:00"
    """Until before this time. Earlier than the beginning: until then on the next day. 24:00 is midnight."""
    days: Annotated[list[Day], Field(max_length=7)] = Field(default_factory=list)
    """On these days of the week: mon, tue, wed, thu, fri, sat, sun. None: on all."""


class Cron(Trigger):
    """Start at set times.

    Each due time starts exactly one execution, however many schedulers run. Hours that daylight saving skips come due
    at the moment of the change, doubled ones once. What comes due outside of the windows or on a holiday is left out.
    """

    subtype, icon, name = "CRON", "calendar-clock", "Schedule"
    summary = "{expression}"
    keywords = ("cron", "timer", "schedule", "interval", "daily", "hourly")

    class Params(NodeParams):
        expression: Annotated[str, Field(max_length=1000), AfterValidator(_readable), asked("When", widget="lines")]
        """When: a cron expression (minute, hour, day, month, weekday) or words, as in every weekday at 9:00 or every 15
        minutes. Several on lines of their own."""
        timezone: Annotated[
            str, Field(max_length=100), AfterValidator(_known_zone), asked("Time zone", widget="timezone")
        ] = ""
        """Zone in which the times are meant. Empty: the workflow's."""
        missed: Annotated[
            Literal["skip", "one", "all"],
            asked("Missed times", words={"skip": "Leave out", "one": "Make up once", "all": "Make up each"}),
        ] = "one"
        """Due times that passed while nothing ran: left out, made up for once, or each (at most 100)."""
        windows: Annotated[list[Opening], Field(max_length=20), asked("Only in these hours", group=_LIMITS)] = Field(
            default_factory=list
        )
        """Hours in which it may come due. None: at any time."""
        holidays: Annotated[
            list[Annotated[str, Field(max_length=21), AfterValidator(_day)]],
            Field(max_length=400),
            asked("Not on these days", group=_LIMITS),
        ] = Field(default_factory=list)
        """Days on which it does not come due: 2026-12-24, each year 12-24, or a span 2026-12-24/2027-01-02."""
        jitter_seconds: Annotated[int, Field(ge=0, le=3600), asked("Spread", group=_LIMITS)] = 0
        """Spread: the schedule starts by up to so many seconds later, always by the same. 0: on time."""
        starts_at: Annotated[str, Field(max_length=40), AfterValidator(_moment), asked("Not before", group=_LIMITS)] = (
            ""
        )
        """Not before this date or time, as in 2026-12-01 or 2026-12-01T09:00."""
        ends_at: Annotated[str, Field(max_length=40), AfterValidator(_moment), asked("Not after", group=_LIMITS)] = ""
        """Not after this date or time. A date counts to its end."""

        @model_validator(mode="after")
        def _comes_due(self) -> Self:
            windows = tuple(window(each.begins, each.ends, each.days) for each in self.windows)
            zone = self.timezone or "UTC"
            try:
                next(Rule(self.expression, zone, windows, tuple(self.holidays), self.starts_at).after(_SOME_TIME))
            except NeverDue as never:
                raise ValueError(str(never)) from None
            return self

    class Output(NodeOutput):
        due_at: str
        """The moment that came due, with its zone."""
        fired_at: str
        """When the execution was started."""
        timezone: str
        """The zone of the schedule."""

    examples = (
        Example(
            "Every weekday at nine",
            params={"expression": "every weekday at 9:00", "timezone": "Europe/Berlin"},
            input={
                "due_at": "2026-11-20T09:00:00+01:00",
                "fired_at": "2026-11-20T08:00:00.412+00:00",
                "timezone": "Europe/Berlin",
            },
            returns={
                "due_at": "2026-11-20T09:00:00+01:00",
                "fired_at": "2026-11-20T08:00:00.412+00:00",
                "timezone": "Europe/Berlin",
            },
        ),
    )

    @classmethod
    def address(cls, params: Mapping[str, Json], *, node_id: str) -> str | None:
        """The node's id: every schedule is one of its own."""
        return node_id

    def run(self, params: Any, ctx: Context) -> Result:
        """Hand on the due time; when started by hand, this moment is the due time."""
        given = ctx.trigger_input if isinstance(ctx.trigger_input, Mapping) else {}
        here = ctx.now.astimezone(ZoneInfo(params.timezone or "UTC")).isoformat()
        return Done(
            {
                "due_at": given.get("due_at") or here,
                "fired_at": given.get("fired_at") or ctx.now.isoformat(),
                "timezone": given.get("timezone") or params.timezone or "UTC",
            }
        )
