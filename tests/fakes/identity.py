"""Somebody else's sign-in: a server that speaks OpenID Connect as Keycloak does, and OAuth 2 as GitHub does.

It is strict where real ones are: a code is good once, for its client, address and PKCE challenge.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt


@dataclass
class Identity:
    """The server. `person` is who sits before the browser; `is_broken` makes it answer 500."""

    url: str = ""
    client_id: str = "agentflow"
    client_secret: str = "s3cret"
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "1", "email": "zoe@example.com", "email_verified": True, "name": "Zoë Z."}
    )
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    is_broken: bool = False

    def consent(self, address: str) -> str:
        """What the browser does at the authorization endpoint: the address it is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == self.client_id
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def answer(self, method: str, path: str, authorization: str, form: dict[str, str]) -> tuple[int, Any]:
        """Status and document."""
        self.seen.append(f"{method} {path}")
        if self.is_broken:
            return 500, {"error": "broken"}
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/jwks",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        if path in ("/token", "/login/oauth/access_token"):
            return self._token(form)
        person = self.tokens.get(authorization.partition(" ")[2])
        if person is None:
            return 401, {"error": "invalid_token"}
        if path == "/userinfo":
            return 200, person
        if path == "/api/v3/user":
            return 200, {"id": int(person["sub"]), "login": "zoe", "name": person["name"], "email": None}
        if path == "/api/v3/user/emails":
            return 200, [{"email": person["email"], "primary": True, "verified": person["email_verified"]}]
        return 404, {}

    def _token(self, form: dict[str, str]) -> tuple[int, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return 401, {"error": "invalid_client"}
        token = secrets.token_urlsafe(16)
        self.tokens[token] = dict(self.person)
        now = int(time.time())
        said = {"iss": self.url, "aud": self.client_id, "iat": now, "exp": now + 300, "sub": self.person["sub"]}
        return 200, {
            "access_token": token,
            "token_type": "Bearer",
            "id_token": jwt.encode(said, "k" * 32, algorithm="HS256"),
        }


@contextmanager
def identity() -> Iterator[Identity]:
    """A running server on this machine."""
    state = Identity()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = {name: values[0] for name, values in parse_qs(raw).items()}
            path = urlsplit(self.path).path
            if path in ("/authorize", "/login/oauth/authorize"):
                self.send_response(302)
                self.send_header("Location", state.consent(self.path))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            status, document = state.answer(self.command, path, self.headers.get("Authorization", ""), form)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

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
        thread.join(timeout=5)
