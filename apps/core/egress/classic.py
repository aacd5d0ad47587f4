"""The door for libraries that speak classic httpx: a transport of theirs whose every request goes out through ours.

Such a library is given one `ClassicTransport` for good. It lets nothing out but inside `passage()`, and there only to
the one place the passage leads to, signed by whoever opened it: what the library thinks is a key never leaves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from urllib.parse import urlsplit

import httpx

from apps.core.egress.door import HttpDoor, Outgoing, Sign, Streamed
from apps.core.egress.errors import EgressError, Refused
from apps.core.egress.transport import deadline

_here = threading.local()
_HARMLESS = frozenset({"accept", "content-type"})
MAX_BYTES = 50_000_000
MOST_REFUSAL = 20_000
REST_SECONDS, MOST_REST = 0.05, 4
"""For so long, and so many pieces, the rest of an answer is waited for that nobody reads any more."""


class Passage:
    """One way out for the thread that opened it. Afterwards it tells what became of the last request."""

    def __init__(self, door: HttpDoor, base: str, sign: Sign | None, first_byte: float, keeps: frozenset[str]) -> None:
        self.door, self.sign, self.first_byte = door, sign, first_byte
        self.keeps = _HARMLESS | keeps
        self.failed: EgressError | None = None
        self.status = 0
        self.headers: dict[str, str] = {}
        self.refusal = ""
        """What stood in an answer with a status of 400 and more."""
        self.sent = 0
        """How many requests went out."""
        self.bodies: list[httpx.SyncByteStream] = []
        """Of its answers; what a library leaves open is closed when the passage ends."""
        self._origin = _origin(base)

    def send(self, request: httpx.Request) -> Streamed:
        """The request, with no other headers than needed. Raises `EgressError`."""
        url = str(request.url)
        if _origin(url) != self._origin:
            raise Refused(f"{request.url.host} is not where this call leads to.")
        headers = {name: value for name, value in request.headers.items() if name.lower() in self.keeps}
        outgoing = Outgoing(request.method, url, headers, request.read())
        self.sent += 1
        return self.door.stream(outgoing, first_byte=self.first_byte, sign=self.sign)


@contextmanager
def passage(
    door: HttpDoor,
    base: str,
    *,
    sign: Sign | None = None,
    seconds: float,
    first_byte: float,
    keeps: frozenset[str] = frozenset(),
) -> Iterator[Passage]:
    """Inside, this thread's libraries reach the host of `base`, all in all for so many `seconds`.

    `keeps`: headers of the library that are sent along, in lower case. Only for requests whose repeat does no harm:
    connections are used again as for reads.
    """
    found = _here.passage = Passage(door, base, sign, first_byte, keeps)
    try:
        with deadline(seconds):
            yield found
    finally:
        _here.passage = None
        for body in found.bodies:
            body.close()


class ClassicTransport(httpx.BaseTransport):
    """What a library built on classic httpx is given instead of the network. Thread-safe, without state of its own."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request through the passage of this thread. Raises httpx's errors, as the library expects it."""
        found: Passage | None = getattr(_here, "passage", None)
        if found is None:
            raise httpx.ConnectError(f"nobody opened a way to {request.url.host}", request=request)
        try:
            answer = found.send(request)
        except EgressError as failed:
            raise _raised(found, failed, request) from None
        found.status, found.headers = answer.status, dict(answer.headers)
        headers = [(name, value) for name, value in answer.headers.items() if name != "transfer-encoding"]
        body = _Body(answer, found, request)
        found.bodies.append(body)
        made = httpx.Response(answer.status, headers=headers, stream=body, request=request)
        if answer.status >= 400:
            found.refusal = made.read()[:MOST_REFUSAL].decode("utf-8", "replace")
        return made


@cache
def client() -> httpx.Client:
    """For libraries that want a whole client. It uses no proxy and no key of the environment."""
    return httpx.Client(transport=ClassicTransport(), trust_env=False)


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: Streamed, passage: Passage, request: httpx.Request) -> None:
        self._inner, self._passage, self._request = inner, passage, request
        self._chunks = iter(inner)

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        try:
            for chunk in self._chunks:
                size += len(chunk)
                if size > MAX_BYTES:
                    raise httpx.ReadError(f"more than {MAX_BYTES:,} bytes", request=self._request)
                yield chunk
        except EgressError as failed:
            raise _raised(self._passage, failed, self._request) from None

    def close(self) -> None:
        # Libraries stop at the last event of a stream; the connection can be used again only after its last byte.
        with suppress(EgressError), deadline(REST_SECONDS):
            for _ in zip(self._chunks, range(MOST_REST), strict=False):
                pass
        self._inner.close()


def _raised(found: Passage, failed: EgressError, request: httpx.Request) -> httpx.TransportError:
    found.failed = failed
    if not failed.sent:
        return httpx.ConnectError(failed.message, request=request)
    kind = httpx.ReadTimeout if failed.code == "egress.timeout" else httpx.ReadError
    return kind(failed.message, request=request)


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port
