"""Every request belongs to a trace, tells it to its caller, and is counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY

from apps.core.telemetry import trace
from apps.core.telemetry.asgi import Watched

HEADER = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def _receive() -> dict[str, Any]:
    return {"type": "http.request"}


def ask(application: Any, *headers: tuple[bytes, bytes], method: str = "GET") -> dict[bytes, bytes]:
    """Send one request; the headers of its answer."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": "/", "headers": list(headers)}
    asyncio.run(Watched(application)(scope, _receive, send))
    return dict(sent[0]["headers"])


def counted(method: str, route: str, status: str) -> float:
    labels = {"method": method, "route": route, "status": status}
    return REGISTRY.get_sample_value("api_request_duration_seconds_count", labels) or 0.0


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    scope["route"] = "/echo/"
    await send(
        {"type": "http.response.start", "status": 204, "headers": [(b"X-Seen", (trace.header() or "").encode())]}
    )
    await send({"type": "http.response.body", "body": b""})


def test_a_caller_s_trace_goes_on() -> None:
    headers = ask(echo, (b"traceparent", HEADER))
    assert headers == {b"X-Seen": HEADER, b"X-Request-ID": b"0af7651916cd43dd8448eb211c80319c"}


@pytest.mark.parametrize("sent", [[], [(b"traceparent", b"\xff")], [(b"traceparent", HEADER)] * 2])
def test_any_other_request_begins_one(sent: list[tuple[bytes, bytes]]) -> None:
    headers = ask(echo, *sent)
    assert headers[b"X-Request-ID"] == headers[b"X-Seen"].split(b"-")[1]
    assert headers[b"X-Request-ID"] != HEADER.split(b"-")[1]


def test_requests_are_counted_by_route_not_by_address() -> None:
    before = counted("GET", "/echo/", "204"), counted("other", "/echo/", "204")
    ask(echo)
    ask(echo, method="BREW")
    assert (counted("GET", "/echo/", "204"), counted("other", "/echo/", "204")) == (before[0] + 1, before[1] + 1)


def test_one_that_never_answers_is_counted_too() -> None:
    async def broken(scope: dict[str, Any], receive: Any, send: Any) -> None:
        raise RuntimeError("x")

    before = counted("GET", "none", "0")
    with pytest.raises(RuntimeError):
        ask(broken)
    assert counted("GET", "none", "0") == before + 1
    assert trace.current() is None
