"""API keys."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import SCOPES
from apps.accounts.errors import ScopeTooHigh, ScopeUnknown
from apps.accounts.models import ApiKey, Workspace
from apps.accounts.services.audit import audit_record
from apps.accounts.services.given import text_of, token_hash
from apps.core import origin
from apps.core.clock import now as clock_now
from apps.core.errors import FieldError, Invalid
from apps.core.tenancy import tenant

_TOUCH_EVERY = timedelta(minutes=1)
_MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key. `secret` is the whole key and cannot be shown again."""

    key: ApiKey
    secret: str


def api_key_create(
    *,
    workspace: Workspace,
    name: str,
    actor: Actor,
    scopes: list[str] | None = None,
    expires_at: datetime | None = None,
) -> CreatedKey:
    """A new API key. Without scopes it may do all its maker may. One made by a key belongs to that key's maker.

    Raises `ScopeUnknown`, `ScopeTooHigh` when a scope is beyond the maker, `Invalid` for an expiry in the past.
    """
    name = text_of(name, "name", 100)
    wanted = sorted(set(scopes)) if scopes else sorted(permission.value for permission in actor.permissions)
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        message = f"There is no scope {unknown[0]!r}. Scopes are {', '.join(SCOPES)}."
        raise ScopeUnknown(message, errors=[FieldError(path="scopes", message=message)])
    beyond = [scope for scope in wanted if not actor.can(scope)]
    if beyond:
        raise ScopeTooHigh(f"A key cannot be allowed {beyond[0]}: you are not.")
    if expires_at is not None and expires_at <= clock_now():
        message = "The expiry lies in the past."
        raise Invalid(message, errors=[FieldError(path="expires_at", message=message)])
    prefix = f"af_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    with tenant(workspace.id):
        key = ApiKey.objects.create(
            workspace=workspace,
            name=name,
            prefix=prefix,
            hash=token_hash(secret),
            scopes=wanted,
            created_by_id=actor.user.id if actor.user else actor.maker_id,
            expires_at=expires_at,
        )
        audit_record(
            workspace_id=workspace.id, actor=actor, action="api_key.created", target=name, data={"prefix": prefix}
        )
    return CreatedKey(key, secret)


def api_key_revoke(*, workspace: Workspace, key: ApiKey, actor: Actor) -> ApiKey:
    """End a key at once. Revoking it again changes nothing."""
    with tenant(workspace.id):
        at = clock_now()
        if ApiKey.objects.filter(workspace=workspace, id=key.id, revoked_at__isnull=True).update(revoked_at=at):
            key.revoked_at = at
            audit_record(
                workspace_id=workspace.id,
                actor=actor,
                action="api_key.revoked",
                target=key.name,
                data={"prefix": key.prefix},
            )
    return key


def api_key_touch(
    *, workspace_id: UUID, actor: Actor, last_used_at: datetime | None, places: Sequence[str], at: datetime
) -> None:
    """Note that a key was used; at most one write per key and minute, however busy it is.

    The first use from a network where it was not used before is written at once, and told in the audit log unless it
    is the first use of all.
    """
    place = origin.current().place
    is_new_place = bool(place) and place not in places
    if not is_new_place and last_used_at is not None and at - last_used_at < _TOUCH_EVERY:
        return
    with tenant(workspace_id):
        row = ApiKey.objects.filter(workspace_id=workspace_id, id__in=[actor.id])
        if is_new_place:
            known = row.select_for_update().values_list("places", flat=True).get()
            if place not in known:  # nobody else was quicker
                row.update(last_used_at=at, places=[*known, place][-_MOST_PLACES:])
                if known:
                    audit_record(
                        workspace_id=workspace_id,
                        actor=actor,
                        action="api_key.used_from_new_place",
                        target=actor.label.removeprefix("key "),
                        data={"place": place},
                    )
            return
        is_stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - _TOUCH_EVERY)
        row.filter(is_stale).update(last_used_at=at)
