"""Credentials of providers for tests: kept without having been tried, or pointing at one of the fakes."""

from __future__ import annotations

from typing import Any

from apps.accounts.access.actor import Actor
from apps.accounts.access.resolve import member_actor
from apps.integrations import services
from apps.integrations.models import Credential
from tests.cast import Cast

SECRET = "sk-canary-4f9a1c77d2e84b0a"
NOBODY = "http://127.0.0.1:9"
"""Where nobody is, which is refused before anybody is asked."""


def connect(cast: Cast, provider: str, name: str = "", *, url: str = "", scope: str = "workspace") -> Credential:
    """A credential of a provider in alice's workspace; `url`: the fake it leads to."""
    fields: dict[str, Any] = {"base_url": url or NOBODY}
    if provider != "ollama":
        fields["api_key"] = SECRET
    return services.credential_create(
        workspace_id=cast.workspace.id,
        actor=cast.owner,
        name=name or provider,
        type="openai_compatible" if provider == "custom" else provider,
        fields=fields,
        scope=scope,
        allow_unverified=True,
    )


def member(cast: Cast) -> Actor:
    """Bob, acting in alice's workspace."""
    return member_actor(cast.bob, "member")
