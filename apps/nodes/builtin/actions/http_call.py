"""One HTTP call: what its parameters say, how it is sent, what becomes of the answer."""

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
from apps.nodes.builtin.actions.http_bodies import Part, form_of, multipart_of, query_of
from apps.nodes.contract import Context, Effect, Expr, HttpAnswer, HttpAuth, Json, NoAuth, NodeError, NodeParams, asked

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_PROCESSED = frozenset({425, 429, 503})
_LONGEST_PAUSE = 86_400.0
_EXCERPT = 2_000
_BODIES = {"json_body": "json", "body": "body", "form": "form", "parts": "parts", "file": "file"}

_WITH_BODY = {"method": ["POST", "PUT", "PATCH", "DELETE"]}
_RESPONSE, _REPEATS = "Response", "Repeats"

REQUEST = frozenset({"url", "query", "headers", *_BODIES.values()})
"""The parameters that say what is sent."""


class CallParams(NodeParams):
    """What one call is made of."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = "GET"
    """HTTP method."""
    url: Annotated[
        Expr[Annotated[str, Field(min_length=1, max_length=8_000, pattern=r"^([Hh][Tt][Tt][Pp][Ss]?://|\{\{)")]],
        asked("Address"),
    ]
    """Absolute address, beginning with https:// or http://."""
    auth: Annotated[HttpAuth, asked("Credential")] = NoAuth()
    """What proves who calls: nothing, or a credential of the workspace."""
    query: Annotated[dict[str, Expr[Any]], Field(max_length=200), asked("Query parameters")] = Field(
        default_factory=dict
    )
    """Parameters added behind the `?`."""
    query_lists: Annotated[
        Literal["repeat", "brackets", "indices", "comma"],
        asked(
            "Lists in the query",
            group="More of the request",
            words={"repeat": "id=1&id=2", "brackets": "id[]=1&id[]=2", "indices": "id[0]=1&id[1]=2", "comma": "id=1,2"},
        ),
    ] = "repeat"
    """How a list among them is written: `id=1&id=2`, `id[]=1&id[]=2`, `id[0]=1&id[1]=2` or `id=1,2`."""
    headers: Annotated[dict[str, Expr[str]], Field(max_length=100)] = Field(default_factory=dict)
    """Further headers."""
    json_body: Annotated[Expr[Any], Field(alias="json"), asked("JSON", one_of="Body", when=_WITH_BODY)] = None
    """Body to send as JSON."""
    body: Annotated[Expr[str], asked("Text", one_of="Body", when=_WITH_BODY, widget="lines")] = ""
    """Body to send as text; say its Content-Type in the headers."""
    form: Annotated[
        dict[str, Expr[Any]], Field(max_length=1_000), asked("Form fields", one_of="Body", when=_WITH_BODY)
    ] = Field(default_factory=dict)
    """Body to send as the fields of a form (`application/x-www-form-urlencoded`)."""
    parts: Annotated[list[Part], Field(max_length=100), asked("Form with files", one_of="Body", when=_WITH_BODY)] = (
        Field(default_factory=list)
    )
    """Body to send as a form with files (`multipart/form-data`)."""
    file: Annotated[Expr[Any], asked(one_of="Body", when=_WITH_BODY)] = None
    """A file to send as the body, as an earlier node gave it."""
    timeout_seconds: Annotated[
        float, Field(gt=0, le=300, allow_inf_nan=False), asked("Time limit", group="More of the request")
    ] = 30
    """How long everything from the name look-up to the last byte of one answer may take."""
    fail_on_status: Annotated[bool, asked("Fail on 400 and above", group=_RESPONSE)] = True
    """Whether an answer of 400 or above fails the node."""
    follow_redirects: Annotated[bool, asked(group="More of the request")] = True
    """Whether up to three redirects are followed."""
    read_as: Annotated[
        Literal["auto", "json", "text", "file"],
        asked("Read the answer as", group=_RESPONSE, words={"auto": "What it says it is"}),
    ] = "auto"
    """What becomes of the answer's body. `auto`: what its Content-Type says."""
    max_bytes: Annotated[int, Field(ge=1, le=100_000_000), asked("Largest answer", group=_RESPONSE)] = 10_000_000
    """How large an answer may be, unpacked. Above 16 MB only files pass: JSON and text become data."""
    receiver_honours_key: Annotated[bool, asked("Repeats do no harm", group=_REPEATS, when=_WITH_BODY)] = False
    """Whether the receiver recognises the Idempotency-Key, so that a repeated write does no harm."""
    changes_nothing: Annotated[bool, asked("Only reads", group=_REPEATS, when={"method": ["POST"]})] = False
    """Whether a POST only reads, as searches and GraphQL queries do: it is then tried again like a GET."""

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        given = [name for attribute, name in _BODIES.items() if getattr(self, attribute) not in (None, "", {}, [])]
        if len(given) > 1:
            raise ValueError(f"Send either {given[0]} or {given[1]}, not both.")
        return self

    @property
    def effect(self) -> Effect:
        """What each call does to the world."""
        return Effect.READ if self.method in _READS or self.changes_nothing else Effect.WRITE

    @property
    def honours_key(self) -> bool:
        """PUT and DELETE say the same thing twice; others only when the receiver is known to recognise the key."""
        return self.method in ("PUT", "DELETE") or self.receiver_honours_key

    @property
    def may_repeat(self) -> bool:
        """Whether sending it again does no harm, whatever became of it before."""
        return self.effect is Effect.READ or self.honours_key


def send(
    params: CallParams, ctx: Context, *, key: str, accepts: frozenset[int] = frozenset()
) -> tuple[dict[str, Json], bytes]:
    """Send it and read the answer: `status`, `headers`, `body`, `url`; and the bytes of its body.

    Every write carries `key`. A status in `accepts` is never a failure. Raises `NodeError`.
    """
    is_write = params.effect is Effect.WRITE
    content, headers = _content(params, ctx, key)
    headers |= params.headers
    if is_write and not any(name.lower() == "idempotency-key" for name in headers):
        headers["Idempotency-Key"] = key
    try:
        answer = ctx.credentials.http(params.auth).request(
            params.method,
            params.url,
            headers=headers,
            params=query_of(params.query, params.query_lists),
            json=params.json_body,
            content=content,
            timeout=min(params.timeout_seconds, ctx.timeout_seconds),
            follow_redirects=params.follow_redirects,
            max_bytes=params.max_bytes,
        )
    except EgressError as failed:
        raise NodeError(
            failed.code if isinstance(failed, CircuitOpen) else failed.code.replace("egress.", "http."),
            failed.message,
            failed.hint,
            retryable=failed.is_passing and (params.may_repeat or not failed.sent),
            is_unknown=is_write and failed.is_unknown,
            retry_after=failed.retry_after,
        ) from None
    if params.fail_on_status and answer.status >= 400 and answer.status not in accepts:
        raise _refused(params, answer, ctx.now)
    body = _read(params, answer, ctx)
    made = {"status": answer.status, "headers": dict(answer.headers), "body": body, "url": answer.url}
    return made, answer.content


# ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _content(params: CallParams, ctx: Context, key: str) -> tuple[bytes | None, dict[str, str]]:
    """The body where it is not JSON, and what it is called. The same parameters give the same bytes."""
    if params.body:
        return params.body.encode(), {}
    if params.form:
        return form_of(params.form, params.query_lists), _called("application/x-www-form-urlencoded", params)
    if params.parts:
        content, kind = multipart_of(params.parts, ctx.artifacts, boundary=key)
        return content, _called(kind, params, always=True)
    if params.file is not None:
        kind = params.file.get("content_type", "") if isinstance(params.file, dict) else ""
        return ctx.artifacts.get(params.file), _called(str(kind) or "application/octet-stream", params)
    return None, {}


def _called(kind: str, params: CallParams, *, always: bool = False) -> dict[str, str]:
    own = [name for name in params.headers if name.lower() == "content-type"]
    if own and always:
        raise NodeError(
            "http.bad_request",
            f"The header “{own[0]}” of a body made of parts is set by the product: it names what stands between them.",
            "Remove it.",
        )
    return {} if own else {"Content-Type": kind}


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _refused(params: CallParams, answer: HttpAnswer, now: datetime) -> NodeError:
    """An answer came, so a write did not stay unknown: it failed."""
    host = urlsplit(answer.url).hostname or "The other side"
    return NodeError(
        "http.status",
        f"{host} answered {params.method} with status {answer.status}.",
        _HINTS.get(answer.status, "Look at the answer below; switch off “fail on status” to go on with it."),
        retryable=answer.status in (_PASSING if params.may_repeat else _NOT_PROCESSED),
        retry_after=_pause(answer.headers.get("retry-after", ""), now),
        details={"status": answer.status, "body": jsonclean.cleaned(_text(answer)[:_EXCERPT])},
    )


_HINTS = {
    401: "The other side wants to know who calls: choose a credential in auth, or test the one that is there.",
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


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(params: CallParams, answer: HttpAnswer, ctx: Context) -> Json:
    if not answer.content:
        return None
    if params.read_as == "file" or (params.read_as == "auto" and _is_file(answer)):
        return _file(answer, ctx, may_repeat=params.may_repeat)
    if params.read_as == "text":
        return jsonclean.cleaned(_text(answer))
    if params.read_as == "json":
        try:
            return jsonclean.parse(answer.content)
        except DomainError as wrong:
            raise NodeError(
                "http.not_json",
                f"{urlsplit(answer.url).hostname} answered with a body that is no JSON: {wrong.message}",
                "Set read_as to auto or text, or look at what the address gives.",
                details={"status": answer.status, "body": jsonclean.cleaned(_text(answer)[:_EXCERPT])},
            ) from None
    return _body(answer)


def _kind(answer: HttpAnswer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_file(answer: HttpAnswer) -> bool:
    """Whether what came is neither JSON nor text, by what the other side calls it."""
    kind = _kind(answer)
    is_data = not kind or kind == "application/json" or kind.endswith("+json") or kind.startswith("text/")
    says_charset = "charset=" in answer.headers.get("content-type", "").lower()
    return bool(answer.content) and not is_data and kind not in _TEXTS and not says_charset


def _file(answer: HttpAnswer, ctx: Context, *, may_repeat: bool) -> Json:
    kind = _kind(answer) or "application/octet-stream"
    try:
        return ctx.artifacts.put(answer.content, name=_file_name(answer), content_type=kind)
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
