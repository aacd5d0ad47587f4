"""The answer to whoever waits."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

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
    Response,
    Result,
)

# What a page may load from its own origin, which is the product's too.
_RUNS = re.compile("(java|ecma|j|live)script|/css", re.IGNORECASE)
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_OURS = frozenset(
    {
        "connection",
        "content-length",
        "content-security-policy",
        "keep-alive",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "upgrade",
        "x-content-type-options",
    }
)


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not name or not set(name.lower()) <= _NAME:
            raise ValueError(f"“{name[:60]}” is no header name.")
        if name.lower() in _OURS:
            raise ValueError(f"The header “{name}” is set by the product; remove it.")
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"The header “{name}” holds a control character or one outside ASCII.")
        if name.lower() == "content-type" and _RUNS.search(value):
            raise ValueError("A webhook may not answer with a script or a style sheet; send it as text/plain.")
    return headers


class Respond(Node):
    """Answer the caller that waits for this execution, and go on.

    The first Respond that is reached answers; later ones, and one reached after the caller was sent away with 202,
    only keep their response with the execution.
    """

    type, subtype, icon, name = NodeType.FLOW, "RESPOND", "reply", "Respond"
    summary = "Answer {status}"
    keywords = ("response", "answer", "return", "webhook", "reply")

    class Params(NodeParams):
        status: Expr[Annotated[int, Field(ge=200, le=599)]] = 200
        """HTTP status."""
        body: Expr[Any] = None
        """What to send: a text as it is, anything else as JSON."""
        headers: Annotated[dict[str, Expr[str]], Field(max_length=50), AfterValidator(_sendable)] = Field(
            default_factory=dict
        )
        """Further headers."""

    class Output(NodeOutput):
        status: int
        """The status sent."""
        headers: dict[str, str]
        """The further headers sent."""
        body: Json
        """The body sent."""

    examples = (
        Example(
            "Confirm",
            params={"status": 201, "body": {"order": "{{ $json.id }}", "shipped": True}},
            input={"id": "A-1"},
            returns={"status": 201, "headers": {}, "body": {"order": "A-1", "shipped": True}},
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Hand the response to the engine, which knows who waits."""
        response = Response(params.status, params.body, dict(params.headers))
        return Done({"status": params.status, "headers": params.headers, "body": params.body}, response=response)
