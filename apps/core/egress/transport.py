"""Connections that go only where they were allowed to go, within the time their request has."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache, partial
from typing import Any

import httpcore2
import httpx2

from apps.core.egress.errors import ConnectFailed, cause
from apps.core.egress.keeping import Kept
from apps.core.egress.policy import Policy
from apps.core.egress.resolving import Resolver, resolve

CONNECT_SECONDS = 10.0
_request = threading.local()


class Line:
    """What a thread and its helpers are connected to at the moment, so that another one can hang up for them.

    With `outer` it is a part of that line: cutting the outer one cuts it, too.
    """

    def __init__(self, outer: Line | None = None) -> None:
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._outer = outer
        self._is_cut = False

    @property
    def is_cut(self) -> bool:
        """Whether somebody hung up."""
        return self._is_cut or (self._outer is not None and self._outer.is_cut)

    def cut(self) -> None:
        """End what is being sent or read, and whatever would follow. Its threads see a broken connection."""
        with self._lock:
            self._is_cut = True
            for each in self._sockets:
                # By another handle: closing that of the thread itself would free its number while it is in use.
                with suppress(OSError), socket.socket(fileno=os.dup(each.fileno())) as handle:
                    handle.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def busy(self, stream: httpcore2.NetworkStream) -> Iterator[None]:
        """The thread sends or reads by `stream` inside."""
        found: socket.socket = stream.get_extra_info("socket")
        with nullcontext() if self._outer is None else self._outer.busy(stream):
            with self._lock:
                if self._is_cut:
                    raise httpcore2.ReadError("hung up")
                self._sockets.add(found)
            try:
                yield
            finally:
                with self._lock:
                    self._sockets.discard(found)


def current_line() -> Line | None:
    """The line of this thread, for helpers that join it."""
    found: Line | None = getattr(_request, "line", None)
    return found


@contextmanager
def line(joined: Line | None = None) -> Iterator[Line]:
    """Whatever this thread sends inside can be cut by others, with `joined` together with another thread's."""
    _request.line = joined or Line()
    try:
        yield _request.line
    finally:
        _request.line = None


def was_cut() -> bool:
    """Whether somebody hung up for this thread."""
    found = current_line()
    return found is not None and found.is_cut


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Everything this thread sends and reads inside must be done by then: a slow drip of bytes does not help."""
    around: float | None = getattr(_request, "until", None)
    until = time.monotonic() + seconds
    _request.until = until if around is None else min(until, around)
    try:
        yield
    finally:
        _request.until = around


def _left(wanted: float | None, late: type[Exception] = httpcore2.ReadTimeout) -> float | None:
    until = getattr(_request, "until", None)
    if until is None:
        return wanted
    left: float = until - time.monotonic()
    if left <= 0:
        raise late("out of time")
    return left if wanted is None else min(left, wanted)


def _busy(stream: httpcore2.NetworkStream) -> AbstractContextManager[None]:
    found = current_line()
    return nullcontext() if found is None else found.busy(stream)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _busy(self._inner):
            return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:  # what ends a body whose length was announced
            return
        with _busy(self._inner):
            self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout, httpcore2.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, policy: Policy, resolver: Resolver) -> None:
        self._policy, self._resolver = policy, resolver
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        limit = _left(timeout or CONNECT_SECONDS, httpcore2.ConnectTimeout) or CONNECT_SECONDS
        addresses = resolve(host, port, self._policy, resolver=self._resolver, timeout=limit)
        until = time.monotonic() + limit
        failed: Exception | None = None
        for at, address in enumerate(addresses):
            share = max(until - time.monotonic(), 0.05) / (len(addresses) - at)
            try:
                return _Stream(self._sockets.connect_tcp(address, port, share, None, socket_options))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        why = "it did not answer" if isinstance(failed, httpcore2.ConnectTimeout) else cause(failed)
        raise ConnectFailed(
            f"No connection to {host}:{port}: {why}.", hint="Check host and port, and that it runs."
        ) from None

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        raise ConnectFailed("Unix sockets may not be called.")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


class GuardedTransport(httpx2.BaseTransport):
    """An httpx transport behind the egress check, with kept-alive connections of its own. Thread-safe.

    Give it to a vendor's SDK that takes a transport. `keep_alive_seconds` is how long an idle connection may be used
    again. Raises `EgressError` for what the check refuses and httpcore's exceptions for what fails later.
    """

    def __init__(self, policy: Policy, *, resolver: Resolver, keep_alive_seconds: float) -> None:
        backend = _Backend(policy, resolver)

        def connect(origin: httpcore2.Origin) -> httpcore2.HTTPConnection:
            return httpcore2.HTTPConnection(
                origin,
                ssl_context=_tls(),
                keepalive_expiry=keep_alive_seconds,
                network_backend=backend,
                socket_options=[(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)],
            )

        self._kept = Kept(connect, seconds=keep_alive_seconds)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; the answer's body is read by the caller."""
        assert isinstance(request.stream, httpx2.SyncByteStream)
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        sent = httpcore2.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        connection = self._kept.take(url.origin)
        try:
            answer = connection.handle_request(sent)
        except BaseException:
            connection.close()
            raise
        assert isinstance(answer.stream, Iterable)
        body = _Body(answer.stream, partial(self._kept.give, connection, url.origin))
        return httpx2.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    def close(self) -> None:
        """Close the connections that are idle."""
        self._kept.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, inner: Iterable[bytes], then: Callable[[], None]) -> None:
        self._inner, self._then = inner, then
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            if hasattr(self._inner, "close"):
                self._inner.close()
            self._then()
