"""Yes or no, from a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from apps.nodes.contract import (
    AskHuman,
    Context,
    Done,
    Example,
    Expr,
    Json,
    Node,
    NodeOutput,
    NodeParams,
    NodeType,
    Outcome,
    Result,
    Suspend,
)


class Confirmation(Node):
    """Ask a person to approve or reject, and go on with the answer.

    The question waits in the inbox and behind one-time links. The execution holds nothing meanwhile. What nobody has
    answered by the deadline leaves by `timeout`.
    """

    type, subtype, icon, name = NodeType.HUMAN_IN_THE_LOOP, "CONFIRMATION", "user-check", "Confirmation"
    summary = "{title}"
    keywords = ("approve", "approval", "reject", "person", "human", "ask", "manager")
    ports = ("approved", "rejected", "timeout")

    class Params(NodeParams):
        title: Expr[Annotated[str, Field(min_length=1, max_length=300)]]
        """The question, in one line."""
        message: Expr[Annotated[str, Field(max_length=20_000)]] = ""
        """What the person needs to know to decide."""
        data: Expr[Any] = None
        """Facts shown with the question."""
        timeout_seconds: Expr[Annotated[int, Field(ge=60, le=2_592_000)]] = 86_400
        """How long there is to answer: one minute to 30 days."""
        priority: Literal["low", "normal", "high", "critical"] = "normal"
        """Where the question stands in the inbox."""

    class Output(NodeOutput):
        outcome: str
        """`approved`, `rejected` or `timeout`."""
        comment: str | None
        """What the person wrote."""
        data: Any
        """What the answer brought along."""
        answered_by: Any
        """Who answered; empty after a timeout."""
        answered_at: str | None
        """When."""

    examples = (
        Example(
            "Ship a large order?",
            params={"title": "Ship order {{ $json.order }} for {{ $json.total }}?", "timeout_seconds": 3600},
            input={"order": "A-1", "total": 1200},
            answers=(
                {
                    "outcome": "approved",
                    "comment": "Good customer.",
                    "data": None,
                    "answered_by": {"label": "Alice"},
                    "answered_at": "2026-11-20T09:30:00+00:00",
                },
            ),
            returns={
                "outcome": "approved",
                "comment": "Good customer.",
                "data": None,
                "answered_by": {"label": "Alice"},
                "answered_at": "2026-11-20T09:30:00+00:00",
            },
            port="approved",
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Put the question."""
        return Suspend(
            AskHuman(
                question="CONFIRMATION",
                title=params.title,
                outcomes=(Outcome("approved", "Approve", "primary"), Outcome("rejected", "Reject", "danger")),
                message=params.message,
                data=params.data,
                deadline=ctx.now + timedelta(seconds=params.timeout_seconds),
                priority=params.priority,
            )
        )

    def resume(self, params: Params, ctx: Context, state: Json, answer: Json) -> Result:
        """Leave by the outcome."""
        return Done(
            {
                "outcome": answer["outcome"],
                "comment": answer.get("comment"),
                "data": answer.get("data"),
                "answered_by": answer.get("answered_by"),
                "answered_at": answer.get("answered_at"),
            },
            port=answer["outcome"],
        )
