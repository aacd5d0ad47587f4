"""The door for libraries that speak asynchronous `httpx2`: a client of theirs whose every request goes out by ours."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any, Protocol

import httpx2

from apps.core.egress.door import Answer
from apps.core.egress.errors import NoAnswer
from apps.core.egress.transport import Line, current_line, line
from apps.core.errors import DomainError

_OURS = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "user-agent"}
_ENDING_SECONDS = 2.0


class Door(Protocol):
    """A door that hands answers on as they arrive: `egress.HttpDoor`, or one that signs for somebody."""

    def request(self, *args: Any, **given: Any) -> Any:
        """As `egress.HttpDoor.request`."""
        ...


class DoorTransport(httpx2.AsyncBaseTransport):
    """Sends what an `httpx2.AsyncClient` prepared, each request on a thread of its own. For one event loop.

    Addresses are checked, time and size are limited as everywhere; redirects are left to the client, which sends each
    of them through here. What is answered is handed on as it arrives. All requests together have `seconds`. Methods
    that are not named are answered with 405 and sent nowhere. Who hangs up for the thread that the loop runs on hangs
    up for all of them.

    `failure` is why the last request brought no answer (an `EgressError`, or why it could not be signed), and `status`
    that of the last answer, for who gets to see only the library's own exceptions.
    """

    def __init__(self, door: Door, *, seconds: float, max_bytes: int, methods: Collection[str]) -> None:
        self._door, self._max_bytes, self._methods = door, max_bytes, frozenset(methods)
        self._until = time.monotonic() + seconds
        self._open: list[tuple[Line, threading.Thread]] = []
        self.failure: DomainError | None = None
        self.status = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request; of its answer at least the head has come in."""
        if request.method not in self._methods:
            return httpx2.Response(405, request=request)
        content = await request.aread()
        left = self._until - time.monotonic()
        if left <= 0:
            self.failure = NoAnswer(f"{request.url.host} did not answer in time.")
            raise self.failure
        arrival = _Arrival(asyncio.get_running_loop())
        joined = Line(current_line())

        def send() -> None:
            with line(joined):
                arrival.settle(
                    lambda: self._door.request(
                        request.method,
                        str(request.url),
                        headers={name: value for name, value in request.headers.items() if name.lower() not in _OURS},
                        content=content or None,
                        timeout=left,
                        follow_redirects=False,
                        max_bytes=self._max_bytes,
                        on_bytes=arrival.on_bytes,
                        on_head=arrival.on_head,
                    )
                )

        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(send,), name="egress-bridge", daemon=True)
        self._open = [(each, runs) for each, runs in self._open if runs.is_alive()] + [(joined, thread)]
        thread.start()
        try:
            head = await arrival.head
        except DomainError as failed:
            self.failure = failed
            raise
        except asyncio.CancelledError:
            joined.cut()
            raise
        self.status = head.status
        headers = [(name, value) for name, value in head.headers.items() if name not in _PACKED]
        return httpx2.Response(head.status, headers=headers, stream=_Stream(arrival, joined, self), request=request)

    async def aclose(self) -> None:
        """Hang up on what is still open, and see its threads end."""
        for each, _ in self._open:
            each.cut()
        until = time.monotonic() + _ENDING_SECONDS
        while any(runs.is_alive() for _, runs in self._open) and time.monotonic() < until:
            await asyncio.sleep(0.005)


_PACKED = {"content-encoding", "content-length", "transfer-encoding"}


class _Arrival:
    """An answer on its way from the thread that reads it to the loop that waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.head: asyncio.Future[Answer] = loop.create_future()
        self.pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()

    def on_head(self, head: Answer) -> None:
        """On the reading thread: the answer has begun."""
        self._tell(self._begin, head)

    def on_bytes(self, piece: bytes) -> None:
        """On the reading thread: a piece of it is there."""
        self._tell(self.pieces.put_nowait, piece)

    def settle(self, send: Callable[[], Answer]) -> None:
        """On the reading thread: do it all."""
        try:
            answer = send()
        except Exception as failed:  # raised again where somebody waits for it
            self._tell(self._end, failed)
        else:
            self._tell(self._begin, answer)  # of a refusal; the head of anything else is there
            self._tell(self.pieces.put_nowait, answer.content)
            self._tell(self._end, None)

    def _tell(self, what: Callable[..., None], *given: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *given)
        except RuntimeError:
            pass  # the loop has ended: nobody waits for it any more

    def _begin(self, head: Answer) -> None:
        if not self.head.done():
            self.head.set_result(head)

    def _end(self, failed: Exception | None) -> None:
        if failed is not None and not self.head.done():
            self.head.set_exception(failed)
        self.pieces.put_nowait(failed)


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, arrival: _Arrival, joined: Line, transport: DoorTransport) -> None:
        self._arrival, self._line, self._transport = arrival, joined, transport

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._arrival.pieces.get()) is not None:
            if isinstance(piece, Exception):
                if isinstance(piece, DomainError):
                    self._transport.failure = piece
                raise piece
            yield piece

    async def aclose(self) -> None:
        self._line.cut()


def client(transport: DoorTransport) -> httpx2.AsyncClient:
    """A client for a library that asks for one. Proxies and credentials of the environment are not used."""
    return httpx2.AsyncClient(transport=transport, trust_env=False, headers={"accept-encoding": "gzip, deflate"})
