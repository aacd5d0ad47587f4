"""Send a request, follow its redirects, read the answer: each within limits."""

from __future__ import annotations

import logging
import re
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urljoin

import httpcore2
import httpx2

from apps.core.egress import errors
from apps.core.egress.policy import Policy
from apps.core.egress.resolving import Resolver, system_resolver
from apps.core.egress.transport import CONNECT_SECONDS, GuardedTransport, deadline, was_cut
from apps.core.telemetry import spans, trace

access = logging.getLogger("agentflow.access")

MAX_REDIRECTS = 3
MAX_URL = 8_192
_METHODS = re.compile(r"(?!CONNECT$|TRACE$)[A-Z]{1,20}")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_UNWRITABLE = re.compile(r"[\x00-\x20\x7f\\]")
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"}
)
_ELSEWHERE = frozenset({"accept", "accept-language", "accept-encoding", "content-type", "user-agent"})
_DEFAULTS = {"user-agent": "AgentFlow/0.1", "accept": "*/*", "accept-encoding": "gzip, deflate"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read completely. `headers` has lower-case names; `url` is where it came from after redirects."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it is about to be sent: the whole address, names of headers in lower case, the body's bytes."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes


class Streamed:
    """An answer whose body is still to be read: `status`, `headers` with lower-case names, the pieces as they come."""

    __slots__ = ("_host", "_response", "headers", "status")

    def __init__(self, host: str, response: httpx2.Response) -> None:
        self._host, self._response = host, response
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._response.stream, Iterable)
        with _failures(self._host):
            yield from self._response.stream

    def close(self) -> None:
        """Nothing more is read."""
        self._response.close()


Sign = Callable[[Outgoing], Outgoing]
"""Adds what proves who sends a request. It may not change where the request goes."""

OnBytes = Callable[[bytes], object]
"""Gets each piece of an answer's body as it arrives. What it raises ends the request."""
OnHead = Callable[[Answer], object]
"""Gets an answer's head (its content is empty) before its body arrives."""


class HttpDoor:
    """HTTP to the outside, guarded. Safe to share between threads; keeps connections alive.

    Writes use a connection again only within a second of its last use: a peer that closes an idle connection at that
    very moment would leave the outcome of the write unknown.
    """

    def __init__(self, policy: Policy | None = None, *, resolver: Resolver = system_resolver) -> None:
        policy = policy or Policy()
        self._reads = GuardedTransport(policy, resolver=resolver, keep_alive_seconds=15.0)
        self._writes = GuardedTransport(policy, resolver=resolver, keep_alive_seconds=1.0)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        timeout: float = 30.0,
        follow_redirects: bool = True,
        max_bytes: int = 10_000_000,
        sign: Sign | None = None,
        on_bytes: OnBytes | None = None,
        on_head: OnHead | None = None,
    ) -> Answer:
        """Send a request and read its answer, whatever its status.

        `timeout` (seconds) covers everything from the name look-up to the last byte; `max_bytes` limits the unpacked
        body. At most 3 redirects are followed; on another host only harmless headers are sent along. `sign` is asked
        for each request to the first host, and for none to another; the answer's address is without what it added.
        With `on_bytes` the body of a 2xx answer is handed on as it arrives, after its head to `on_head`; the content of
        what is returned is empty then.

        Raises `EgressError`, whose `sent` and `is_unknown` say whether the other side may have acted.
        """
        request = _request(method, url, headers, params, json, content)
        with spans.span(f"HTTP {method}", kind="client") as span, deadline(timeout):
            place = trace.header()
            if place and "traceparent" not in request.headers:
                request.headers["traceparent"] = place
            began = time.perf_counter()
            redirects = MAX_REDIRECTS if follow_redirects else None
            answer = self._followed(request, timeout, max_bytes, redirects, sign, on_bytes, on_head)
            if access.isEnabledFor(logging.INFO):
                said = (method, request.url.host, answer.status, (time.perf_counter() - began) * 1e3)
                access.info("%s to %s was answered %s in %.1f ms", *said)
            if spans.is_on():
                span.set_attribute("http.request.method", method)
                span.set_attribute("server.address", request.url.host)
                span.set_attribute("http.response.status_code", answer.status)
        return answer

    def stream(self, outgoing: Outgoing, *, first_byte: float, sign: Sign | None = None) -> Streamed:
        """Send a request whose repeat does no harm, and leave its answer's body to the caller, who closes it.

        The answer has to begin within `first_byte` seconds; for the whole, see `transport.deadline`. No redirect is
        followed. Raises `EgressError`; what fails while the body is read does, too.
        """
        request = _request(outgoing.method, outgoing.url, outgoing.headers, None, None, outgoing.content)
        wire = request if sign is None else _signed(request, sign)
        timeouts = {"connect": min(first_byte, CONNECT_SECONDS), "read": first_byte, "write": None}
        wire.extensions = {"timeout": timeouts}
        began = time.perf_counter()
        with _failures(request.url.host):
            response = self._reads.handle_request(wire)
        timeouts["read"] = None
        said = (request.method, request.url.host, response.status_code, (time.perf_counter() - began) * 1e3)
        access.info("%s to %s was answered %s in %.1f ms", *said)
        return Streamed(request.url.host, response)

    def close(self) -> None:
        """Close every connection."""
        self._reads.close()
        self._writes.close()

    def _followed(
        self,
        request: httpx2.Request,
        timeout: float,
        max_bytes: int,
        redirects: int | None,
        sign: Sign | None,
        on_bytes: OnBytes | None,
        on_head: OnHead | None,
    ) -> Answer:
        """The answer; with `redirects`, the one they lead to, after at most so many."""
        url, first = request.url, _origin(request.url)
        for hop in range((redirects or 0) + 1):
            try:
                wire = request if sign is None or _origin(request.url) != first else _signed(request, sign)
                answer, target = self._send(wire, min(timeout, CONNECT_SECONDS), max_bytes, on_bytes, on_head)
            except errors.EgressError as failed:
                if hop and not failed.sent:  # what came before was sent and answered
                    raise errors.RedirectRefused(f"After a redirect: {failed.message}", hint=failed.hint) from None
                raise
            if redirects is None or target is None:
                return answer if wire is request else replace(answer, url=str(request.url))
            request = _redirected(request, answer.status, target)
        raise errors.RedirectRefused(f"{url} redirected more than {redirects} times.", hint="Call the last address.")

    def _send(
        self,
        request: httpx2.Request,
        patience: float,
        max_bytes: int,
        on_bytes: OnBytes | None,
        on_head: OnHead | None,
    ) -> tuple[Answer, str | None]:
        request.extensions = {"timeout": {"connect": patience, "read": None, "write": None}}
        transport = self._reads if request.method in _SAFE else self._writes
        with _failures(request.url.host):
            response = transport.handle_request(request)
            try:
                headers = {name.lower(): value for name, value in response.headers.items()}
                is_taken = on_bytes is not None and 200 <= response.status_code < 300
                if is_taken and on_head is not None:
                    on_head(Answer(response.status_code, headers, b"", str(request.url)))
                taker = on_bytes if is_taken else None
                body = b"" if request.method == "HEAD" else _body(response, headers, max_bytes, taker)
            finally:
                response.close()
        target = headers.get("location") if response.status_code in (301, 302, 303, 307, 308) else None
        return Answer(response.status_code, headers, body, str(request.url)), target


@cache
def door(policy: Policy) -> HttpDoor:
    """The process's door for this policy: one pool of connections for everybody."""
    return HttpDoor(policy)


# ── Writing a request ────────────────────────────────────────────────────────────────────────────────────────────────


def _request(
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    params: Mapping[str, Any] | None,
    json: Any,
    content: bytes | None,
) -> httpx2.Request:
    if not _METHODS.fullmatch(method):
        raise errors.BadRequest(f"“{method[:20]}” is no method that can be sent.", hint="Use GET, POST, PUT, …")
    given = {name.lower(): value for name, value in (headers or {}).items()}
    ours = sorted(_OURS & given.keys() | {name for name in given if name.startswith("proxy-")})
    if ours:
        raise errors.BadRequest(f"The header “{ours[0]}” is set by the product.", hint="Remove it.")
    address = _address(url)
    if params:
        address = address.copy_merge_params({name: _query(value) for name, value in params.items()})
    try:
        body: dict[str, Any] = {"json": json} if json is not None else {"content": content}
        return httpx2.Request(method, address, headers=_DEFAULTS | given, **body)
    except (UnicodeError, ValueError, TypeError) as wrong:
        raise errors.BadRequest(f"The request cannot be written: {wrong}.") from None


def _query(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [_query(inner) for inner in value]
    return "" if value is None else str(value)


def _address(url: str) -> httpx2.URL:
    if len(url) > MAX_URL:
        raise errors.BadRequest(f"The address has {len(url):,} characters; at most {MAX_URL:,} can be sent.")
    if _UNWRITABLE.search(url):
        raise errors.BadRequest(
            "The address holds a space, a backslash or a control character.", hint="Encode it as %20, %5C, …"
        )
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx2.InvalidURL, UnicodeError, ValueError, TypeError) as wrong:
        raise errors.BadRequest(f"“{url[:100]}” is no address: {wrong}.") from None
    if parsed.scheme not in ("http", "https"):
        raise errors.BadRequest(
            f"“{parsed.scheme or url[:20]}” cannot be called; only http:// and https:// can.",
            hint="Begin the address with https://.",
        )
    if not host or "%" in host:
        raise errors.BadRequest(f"“{url[:100]}” names no host.")
    if parsed.userinfo:
        raise errors.BadRequest("The address holds a user name or password.", hint="Send them in a header instead.")
    return parsed.copy_with(fragment=None) if parsed.fragment else parsed


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _signed(request: httpx2.Request, sign: Sign) -> httpx2.Request:
    headers = {name: value for name, value in request.headers.items() if name not in _OURS}
    signed = sign(Outgoing(request.method, str(request.url), headers, request.content))
    url = _address(signed.url)
    if _origin(url) != _origin(request.url) or signed.method != request.method:
        raise errors.BadRequest("What signs the request tried to send it elsewhere.")
    try:
        return httpx2.Request(signed.method, url, headers=dict(signed.headers), content=signed.content or None)
    except (UnicodeError, ValueError, TypeError):
        # What is wrong stands in the secret, which is not to be quoted.
        raise errors.BadRequest(
            "The request cannot be written with this credential: it holds characters that no header can carry.",
            hint="Copy the secret again, without line breaks.",
        ) from None


def _redirected(request: httpx2.Request, status: int, target: str) -> httpx2.Request:
    try:
        url = _address(urljoin(str(request.url), target))
    except (errors.BadRequest, ValueError) as wrong:
        message = wrong.message if isinstance(wrong, errors.BadRequest) else str(wrong)
        raise errors.RedirectRefused(
            f"{request.url.host} redirected to an address that cannot be called: {message}"
        ) from None
    is_same = _origin(url) == _origin(request.url)
    headers = {name: value for name, value in request.headers.items() if name not in _OURS}
    if not is_same:
        headers = {name: value for name, value in headers.items() if name in _ELSEWHERE}
    method, body = request.method, request.content
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", b""
        headers.pop("content-type", None)
    return httpx2.Request(method, url, headers=headers, content=body or None)


# ── Reading an answer ────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _failures(host: str) -> Iterator[None]:
    """Transport failures as errors that say what became of the request."""
    try:
        yield
    except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
        cause = failed.__cause__ or failed.__context__
        if isinstance(cause, ssl.SSLError):
            raise errors.TlsFailed(
                f"{host} offers no connection that can be trusted: {cause.reason or cause}."
            ) from None
        raise errors.ConnectFailed(f"No connection to {host}: {failed}.") from None
    except httpcore2.TimeoutException:
        raise errors.NoAnswer(f"{host} did not answer in time.", hint="Raise the timeout if it is slow.") from None
    except httpcore2.LocalProtocolError as wrong:
        raise errors.BadRequest(f"The request cannot be written: {wrong}.") from None
    except (httpcore2.RemoteProtocolError, httpcore2.NetworkError, OSError) as failed:
        if was_cut():
            raise errors.HungUp from None
        raise _broken(host, failed) from None


def _broken(host: str, failed: Exception) -> errors.EgressError:
    if not isinstance(failed, httpcore2.RemoteProtocolError):
        return errors.Broken(f"The connection to {host} broke: {failed}.")
    if "disconnected" in str(failed) or "closed connection" in str(failed):
        return errors.Broken(f"{host} closed the connection before its answer was complete.")
    return errors.AnswerUnreadable(f"{host} does not speak HTTP: {failed}.")


def _body(
    response: httpx2.Response, headers: Mapping[str, str], max_bytes: int, on_bytes: OnBytes | None = None
) -> bytes:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    assert isinstance(response.stream, Iterable)
    chunks = response.stream if encoding in ("identity", "") else _unpacked(response.stream, encoding, max_bytes)
    parts, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise errors.AnswerTooLarge(
                f"The answer has more than {max_bytes:,} bytes.",
                hint="Ask for less, or page through it.",
            )
        if on_bytes is None:
            parts.append(chunk)
        else:
            on_bytes(chunk)
    return b"".join(parts)


def _unpacked(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> Iterator[bytes]:
    """Unpack with a limit on what comes out, so that a small bomb cannot fill the memory."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise errors.AnswerUnreadable(f"The answer is packed as “{encoding[:20]}”, which was not asked for.")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                yield unpacker.decompress(rest, max_bytes + 1)
                rest = unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error as wrong:
        raise errors.AnswerUnreadable(f"The packed answer is broken: {wrong}.") from None
