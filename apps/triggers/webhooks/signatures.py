"""Whether a delivery comes from who it says. Pure: the moment is passed in."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.triggers.errors import SecretRefused

TOLERANCE_SECONDS = 300
"""A signed delivery older (or newer) than this is refused, so that a recorded one cannot be sent again."""

_MOST_SIGNATURES = 20
_LONGEST_SIGNATURE = 1_000


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature is checked against. `headers` has lower-case names; `body` is as it came over the line."""

    headers: Mapping[str, str]
    body: bytes
    now: datetime
    method: str = "POST"
    path: str = ""


def verify(
    secret: Mapping[str, Any] | None,
    *,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    method: str = "POST",
    path: str = "",
) -> str | None:
    """Check a delivery against the `secret` parameter of its webhook. `headers` has lower-case names.

    Returns what the signature itself says this delivery is called, so that a recorded one cannot be sent again under
    another name; None when it covers no such thing. Raises `SecretRefused` saying what is missing or wrong, never what
    would be right.
    """
    kind = (secret or {}).get("kind", "none")
    if secret is None or kind == "none":
        return None
    given = Signed(headers, body, now, method, path)
    if kind == "header":
        values = [str(secret["value"]), *secret.get("previous", ())]
        _any_same([_header(headers, secret.get("header") or "X-Webhook-Secret")], values, "the secret")
        return None
    keys = [str(secret["secret"]), *secret.get("previous", ())]
    if kind == "own":
        return _own(secret, keys, given)
    preset = secret.get("preset", "generic")
    within = int(secret.get("tolerance_seconds") or TOLERANCE_SECONDS)
    if preset == "generic":
        found = _header(headers, secret.get("header") or "X-Signature")
        _any_same([_lower(found).removeprefix("sha256=")], [_hex(key, body) for key in keys])
        return None
    return _PRESETS[preset](keys, given, within)


def secret_header(secret: Mapping[str, Any] | None) -> str | None:
    """The header (lower case) that holds the secret itself and so must not be kept with the delivery."""
    if secret and secret.get("kind") == "header":
        return str(secret.get("header") or "X-Webhook-Secret").lower()
    return None


def sign(secret: Mapping[str, Any], *, body: bytes, now: datetime, id: str, method: str, path: str) -> dict[str, str]:
    """The headers with which a sender would prove itself; for the self-test of a webhook."""
    kind = secret.get("kind", "none")
    if kind == "none":
        return {}
    if kind == "header":
        return {str(secret.get("header") or "X-Webhook-Secret"): str(secret["value"])}
    key, at = str(secret["secret"]), str(int(now.timestamp()))
    if kind == "own":
        return _own_signed(secret, key, body, at, id, method, path)
    preset = secret.get("preset", "generic")
    if preset == "generic":
        return {str(secret.get("header") or "X-Signature"): _hex(key, body)}
    if preset == "github":
        return {"X-Hub-Signature-256": f"sha256={_hex(key, body)}", "X-GitHub-Delivery": id}
    if preset == "slack":
        content = b"v0:" + at.encode() + b":" + body
        return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={_hex(key, content)}"}
    if preset == "stripe":
        return {"Stripe-Signature": f"t={at},v1={_hex(key, at.encode() + b'.' + body)}"}
    signature = _standard_signature(_standard_key(key), id, at, body)
    return {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}


# ── The vendors' ways ────────────────────────────────────────────────────────────────────────────────────────────────


def _github(keys: list[str], given: Signed, within: int) -> None:
    found = _header(given.headers, "X-Hub-Signature-256")
    name, equals, value = found.partition("=")
    if not equals or name.lower() != "sha256":
        raise SecretRefused("The signature is no sha256= signature.")
    _any_same([_lower(value)], [_hex(key, given.body) for key in keys])


def _slack(keys: list[str], given: Signed, within: int) -> str:
    sent_at = _header(given.headers, "X-Slack-Request-Timestamp")
    _fresh(sent_at, given.now, within)
    found = _header(given.headers, "X-Slack-Signature")
    if not found.startswith("v0="):
        raise SecretRefused("The signature is no v0= signature.")
    content = b"v0:" + sent_at.encode() + b":" + given.body
    _any_same([_lower(found.removeprefix("v0="))], [_hex(key, content) for key in keys])
    return _named(content)


def _stripe(keys: list[str], given: Signed, within: int) -> str:
    pairs = [part.strip().partition("=") for part in _header(given.headers, "Stripe-Signature").split(",")]
    sent_at = next((value for name, _, value in pairs if name == "t"), "")
    _fresh(sent_at, given.now, within)
    found = [_lower(value) for name, _, value in pairs if name == "v1"]
    content = sent_at.encode() + b"." + given.body
    _any_same(found, [_hex(key, content) for key in keys])
    return _named(content)  # Stripe signs every attempt anew, with its time


def _standard(keys: list[str], given: Signed, within: int) -> str:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    if not given.headers.get(names[0]) and given.headers.get("svix-id"):
        names = ("svix-id", "svix-timestamp", "svix-signature")
    delivery, sent_at, found = (_header(given.headers, name) for name in names)
    _fresh(sent_at, given.now, within)
    right = [_standard_signature(_standard_key(key), delivery, sent_at, given.body) for key in keys]
    _any_same([part.removeprefix("v1,") for part in found.split() if part.startswith("v1,")], right)
    return delivery


_PRESETS: dict[str, Callable[[list[str], Signed, int], str | None]] = {
    "github": _github,
    "slack": _slack,
    "stripe": _stripe,
    "standard": _standard,
}


def _standard_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


def _standard_signature(key: bytes, delivery: str, sent_at: str, body: bytes) -> str:
    content = b".".join((delivery.encode("latin-1", "replace"), sent_at.encode(), body))
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


# ── A way of one's own ───────────────────────────────────────────────────────────────────────────────────────────────


def _own(secret: Mapping[str, Any], keys: list[str], given: Signed) -> str | None:
    found = _header(given.headers, secret["header"])
    sent_at = delivery = ""
    if secret.get("timestamp_header"):
        sent_at = _header(given.headers, secret["timestamp_header"])
        _fresh(sent_at, given.now, int(secret.get("tolerance_seconds") or TOLERANCE_SECONDS))
    if secret.get("id_header"):
        delivery = _header(given.headers, secret["id_header"])
    content = _content(str(secret.get("signed") or "{body}"), given.body, sent_at, delivery, given.method, given.path)
    prefix, is_hex = str(secret.get("prefix") or ""), secret.get("encoding", "hex") == "hex"
    offered = [part for part in found.replace(",", " ").split() if part.startswith(prefix)]
    offered = [part[len(prefix) :] for part in offered]
    _any_same(
        [_lower(part) if is_hex else part for part in offered],
        [_encoded(hmac.digest(key.encode(), content, secret.get("algorithm", "sha256")), secret) for key in keys],
    )
    return delivery or (_named(content) if sent_at else None)


def _own_signed(
    secret: Mapping[str, Any], key: str, body: bytes, at: str, id: str, method: str, path: str
) -> dict[str, str]:
    content = _content(str(secret.get("signed") or "{body}"), body, at, id, method, path)
    digest = hmac.digest(key.encode(), content, secret.get("algorithm", "sha256"))
    headers = {str(secret["header"]): f"{secret.get('prefix') or ''}{_encoded(digest, secret)}"}
    if secret.get("timestamp_header"):
        headers[str(secret["timestamp_header"])] = at
    if secret.get("id_header"):
        headers[str(secret["id_header"])] = id
    return headers


def _content(template: str, body: bytes, sent_at: str, delivery: str, method: str, path: str) -> bytes:
    """The template with everything in its place; what is put in is not looked at again."""
    values = {"body": body, "timestamp": sent_at.encode("latin-1", "replace"), "method": method.encode()}
    values |= {"id": delivery.encode("latin-1", "replace"), "path": path.encode()}
    found = bytearray()
    while template:
        before, brace, rest = template.partition("{")
        found += before.encode()
        name, closing, after = rest.partition("}")
        if not brace:
            break
        if closing and name in values:
            found += values[name]
            template = after
        else:
            found += b"{"
            template = rest
    return bytes(found)


def _encoded(digest: bytes, secret: Mapping[str, Any]) -> str:
    encoding = secret.get("encoding", "hex")
    if encoding == "base64":
        return base64.b64encode(digest).decode()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") if encoding == "base64url" else digest.hex()


# ── What all of them share ───────────────────────────────────────────────────────────────────────────────────────────


def _hex(secret: str, content: bytes) -> str:
    return hmac.digest(secret.encode(), content, hashlib.sha256).hex()


def _lower(text: str) -> str:
    """ASCII letters only: no other character becomes one of a signature's."""
    return text.lower() if text.isascii() else text


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name.lower(), "").strip()
    if not found:
        raise SecretRefused(f"The header {name} is missing.")
    return found


def _fresh(sent_at: str, now: datetime, within: int) -> None:
    moment = _moment(sent_at)
    if moment is None:
        raise SecretRefused("The signature has no time.")
    if abs(now.timestamp() - moment) > within:
        raise SecretRefused(
            f"The signature's time is more than {_span(within)} away from now.",
            hint="Send it again with a new signature; check the sender's clock.",
        )


def _moment(text: str) -> float | None:
    if text.isascii() and text.isdigit() and len(text) < 16:
        number = int(text)
        return number / 1000 if len(text) == 13 else float(number)
    try:
        found = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None
    return None if found is None else found.replace(tzinfo=found.tzinfo or UTC).timestamp()


def _span(seconds: int) -> str:
    return f"{seconds // 60} minutes" if seconds % 60 == 0 and seconds >= 120 else f"{seconds} seconds"


def _named(content: bytes) -> str:
    """A name for what was signed, and not for the signature: while a secret is changed there are several of them."""
    return hashlib.sha256(content).hexdigest()


def _any_same(given: Iterable[str], right: list[str], what: str = "the signature") -> None:
    """Raise `SecretRefused` unless a right one was given. Every pair is compared, in constant time each."""
    is_found = False
    for one in list(given)[:_MOST_SIGNATURES]:
        for other in right:
            is_found |= hmac.compare_digest(one[:_LONGEST_SIGNATURE].encode(), other.encode())
    if not is_found:
        raise SecretRefused(f"It was sent without a valid proof: {what} does not match.")
