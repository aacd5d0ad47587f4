"""Signatures of outgoing webhooks, as Standard Webhooks 1.0 describes them. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64


def key_of(secret: str) -> bytes:
    """The key in a secret as people are given it: base64 of 24 to 64 bytes, with or without `whsec_` before it.

    Raises `ValueError` for anything else.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("A signing secret is whsec_ followed by base64.") from None
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(f"A signing secret holds {LEAST_BYTES} to {MOST_BYTES} bytes; this one has {len(key)}.")
    return key


def signature(key: bytes, *, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 of id, Unix seconds and body, joined by dots."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def headers(key: bytes | None, *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of one try; without a key it is not signed. The id stays the same, the time is that of the try."""
    found = {"webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    if key is not None:
        found["webhook-signature"] = signature(key, message_id=message_id, timestamp=timestamp, body=body)
    return found
