"""What Slack sends: events, and what people press in messages and dialogs. One address takes both."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from apps.core import jsonclean
from apps.core.errors import DomainError, Invalid
from apps.integrations.inbound.declare import Given, InboundVendor, Incoming, ProofRefused, Reply

TOLERANCE_SECONDS = 300
_CHALLENGE = re.compile(r"[\w.~+/=-]{1,200}")
_QUIET = frozenset({"message_changed", "message_deleted", "bot_message", "channel_join", "channel_leave"})


class SlackInbound(InboundVendor):
    """Signed with the app's signing secret (`v0`): HMAC-SHA256 over time and raw body."""

    vendor = credential_type = "slack"

    def greeting(self, incoming: Incoming) -> Reply | None:
        """Slack looks whether somebody answers before the app, and so its secret, is known: its word goes back."""
        if b'"url_verification"' not in incoming.body[:2_000]:
            return None
        body = _json(incoming.body)
        challenge = body.get("challenge")
        if (
            body.get("type") != "url_verification"
            or not isinstance(challenge, str)
            or not _CHALLENGE.fullmatch(challenge)
        ):
            return None
        return Reply(challenge.encode())

    def read(self, incoming: Incoming) -> Given:
        """An event (`event_callback`), or what was pressed (`payload=…`)."""
        kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            return self._pressed(incoming.body)
        body = _json(incoming.body)
        event = body.get("event")
        if body.get("type") != "event_callback" or not isinstance(event, dict):
            raise Invalid("This is nothing Slack sends to an app.")
        name = str(body.get("event_id") or hashlib.sha256(incoming.body).hexdigest())
        told = event.get("type") == "message" and event.get("subtype") not in _QUIET and not event.get("bot_id")
        kept = {"team_id": body.get("team_id"), "event_id": name, "event": event, "type": "event_callback"}
        return Given(name, str(body.get("team_id") or ""), str(event.get("type") or ""), kept, is_told=told)

    def _pressed(self, raw: bytes) -> Given:
        try:
            (text,) = parse_qs(raw.decode(), max_num_fields=10)["payload"]
        except (ValueError, KeyError):
            raise Invalid("This is nothing Slack sends to an app.") from None
        body = _json(text.encode())
        kind = str(body.get("type") or "")
        team = body.get("team")
        team_id = team.get("id") if isinstance(team, dict) else None
        account = str(team_id or (body.get("user") or {}).get("team_id") or "")
        body.pop("token", None)  # Slack's old proof, which is none of ours
        is_told = kind in ("block_actions", "view_submission")
        return Given(hashlib.sha256(raw).hexdigest(), account, kind, body, is_told=is_told)

    def verify(self, incoming: Incoming, fields: Any) -> None:
        """Time within five minutes either way, and the signature of the raw body."""
        sent_at = incoming.headers.get("x-slack-request-timestamp", "")
        given = incoming.headers.get("x-slack-signature", "")
        if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) <= 12):
            raise ProofRefused("The header X-Slack-Request-Timestamp is missing or no time.")
        if abs(incoming.now.timestamp() - int(sent_at)) > TOLERANCE_SECONDS:
            raise ProofRefused("The signature's time is more than five minutes away from now.")
        secret = fields.signing_secret.get_secret_value().strip()
        if not hmac.compare_digest(signature(secret, sent_at, incoming.body).encode(), given.encode()):
            raise ProofRefused("The signature does not match.")


def signature(secret: str, sent_at: str, body: bytes) -> str:
    """As Slack signs."""
    return "v0=" + hmac.digest(secret.encode(), b"v0:" + sent_at.encode() + b":" + body, hashlib.sha256).hex()


def _json(raw: bytes) -> dict[str, Any]:
    try:
        found = jsonclean.parse(raw)
    except DomainError:
        raise Invalid("This is nothing Slack sends to an app.") from None
    if not isinstance(found, Mapping):
        raise Invalid("This is nothing Slack sends to an app.")
    return dict(found)
