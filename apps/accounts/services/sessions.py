"""Signing in and out, and what people change about how they do: noted in every workspace they belong to."""

from __future__ import annotations

from typing import Any

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.models import User
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
