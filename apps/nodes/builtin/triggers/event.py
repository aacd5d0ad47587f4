"""Something that happened elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from apps.nodes.builtin.flow.wait import event_paths
from apps.nodes.contract import EVENT_NAME, Context, Done, Example, Json, NodeOutput, NodeParams, Result, Trigger

_PARTS = frozenset({"id", "name", "data", "posted_at"})


def _single(match: dict[str, Any]) -> dict[str, Any]:
    wrong = next((path for path, value in match.items() if value in (None, "") or isinstance(value, dict | list)), None)
    if wrong is not None:
        raise ValueError(f"What the event should hold at “{wrong}” is a text, a number, true or false.")
    return event_paths(match)


class EventTrigger(Trigger):
    """Start when an event of a name is posted to the workspace.

    Programs post with `POST /api/v1/app/events/`. Each event starts the workflow exactly once, however often it is sent
    under one id. What needs more than equal values is decided by an IF or a FILTER behind it.
    """

    subtype, icon, name = "EVENT", "radio", "Event"
    summary = "{event}"
    keywords = ("event", "signal", "bus", "message", "publish", "subscribe", "topic")

    class Params(NodeParams):
        event: Annotated[str, Field(pattern=EVENT_NAME)]
        """Name of the event: letters, digits, `_`, `.`, `:`, `-`."""
        match: Annotated[dict[str, Any], Field(max_length=5), AfterValidator(_single)] = Field(default_factory=dict)
        """What the event's data must hold, by path: `{"order.country": "DE"}`. 42 and "42" are the same."""

    class Output(NodeOutput):
        id: str
        """What the sender calls the event, or else an id of ours."""
        name: str
        """Its name."""
        data: Any
        """What the sender says about it."""
        posted_at: str
        """When it was posted."""

    examples = (
        Example(
            "An order was paid in Germany",
            params={"event": "order.paid", "match": {"country": "DE"}},
            input={"id": "pay-7", "name": "order.paid", "data": {"country": "DE"}, "posted_at": "2026-11-20T09:00:00Z"},
            returns={
                "id": "pay-7",
                "name": "order.paid",
                "data": {"country": "DE"},
                "posted_at": "2026-11-20T09:00:00Z",
            },
        ),
    )

    @classmethod
    def address(cls, params: Mapping[str, Json], *, node_id: str) -> str | None:
        """Name and node: any number of workflows listen to one event."""
        return f"{params.get('event', '')} {node_id}"

    @classmethod
    def accept(cls, params: Mapping[str, Json], given: Json) -> Json:
        """A whole event (an object with `data` and nothing unknown) as it is; anything else becomes the data."""
        empty = {"id": "", "name": params.get("event", ""), "data": None, "posted_at": ""}
        if isinstance(given, Mapping) and "data" in given and given.keys() <= _PARTS:
            return empty | dict(given)
        return empty | {"data": given}

    def run(self, params: Any, ctx: Context) -> Result:
        """Hand the event on; started by hand, it was posted now."""
        given = ctx.trigger_input
        if isinstance(given, Mapping) and not given.get("posted_at"):
            given = {**given, "posted_at": ctx.now.isoformat()}
        return Done(given)
