"""Signing in and out, and what people change about how they do: noted in every workspace they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.errors import SecondFactorNeeded
from apps.accounts.models import User, Workspace
from apps.accounts.services.audit import audit_record
from apps.core.tenancy import tenant

_MOST_WORKSPACES = 20


def session_note(*, user: User, action: str, via: str = "session", data: dict[str, Any] | None = None) -> None:
    """Record something about a person's own access (`session.started`, `factor.added`) in the workspaces they are in.

    Outside of any tenant block. Of very many workspaces the first twenty are told.
    """
    actor = Actor(kind="user", id=user.id, label=user.email, user=user, via=via)
    for home in selectors.homes_of(user.id)[:_MOST_WORKSPACES]:
        with tenant(home.workspace.id):
            audit_record(workspace_id=home.workspace.id, actor=actor, action=action, target=user.email, data=data)


def workspace_require_second_factor(*, workspace: Workspace, is_required: bool, actor: Actor) -> Workspace:
    """Let in only members who have a second factor, or anybody. Programs with keys are not concerned.

    Raises `SecondFactorNeeded` for somebody who has none and would be the first to be kept out.
    """
    if is_required and actor.user is not None and not selectors.has_second_factor(actor.user.pk):
        raise SecondFactorNeeded("Set up a second factor yourself first: the rule would keep you out.")
    with tenant(workspace.id):
        changed = Workspace.objects.filter(id=workspace.id).exclude(requires_second_factor=is_required)
        if changed.update(requires_second_factor=is_required):
            workspace.requires_second_factor = is_required
            audit_record(
                workspace_id=workspace.id,
                actor=actor,
                action="workspace.second_factor_required" if is_required else "workspace.second_factor_optional",
                target=workspace.name,
            )
    return workspace


def second_factor_reset(*, user: User) -> int:
    """Remove every authenticator app, passkey and recovery code of a person; gives how many. For commands."""
    from allauth.mfa.models import Authenticator

    gone, _ = Authenticator.objects.filter(user=user).delete()
    session_note(user=user, action="factor.removed", via="", data={"kind": "all", "by": "manage.py"})
    return int(gone)


def sessions_forget(*, now: datetime) -> int:
    """Delete sessions of browsers and tokens that have run out; gives how many."""
    from django.contrib.sessions.models import Session

    gone, _ = Session.objects.filter(expire_date__lt=now).delete()
    return int(gone)
