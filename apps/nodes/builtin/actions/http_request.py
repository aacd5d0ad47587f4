"""Talking to other systems."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, model_validator

from apps.core import jsonclean
from apps.core.charsets import CHARSETS, charset_of, decode
from apps.core.egress import CircuitOpen, EgressError
from apps.core.errors import DomainError
from apps.nodes.contract import (
    Context,
    Done,
    Effect,
    Example,
    Expr,
    HttpAnswer,
    Json,
    Node,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    Retry,
)

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_PROCESSED = frozenset({425, 429, 503})
_LONGEST_PAUSE = 86_400.0
_EXCERPT = 2_000


class HttpRequest(Node):
    """Call an HTTP API and return its answer.

    An answer of 400 or above fails the node unless `fail_on_status` is off. Reads are tried again when that may help;
    a write only when it certainly was not processed, or when its receiver makes repeats harmless. Every write carries
    an `Idempotency-Key` that stays the same while its outcome is unknown.
    """

    type, subtype, icon, name = NodeType.ACTION, "HTTP_REQUEST", "globe", "HTTP request"
    summary = "{method} {url}"
    keywords = ("api", "rest", "call", "fetch", "get", "post", "curl", "url")
    retry = Retry(attempts=3, delay_seconds=1.0)

    class Params(NodeParams):
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = "GET"
        """HTTP method."""
        url: Expr[Annotated[str, Field(min_length=1, max_length=8_000, pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://")]]
        """Absolute address, beginning with https:// or http://."""
        query: Annotated[dict[str, Expr[Any]], Field(max_length=200)] = Field(default_factory=dict)
        """Parameters added behind the `?`."""
        headers: Annotated[dict[str, Expr[str]], Field(max_length=100)] = Field(default_factory=dict)
        """Further headers."""
        json_body: Annotated[Expr[Any], Field(alias="json")] = None
        """Body to send as JSON."""
        body: Expr[str] = ""
        """Body to send as text; say its Content-Type in the headers."""
        timeout_seconds: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)] = 30
        """How long everything from the name look-up to the last byte may take."""
        fail_on_status: bool = True
        """Whether an answer of 400 or above fails the node."""
        follow_redirects: bool = True
        """Whether up to three redirects are followed."""
        max_bytes: Annotated[int, Field(ge=1, le=100_000_000)] = 10_000_000
        """How large the answer may be, unpacked. Above 16 MB only files pass: JSON and text become data."""
        receiver_honours_key: bool = False
        """Whether the receiver recognises the Idempotency-Key, so that a repeated write does no harm."""

        @model_validator(mode="after")
        def _one_body(self) -> Self:
            if self.json_body is not None and self.body:
                raise ValueError("Send either json or body, not both.")
            return self

    class Output(NodeOutput):
        status: int
        """HTTP status of the answer."""
        headers: dict[str, str]
        """Headers of the answer, names in lower case."""
        body: Any
        """JSON as such, text as text; anything else is kept as a file, and this says which: id, name, size, url, …"""
        url: str
        """Where the answer came from, after redirects."""

    examples = (
        Example(
            "Read a stock level",
            params={"method": "GET", "url": "https://api.example.com/stock/{{ $json.sku }}"},
            input={"sku": "A-1"},
            answers=({"status": 200, "json": {"left": 3}},),
            returns={
                "status": 200,
                "headers": {"content-type": "application/json"},
                "body": {"left": 3},
                "url": "https://api.example.com/stock/A-1",
            },
        ),
        Example(
            "Create a shipment",
            params={
                "method": "POST",
                "url": "https://api.example.com/shipments",
                "json": {"order": "{{ $json.order }}"},
            },
            input={"order": "A-1"},
            answers=({"status": 201, "json": {"id": 9}},),
            returns={
                "status": 201,
                "headers": {"content-type": "application/json"},
                "body": {"id": 9},
                "url": "https://api.example.com/shipments",
            },
        ),
    )

    def effect(self, params: Params) -> Effect:
        """Reading methods read, all others write."""
        return Effect.READ if params.method in _READS else Effect.WRITE

    def honours_key(self, params: Params) -> bool:
        """PUT and DELETE say the same thing twice; others only when the receiver is known to recognise the key."""
        return params.method in ("PUT", "DELETE") or params.receiver_honours_key

    def run(self, params: Params, ctx: Context) -> Result:
        """Send the request and read the answer."""
        is_write = self.effect(params) is Effect.WRITE
        may_repeat = not is_write or self.honours_key(params)
        headers = dict(params.headers)
        if is_write and not any(name.lower() == "idempotency-key" for name in headers):
            headers["Idempotency-Key"] = ctx.idempotency_key
        try:
            answer = ctx.http.request(
                params.method,
                params.url,
                headers=headers,
                params=params.query,
                json=params.json_body,
                content=params.body.encode() if params.body else None,
                timeout=min(params.timeout_seconds, ctx.timeout_seconds),
                follow_redirects=params.follow_redirects,
                max_bytes=params.max_bytes,
            )
        except EgressError as failed:
            raise NodeError(
                failed.code if isinstance(failed, CircuitOpen) else failed.code.replace("egress.", "http."),
                failed.message,
                failed.hint,
                retryable=failed.is_passing and (may_repeat or not failed.sent),
                is_unknown=is_write and failed.is_unknown,
                retry_after=failed.retry_after,
            ) from None
        if params.fail_on_status and answer.status >= 400:
            raise _refused(params, answer, ctx.now, may_repeat=may_repeat)
        body = _file(answer, ctx, may_repeat=may_repeat) if _is_file(answer) else _body(answer)
        return Done({"status": answer.status, "headers": dict(answer.headers), "body": body, "url": answer.url})


def _refused(params: HttpRequest.Params, answer: HttpAnswer, now: datetime, *, may_repeat: bool) -> NodeError:
    """An answer came, so a write did not stay unknown: it failed."""
    host = urlsplit(answer.url).hostname or "The other side"
    return NodeError(
        "http.status",
        f"{host} answered {params.method} with status {answer.status}.",
        _HINTS.get(answer.status, "Look at the answer below; switch off “fail on status” to go on with it."),
        retryable=answer.status in (_PASSING if may_repeat else _NOT_PROCESSED),
        retry_after=_pause(answer.headers.get("retry-after", ""), now),
        details={"status": answer.status, "body": jsonclean.cleaned(_text(answer)[:_EXCERPT])},
    )


_HINTS = {
    401: "The other side wants to know who calls: check the Authorization header.",
    403: "The other side knows the caller and refuses: check what it may do.",
    404: "Check the address.",
    405: "Check the method.",
    429: "The other side asks for fewer requests.",
}


def _pause(header: str, now: datetime) -> float | None:
    """Seconds of a Retry-After header, whether it holds seconds or a date."""
    if header.strip().isdigit() and len(header.strip()) < 10:
        return min(float(header), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), _LONGEST_PAUSE)


def _kind(answer: HttpAnswer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_file(answer: HttpAnswer) -> bool:
    """Whether what came is neither JSON nor text, by what the other side calls it."""
    kind = _kind(answer)
    is_data = not kind or kind == "application/json" or kind.endswith("+json") or kind.startswith("text/")
    says_charset = "charset=" in answer.headers.get("content-type", "").lower()
    return bool(answer.content) and not is_data and kind not in _TEXTS and not says_charset


def _file(answer: HttpAnswer, ctx: Context, *, may_repeat: bool) -> Json:
    try:
        return ctx.artifacts.put(answer.content, name=_file_name(answer), content_type=_kind(answer))
    except NodeError as lost:
        lost.retryable = lost.retryable and may_repeat  # the call itself was answered
        raise


def _file_name(answer: HttpAnswer) -> str:
    """What the other side calls the file, or else the end of its address."""
    header = Message()
    header["Content-Disposition"] = answer.headers.get("content-disposition", "").encode("ascii", "replace").decode()
    return header.get_filename() or unquote(urlsplit(answer.url).path.rpartition("/")[2]) or "answer"


def _body(answer: HttpAnswer) -> Json:
    kind = _kind(answer)
    if not answer.content:
        return None
    if kind == "application/json" or kind.endswith("+json") or not kind:
        try:
            return jsonclean.parse(answer.content)
        except DomainError:  # called JSON, but is not, or holds what cannot be stored: kept as the text it is
            return jsonclean.cleaned(_text(answer))
    return jsonclean.cleaned(_text(answer))


_TEXTS = frozenset(
    {"application/xml", "application/javascript", "application/x-www-form-urlencoded", "application/x-ndjson"}
)


def _text(answer: HttpAnswer) -> str:
    charset = charset_of(answer.headers.get("content-type", ""))
    return decode(answer.content, charset if charset in CHARSETS else "utf-8", errors="replace")
