"""Whether a delivery comes from who it says. Pure: the moment is passed in."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.triggers.errors import SecretRefused

TOLERANCE_SECONDS = 300
"""A signed delivery older (or newer) than this is refused, so that a recorded one cannot be sent again."""


def verify(secret: Mapping[str, Any] | None, *, headers: Mapping[str, str], body: bytes, now: datetime) -> str | None:
    """Check a delivery against the `secret` parameter of its webhook. `headers` has lower-case names.

    Returns what the signature itself says this delivery is called, so that a recorded one cannot be sent again under
    another name; None when it covers no such thing. Raises `SecretRefused` saying what is missing or wrong, never what
    would be right.
    """
    kind = (secret or {}).get("kind", "none")
    if secret is None or kind == "none":
        return None
    if kind == "header":
        _same(_header(headers, secret.get("header") or "X-Webhook-Secret"), [secret["value"]], "the secret")
        return None
    preset = secret.get("preset", "generic")
    if preset == "stripe":
        return _stripe(secret["secret"], headers, body, now)
    if preset == "standard":
        return _standard(secret["secret"], headers, body, now)
    if preset == "github":
        _github(secret["secret"], headers, body)
    else:
        given = _header(headers, secret.get("header") or "X-Signature")
        _same(given.lower().removeprefix("sha256="), [_hex(secret["secret"], body)], "the signature")
    return None


def secret_header(secret: Mapping[str, Any] | None) -> str | None:
    """The header (lower case) that holds the secret itself and so must not be kept with the delivery."""
    if secret and secret.get("kind") == "header":
        return str(secret.get("header") or "X-Webhook-Secret").lower()
    return None


def _github(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    given = _header(headers, "X-Hub-Signature-256")
    _same(given.lower().removeprefix("sha256="), [_hex(secret, body)], "the signature")


def _stripe(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    pairs = [part.strip().partition("=") for part in _header(headers, "Stripe-Signature").split(",")]
    sent_at = next((value for name, _, value in pairs if name == "t"), "")
    _fresh(sent_at, now)
    right = _hex(secret, sent_at.encode() + b"." + body)
    _any_same([value.lower() for name, _, value in pairs if name == "v1"], right)
    return right  # Stripe signs every attempt anew, with its time


def _standard(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    if not headers.get(names[0]) and headers.get("svix-id"):
        names = ("svix-id", "svix-timestamp", "svix-signature")
    delivery, sent_at, given = (_header(headers, name) for name in names)
    _fresh(sent_at, now)
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = secret.encode()
    content = b".".join((delivery.encode("latin-1", "replace"), sent_at.encode(), body))
    right = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    _any_same([part.removeprefix("v1,") for part in given.split() if part.startswith("v1,")], right)
    return delivery


def _hex(secret: str, content: bytes) -> str:
    return hmac.digest(secret.encode(), content, hashlib.sha256).hex()


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name.lower(), "").strip()
    if not found:
        raise SecretRefused(f"The header {name} is missing.")
    return found


def _fresh(sent_at: str, now: datetime) -> None:
    if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) < 16):
        raise SecretRefused("The signature has no time.")
    if abs(now.timestamp() - int(sent_at)) > TOLERANCE_SECONDS:
        raise SecretRefused(
            f"The signature's time is more than {TOLERANCE_SECONDS // 60} minutes away from now.",
            hint="Send it again with a new signature; check the sender's clock.",
        )


def _any_same(given: list[str], right: str) -> None:
    _same(right, given, "the signature")


def _same(one: str, others: list[str], what: str) -> None:
    # Every candidate is compared, in constant time each.
    matches = [hmac.compare_digest(one.encode(), other.encode()) for other in others]
    if not any(matches):
        raise SecretRefused(f"It was sent without a valid proof: {what} does not match.")
