"""A programmable HTTP receiver in a thread: says what it is told to say, and remembers what it was sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What it will answer next, and what it saw. With nothing left to say it answers 200 `{"ok": true}`."""

    url: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return self.url.removeprefix("http://")

    def says(
        self, status: int = 200, body: Any = None, *, delay: float = 0.0, hang_up: bool = False, **headers: str
    ) -> None:
        """Queue one answer; bytes are sent as they are, with a `Content_Type` of yours.

        `hang_up` closes the connection after reading the request, without an answer.
        """
        self.answers.append({"status": status, "body": body, "delay": delay, "hang_up": hang_up, "headers": headers})


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port of this machine."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with state.lock:
                state.seen.append(
                    {
                        "method": self.command,
                        "path": self.path,
                        "headers": {key.lower(): value for key, value in self.headers.items()},
                        "body": json.loads(raw) if raw else None,
                    }
                )
                said = state.answers.pop(0) if state.answers else {}
            time.sleep(said.get("delay", 0.0))
            if said.get("hang_up"):
                self.close_connection = True
                self.connection.close()
                return
            said_body = said.get("body", {"ok": True})
            body = said_body if isinstance(said_body, bytes) else json.dumps(said_body).encode()
            self.send_response(said.get("status", 200))
            for name, value in said.get("headers", {}).items():
                self.send_header(name.replace("_", "-"), value)
            if "Content_Type" not in said.get("headers", {}):
                self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
