"""The tokens of a connected credential: kept, renewed by one of many who need them, given back.

No transaction is open and no connection held while a provider is asked.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from apps.accounts.access.permissions import Permission
from apps.accounts.models import Workspace
from apps.accounts.services import Telling, notice_put
from apps.core import clock
from apps.core.tenancy import tenant
from apps.integrations import vault
from apps.integrations.models import Credential, Grant
from apps.integrations.oauth import exchange
from apps.integrations.oauth.declare import OAuthType, Provider
from apps.integrations.oauth.errors import NeedsReconnecting, TokenAway, TokenRefused
from apps.integrations.oauth.exchange import Client, Tokens
from apps.integrations.opened import Opened

AHEAD_SECONDS, AHEAD_SHARE = 300.0, 0.2
"""Tokens are renewed so long before they end, or so large a part of their life when that is less."""
CLAIM_SECONDS = 45.0
"""How long one may take to renew them; longer than the provider is waited for."""
RETRY_SECONDS = 5.0
_LONGEST_WAIT = 60.0
_PASSING = frozenset({"", "temporarily_unavailable", "server_error", "slow_down"})
"""Errors after which the same may be asked again; without a word it may be anything on the way."""


def client_of(fields: Any) -> Client:
    """The product as the provider knows it, from a type's fields."""
    return Client(fields.client_id, fields.client_secret.get_secret_value())


def connected(workspace_id: UUID, found: Opened, *, refused_revision: int | None = None) -> Opened:
    """The credential with tokens that are good now, renewed where they are due.

    `refused_revision`: the tokens of this revision were refused, whatever their age. Of any number who need fresh
    tokens at once, one asks the provider and the others wait for it. Raises `NeedsReconnecting`, and `TokenAway` when
    the provider cannot be asked and the tokens have ended. Not to be called inside a transaction.
    """
    kind = found.kind
    assert isinstance(kind, OAuthType)
    provider = kind.provider(found.fields)
    until = time.monotonic() + _LONGEST_WAIT
    pause = 0.02
    while True:
        now = clock.now()
        with tenant(workspace_id):
            grant = Grant.objects.filter(workspace_id=workspace_id, credential_id=found.id).first()
            if grant is None and not provider.needs_person:
                grant = _blank(workspace_id, found.id, now)
            if grant is None:
                raise _reconnect(workspace_id, found, "It was never connected.", verb="Connect it")
            if grant.is_broken:
                raise _reconnect(workspace_id, found, grant.problem)
            held = vault.open_sealed(workspace_id, grant.seal_name, grant.sealed)
            must = grant.is_expired(now) or not held.get("access_token") or grant.revision == refused_revision
            can = not provider.needs_person or bool(held.get("refresh_token"))
            if not must and not (can and grant.is_due(now)):
                return _with(workspace_id, found, grant, held)
            is_over = must and not can
            if is_over:
                _break(found, grant, "Its access has ended, and the provider gave nothing to renew it with.", now)
            is_mine = not is_over and _claim(grant, now)
        if is_over:
            raise _reconnect(workspace_id, found, grant.problem)
        if is_mine:
            return _renewed(workspace_id, found, provider, grant, held, must=must)
        if not must:
            return _with(workspace_id, found, grant, held)  # still good, and somebody is at it
        if grant.retry_at is not None and grant.retry_at > now:
            raise TokenAway(grant.problem or f"The provider of “{found.name}” does not answer.")
        if time.monotonic() > until:
            raise TokenAway(f"Fresh tokens of “{found.name}” did not come in time.")
        _hang_up()
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def grant_keep(
    *,
    workspace_id: UUID,
    credential: Credential,
    tokens: Tokens,
    account: str,
    by: UUID | None,
    now: datetime,
    external_id: str = "",
) -> Grant:
    """Put the tokens of a fresh connection in the place of what was there. Must run inside `tenant()`."""
    Grant.objects.filter(workspace_id=workspace_id, credential=credential).delete()
    grant = Grant(
        workspace_id=workspace_id,
        credential=credential,
        account=account,
        external_id=external_id,
        connected_at=now,
        connected_by_id=by,
    )
    _take(grant, tokens, {}, now)
    grant.save(force_insert=True)
    return grant


def revoked(found: Opened, held: Mapping[str, Any]) -> bool:
    """Ask the provider to forget what it gave. Whether it did; the tokens are of no use to anybody here any more."""
    assert isinstance(found.kind, OAuthType)
    provider, client = found.kind.provider(found.fields), client_of(found.fields)
    refresh = exchange.revoke(provider, client, str(held.get("refresh_token") or ""), "refresh_token")
    access = exchange.revoke(provider, client, str(held.get("access_token") or ""), "access_token")
    return refresh or access


def grant_follow(credential: Credential, kind: OAuthType, changed: Collection[str]) -> None:
    """What becomes of a connection whose credential was changed. Must run inside `tenant()`."""
    rows = Grant.objects.filter(workspace_id=credential.workspace_id, credential=credential)
    if set(changed) - kind.steady - {"name", "allowed_hosts", "rotate_after_days"}:
        rows.delete()
    elif "client_secret" in changed:  # what was refused for a wrong secret may be right now
        rows.filter(broken_at__isnull=False).update(broken_at=None, problem="", retry_at=None, is_in_doubt=False)


def tokens_of(workspace_id: UUID, credential_id: UUID) -> dict[str, Any]:
    """What is held for a credential, in plain text; empty when it is not connected. Call it inside `tenant()`."""
    grant = Grant.objects.filter(workspace_id=workspace_id, credential_id=credential_id).first()
    return {} if grant is None else vault.open_sealed(workspace_id, grant.seal_name, grant.sealed)


# ── Renewing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _claim(grant: Grant, now: datetime) -> bool:
    """Whether it is ours to renew: nobody else is at it, and nobody failed a moment ago."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    ready = Q(retry_at=None) | Q(retry_at__lte=now)
    rows = Grant.objects.filter(free, ready, id=grant.id, workspace_id=grant.workspace_id, revision=grant.revision)
    # Who held it before and was not heard of again may have been given tokens that nobody has.
    lost = Q(claimed_until__isnull=False)
    grant.is_in_doubt = grant.is_in_doubt or rows.filter(lost).exists()
    return bool(rows.update(claimed_until=now + timedelta(seconds=CLAIM_SECONDS), is_in_doubt=grant.is_in_doubt))


def _renewed(
    workspace_id: UUID, found: Opened, provider: Provider, grant: Grant, held: dict[str, Any], *, must: bool
) -> Opened:
    _hang_up()
    client = client_of(found.fields)
    try:
        if provider.needs_person:
            tokens = exchange.tokens_refreshed(provider, client, refresh_token=held["refresh_token"])
        else:
            tokens = exchange.tokens_of_client(provider, client)
    except TokenAway as away:
        _let_go(workspace_id, grant, f"Its provider could not be asked: {away.message}", in_doubt=away.was_sent)
        if must:
            raise
        return _with(workspace_id, found, grant, held)
    except TokenRefused as refused:
        return _refused(workspace_id, found, grant, held, refused, must=must)
    now = clock.now()
    with tenant(workspace_id):
        fresh = Grant.objects.select_for_update().filter(id=grant.id, workspace_id=workspace_id).first()
        if fresh is None or fresh.revision != grant.revision:  # connected anew, or deleted, meanwhile
            raise TokenAway(f"“{found.name}” was connected anew while its tokens were renewed.")
        made = _take(fresh, tokens, held, now)
        fresh.revision += 1
        fresh.renewed_at = now
        fresh.save()
    return _with(workspace_id, found, fresh, made)


def _refused(
    workspace_id: UUID, found: Opened, grant: Grant, held: dict[str, Any], refused: TokenRefused, *, must: bool
) -> Opened:
    now = clock.now()
    if refused.error in _PASSING:
        _let_go(workspace_id, grant, refused.message)
        if must:
            raise TokenAway(refused.message, hint=refused.hint) from None
        return _with(workspace_id, found, grant, held)
    problem = refused.message
    if grant.is_in_doubt:
        problem = f"An answer of the provider was lost while the access was renewed. {problem}"
    with tenant(workspace_id):
        fresh = Grant.objects.select_for_update().filter(id=grant.id, revision=grant.revision).first()
        if fresh is not None:
            _break(found, fresh, problem, now)
    raise _reconnect(workspace_id, found, problem) from None


def _let_go(workspace_id: UUID, grant: Grant, problem: str, *, in_doubt: bool = False) -> None:
    """Let somebody try again in a moment."""
    with tenant(workspace_id):
        Grant.objects.filter(id=grant.id, workspace_id=workspace_id, revision=grant.revision).update(
            claimed_until=None,
            retry_at=clock.now() + timedelta(seconds=RETRY_SECONDS),
            problem=problem[:500],
            is_in_doubt=F("is_in_doubt") if not in_doubt else True,
        )


def _break(found: Opened, grant: Grant, problem: str, now: datetime) -> None:
    """Note that somebody has to connect again, and tell those who can. Runs inside `tenant()`."""
    grant.broken_at, grant.problem, grant.claimed_until = now, problem[:500], None
    grant.save(update_fields=["broken_at", "problem", "claimed_until"])
    row = Credential.objects.get(id=grant.credential_id)
    row.is_verified, row.tested_at, row.test_message = False, now, grant.problem
    row.save(update_fields=["is_verified", "tested_at", "test_message"])
    telling = Telling(
        kind="credential.attention",
        key=str(row.id),
        title=f"“{row.name}” must be connected again",
        detail=grant.problem,
        url=address_of(grant.workspace_id, row.id, is_whole=False),
    )
    if row.is_private:
        notice_put(workspace_id=grant.workspace_id, telling=telling, now=now, to=[row.owner_id])
    else:
        notice_put(workspace_id=grant.workspace_id, telling=telling, now=now, allowed=Permission.CREDENTIAL_MANAGE)


def _take(grant: Grant, tokens: Tokens, before: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    held = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token or str(before.get("refresh_token") or ""),
    }
    grant.sealed = vault.seal(grant.workspace_id, grant.seal_name, held)
    grant.scope = tokens.scope or grant.scope
    grant.expires_at = grant.renew_at = None
    if tokens.lifetime is not None:
        grant.expires_at = now + timedelta(seconds=tokens.lifetime)
        grant.renew_at = grant.expires_at - timedelta(seconds=min(AHEAD_SECONDS, tokens.lifetime * AHEAD_SHARE))
    grant.claimed_until = grant.retry_at = grant.broken_at = None
    grant.problem, grant.is_in_doubt = "", False
    return held


def _blank(workspace_id: UUID, credential_id: UUID, now: datetime) -> Grant:
    """The place of tokens that the app gets by itself, as soon as somebody needs them."""
    made = Grant(workspace_id=workspace_id, credential_id=credential_id, connected_at=now)
    made.sealed = vault.seal(workspace_id, made.seal_name, {})
    Grant.objects.bulk_create([made], ignore_conflicts=True)
    return Grant.objects.get(workspace_id=workspace_id, credential_id=credential_id)


def _with(workspace_id: UUID, found: Opened, grant: Grant, held: Mapping[str, Any]) -> Opened:
    return replace(
        found,
        held=held,
        renew_at=grant.renew_at,
        renew=lambda is_refused: connected(
            workspace_id, found, refused_revision=grant.revision if is_refused else None
        ),
    )


def _reconnect(workspace_id: UUID, found: Opened, problem: str, *, verb: str = "Connect it again") -> NeedsReconnecting:
    return NeedsReconnecting(
        f"The connection of “{found.name}” does not work: {problem}".rstrip(),
        hint=f"{verb}: {address_of(workspace_id, found.id)}",
    )


def _hang_up() -> None:
    """A thread that waits for the network holds no connection."""
    if not connection.in_atomic_block:
        connection.close()


def address_of(workspace_id: UUID, credential_id: UUID, *, is_whole: bool = True) -> str:
    """The page of a credential, with the product's own address unless that is not wanted."""
    with tenant(workspace_id):
        slug = Workspace.objects.values_list("slug", flat=True).get(id=workspace_id)
    return f"{settings.BASE_URL if is_whole else ''}{page_of(slug, credential_id)}"


def page_of(slug: str, credential_id: UUID) -> str:
    """The path of a credential's page."""
    return f"/w/{slug}/integrations/{credential_id}/"
