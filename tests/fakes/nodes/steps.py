"""A node that works in steps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from apps.core.egress import EgressError
from apps.nodes.contract import (
    Context,
    Done,
    Effect,
    Example,
    Json,
    Node,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    OnUnknown,
    Result,
)


class Steps(Node):
    """Call an address once per step."""

    type, subtype, icon = NodeType.ACTION, "TEST_STEPS", "list-ordered"
    on_unknown = OnUnknown.ASK

    class Params(NodeParams):
        count: Annotated[int, Field(ge=1, le=1_000)] = 10
        """How many steps."""
        url: str = ""
        """What is called in each, with the step's number and key. Empty: nothing."""
        does: Literal["read", "write"] = "read"
        """What a step does to the world."""

    class Output(NodeOutput):
        """What the steps gave."""

    examples = (Example("Two", params={"count": 2}, returns=[0, 1]),)

    def effect(self, params: Params) -> Effect:
        """It may run again: its steps do not."""
        return Effect.READ

    def run(self, params: Params, ctx: Context) -> Result:
        """One after the other."""

        def one(at: int) -> Json:
            def call(key: str) -> Json:
                if params.url:
                    try:
                        ctx.http.request("POST", params.url, json={"step": at}, headers={"Idempotency-Key": key})
                    except EgressError as error:
                        raise NodeError("test.failed", str(error), retryable=True) from None
                return at

            return ctx.step(f"step:{at}", call, effect=Effect(params.does))

        return Done([one(at) for at in range(params.count)])
