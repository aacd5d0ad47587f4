"""A receiver of our outgoing webhooks that fails as often as it is told to, and checks every signature."""

from __future__ import annotations

import hmac
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from apps.core import signing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FAILURES: tuple[Any, ...] = (500, 503, 404, 302, "hang up")


@dataclass
class Flaky:
    """What it saw: every try by its `webhook-id`, what it answered, and the headers that were not genuine."""

    url: str = ""
    share_of_failures: float = 0.5
    tries: dict[str, list[Any]] = field(default_factory=dict)
    forged: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return self.url.removeprefix("http://")

    @property
    def delivered(self) -> set[str]:
        """The ids it has said 2xx to."""
        return {name for name, answers in self.tries.items() if 200 in answers}


def is_genuine(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether a delivery carries a signature made with this secret. `headers` has lower-case names."""
    ours = signing.signature(
        signing.key_of(secret),
        message_id=headers.get("webhook-id", ""),
        timestamp=int(headers.get("webhook-timestamp", "0")),
        body=body,
    )
    return any(hmac.compare_digest(ours, given) for given in headers.get("webhook-signature", "").split())


@contextmanager
def flaky_receiver(*, share_of_failures: float = 0.5, seed: int = 1, secret: str = SECRET) -> Iterator[Flaky]:
    """A receiver on a free port of this machine that fails by a seeded plan: by status, redirect or hanging up."""
    state, chance = Flaky(share_of_failures=share_of_failures), random.Random(seed)

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            with state.lock:
                fails = chance.random() < state.share_of_failures
                answer = chance.choice(FAILURES) if fails else 200
                state.tries.setdefault(headers.get("webhook-id", ""), []).append(answer)
                if not is_genuine(secret, headers, body):
                    state.forged.append(headers)
            if answer == "hang up":
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(answer)
            if answer == 302:
                self.send_header("Location", state.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

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
