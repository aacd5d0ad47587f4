"""A bucket in a thread: keeps objects in memory, lists them by page, and checks every signature by the book."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY, SECRET_KEY, REGION, BUCKET = "AKIATEST", "a secret/with+signs", "eu-central-1", "agentflow"
_PROOF = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\S+), SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})")


@dataclass
class Bucket:
    """What it holds, what it saw, and what it will say instead of an answer."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)  # statuses said before anything else

    @property
    def settings(self) -> dict[str, str]:
        """OBJECT_STORAGE for it, below a prefix."""
        return {
            "kind": "s3",
            "endpoint": self.url,
            "bucket": BUCKET,
            "prefix": "below/",
            "region": REGION,
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
        }


@contextmanager
def bucket() -> Iterator[Bucket]:
    """A bucket on a free port of this machine."""
    state = Bucket()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            key = unquote(parts.path).removeprefix(f"/{BUCKET}").lstrip("/")
            state.seen.append((self.command, key))
            if state.failures:
                self._say(state.failures.pop(0), b"<Error><Code>SlowDown</Code></Error>")
            elif fault := _fault(self, parts, content):
                self._say(403, f"<Error><Code>{fault}</Code></Error>".encode())
            elif self.command == "PUT":
                state.objects[key], state.types[key] = content, self.headers.get("Content-Type", "")
                self._say(200)
            elif self.command == "DELETE":
                state.objects.pop(key, None)
                self._say(204)
            elif not key:
                self._say(200, _listing(state, dict(parse_qsl(parts.query))))
            elif key in state.objects:
                self._say(200, state.objects[key])
            else:
                self._say(404, b"<Error><Code>NoSuchKey</Code></Error>")

        def _say(self, status: int, content: bytes = b"") -> None:
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _listing(state: Bucket, query: dict[str, str]) -> bytes:
    after = query.get("start-after", "")
    found = [key for key in sorted(state.objects) if key.startswith(query.get("prefix", "")) and key > after]
    rows = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in found[: int(query["max-keys"])])
    return f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{rows}</ListBucketResult>'.encode()


def _fault(request: BaseHTTPRequestHandler, parts: Any, content: bytes) -> str:
    """Why a request is refused; worked out anew from the bytes that came, not by the product's code."""
    found = _PROOF.fullmatch(request.headers.get("Authorization", ""))
    if not found or found[1] != ACCESS_KEY:
        return "InvalidAccessKeyId"
    scope, names, given = found[2], found[3].split(";"), found[4]
    at = request.headers.get("x-amz-date", "")
    age = datetime.now(UTC) - datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if abs(age.total_seconds()) > 900:
        return "RequestTimeTooSkewed"
    digest = hashlib.sha256(content).hexdigest()
    if request.headers.get("x-amz-content-sha256") != digest or "host" not in names:
        return "XAmzContentSHA256Mismatch"
    query = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parse_qsl(parts.query))
    canonical = [request.command, parts.path, "&".join(f"{name}={value}" for name, value in query)]
    canonical += [f"{name}:{request.headers[name].strip()}" for name in names]
    text = "\n".join([*canonical, "", ";".join(names), digest])
    key = ("AWS4" + SECRET_KEY).encode()
    for part in (at[:8], REGION, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    signed = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256(text.encode()).hexdigest()])
    right = hmac.new(key, signed.encode(), "sha256").hexdigest()
    return "" if right == given and scope == f"{at[:8]}/{REGION}/s3/aws4_request" else "SignatureDoesNotMatch"
