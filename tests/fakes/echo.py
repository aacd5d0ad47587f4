"""A server that says back what it was sent, in every way a careless one might: bodies, headers, errors, redirects."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

WAYS = ("json", "text", "file", "wide", "header", "refuse", "fail", "redirect", "broken", "hang")


@dataclass
class Echo:
    """Where it is, and the head of each request it was sent."""

    url: str = ""
    heads: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return self.url.removeprefix("http://")


@contextmanager
def echo() -> Iterator[Echo]:
    """The server on a free port of this machine; the path says how it echoes, see `WAYS`."""
    state = Echo()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            head = f"{self.command} {self.path}\n" + "\n".join(f"{k}: {v}" for k, v in self.headers.items())
            state.heads.append(head)
            way = self.path.partition("?")[0].strip("/")
            secret = self.headers.get("Authorization") or self.headers.get("X-Secret") or self.path
            told = {
                "path": self.path,
                "headers": dict(self.headers.items()),
                "in_base64": base64.b64encode(head.encode()).decode(),
                "percent": quote(head),
                "in_json": json.dumps(json.dumps(head)),
                "decoded": _decoded(secret),
                secret: "as a key",
            }
            if way == "redirect":
                return self._say(302, b"", "text/plain", Location=f"/json?seen={quote(secret)}")
            if way == "broken":
                self.wfile.write(f"HTTP/1.1 200 OK\r\n{secret}\r\n\r\n".encode())
                self.close_connection = True
                return None
            if way == "hang":
                self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{secret}".encode())
                self.close_connection = True
                return None
            text = json.dumps(told)
            if way == "text":
                return self._say(200, f"<p>{head}</p>{text}".encode(), "text/html")
            if way == "file":
                return self._say(200, b"\x89PNG\0" + head.encode(), "image/png")
            if way == "wide":
                return self._say(200, head.encode("utf-16"), "text/plain; charset=utf-16")
            if way == "header":
                return self._say(200, b"{}", "application/json", **{"X-You-Sent": quote(secret), "X-Raw": secret})
            status = {"refuse": 401, "fail": 500}.get(way, 200)
            return self._say(status, text.encode(), "application/json")

        def _say(self, status: int, content: bytes, kind: str, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815

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


def _decoded(secret: str) -> str:
    """What Basic hides so badly."""
    try:
        return base64.b64decode(secret.partition(" ")[2], validate=True).decode()
    except ValueError:
        return secret
