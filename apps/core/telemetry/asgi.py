"""Around every HTTP request: its trace, its time, and its span."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from apps.core.telemetry import metrics, spans, trace

access = logging.getLogger("agentflow.access")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_SECONDS = metrics.histogram(
    "api_request_duration_seconds", "Time from a request to the end of its answer.", ("method", "route", "status")
)
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Watched:
    """An ASGI application whose requests belong to traces and are counted.

    A request goes on in the trace its `traceparent` names, else it begins one; the answer tells the trace's id in
    `X-Request-ID`. The inner application may name the route it took in `scope["route"]`.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        here = trace.read(_header(scope, b"traceparent")) or trace.begun()
        method = scope["method"] if scope["method"] in _METHODS else "other"
        began, status = time.perf_counter(), 0

        async def told(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"X-Request-ID", here.trace_id.encode())]
            await send(message)

        with trace.within(here), spans.span(f"HTTP {method}", kind="server") as span:
            try:
                await self.application(scope, receive, told)
            finally:
                route, seconds = scope.get("route") or "none", time.perf_counter() - began
                REQUEST_SECONDS.labels(method, route, str(status)).observe(seconds)
                access.info("%s %s answered %s in %.1f ms", method, route, status, seconds * 1e3)
                if spans.is_on():
                    _describe(span, method, route, status)


def _describe(span: spans.Span, method: str, route: str, status: int) -> None:
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.failed(f"status {status}")


def _header(scope: Scope, wanted: bytes) -> str | None:
    found = [value for name, value in scope["headers"] if name == wanted]
    return found[0].decode("latin-1") if len(found) == 1 else None
