"""A button."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from apps.nodes.contract import Example, Json, NodeOutput, NodeParams, Trigger


class Manual(Trigger):
    """Start by hand, from the page or the API.

    What is sent along as input is what the node delivers. A JSON Schema, when there is one, gives the start form its
    fields.
    """

    subtype, icon, name = "MANUAL", "play", "Start by hand"
    summary = "Button or API"
    keywords = ("button", "run", "start", "api", "test")

    class Params(NodeParams):
        input_schema: dict[str, Json] = Field(default_factory=dict)
        """JSON Schema of the input. Empty: any input."""

    class Output(NodeOutput):
        """Whatever was given as input."""

    examples = (
        Example(
            "Start with an order",
            params={"input_schema": {"type": "object", "properties": {"order": {"type": "string"}}}},
            input={"order": "A-1"},
            returns={"order": "A-1"},
        ),
    )

    @classmethod
    def accept(cls, params: Any, given: Json) -> Json:
        """What was given; an empty object when nothing was."""
        return {} if given is None else given
