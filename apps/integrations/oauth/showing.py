"""What people see of a connection. No token leaves here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import ValidationError

from apps.integrations.declare import CredentialType, SecretStr, secret_names
from apps.integrations.models import Credential, Grant
from apps.integrations.oauth.connecting import redirect_uri
from apps.integrations.oauth.declare import OAuthType


@dataclass(frozen=True, slots=True)
class Connection:
    """How a credential stands with its provider."""

    needs_person: bool
    host: str
    redirect_uri: str
    is_connected: bool = False
    is_broken: bool = False
    problem: str = ""
    account: str = ""
    scope: str = ""
    connected_at: datetime | None = None
    connected_by: str = ""
    expires_at: datetime | None = None


def connection_of(row: Credential, kind: CredentialType | None) -> Connection | None:
    """The connection of a credential; None for types that are not connected. Must run inside `tenant()`."""
    if not isinstance(kind, OAuthType):
        return None
    blind = {name: SecretStr("") for name in secret_names(kind.Fields)}
    try:
        provider = kind.provider(kind.Fields.model_validate({**row.settings, **blind}))
    except ValidationError:  # what is kept does not fit its type any more: its form says what is missing
        return None
    host = urlsplit(provider.authorize_url or provider.token_url).hostname or ""
    grant = Grant.objects.select_related("connected_by").filter(workspace_id=row.workspace_id, credential=row).first()
    if grant is None:
        return Connection(provider.needs_person, host, redirect_uri())
    return Connection(
        needs_person=provider.needs_person,
        host=host,
        redirect_uri=redirect_uri(),
        is_connected=not grant.is_broken
        and (provider.needs_person or grant.expires_at is not None or grant.revision > 1),
        is_broken=grant.is_broken,
        problem=grant.problem,
        account=grant.account,
        scope=grant.scope,
        connected_at=grant.connected_at,
        connected_by=str(grant.connected_by.name or grant.connected_by.email) if grant.connected_by else "",
        expires_at=grant.expires_at,
    )
