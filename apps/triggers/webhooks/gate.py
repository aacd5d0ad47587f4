"""Who and what a webhook lets in, and what it makes of it. Pure but for the count of a rate."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.core import ratelimit
from apps.nodes.expressions import ExprError, Scope, resolve
from apps.triggers.errors import (
    DeliveryTooLarge,
    HeaderMissing,
    ReplyFailed,
    SenderRefused,
    TransformFailed,
)
from apps.triggers.webhooks import signatures
from apps.triggers.webhooks.delivery import Delivery, short


def admit(params: Mapping[str, Any], delivery: Delivery) -> None:
    """What is cheap to find out. Raises `SenderRefused`, `DeliveryTooLarge` or `HeaderMissing`."""
    allowed = params.get("allowed_ips")
    if allowed and not _is_allowed(delivery.remote, tuple(allowed)):
        raise SenderRefused(f"{delivery.remote or 'The sender'} may not call this webhook.")
    most = params.get("max_bytes")
    if most and len(delivery.body) > most:
        raise DeliveryTooLarge(f"The body has {len(delivery.body):,} bytes; this webhook accepts {most:,}.")
    for wanted in params.get("required_headers") or ():
        found = delivery.headers.get(wanted["name"].lower())
        if found is None:
            raise HeaderMissing(f"The header {wanted['name']} is missing.")
        if wanted["value"] and not hmac.compare_digest(found.encode(), wanted["value"].encode()):
            raise HeaderMissing(f"The header {wanted['name']} does not hold what this webhook asks for.")


def prove(params: Mapping[str, Any], delivery: Delivery, now: datetime) -> str | None:
    """Check the sender's proof; gives what it says the delivery is called. Raises `SecretRefused`."""
    secret = params.get("secret")
    if not secret or secret.get("kind", "none") == "none":
        return None
    return signatures.verify(
        secret, headers=delivery.headers, body=delivery.body, now=now, method=delivery.method, path=delivery.path
    )


def count(params: Mapping[str, Any], workflow_id: UUID, node_id: str) -> None:
    """Count it against the webhook's own rate. Raises `TooMany` (429)."""
    most = params.get("most_per_minute")
    if most:
        rate = ratelimit.Rate(most, 60)
        ratelimit.spend([ratelimit.Limit("webhook", rate, f"webhook:{workflow_id}:{node_id}")])


def external_id(params: Mapping[str, Any], delivery: Delivery, signed_id: str | None) -> str | None:
    """What the delivery is called: as its signature says, else its webhook's own header, else the usual ones."""
    if signed_id is not None:
        return short(signed_id)
    named = params.get("id_header")
    if named:
        found = delivery.headers.get(named.lower(), "").strip()
        return short(found) if found else None
    return delivery.external_id


def transformed(params: Mapping[str, Any], request: Any, *, now: datetime, timezone: str, variables: Any) -> Any:
    """What the workflow starts with. Raises `TransformFailed`."""
    if params.get("transform") is None:
        return request
    try:
        return resolve(params["transform"], _scope(request, request, now, timezone, variables))
    except ExprError as wrong:
        raise TransformFailed(f"The transformation of the request: {wrong.message}.", hint=wrong.hint) from None


def replied(
    params: Mapping[str, Any], value: Any, request: Any, *, now: datetime, timezone: str, variables: Any
) -> tuple[int, Any, dict[str, str]]:
    """Status, body and headers of the answer that the webhook describes. Raises `ReplyFailed`."""
    reply = params["reply"]
    try:
        found: Any = resolve(reply, _scope(value, request, now, timezone, variables))
        status = int(found.get("status") or 200)
        headers = {str(name): str(text) for name, text in (found.get("headers") or {}).items()}
    except ExprError as wrong:
        raise ReplyFailed(f"The answer of the webhook: {wrong.message}.", hint=wrong.hint) from None
    except (TypeError, ValueError):
        raise ReplyFailed("The answer of the webhook has a status that is no number.") from None
    if not 200 <= status <= 599:
        raise ReplyFailed(f"The answer of the webhook has the status {status}; there are 200 to 599.")
    return status, found.get("body"), headers


def _scope(value: Any, request: Any, now: datetime, timezone: str, variables: Any) -> Scope:
    here = now.astimezone(ZoneInfo(timezone))
    return Scope(json=value, input={"main": value}, trigger=request, vars=variables, now=here)


def _is_allowed(remote: str, allowed: tuple[str, ...]) -> bool:
    try:
        address = ip_address(remote)
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in _networks(allowed))


@lru_cache(maxsize=256)
def _networks(texts: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)
