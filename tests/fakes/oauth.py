"""An OAuth 2 server in a thread, by the book (RFC 6749, 7636, 7009, 9207), with a page of consent and an API behind it.

It checks redirect address, PKCE and client, gives each code away once, rotates refresh tokens and revokes all tokens of
a grant whose refresh token comes a second time. It can be told to fail in the ways real ones do.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET, ACCOUNT = "agentflow-test", "s3cret-of+the/client", "ada@example.com"


@dataclass
class Grant:
    """What somebody allowed a client, and the tokens made of it."""

    scope: str
    refresh_token: str = ""
    used: set[str] = field(default_factory=set)
    access_tokens: set[str] = field(default_factory=set)
    is_revoked: bool = False


@dataclass
class Fault:
    """One wrong answer of the token endpoint. `lost`: the work is done, and the connection closed without an answer."""

    status: int = 500
    body: Any = None
    delay: float = 0.0
    lost: bool = False


@dataclass
class OAuthServer:
    """What it holds, what it saw, how it behaves."""

    url: str = ""
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    redirect_uris: set[str] = field(default_factory=set)
    """The addresses it sends people back to; empty: any."""
    lifetime: float = 3_600.0
    rotates: bool = True
    names_itself: bool = True
    issuer: str = ""
    """What it calls itself in `iss`, where that is not its address."""
    delay: float = 0.0
    echoes: bool = False
    """Its API says the token back, as careless ones do."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    expiries: dict[str, float] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and fields of what was asked, except for pages."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def host(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return self.url.removeprefix("http://")

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of an OAuth 2 credential for it."""
        return {
            "authorize_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            "revoke_url": f"{self.url}/revoke",
            "account_url": f"{self.url}/userinfo",
            "account_path": "email",
            "scopes": "orders.read profile",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def asked(self, grant_type: str) -> int:
        """How often tokens were asked for so."""
        return sum(1 for path, form in self.seen if path == "/token" and form.get("grant_type") == grant_type)

    def expire(self) -> None:
        """Every access token is too old from now on."""
        with self.lock:
            self.expiries = dict.fromkeys(self.expiries, 0.0)

    def consent(self, authorize_url: str, *, allows: bool = True) -> str:
        """What a person does on its page, without a browser: the address they are sent back to."""
        given = {name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()}
        return self._sent_back(given, allows=allows)

    # ── What it answers ──────────────────────────────────────────────────────────────────────────────────────────

    def page(self, given: dict[str, str]) -> tuple[int, str]:
        """The page that asks for consent."""
        if fault := self._objection(given):
            return 400, f"<h1>{html.escape(fault)}</h1>"
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in given.items()
        )
        scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in given.get("scope", "").split())
        return 200, (
            "<!doctype html><html lang=en><title>Consent</title>"
            f"<main><h1>Allow {html.escape(given['client_id'])}?</h1><ul>{scopes}</ul>"
            f"<form method=post action=/authorize>{hidden}"
            "<button name=decision value=allow>Allow</button> "
            "<button name=decision value=deny>Deny</button></form></main>"
        )

    def decided(self, given: dict[str, str]) -> str:
        """Where the person is sent who has decided."""
        return self._sent_back(given, allows=given.get("decision") == "allow")

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint."""
        with self.lock:
            if not self._is_client(form, authorization):
                return 401, {"error": "invalid_client", "error_description": "Unknown client or wrong secret."}
            kind = form.get("grant_type")
            if kind == "authorization_code":
                return self._of_code(form)
            if kind == "refresh_token":
                return self._refreshed(form.get("refresh_token", ""))
            if kind == "client_credentials":
                grant = Grant(form.get("scope", ""))
                self.grants.append(grant)
                return 200, self._tokens(grant, with_refresh=False)
            return 400, {"error": "unsupported_grant_type"}

    def revoke(self, form: dict[str, str]) -> None:
        """Take a token back, and all that belong to its grant."""
        with self.lock:
            for grant in self.grants:
                if form.get("token") in {grant.refresh_token, *grant.access_tokens}:
                    grant.is_revoked = True

    def knows(self, authorization: str) -> bool:
        """Whether an access token is valid."""
        token = authorization.removeprefix("Bearer ")
        with self.lock:
            holder = next((grant for grant in self.grants if token in grant.access_tokens), None)
            return holder is not None and not holder.is_revoked and self.expiries[token] > time.time()

    def fault(self) -> Fault | None:
        """What goes wrong next."""
        with self.lock:
            return self.faults.pop(0) if self.faults else None

    def _objection(self, given: dict[str, str]) -> str:
        if given.get("client_id") != self.client_id:
            return "Unknown client."
        if self.redirect_uris and given.get("redirect_uri") not in self.redirect_uris:
            return "This redirect address is not registered."
        return "" if given.get("response_type") == "code" else "Only codes are given."

    def _sent_back(self, given: dict[str, str], *, allows: bool) -> str:
        assert not self._objection(given), self._objection(given)
        answer = {"state": given["state"]} if "state" in given else {}
        if self.names_itself:
            answer["iss"] = self.issuer or self.url
        if allows:
            code = secrets.token_urlsafe(24)
            with self.lock:
                self.codes[code] = given
            answer["code"] = code
        else:
            answer |= {"error": "access_denied", "error_description": "The person said no."}
        return f"{given['redirect_uri']}?{urlencode(answer)}"

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        known = (self.client_id, self.client_secret)
        if authorization.startswith("Basic "):
            name, _, password = base64.b64decode(authorization[6:]).decode().partition(":")
            return (unquote_plus(name), unquote_plus(password)) == known
        return (form.get("client_id", ""), form.get("client_secret", "")) == known

    def _of_code(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant", "error_description": "The code is unknown or was used."}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if "code_challenge" in asked and asked["code_challenge"] != challenge.decode().rstrip("="):
            return 400, {"error": "invalid_grant", "error_description": "The code verifier does not fit."}
        grant = Grant(asked.get("scope", ""))
        self.grants.append(grant)
        return 200, self._tokens(grant)

    def _refreshed(self, token: str) -> tuple[int, dict[str, Any]]:
        for grant in self.grants:
            if token and token in grant.used:
                grant.is_revoked = True  # somebody stole it, or an answer was lost: nobody can tell
            elif token and token == grant.refresh_token and not grant.is_revoked:
                if self.rotates:
                    grant.used.add(token)
                return 200, self._tokens(grant, with_refresh=self.rotates)
        return 400, {"error": "invalid_grant", "error_description": "The refresh token is not valid any more."}

    def _tokens(self, grant: Grant, *, with_refresh: bool = True) -> dict[str, Any]:
        token = f"at-{secrets.token_urlsafe(24)}"
        grant.access_tokens.add(token)
        self.expiries[token] = time.time() + self.lifetime
        made = {"access_token": token, "token_type": "Bearer", "expires_in": int(self.lifetime), "scope": grant.scope}
        if with_refresh:
            grant.refresh_token = made["refresh_token"] = f"rt-{secrets.token_urlsafe(24)}"
        return made


@contextmanager
def oauth_server() -> Iterator[OAuthServer]:
    """A server on a free port of this machine."""
    state = OAuthServer()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            given = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize":
                status, page = state.page(given)
                self._say(status, page.encode(), "text/html; charset=utf-8")
            elif parts.path in ("/userinfo", "/orders"):
                self._protected(parts.path, given)
            else:  # browsers ask for an icon
                self._say(404 if parts.path != "/favicon.ico" else 204, b"", "text/plain")

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = {name: values[0] for name, values in parse_qs(raw, keep_blank_values=True).items()}
            if self.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", state.decided(form))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif self.path == "/token":
                self._token(form)
            elif self.path == "/revoke":
                state.seen.append(("/revoke", form))
                state.revoke(form)
                self._say(200, b"", "text/plain")
            else:
                self._say(404, b"", "text/plain")

        def _token(self, form: dict[str, str]) -> None:
            with state.lock:
                state.seen.append(("/token", form))
            fault = state.fault()
            time.sleep(fault.delay if fault else state.delay)
            if fault is not None and not fault.lost:
                body = fault.body if isinstance(fault.body, bytes) else json.dumps(fault.body or {}).encode()
                self._say(fault.status, body, "application/json")
                return
            status, made = state.token(form, self.headers.get("Authorization", ""))
            if fault is not None:
                self.close_connection = True
                return
            self._say(status, json.dumps(made).encode(), "application/json")

        def _protected(self, path: str, given: dict[str, str]) -> None:
            state.seen.append((path, given))
            if not state.knows(self.headers.get("Authorization", "")):
                self._say(401, b'{"error": "invalid_token"}', "application/json")
            elif path == "/userinfo":
                self._say(200, json.dumps({"email": ACCOUNT, "name": "Ada"}).encode(), "application/json")
            else:
                found: dict[str, Any] = {"orders": [{"id": 1}, {"id": 2}]}
                if state.echoes:
                    found["token"] = self.headers["Authorization"].removeprefix("Bearer ")
                self._say(200, json.dumps(found).encode(), "application/json")

        def _say(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.request_queue_size = 128
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
