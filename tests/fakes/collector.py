"""A collector of OpenTelemetry: takes spans by OTLP over HTTP, as the real ones do, and shows them."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Received:
    """One span."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    is_failed: bool
    attributes: dict[str, Any]


@dataclass
class Collector:
    """What came in so far."""

    url: str = ""
    spans: list[Received] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """The path of every export, and who sent it (the Authorization header)."""

    def of_trace(self, trace_id: str, *names: str, seconds: float = 20.0) -> dict[str, Received]:
        """The spans of a trace by name, as soon as these are among them. Raises `AssertionError` when they do not come.

        Processes send theirs each in its own time.
        """
        deadline = time.monotonic() + seconds
        while True:
            found = {span.name: span for span in list(self.spans) if span.trace_id == trace_id}
            if found.keys() >= set(names):
                return found
            assert time.monotonic() < deadline, f"after {seconds} s there are only {sorted(found)}"
            time.sleep(0.05)

    def take(self, raw: bytes) -> None:
        """One export."""
        request = ExportTraceServiceRequest.FromString(raw)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += [_received(span) for span in scope.spans]


def _received(span: Any) -> Received:
    values = {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}
    kind = span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower()
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Received(span.name, kind, *ids, is_failed=span.status.code == 2, attributes=values)


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector on a free port of this machine."""
    state = Collector()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            state.asked.append((self.path, self.headers.get("Authorization", "")))
            state.take(gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
