"""A Slack in a thread: OAuth, the Web API as far as it is used, and signed events and interactions sent to the product.

It keeps messages as Slack does, knows people, checks tokens, and can be told to limit, fail or be slow.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET = "123.456", "slack-client-secret", "slack-signing-secret"
TOKEN, TEAM, BOT = "xoxb-fake-token", "T0ACME", "U0BOT"


@dataclass
class Slack:
    """What it holds, what it saw, how it behaves. `faults`: answers it gives before anything else, per method."""

    url: str = ""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    whispers: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: dict[str, list[tuple[int, dict[str, Any], dict[str, str]]]] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=lambda: {"#approvals": "C0APPROVALS"})
    codes: set[str] = field(default_factory=set)
    is_revoked: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)
    at: int = field(default_factory=lambda: int(time.time()))

    @property
    def host(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return self.url.removeprefix("http://")

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a credential of it."""
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "signing_secret": SIGNING_SECRET}

    def knows(self, user: str, name: str, email: str, *, is_bot: bool = False, team: str = TEAM) -> None:
        """Somebody is in the workspace, or in another one that shares a channel with it."""
        profile = {"real_name": name, "email": email}
        self.people[user] = {"id": user, "name": name.lower(), "is_bot": is_bot, "team_id": team, "profile": profile}

    def limits(self, method: str, times: int = 1, after: int = 1) -> None:
        """Answer 429 the next times."""
        fault = (429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(after)})
        self.faults.setdefault(method, []).extend([fault] * times)

    def fails(self, method: str, error: str, times: int = 1) -> None:
        """Answer `ok: false` the next times."""
        self.faults.setdefault(method, []).extend([(200, {"ok": False, "error": error}, {})] * times)

    def consent(self, address: str) -> str:
        """Somebody allows it: where Slack sends them back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT_ID
        code = f"code-{len(self.codes)}"
        self.codes.add(code)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def message(self) -> dict[str, Any]:
        """The message written last."""
        return list(self.messages.values())[-1]

    # ── What it sends ──

    def event(self, text: str, *, user: str, channel: str, thread: str = "", **more: Any) -> bytes:
        """The body of an event: somebody wrote a message."""
        with self.lock:
            self.at += 1
            event = {"type": "message", "user": user, "text": text, "channel": channel, "ts": f"{self.at}.000100"}
        event |= ({"thread_ts": thread} if thread else {}) | more
        body = {"token": "old", "team_id": TEAM, "api_app_id": "A1", "event": event, "type": "event_callback"}
        return json.dumps(body | {"event_id": f"Ev{self.at}", "event_time": self.at}).encode()

    def press(self, action: dict[str, Any], message: dict[str, Any], *, user: str) -> bytes:
        """The body of a press on a button of a message."""
        with self.lock:
            self.at += 1
        payload = {
            "type": "block_actions",
            "token": "old",
            "team": {"id": TEAM, "domain": "acme"},
            "user": {"id": user, "team_id": TEAM},
            "api_app_id": "A1",
            "trigger_id": f"{self.at}.trigger",
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"]},
            "channel": {"id": message["channel"]},
            "message": {"ts": message["ts"]},
            "actions": [action | {"action_ts": f"{self.at}.000200", "type": "button"}],
            "response_url": f"{self.url}/response/{self.at}",
        }
        return urlencode({"payload": json.dumps(payload)}).encode()

    def submit(self, view: dict[str, Any], values: dict[str, Any], *, user: str) -> bytes:
        """The body of a dialog that somebody sends; `values` by block, each what Slack gives for its element."""
        with self.lock:
            self.at += 1
        payload = {
            "type": "view_submission",
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": TEAM},
            "trigger_id": f"{self.at}.trigger",
            "view": {
                "id": f"V{self.at}",
                "callback_id": view["callback_id"],
                "private_metadata": view.get("private_metadata", ""),
                "state": {"values": {block: {"value": element} for block, element in values.items()}},
            },
        }
        return urlencode({"payload": json.dumps(payload)}).encode()


def headers_for(body: bytes, *, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """The headers with which Slack sends it."""
    sent_at = str(int(time.time() if at is None else at))
    digest = hmac.digest(secret.encode(), b"v0:" + sent_at.encode() + b":" + body, hashlib.sha256).hex()
    kind = "application/x-www-form-urlencoded" if body.startswith(b"payload=") else "application/json"
    return {"Content-Type": kind, "X-Slack-Request-Timestamp": sent_at, "X-Slack-Signature": f"v0={digest}"}


@contextmanager
def slack_server() -> Iterator[Slack]:
    """A Slack on a free port of this machine."""
    state = Slack()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            method = parts.path.removeprefix("/api/")
            asked: dict[str, Any] = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if "json" in (self.headers.get("Content-Type") or "") and raw:
                asked |= json.loads(raw)
            elif raw:
                asked |= {name: values[0] for name, values in parse_qs(raw.decode()).items()}
            with state.lock:
                state.calls.append((method, asked))
                fault = state.faults[method].pop(0) if state.faults.get(method) else None
                if fault:
                    self._say(*fault)
                    return
                is_known = method in ("oauth.v2.access",) or self.headers.get("Authorization") == f"Bearer {TOKEN}"
                if not is_known or (state.is_revoked and method != "oauth.v2.access"):
                    self._say(200, {"ok": False, "error": "invalid_auth"})
                    return
                found = METHODS[method](state, asked) if method in METHODS else {"ok": False, "error": "unknown_method"}
            self._say(200, found)

        def _say(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815

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


def _token(state: Slack, asked: dict[str, Any]) -> dict[str, Any]:
    if asked.get("code") not in state.codes:
        return {"ok": False, "error": "invalid_code"}
    state.codes.discard(asked["code"])
    return {
        "ok": True,
        "access_token": TOKEN,
        "token_type": "bot",
        "scope": "chat:write,users:read",
        "bot_user_id": BOT,
        "app_id": "A1",
        "team": {"id": TEAM, "name": "Acme"},
    }


def _post(state: Slack, asked: dict[str, Any]) -> dict[str, Any]:
    channel = asked["channel"]
    if channel in state.channels:
        channel = state.channels[channel]
    elif channel in state.people:
        channel = f"D{channel[1:]}"
    elif channel not in state.channels.values() and not channel.startswith("D"):
        return {"ok": False, "error": "channel_not_found"}
    for block in asked.get("blocks", []):
        if block.get("type") == "section" and len(block.get("text", {}).get("text", "")) > 3000:
            return {"ok": False, "error": "invalid_blocks"}
    if len(asked.get("blocks", [])) > 50:
        return {"ok": False, "error": "invalid_blocks"}
    state.at += 1
    ts = f"{state.at}.000000"
    state.messages[channel, ts] = {**asked, "channel": channel, "ts": ts}
    return {"ok": True, "channel": channel, "ts": ts}


def _update(state: Slack, asked: dict[str, Any]) -> dict[str, Any]:
    key = (asked["channel"], asked["ts"])
    if key not in state.messages:
        return {"ok": False, "error": "message_not_found"}
    state.messages[key] |= {"text": asked["text"], "blocks": asked["blocks"], "is_updated": True}
    return {"ok": True, "channel": key[0], "ts": key[1]}


def _whisper(state: Slack, asked: dict[str, Any]) -> dict[str, Any]:
    state.whispers.append(asked)
    return {"ok": True, "message_ts": "1.0"}


def _open(state: Slack, asked: dict[str, Any]) -> dict[str, Any]:
    if not asked.get("trigger_id"):
        return {"ok": False, "error": "invalid_trigger"}
    state.views.append(asked["view"])
    return {"ok": True, "view": {"id": "V1"}}


def _info(state: Slack, asked: dict[str, Any]) -> dict[str, Any]:
    found = state.people.get(asked["user"])
    return {"ok": True, "user": found} if found else {"ok": False, "error": "user_not_found"}


def _lookup(state: Slack, asked: dict[str, Any]) -> dict[str, Any]:
    for found in state.people.values():
        if found["profile"]["email"] == asked["email"]:
            return {"ok": True, "user": found}
    return {"ok": False, "error": "users_not_found"}


METHODS = {
    "oauth.v2.access": _token,
    "auth.test": lambda state, asked: {
        "ok": True,
        "team": "Acme",
        "team_id": TEAM,
        "user": "agentflow",
        "user_id": BOT,
    },
    "auth.revoke": lambda state, asked: {"ok": True, "revoked": True},
    "chat.postMessage": _post,
    "chat.update": _update,
    "chat.postEphemeral": _whisper,
    "views.open": _open,
    "users.info": _info,
    "users.lookupByEmail": _lookup,
}
