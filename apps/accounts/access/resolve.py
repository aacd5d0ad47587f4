"""Finds out who asks and in which workspace: from a session or an API key, for HTTP and WebSocket alike.

Everything foreign is a 404: an outsider learns nothing about what exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpRequest

from apps.accounts import selectors, services
from apps.accounts.access.actor import Access, Actor
from apps.accounts.access.permissions import permissions_of_role, permissions_of_scopes
from apps.accounts.errors import KeyRefused, WorkspaceNotNamed, WorkspaceUnknown
from apps.accounts.models import User
from apps.accounts.selectors import Home
from apps.core.clock import now
from apps.core.errors import Unauthenticated

LAST_WORKSPACE = "workspace"  # the session's note of the workspace last looked at
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
    if slug and slug != found.workspace.slug:
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


def by_user(user: User, *, slug: str | None = None, last: str | None = None) -> Access:
    """The access a signed-in person has: to the named workspace, else the one last looked at, else the only one.

    Raises `WorkspaceUnknown` (404) for a foreign or missing one, `WorkspaceNotNamed` (400) when several could be meant.
    """
    return _enter(user, selectors.homes_of(user.id), slug, last)


def _enter(user: User, homes: list[Home], slug: str | None, last: str | None) -> Access:
    by_slug = {home.workspace.slug: home for home in homes}
    if slug:
        home = by_slug.get(slug)
    elif last in by_slug:
        home = by_slug[last]
    elif len(homes) > 1:
        raise WorkspaceNotNamed
    else:
        home = homes[0] if homes else None
    if home is None:
        raise WorkspaceUnknown
    return Access(home.workspace, member_actor(user, home.role))


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


def bearer(header: str) -> str | None:
    """The key in an `Authorization` header, or None when it holds none."""
    scheme, _, credentials = header.strip().partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" and credentials.strip() else None


def of_request(request: HttpRequest, *, slug: str | None = None) -> Access:
    """The access of a Django request outside DRF. An event stream, which cannot send headers, may name `?workspace=`.

    Does no CSRF check: use it for safe methods only. Raises `Unauthenticated`, `KeyRefused`, `WorkspaceUnknown`.
    """
    named = slug or request.headers.get("X-Workspace") or request.GET.get("workspace")
    key = bearer(request.headers.get("Authorization", ""))
    if key is not None:
        return by_key(key, slug=named)
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
        return by_key(key, slug=named)
    user = scope.get("user")
    if user is not None and user.is_authenticated:
        session = scope.get("session")
        return by_user(user, slug=named, last=session.get(LAST_WORKSPACE) if session is not None else None)
    raise Unauthenticated
