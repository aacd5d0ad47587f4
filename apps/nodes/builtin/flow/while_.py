"""The same nodes again and again, while something holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from apps.nodes.contract import (
    Container,
    Context,
    Example,
    Inner,
    Json,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    Rounds,
    asked,
)


class While(Container):
    """Run the nodes inside again and again, as long as a condition holds.

    Before each round the condition sees the result of the round before as `$json`, before the first the node's input;
    so do the nodes inside that nothing leads to. `$index` counts the rounds from 0. When the condition still holds
    after the last round allowed, the node fails.
    """

    type, subtype, icon, name = NodeType.FLOW, "WHILE", "refresh-cw", "While"
    summary = "While {condition}"
    keywords = ("loop", "until", "repeat", "poll", "retry", "do")

    class Params(NodeParams):
        condition: Annotated[str, Field(json_schema_extra={"x-expression": True, "x-condition": True, "x-inner": True})]
        """Looked at before each round: `{{ $json.next_page != null }}`."""
        max_iterations: Annotated[int, Field(ge=1, le=10_000), asked("Most rounds")] = 100
        """At most so many rounds."""
        result: Annotated[Inner[Any], asked("Result of a round")] = None
        """What a round gives, seen from inside. Empty: the output of the last node."""
        returns: Annotated[
            Literal["last", "all"],
            asked("Gives back", words={"last": "The last result", "all": "All results"}),
        ] = "last"
        """`last`: what the last round gave. `all`: a list of what each gave."""

    class Output(NodeOutput):
        """What the last round gave, or the list of all."""

    examples = (
        Example(
            "Ask until it is finished",
            params={"condition": "{{ $json.state != 'finished' }}", "max_iterations": 20},
            input={"state": "queued"},
            answers=({"result": {"state": "running"}}, {"result": {"state": "finished"}}),
            returns={"state": "finished"},
        ),
        Example(
            "Every page",
            params={"condition": "{{ $index == 0 || $json.more }}", "returns": "all"},
            answers=({"result": {"rows": [1, 2], "more": True}}, {"result": {"rows": [3], "more": False}}),
            returns=[{"rows": [1, 2], "more": True}, {"rows": [3], "more": False}],
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Say for how long."""
        return Rounds(None, most=params.max_iterations)

    def collect(self, params: Params, results: Sequence[Json]) -> Json:
        """The last result, or all of them."""
        return list(results) if params.returns == "all" else (results[-1] if results else None)
