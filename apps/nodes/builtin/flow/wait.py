"""A pause."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from apps.nodes.contract import (
    Context,
    Done,
    Example,
    Expr,
    Json,
    Node,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    Suspend,
    Timer,
)

_LONGEST = timedelta(days=366)
_Amount = Annotated[float, Field(ge=0, le=31_622_400, allow_inf_nan=False)]


class Duration(NodeParams):
    """A length of time: the sum of its parts."""

    seconds: Expr[_Amount] = 0
    """Seconds."""
    minutes: Expr[_Amount] = 0
    """Minutes."""
    hours: Expr[_Amount] = 0
    """Hours."""
    days: Expr[_Amount] = 0
    """Days of 24 hours."""

    def length(self) -> timedelta:
        """The sum of the parts, at most 366 days."""
        whole = timedelta(seconds=self.seconds, minutes=self.minutes, hours=self.hours)
        return min(whole + timedelta(days=min(self.days, _LONGEST.days)), _LONGEST)


def _seconds(value: Json) -> Json:
    return {"seconds": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class Wait(Node):
    """Pause, for a length of time or until a moment.

    Nothing is held meanwhile: the execution takes no worker and survives every restart. The input goes on unchanged.
    """

    type, subtype, icon, name = NodeType.FLOW, "WAIT", "timer", "Wait"
    summary = "{duration}{until}"
    keywords = ("delay", "sleep", "pause", "timer", "until")

    class Params(NodeParams):
        duration: Annotated[Duration, BeforeValidator(_seconds)] | None = None
        """How long, as in `{"minutes": 5}`; a number means seconds."""
        until: Expr[AwareDatetime] | None = None
        """Until when, with a zone: `2026-11-20T09:00:00+01:00`. A moment that has passed does not pause."""

        @model_validator(mode="after")
        def _one_of_them(self) -> Self:
            if (self.duration is None) == (self.until is None):
                raise ValueError("Set either duration or until.")
            return self

    class Output(NodeOutput):
        """The input, unchanged."""

    examples = (
        Example("Five minutes", params={"duration": {"minutes": 5}}, input={"id": 1}, returns={"id": 1}),
        Example(
            "Until the slot begins",
            params={"until": "{{ $json.slot }}"},
            input={"slot": "2099-01-01T09:00:00+01:00"},
            returns={"slot": "2099-01-01T09:00:00+01:00"},
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Suspend until the moment, or go on at once when it has come."""
        if params.until is not None:
            until = min(params.until, ctx.now + _LONGEST)
        else:
            until = ctx.now + (params.duration or Duration()).length()
        return Done(ctx.json) if until <= ctx.now else Suspend(Timer(until))

    def resume(self, params: Params, ctx: Context, state: Json, answer: Json) -> Result:
        """Go on with the input."""
        return Done(ctx.json)
