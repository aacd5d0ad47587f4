"""Connecting an account: a person is sent to the provider and comes back with a code."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.urls import reverse

from apps.accounts.access.actor import Actor
from apps.accounts.services import audit_record
from apps.core import clock, egress
from apps.core.egress import EgressError
from apps.core.errors import DomainError
from apps.core.redaction import Redactor
from apps.core.tenancy import tenant
from apps.integrations import selectors, vault
from apps.integrations.access import require_manage
from apps.integrations.models import Connecting, Credential, Grant
from apps.integrations.oauth import exchange, grants
from apps.integrations.oauth.declare import OAuthType, Provider
from apps.integrations.oauth.errors import ConnectRefused, NotConnectable
from apps.integrations.oauth.exchange import Tokens
from apps.integrations.opened import Opened, SignedDoor
from apps.integrations.services.opening import kind_of, opened, secrets_of

MINUTES = 10
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Start:
    """Where the person goes next. `url` is empty when nobody has to go anywhere: it is connected."""

    url: str
    host: str
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody who comes back was connecting, before anything of it is believed."""

    workspace_id: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class Taken:
    """What was asked, used up. `credential_changed_at`: as it was then."""

    workspace_id: UUID
    credential_id: UUID
    credential_changed_at: datetime
    verifier: str = field(repr=False)


def redirect_uri() -> str:
    """The address providers send people back to; it has to be registered there exactly so."""
    return f"{settings.BASE_URL}{reverse('oauth-callback')}"


def connect_start(*, workspace_id: UUID, credential_id: UUID, actor: Actor, session: str) -> Start:
    """Send a person to the provider. `session` is a secret of their browser session: who comes back must have it.

    What needs no person is connected at once. Raises `NotConnectable`, `MayNotManage`, `TokenRefused` and `TokenAway`.
    """
    found, provider, row = _connectable(workspace_id, credential_id, actor)
    if not provider.needs_person:
        _keep(found, row, exchange.tokens_of_client(provider, grants.client_of(found.fields)), actor)
        return Start("", urlsplit(provider.token_url).hostname or "", row.name)
    if actor.kind != "user" or actor.id is None:
        raise NotConnectable("Only a person can sign in at the provider.", hint="Open the credential in a browser.")
    state, verifier, now = secrets.token_urlsafe(32), secrets.token_urlsafe(64), clock.now()
    url = exchange.authorize_address(
        provider, grants.client_of(found.fields), redirect_uri=redirect_uri(), state=state, verifier=verifier
    )
    made = Connecting(
        workspace_id=workspace_id,
        credential_id=row.id,
        user_id=actor.id,
        state_digest=_digest(state),
        session_digest=_digest(session),
        credential_changed_at=row.updated_at,
        created_at=now,
        expires_at=now + timedelta(minutes=MINUTES),
    )
    with tenant(workspace_id):
        Connecting.objects.filter(workspace_id=workspace_id, expires_at__lt=now - _KEPT).delete()
        made.sealed = vault.seal(workspace_id, made.seal_name, {"verifier": verifier})
        made.save(force_insert=True)
    return Start(url, urlsplit(url).netloc, row.name)


def place_of(state: str) -> Place:
    """What a state that came back belongs to. Raises `ConnectRefused` for one that nobody was given."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, id FROM integrations_connecting_of(%s)", [_digest(state)])
        row = cursor.fetchone()
    if row is None:
        raise ConnectRefused("This is no answer to anything that was asked from here.")
    return Place(*row)


def connect_take(*, place: Place, actor: Actor, session: str) -> Taken:
    """Use up what was asked: once, by who was sent, and only as long as it counts. Raises `ConnectRefused`."""
    now = clock.now()
    with tenant(place.workspace_id):
        row = Connecting.objects.select_for_update().get(id=place.id, workspace_id=place.workspace_id)
        is_theirs = row.user_id == actor.id and hmac.compare_digest(row.session_digest, _digest(session))
        if not is_theirs:  # a stranger's look does not use it up: whoever was sent can still come
            raise ConnectRefused(
                "Somebody else was sent to connect this, or you from another browser.",
                hint="Connect again from here, and sign in there as yourself.",
            )
        if row.used_at is not None:
            raise ConnectRefused("This answer was taken already.", hint="Look at the credential: it may be connected.")
        if row.expires_at <= now:
            raise ConnectRefused(f"This took longer than {MINUTES} minutes.")
        row.used_at = now
        row.save(update_fields=["used_at"])
        verifier = str(vault.open_sealed(place.workspace_id, row.seal_name, row.sealed)["verifier"])
    return Taken(place.workspace_id, row.credential_id, row.credential_changed_at, verifier)


def connect_finish(*, taken: Taken, actor: Actor, answer: Mapping[str, str]) -> Credential:
    """Take what the provider sent back with the person to the provider, and keep what it gives for it.

    Raises `ConnectRefused`, `TokenRefused`, `TokenAway`, and what `connect_start` raises for who may not do it.
    """
    found, provider, credential = _connectable(taken.workspace_id, taken.credential_id, actor)
    if credential.updated_at != taken.credential_changed_at:
        raise ConnectRefused(f"“{credential.name}” was changed while you were away.")
    _require_from(provider, answer)
    if answer.get("error"):
        raise ConnectRefused(_declined(provider, answer), hint="")
    code = answer.get("code", "")
    if not code:
        raise ConnectRefused(f"{_host(provider)} sent nobody's consent along.")
    client = grants.client_of(found.fields)
    tokens = exchange.tokens_of_code(provider, client, code=code, redirect_uri=redirect_uri(), verifier=taken.verifier)
    return _keep(found, credential, tokens, actor)


def disconnect(*, workspace_id: UUID, credential_id: UUID, actor: Actor) -> bool:
    """Give the tokens back and forget them; the credential stays. Whether the provider took them back."""
    found, _, row = _connectable(workspace_id, credential_id, actor)
    with tenant(workspace_id):
        held = grants.tokens_of(workspace_id, row.id)
        Grant.objects.filter(workspace_id=workspace_id, credential_id=row.id).delete()
        _noted(row, actor, "disconnected", {})
    return grants.revoked(found, held)


# ── Who, and from where ──────────────────────────────────────────────────────────────────────────────────────────────


def _require_from(provider: Provider, answer: Mapping[str, str]) -> None:
    """The answer must be the provider's own (RFC 9207): another one's code is not taken there."""
    given = answer.get("iss", "")
    if provider.issuer:
        is_right = hmac.compare_digest(given.encode(), provider.issuer.encode())
    else:
        known = {_origin(provider.authorize_url), _origin(provider.token_url)}
        is_right = not given or _origin(given) in known
    if not is_right:
        raise ConnectRefused(
            f"The answer says it comes from {given[:200] or 'nobody'}, not from {provider.issuer or _host(provider)}.",
            hint="If that is the same provider, enter the name as the issuer of the credential.",
        )


def _connectable(workspace_id: UUID, credential_id: UUID, actor: Actor) -> tuple[Opened, Provider, Credential]:
    with tenant(workspace_id):
        row = selectors.credential(workspace_id, actor, credential_id)
        require_manage(actor, row)
        kind = kind_of(row)
        if not isinstance(kind, OAuthType):
            raise NotConnectable(f"“{row.name}” is a {kind.name.lower()}: there is nowhere to sign in.")
        found = opened(row, kind, secrets_of(row))
    return found, kind.provider(found.fields), row


def _declined(provider: Provider, answer: Mapping[str, str]) -> str:
    if answer["error"] == "access_denied":
        return f"{_host(provider)} was not allowed to give access."
    words = exchange.words(answer.get("error_description")) or exchange.words(answer["error"])
    return f"{_host(provider)} refused: {words}"


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", url, None


def _host(provider: Provider) -> str:
    return urlsplit(provider.authorize_url).hostname or "The provider"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# ── Keeping it ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _keep(found: Opened, row: Credential, tokens: Tokens, actor: Actor) -> Credential:
    account, external_id, problem = _account(found, tokens)
    now = clock.now()
    by = actor.id if actor.kind == "user" else None
    with tenant(row.workspace_id):
        current = Credential.objects.select_for_update().get(id=row.id, workspace_id=row.workspace_id)
        if current.updated_at != row.updated_at:
            raise ConnectRefused(f"“{row.name}” was changed while it was connected.")
        grants.grant_keep(
            workspace_id=row.workspace_id,
            credential=current,
            tokens=tokens,
            account=account,
            by=by,
            now=now,
            external_id=external_id[:200],
        )
        current.is_verified, current.tested_at = not problem, now
        current.test_message = (problem or (f"Connected as {account}." if account else "Connected."))[:500]
        current.save(update_fields=["is_verified", "tested_at", "test_message"])
        _noted(current, actor, "connected", {"account": account})
    return current


def _account(found: Opened, tokens: Tokens) -> tuple[str, str, str]:
    """What the account is called, here and by its provider, and what is wrong with the new token, if anything is."""
    assert isinstance(found.kind, OAuthType)
    provider = found.kind.provider(found.fields)
    signing = replace(found, held={"access_token": tokens.access_token})
    door = SignedDoor(egress.door(egress.Policy.of(settings.EGRESS_ALLOW)), signing, Redactor())
    try:
        name = found.kind.account(found.fields, door)
        external_id = found.kind.account_id(found.fields, door)
        if name or not provider.account_url:
            return name, external_id, ""
        answer = door.request("GET", provider.account_url, headers={"Accept": "application/json"}, timeout=10.0)
        if not 200 <= answer.status < 300:
            return "", "", f"{urlsplit(provider.account_url).hostname} answered with status {answer.status}."
        told = json.loads(answer.content)
        name = exchange.named(told, provider.account_path) if isinstance(told, dict) else ""
        return name, external_id, ""
    except (EgressError, DomainError) as failed:
        return "", "", failed.message
    except ValueError:
        return "", "", ""


def _noted(row: Credential, actor: Actor, verb: str, data: dict[str, str]) -> None:
    audit_record(
        workspace_id=row.workspace_id,
        actor=actor,
        action=f"credential.{verb}",
        target=row.name,
        data={"credential_id": str(row.id)} | data,
    )
