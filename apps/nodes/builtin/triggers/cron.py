"""A clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field

from apps.core.suggest import shown
from apps.nodes.contract import Context, Done, Example, Json, NodeOutput, NodeParams, Result, Trigger

_SOME_TIME = datetime(2024, 1, 1, tzinfo=UTC)


def _comes_due(expression: str) -> str:
    """Five fields (minute, hour, day, month, weekday) or six with seconds first, that come due at some time."""
    try:
        next(CronSim(expression, _SOME_TIME))
    except CronSimError as wrong:
        raise ValueError(f"“{shown(expression)}” is no cron expression: {wrong}. Write it as in 0 9 * * 1-5.") from None
    except StopIteration:
        raise ValueError(f"“{shown(expression)}” never comes due.") from None
    return expression


def _known_zone(name: str) -> str:
    if not name:
        return name
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"“{shown(name)}” is no time zone; use a name such as Europe/Berlin.") from None
    return name


class Cron(Trigger):
    """Start at set times.

    Each due time starts exactly one execution, however many schedulers run. Hours that daylight saving skips come due
    at the moment of the change, doubled ones once.
    """

    subtype, icon, name = "CRON", "calendar-clock", "Schedule"
    summary = "{expression}"
    keywords = ("cron", "timer", "schedule", "interval", "daily", "hourly")

    class Params(NodeParams):
        expression: Annotated[str, Field(max_length=200), AfterValidator(_comes_due)]
        """When, as a cron expression: minute, hour, day, month, weekday; or six fields with seconds first."""
        timezone: Annotated[str, Field(max_length=100), AfterValidator(_known_zone)] = ""
        """Zone in which the times are meant. Empty: the workflow's."""
        missed: Literal["skip", "one", "all"] = "one"
        """Due times that passed while nothing ran: left out, made up for once, or each (at most 100)."""

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
            params={"expression": "0 9 * * 1-5", "timezone": "Europe/Berlin"},
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
