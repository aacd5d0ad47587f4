"""One-time sign-in."""

from __future__ import annotations

import secrets
from datetime import timedelta

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.errors import LinkSpent
from apps.accounts.models import SignInLink, User, Workspace
from apps.accounts.services.audit import audit_record
from apps.accounts.services.given import token_hash
from apps.core.clock import now as clock_now
from apps.core.tenancy import tenant

LINK_LIFETIME = timedelta(hours=24)


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
