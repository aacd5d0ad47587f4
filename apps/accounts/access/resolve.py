"""Finds out who asks and in which workspace: from a session, a token or an API key, for HTTP and WebSocket alike.

Everything foreign is a 404: an outsider learns nothing about what exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs

from django.conf import settings
from django.http import HttpRequest

from apps.accounts import selectors, services, tokens
from apps.accounts.access.actor import Access, Actor
from apps.accounts.access.permissions import permissions_of_role, permissions_of_scopes
from apps.accounts.errors import (
    KeyRefused,
    SecondFactorNeeded,
    TokenRefused,
    WorkspaceNotNamed,
    WorkspaceUnknown,
)
from apps.accounts.models import User, Workspace
from apps.accounts.selectors import Home
from apps.core.clock import now
from apps.core.errors import Unauthenticated

LAST_WORKSPACE = "workspace"  # the session's note of the workspace last looked at
T = TypeVar("T")
CHALLENGE = 'Bearer realm="AgentFlow"'


def by_key(raw: str, *, slug: str | None = None) -> Access:
    """The access an API key gives. Raises `KeyRefused` (401), or `WorkspaceUnknown` when another workspace is named."""
    found = selectors.key_by_hash(services.token_hash(raw))
    at = now()
    if found is None:
        raise KeyRefused(headers={"WWW-Authenticate": CHALLENGE})
    if found.revoked_at is not None:
        raise KeyRefused(f"The API key {found.name} has been revoked.", headers={"WWW-Authenticate": CHALLENGE})
    if found.expires_at is not None and found.expires_at <= at:
        raise KeyRefused(f"The API key {found.name} has expired.", headers={"WWW-Authenticate": CHALLENGE})
    if slug and slug != found.workspace.slug and _moved({found.workspace.slug: found}, slug) is None:
        raise WorkspaceUnknown
    allowed = permissions_of_scopes(found.scopes)
    if found.created_by_id is not None:  # a key never outgrows its maker
        allowed &= permissions_of_role(found.creator_role or "")
    actor = Actor(
        kind="api_key",
        id=found.id,
        label=f"key {found.name}",
        permissions=allowed,
        maker_id=found.created_by_id,
        via="api_key",
    )
    services.api_key_touch(
        workspace_id=found.workspace.id, actor=actor, last_used_at=found.last_used_at, places=found.places, at=at
    )
    return Access(found.workspace, actor)


def by_token(raw: str, *, slug: str | None = None) -> Access:
    """The access of the person an access token stands for: to the named workspace, else to their only one.

    Raises `TokenRefused` (401), `WorkspaceUnknown` (404), `WorkspaceNotNamed` (400), `SecondFactorNeeded` (403).
    """
    user = person_of(raw)
    return _enter(user, selectors.homes_of(user.pk), slug, via="jwt")


def person_of(raw: str) -> User:
    """The person an access token stands for. Raises `TokenRefused` (401)."""
    try:
        return tokens.check(raw).user
    except TokenRefused as refused:
        refused.headers["WWW-Authenticate"] = f'{CHALLENGE}, error="invalid_token"'
        raise


def by_bearer(raw: str, *, slug: str | None = None) -> Access:
    """The access of whatever came as `Authorization: Bearer`: an API key, or a person's access token."""
    return by_token(raw, slug=slug) if tokens.looks_like_one(raw) else by_key(raw, slug=slug)


def by_user(user: User, *, slug: str | None = None, last: str | None = None) -> Access:
    """The access a signed-in person has: to the named workspace, else the one last looked at, else the only one.

    Raises `WorkspaceUnknown` (404) for a foreign or missing one, `WorkspaceNotNamed` (400) when several could be meant.
    """
    return _enter(user, selectors.homes_of(user.id), slug, last)


def _enter(user: User, homes: list[Home], slug: str | None, last: str | None = None, via: str = "session") -> Access:
    by_slug = {home.workspace.slug: home for home in homes}
    if slug:
        home = by_slug.get(slug) or _moved(by_slug, slug)
    elif last in by_slug:
        home = by_slug[last]
    elif len(homes) > 1:
        raise WorkspaceNotNamed
    else:
        home = homes[0] if homes else None
    if home is None:
        raise WorkspaceUnknown
    return entered(user, home, via)


def entered(user: User, home: Home, via: str = "session") -> Access:
    """The access a member has to one of their workspaces. Raises `SecondFactorNeeded` where one is asked of them."""
    if lacks_second_factor(user, home.workspace):
        raise SecondFactorNeeded
    return Access(home.workspace, member_actor(user, home.role, via))


def lacks_second_factor(user: User | None, workspace: Workspace) -> bool:
    """Whether the workspace, or the installation, asks for a second factor and this person has none."""
    is_asked = workspace.requires_second_factor or settings.REQUIRE_SECOND_FACTOR
    return is_asked and user is not None and not selectors.has_second_factor(user.pk)


def _moved(by_slug: Mapping[str, T], slug: str) -> T | None:
    """What belongs to the workspace that had this address before, if it is among these."""
    now = selectors.workspace_by_slug(slug)
    return by_slug.get(now.slug) if now else None


def member_actor(user: User, role: str, via: str = "session") -> Actor:
    """A member as an actor, known `via` a session unless something else is said."""
    return Actor(
        kind="user",
        id=user.id,
        label=user.email,
        user=user,
        role=role,
        permissions=permissions_of_role(role),
        via=via,
    )


def is_token(raw: str) -> bool:
    """Whether what came as a bearer is a person's access token, and no API key."""
    return tokens.looks_like_one(raw)


def bearer(header: str) -> str | None:
    """The key or token in an `Authorization` header, or None when it holds none."""
    scheme, _, credentials = header.strip().partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" and credentials.strip() else None


def of_request(request: HttpRequest, *, slug: str | None = None) -> Access:
    """The access of a Django request outside DRF. An event stream, which cannot send headers, may name `?workspace=`.

    Does no CSRF check: use it for safe methods only. Raises `Unauthenticated`, `KeyRefused`, `WorkspaceUnknown`.
    """
    named = slug or request.headers.get("X-Workspace") or request.GET.get("workspace")
    key = bearer(request.headers.get("Authorization", ""))
    if key is not None:
        return by_bearer(key, slug=named)
    user = getattr(request, "user", None)
    if isinstance(user, User) or (user is not None and user.is_authenticated):
        return by_user(user, slug=named, last=request.session.get(LAST_WORKSPACE))
    raise Unauthenticated(headers={"WWW-Authenticate": CHALLENGE})


def of_scope(scope: Mapping[str, Any]) -> Access:
    """The access of a WebSocket scope (session middleware applied). Blocking: call it in a thread.

    Raises `Unauthenticated`, `KeyRefused`, `WorkspaceUnknown`, `WorkspaceNotNamed`.
    """
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    named = headers.get("x-workspace") or next(iter(query.get("workspace", [])), None)
    key = bearer(headers.get("authorization", ""))
    if key is not None:
        return by_bearer(key, slug=named)
    user = scope.get("user")
    if user is not None and user.is_authenticated:
        session = scope.get("session")
        return by_user(user, slug=named, last=session.get(LAST_WORKSPACE) if session is not None else None)
    raise Unauthenticated
