"""An address that others call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from apps.nodes.contract import Example, Json, NodeOutput, NodeParams, Trigger

_PARTS = frozenset({"body", "headers", "query", "method", "path"})


class NoSecret(NodeParams):
    """Anyone who knows the address may call."""

    kind: Literal["none"] = "none"
    """No secret."""


class HeaderSecret(NodeParams):
    """The caller sends a secret in a header."""

    kind: Literal["header"]
    """A header with a fixed value."""
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")] = "X-Webhook-Secret"
    """Name of the header."""
    value: Annotated[str, Field(min_length=8, max_length=500)]
    """What the header must hold."""


class HmacSecret(NodeParams):
    """The caller signs the body with a shared secret."""

    kind: Literal["hmac"]
    """A signature over the body."""
    preset: Literal["generic", "github", "stripe", "standard"] = "generic"
    """Whose way of signing. `generic`: hexadecimal HMAC-SHA256 of the raw body."""
    secret: Annotated[str, Field(min_length=8, max_length=500)]
    """The shared secret."""
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")] = "X-Signature"
    """Header with the signature, for `generic`; the others know their own."""


def _trimmed(path: Json) -> Json:
    return path.strip().strip("/") if isinstance(path, str) else path


class Webhook(Trigger):
    """Start when another system calls an address.

    The address is `/webhooks/<workspace>/<path>`. With `respond: result` the caller waits for the first Respond node
    (or the last node's output), and gets 202 with where to look when a person is asked or the time is over.
    """

    subtype, icon, name = "WEBHOOK", "webhook", "Webhook"
    summary = "{method} /{path}"
    keywords = ("http", "request", "incoming", "callback", "url", "endpoint")

    class Params(NodeParams):
        path: Annotated[
            str,
            BeforeValidator(_trimmed),
            Field(pattern=r"^[A-Za-z0-9_~-][A-Za-z0-9_.~-]*(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*$", max_length=200),
        ]
        """Last part of the address: letters, digits, `-`, `_`, `.`, `~`, and `/` between parts."""
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
        """HTTP method the caller uses."""
        respond: Literal["immediately", "result"] = "immediately"
        """What the caller gets: 202 at once, or the workflow's response."""
        respond_timeout_seconds: Annotated[float, Field(gt=0, le=120, allow_inf_nan=False)] = 25
        """How long a caller that wants the result waits before it gets 202."""
        secret: Annotated[NoSecret | HeaderSecret | HmacSecret, Field(discriminator="kind")] = NoSecret()
        """How a caller proves who it is."""

    class Output(NodeOutput):
        body: Any
        """The body: JSON as such, a form as an object, other text as text."""
        headers: dict[str, str]
        """Headers of the request, names in lower case."""
        query: dict[str, Any]
        """Parameters behind the `?`."""
        method: str
        """Method of the request."""
        path: str
        """Path below the workspace's webhooks."""

    examples = (
        Example(
            "Receive an order",
            params={"path": "orders", "method": "POST", "respond": "result"},
            input={"id": "A-1", "items": [{"price": 5, "quantity": 2}]},
            returns={
                "body": {"id": "A-1", "items": [{"price": 5, "quantity": 2}]},
                "headers": {},
                "query": {},
                "method": "POST",
                "path": "orders",
            },
        ),
    )

    @classmethod
    def address(cls, params: Mapping[str, Json], *, node_id: str) -> str | None:
        """Method and path, as in `POST orders`."""
        return f"{params.get('method', 'POST')} {_trimmed(params.get('path', ''))}"

    @classmethod
    def accept(cls, params: Mapping[str, Json], given: Json) -> Json:
        """A whole delivery (an object with `body` and nothing unknown) as it is; anything else becomes the body."""
        empty = {
            "body": None,
            "headers": {},
            "query": {},
            "method": params.get("method", "POST"),
            "path": _trimmed(params.get("path", "")),
        }
        if isinstance(given, Mapping) and "body" in given and given.keys() <= _PARTS:
            return empty | dict(given)
        return empty | {"body": given}
