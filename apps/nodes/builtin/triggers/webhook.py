"""An address that others call."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from apps.core.suggest import shown
from apps.nodes.builtin.triggers.webhook_proofs import HeaderName, HeaderSecret, HmacSecret, NoSecret, OwnHmacSecret
from apps.nodes.contract import Example, Expr, Json, NodeOutput, NodeParams, Trigger, asked

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_PARTS = frozenset({"body", "headers", "query", "method", "path"})


class RequiredHeader(NodeParams):
    """A header without which a request is refused."""

    name: HeaderName
    """Its name."""
    value: Annotated[str, Field(max_length=500)] = ""
    """What it must hold, letter by letter. Empty: anything."""


_REQUEST = "Which requests are taken"
_ANSWER = "Input and answer"


class Reply(NodeParams):
    """What the caller is answered, made from what there is to answer."""

    status: Expr[Annotated[int, Field(ge=200, le=599)] | str] = 200
    """HTTP status."""
    headers: Expr[dict[str, str]] = Field(default_factory=dict)
    """Headers of the answer."""
    body: Expr[Any] = None
    """Body: text as it is, anything else as JSON. `$json` is the output, or the request where nobody waits for one."""


def _network(text: str) -> str:
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError:
        raise ValueError(
            f"“{shown(text)}” is no address; write 203.0.113.7, or 203.0.113.0/24 for a network."
        ) from None


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
            asked("Address ends with"),
        ]
        """Last part of the address: letters, digits, `-`, `_`, `.`, `~`, and `/` between parts."""
        method: Method = "POST"
        """HTTP method the caller uses."""
        other_methods: Annotated[list[Method], Field(max_length=4), asked("Also taken", group=_REQUEST)] = Field(
            default_factory=list
        )
        """Methods it may use as well."""
        respond: Annotated[
            Literal["immediately", "result"],
            asked("Answer", words={"immediately": "At once", "result": "With the result"}),
        ] = "immediately"
        """What the caller gets: 202 at once, or the workflow's response."""
        respond_timeout_seconds: Annotated[
            float, Field(gt=0, le=120, allow_inf_nan=False), asked("Wait at most", when={"respond": ["result"]})
        ] = 25
        """How long a caller that wants the result waits before it gets 202."""
        secret: Annotated[
            NoSecret | HeaderSecret | HmacSecret | OwnHmacSecret,
            Field(discriminator="kind"),
            asked("Callers prove it by"),
        ] = NoSecret()
        """How a caller proves who it is."""
        required_headers: Annotated[list[RequiredHeader], Field(max_length=20), asked(group=_REQUEST)] = Field(
            default_factory=list
        )
        """Headers without which a request is refused."""
        allowed_ips: Annotated[
            list[Annotated[str, AfterValidator(_network)]],
            Field(max_length=200),
            asked("Allowed addresses", group=_REQUEST),
        ] = Field(default_factory=list)
        """Addresses and networks that may call. None: all."""
        max_bytes: Annotated[int, Field(ge=1, le=1_000_000), asked("Largest body", group=_REQUEST)] = 1_000_000
        """How large a body may be."""
        most_per_minute: Annotated[int, Field(ge=0, le=100_000), asked("At most per minute", group=_REQUEST)] = 0
        """How many requests are taken in a minute; others are answered with 429. 0: no limit."""
        id_header: Annotated[
            str, Field(pattern=r"^[A-Za-z0-9-]{0,100}$"), asked("Delivery id in header", group=_REQUEST)
        ] = ""
        """Header with the delivery's id, which makes a repeat harmless. Empty: the usual ones, as Idempotency-Key."""
        transform: Annotated[Expr[Any], asked("Hand on instead", group=_ANSWER)] = None
        """What the workflow is given instead of the request, as in `{{ $json.body.order }}`. Empty: the request."""
        reply: Annotated[Reply | None, asked("Answer with", group=_ANSWER)] = None
        """What the caller is answered. Empty: 202 with where to look, or the output."""

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
    def addresses(cls, params: Mapping[str, Json], *, node_id: str) -> tuple[str, ...]:
        """One per method."""
        given = [params.get("method", "POST"), *(params.get("other_methods") or ())]
        methods = dict.fromkeys(each for each in given if isinstance(each, str))
        return tuple(f"{method} {_trimmed(params.get('path', ''))}" for method in methods)

    @classmethod
    def late_of(cls, params: Mapping[str, Json]) -> frozenset[str]:
        """What is evaluated where requests arrive, not where the workflow runs."""
        return frozenset({"transform", "reply"})

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
