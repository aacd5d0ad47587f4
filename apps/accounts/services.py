"""Named writes. Each is one transaction in one workspace and leaves an audit event in it."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import ROLE_PERMISSIONS, SCOPES, Role
from apps.accounts.errors import (
    AlreadyMember,
    LastOwner,
    LinkSpent,
    RoleTooHigh,
    ScopeTooHigh,
    ScopeUnknown,
    SlugTaken,
)
from apps.accounts.models import ApiKey, AuditEvent, Membership, SignInLink, User, Workspace
from apps.core.clock import now as clock_now
from apps.core.errors import FieldError, Invalid
from apps.core.ids import uuid7
from apps.core.jsonclean import cleaned
from apps.core.tenancy import tenant

LINK_LIFETIME = timedelta(hours=24)
_TOUCH_EVERY = timedelta(minutes=1)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
_RESERVED_SLUGS = {"new", "api", "static", "settings", "accounts"}


def token_hash(token: str) -> str:
    """The form in which keys and tokens are kept: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def audit_record(
    *, workspace_id: UUID, actor: Actor, action: str, target: str, data: dict[str, Any] | None = None
) -> AuditEvent:
    """Record who did what to what. Call it inside the transaction of the change, so that both happen or neither.

    `action` is `noun.past` (`member.added`), `target` what people call the thing. `data` must hold no secret.
    """
    return AuditEvent.objects.create(
        workspace_id=workspace_id,
        at=clock_now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:300],
        action=action,
        target=target[:200],
        data=cleaned(data or {}),
    )


# ── Workspaces ───────────────────────────────────────────────────────────────────────────────────────────────────────


def workspace_create(*, name: str, owner: User, slug: str | None = None, actor: Actor | None = None) -> Workspace:
    """A new workspace with its first owner. Without a slug one is made from the name and kept free of clashes.

    Raises `SlugTaken` when the given slug is in use, `Invalid` when it is not one.
    """
    name = _text(name, "name", 100)
    if slug is None:
        slug = _free_slug(name)
    elif not _SLUG.fullmatch(slug) or slug in _RESERVED_SLUGS:
        message = "A slug has 1 to 50 small letters, digits and dashes, with no dash at either end."
        raise Invalid(message, errors=[FieldError(path="slug", message=message)])
    workspace = Workspace(id=uuid7(), slug=slug, name=name)
    actor = actor or Actor(kind="user", id=owner.id, label=owner.email, user=owner, role=Role.OWNER)
    with tenant(workspace.id):
        try:
            with transaction.atomic():
                workspace.save(force_insert=True)
        except IntegrityError:
            raise SlugTaken(f"Another workspace has the address {slug} already.") from None
        Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER.value)
        audit_record(workspace_id=workspace.id, actor=actor, action="workspace.created", target=slug)
    return workspace


def workspace_rename(*, workspace: Workspace, name: str, actor: Actor) -> Workspace:
    """Change the name people read; the address stays."""
    with tenant(workspace.id):
        old, workspace.name = workspace.name, _text(name, "name", 100)
        workspace.save(update_fields=["name"])
        audit_record(
            workspace_id=workspace.id,
            actor=actor,
            action="workspace.renamed",
            target=workspace.name,
            data={"from": old},
        )
    return workspace


def _free_slug(name: str) -> str:
    stem = slugify(name)[:40].strip("-_").replace("_", "-") or "workspace"
    candidate = stem if stem not in _RESERVED_SLUGS else f"{stem}-1"
    while selectors.workspace_by_slug(candidate) is not None:
        candidate = f"{stem}-{secrets.token_hex(3)}"
    return candidate


def _text(value: str, path: str, longest: int) -> str:
    value = " ".join(value.split())
    if not value or len(value) > longest:
        message = f"The {path} needs 1 to {longest} characters."
        raise Invalid(message, errors=[FieldError(path=path, message=message)])
    return value


# ── Members ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Added:
    """A new member, and the link that lets somebody without an account in for the first time (shown once)."""

    membership: Membership
    token: str | None


def member_add(*, workspace: Workspace, email: str, role: str, actor: Actor, name: str = "") -> Added:
    """Make somebody a member. A person without an account gets one, and a one-time sign-in token to hand over.

    Somebody who has an account never gets a token: it would hand their account to whoever adds them.
    Raises `AlreadyMember`, `RoleTooHigh`, or `Invalid` for an address that is none.
    """
    address = _address(email)
    wanted = _role(role)
    _may_give(actor, wanted)
    with tenant(workspace.id):
        user, is_new = User.objects.get_or_create(email=address, defaults={"name": name.strip()[:150]})
        if is_new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        membership, is_added = Membership.objects.get_or_create(
            workspace=workspace, user=user, defaults={"role": wanted.value}
        )
        if not is_added:
            raise AlreadyMember(f"{address} is a member already.")
        audit_record(
            workspace_id=workspace.id, actor=actor, action="member.added", target=address, data={"role": wanted.value}
        )
        token = sign_in_link_create(workspace=workspace, user=user, actor=actor) if is_new else None
    return Added(membership, token)


def member_role_change(*, workspace: Workspace, membership: Membership, role: str, actor: Actor) -> Membership:
    """Give a member another role. Raises `LastOwner`, `RoleTooHigh`, or `Invalid` for an unknown role."""
    wanted = _role(role)
    _may_give(actor, wanted)
    with tenant(workspace.id):
        membership = _locked(workspace, membership)
        _may_touch(actor, Role(membership.role))
        old = membership.role
        if old == Role.OWNER and wanted != Role.OWNER:
            _keeps_an_owner(workspace, membership)
        membership.role = wanted.value
        membership.save(update_fields=["role"])
        audit_record(
            workspace_id=workspace.id,
            actor=actor,
            action="member.role_changed",
            target=membership.user.email,
            data={"from": old, "to": wanted.value},
        )
    return membership


def member_remove(*, workspace: Workspace, membership: Membership, actor: Actor) -> int:
    """End a membership and revoke the API keys that person made; gives their number. Raises `LastOwner`."""
    with tenant(workspace.id):
        membership = _locked(workspace, membership)
        _may_touch(actor, Role(membership.role))
        if membership.role == Role.OWNER:
            _keeps_an_owner(workspace, membership)
        revoked = ApiKey.objects.filter(
            workspace=workspace, created_by=membership.user, revoked_at__isnull=True
        ).update(revoked_at=clock_now())
        SignInLink.objects.filter(workspace=workspace, user=membership.user, used_at__isnull=True).delete()
        membership.delete()
        audit_record(
            workspace_id=workspace.id,
            actor=actor,
            action="member.removed",
            target=membership.user.email,
            data={"keys_revoked": revoked},
        )
    return revoked


def _locked(workspace: Workspace, membership: Membership) -> Membership:
    # The workspace row first: two owners leaving at once must not both find the other one still there.
    Workspace.objects.select_for_update().get(id=workspace.id)
    return (
        Membership.objects.select_related("user")
        .select_for_update(of=("self",))
        .get(workspace_id=workspace.id, id=membership.id)
    )


def _keeps_an_owner(workspace: Workspace, leaving: Membership) -> None:
    others = Membership.objects.filter(workspace=workspace, role=Role.OWNER.value, user__is_active=True)
    if not others.exclude(id=leaving.id).exists():
        raise LastOwner(f"{leaving.user.label} is the last owner of {workspace.name}.")


def _may_give(actor: Actor, role: Role) -> None:
    # A key for managing members only could otherwise let in an admin, and be that admin by the link it gets.
    if not actor.permissions >= ROLE_PERMISSIONS[role]:
        raise RoleTooHigh(f"{actor.label} may not give the role {role}: it allows more than they may.")


def _may_touch(actor: Actor, role: Role) -> None:
    # An admin manages members; only who holds every permission may make or unmake an owner.
    if role == Role.OWNER and not actor.permissions >= ROLE_PERMISSIONS[Role.OWNER]:
        raise RoleTooHigh


def _role(value: str) -> Role:
    if value not in set(Role):
        message = f"There is no role {value!r}. Roles are {', '.join(Role)}."
        raise Invalid(message, errors=[FieldError(path="role", message=message)])
    return Role(value)


def _address(value: str) -> str:
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    address = value.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        message = f"{value!r} is not an e-mail address."
        raise Invalid(message, errors=[FieldError(path="email", message=message)]) from None
    return address


# ── API keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    name = _text(name, "name", 100)
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


def api_key_touch(*, workspace_id: UUID, key_id: UUID, last_used_at: datetime | None, at: datetime) -> None:
    """Note that a key was used; at most one write per key and minute, however busy it is."""
    if last_used_at is not None and at - last_used_at < _TOUCH_EVERY:
        return
    with tenant(workspace_id):
        is_stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - _TOUCH_EVERY)
        ApiKey.objects.filter(is_stale, workspace_id=workspace_id, id=key_id).update(last_used_at=at)


# ── One-time sign-in ─────────────────────────────────────────────────────────────────────────────────────────────────


def sign_in_link_create(*, workspace: Workspace, user: User, actor: Actor) -> str:
    """A token that signs `user` in once within 24 hours, at `/enter/<token>/`. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    with tenant(workspace.id):
        SignInLink.objects.create(
            workspace=workspace, user=user, hash=token_hash(token), expires_at=clock_now() + LINK_LIFETIME
        )
        audit_record(workspace_id=workspace.id, actor=actor, action="sign_in_link.created", target=user.email)
    return token


def sign_in_link_use(*, token: str) -> SignInLink:
    """Spend a link and give its user and workspace. One compare-and-set: of two clicks one wins. Raises `LinkSpent`."""
    hash_ = token_hash(token)
    workspace_id = selectors.sign_in_link_workspace(hash_)
    if workspace_id is None:
        raise LinkSpent
    at = clock_now()
    with tenant(workspace_id):
        # Conditions on this table only: a join would become a subquery, which the loser of a race does not ask again.
        unused = SignInLink.objects.filter(
            workspace_id=workspace_id, hash=hash_, used_at__isnull=True, expires_at__gt=at
        )
        if not unused.update(used_at=at):
            raise LinkSpent
        link = selectors.sign_in_link(workspace_id, hash_)
        if link is None or not link.user.is_active:
            raise LinkSpent
        actor = Actor(kind="user", id=link.user_id, label=link.user.email, user=link.user)
        audit_record(workspace_id=workspace_id, actor=actor, action="sign_in_link.used", target=link.user.email)
    return link


# ── Profile ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def profile_update(*, user: User, name: str) -> User:
    """Change the name other members read. May be empty: then they read the address."""
    user.name = " ".join(name.split())[:150]
    user.save(update_fields=["name"])
    return user
