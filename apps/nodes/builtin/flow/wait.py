"""A pause: for a length of time, until a moment, for a call, for an event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, model_validator

from apps.core.suggest import shown
from apps.nodes.contract import (
    EVENT_NAME,
    Callback,
    Context,
    Done,
    Event,
    Example,
    Expr,
    Json,
    Node,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    Suspend,
    Timer,
    asked,
)

_LONGEST = timedelta(days=366)
_LONGEST_MATCH = 200
_Amount = Annotated[float, Field(ge=0, le=31_622_400, allow_inf_nan=False)]
_PATH = re.compile(r"[^.\s]{1,100}(\.[^.\s]{1,100}){0,9}")


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


_Length = Annotated[Duration, BeforeValidator(_seconds)]


def event_paths(match: dict[str, Any]) -> dict[str, Any]:
    """A `match` as it is, when its keys are dotted paths. Raises `ValueError`."""
    wrong = next((path for path in match if not _PATH.fullmatch(path)), None)
    if wrong is not None:
        raise ValueError(f"“{shown(wrong)}” is no path into the event's data; write it as in order.id.")
    return match


class Wait(Node):
    """Pause: for a length of time, until a moment, until somebody calls, or until something happens.

    Nothing is held meanwhile: the execution takes no worker and survives every restart. After a time the input goes on
    unchanged; a call or an event goes on itself.

    **callback**: the node has an address of its own in every execution, `{{ $execution.callback_url["Name of the
    node"] }}`, from the start on: earlier nodes can give it away. The first call decides, also one that comes before
    the node waits. Every other way of opening the address (a link preview, a scanner) changes nothing.

    **event**: an event of this name, posted to the workspace (`POST /api/v1/app/events/`) from a minute before the
    node waits on. Where `match` is set, the event's data must hold these values. One event lets everybody go on who
    waits for it; none goes to the same node of an execution twice by looking back.
    """

    type, subtype, icon, name = NodeType.FLOW, "WAIT", "timer", "Wait"
    summary = "{duration}{until}{event}"
    keywords = ("delay", "sleep", "pause", "timer", "until", "callback", "webhook", "resume", "event", "signal")

    class Params(NodeParams):
        mode: Annotated[
            Literal["time", "callback", "event"],
            asked("Wait for", words={"time": "A time", "callback": "A call", "event": "An event"}),
        ] = "time"
        """What ends the pause: time (`duration` or `until`), a call of the node's own address, or an event."""
        duration: Annotated[_Length | None, asked("So long", one_of="How long", when={"mode": ["time"]})] = None
        """How long, as in `{"minutes": 5}`; a number means seconds."""
        until: Annotated[
            Expr[AwareDatetime] | None, asked("Until a moment", one_of="How long", when={"mode": ["time"]})
        ] = None
        """Until when, with a zone: `2026-11-20T09:00:00+01:00`. A moment that has passed does not pause."""
        method: Annotated[Literal["POST", "PUT", "PATCH", "GET"], asked(when={"mode": ["callback"]})] = "POST"
        """By which method the address is called. With GET, everything that opens links decides: previews, scanners."""
        event: Annotated[
            Expr[Annotated[str, Field(pattern=EVENT_NAME)]] | None, asked("Name of the event", when={"mode": ["event"]})
        ] = None
        """Name of the event: letters, digits, `_`, `.`, `:`, `-`."""
        match: Annotated[
            dict[str, Expr[Any]],
            Field(max_length=5),
            AfterValidator(event_paths),
            asked("Only if its data holds", when={"mode": ["event"]}),
        ] = Field(default_factory=dict)
        """What the event's data must hold, by path: `{"order.id": "{{ $json.id }}"}`. 42 and "42" are the same."""
        timeout: Annotated[_Length | None, asked("At most so long", when={"mode": ["callback", "event"]})] = None
        """How long to wait for the call or the event, as in `{"hours": 1}`. Then the input leaves by `timeout`."""

        @model_validator(mode="after")
        def _fits_the_mode(self) -> Self:
            if self.mode == "time":
                if (self.duration is None) == (self.until is None):
                    raise ValueError("Set either duration or until.")
                if self.timeout is not None:
                    raise ValueError("A pause of a set length needs no timeout.")
            elif self.duration is not None or self.until is not None:
                raise ValueError("duration and until belong to the mode time; to limit this wait, set timeout.")
            if (self.mode == "event") != (self.event is not None):
                raise ValueError("The mode event needs the name of the event, and no other mode does.")
            if self.match and self.mode != "event":
                raise ValueError("Only events can be matched.")
            return self

    class Output(NodeOutput):
        """After a time: the input. After a call: `id`, `method`, `headers`, `query`, `body`, `received_at`. After an
        event: `id`, `name`, `data`, `posted_at`."""

    examples = (
        Example("Five minutes", params={"duration": {"minutes": 5}}, input={"id": 1}, returns={"id": 1}),
        Example(
            "Until the slot begins",
            params={"until": "{{ $json.slot }}"},
            input={"slot": "2099-01-01T09:00:00+01:00"},
            returns={"slot": "2099-01-01T09:00:00+01:00"},
        ),
        Example(
            "Until the supplier calls back, at most a day",
            params={"mode": "callback", "timeout": {"days": 1}},
            input={"order": "A-1"},
            answers=(
                {
                    "id": "01996a5e-0000-7000-8000-000000000000",
                    "method": "POST",
                    "headers": {"content-type": "application/json"},
                    "query": {},
                    "body": {"accepted": True},
                    "received_at": "2026-11-20T09:30:00+00:00",
                },
            ),
            returns={
                "id": "01996a5e-0000-7000-8000-000000000000",
                "method": "POST",
                "headers": {"content-type": "application/json"},
                "query": {},
                "body": {"accepted": True},
                "received_at": "2026-11-20T09:30:00+00:00",
            },
        ),
        Example(
            "Until the order is paid",
            params={"mode": "event", "event": "order.paid", "match": {"order.id": "{{ $json.id }}"}},
            input={"id": "A-1"},
            answers=(
                {
                    "id": "pay-77",
                    "name": "order.paid",
                    "data": {"order": {"id": "A-1"}, "amount": 12},
                    "posted_at": "2026-11-20T09:30:00+00:00",
                },
            ),
            returns={
                "id": "pay-77",
                "name": "order.paid",
                "data": {"order": {"id": "A-1"}, "amount": 12},
                "posted_at": "2026-11-20T09:30:00+00:00",
            },
        ),
    )

    @classmethod
    def ports_of(cls, params: Mapping[str, Json]) -> tuple[str, ...]:
        """A wait that can be over without an answer has a way out for that."""
        return ("main", "timeout") if params.get("timeout") is not None else ("main",)

    @classmethod
    def callback_method(cls, params: Mapping[str, Json]) -> str | None:
        """The author's choice, in the mode callback."""
        return str(params.get("method", "POST")) if params.get("mode") == "callback" else None

    def run(self, params: Params, ctx: Context) -> Result:
        """Suspend. A moment that has passed, or no time at all, does not pause."""
        deadline = ctx.now + params.timeout.length() if params.timeout is not None else None
        if params.mode == "callback":
            return Suspend(Callback(deadline, title=f"A call ({params.method})"))
        if params.mode == "event":
            return Suspend(Event(params.event or "", _checked(params.match), deadline))
        until = _moment(params, ctx.now)
        return Done(ctx.json) if until <= ctx.now else Suspend(Timer(until))

    def resume(self, params: Params, ctx: Context, state: Json, answer: Json) -> Result:
        """Go on with the input, or with the call or event that came."""
        if params.mode == "time":
            return Done(ctx.json)
        return Done(ctx.json, port="timeout") if answer is None else Done(answer)


def _moment(params: Wait.Params, now: datetime) -> datetime:
    if params.until is not None:
        return min(params.until, now + _LONGEST)
    return now + (params.duration or Duration()).length()


def _checked(match: Mapping[str, Json]) -> dict[str, Json]:
    for path, value in match.items():
        if value is None or value == "":
            what = "empty"
        elif isinstance(value, dict | list):
            what = "no single value"
        elif len(str(value)) > _LONGEST_MATCH:
            what = f"longer than {_LONGEST_MATCH} characters"
        else:
            continue
        raise NodeError(
            "wait.match_invalid",
            f"match: what the event should hold at “{path}” is {what}.",
            "An event is found by a short text or a number, such as an order's; look at what the expression gives.",
        )
    return dict(match)
