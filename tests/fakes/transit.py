"""A server that speaks the part of HashiCorp Vault's transit engine that is used here, with real encryption."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


@dataclass
class Transit:
    """One key with its versions, and the token that opens the door."""

    url: str = ""
    token: str = "hvs.test-token-0123456789"
    versions: list[bytes] = field(default_factory=lambda: [os.urandom(32)])
    asked: list[str] = field(default_factory=list)
    is_sealed: bool = False

    def rotate(self) -> None:
        """A new version of the key."""
        self.versions.append(os.urandom(32))

    def answer(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """What Vault says to a request below `/v1/transit/`."""
        verb, _, name = path.partition("/")
        if self.is_sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if name != "agentflow":
            return 404, {"errors": []}
        if verb == "keys":
            return 200, {"data": {"type": "aes256-gcm96", "latest_version": len(self.versions)}}
        about = base64.b64decode(body.get("associated_data", ""))
        if verb == "encrypt":
            nonce = os.urandom(12)
            made = nonce + AESGCM(self.versions[-1]).encrypt(nonce, base64.b64decode(body["plaintext"]), about)
            return 200, {"data": {"ciphertext": f"vault:v{len(self.versions)}:{base64.b64encode(made).decode()}"}}
        if verb == "decrypt":
            _, version, text = body["ciphertext"].split(":")
            content = base64.b64decode(text)
            try:
                key = self.versions[int(version[1:]) - 1]
                plain = AESGCM(key).decrypt(content[:12], content[12:], about)
            except (InvalidTag, IndexError):
                return 400, {"errors": ["cipher: message authentication failed"]}
            return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}
        return 405, {"errors": ["unsupported operation"]}


@contextmanager
def transit() -> Iterator[Transit]:
    """The server on a free port of this machine."""
    state = Transit()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.removeprefix("/v1/transit/")
            state.asked.append(f"{self.command} {path}")
            status, said = 403, {"errors": ["permission denied"]}
            if self.headers.get("X-Vault-Token") == state.token:
                status, said = state.answer(path, json.loads(raw) if raw else {})
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
