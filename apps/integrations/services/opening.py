"""Opening a credential in the workspace's name, while one of its executions or triggers needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from pydantic import ValidationError

from apps.accounts.models import Membership
from apps.core.tenancy import tenant
from apps.integrations import registry, vault
from apps.integrations.declare import CredentialType
from apps.integrations.errors import CredentialMissing
from apps.integrations.models import Credential
from apps.integrations.oauth import grants
from apps.integrations.opened import Opened


def credential_open(*, workspace_id: UUID, credential_id: UUID, use: str = "", name: str = "") -> Opened:
    """The credential in plain text. `use`: what it must be good for; `name`: what the one who asks knows it by.

    Asks nobody's permission: whoever published or started the workflow had it then. A private one of somebody who has
    left the workspace is not there any more. One that was connected is renewed first where that is due, which is not to
    be done inside a transaction. Raises `CredentialMissing`, `CannotOpen` or `KeysAway`, and for connected ones
    `NeedsReconnecting` or `TokenAway`.
    """
    with tenant(workspace_id):
        row = (
            Credential.objects.filter(workspace_id=workspace_id, id=credential_id)
            .annotate(
                owner_is_member=Exists(
                    Membership.objects.filter(workspace_id=workspace_id, user_id=OuterRef("owner_id"))
                )
            )
            .first()
        )
        if row is None:
            raise CredentialMissing(f"The credential{_called(name)} is not in this workspace.")
        if row.is_private and not row.owner_is_member:
            raise CredentialMissing(
                f"The credential “{row.name}” belongs to somebody who is not a member of this workspace any more."
            )
        kind = kind_of(row)
        if use and use != kind.type and use not in kind.fits:
            raise CredentialMissing(
                f"“{row.name}” is a {kind.name.lower()}, which is not what is needed here.",
                hint="Choose another credential in the node.",
            )
        found = opened(row, kind, secrets_of(row))
    return found if not kind.obtained else grants.connected(workspace_id, found)


def credential_values(*, workspace_id: UUID, credential_id: UUID, use: str = "", name: str = "") -> dict[str, Any]:
    """Its fields in plain text, secrets and all. Raises like `credential_open`."""
    return credential_open(workspace_id=workspace_id, credential_id=credential_id, use=use, name=name).values()


def credential_fields(*, workspace_id: UUID, credential_id: UUID) -> Any:
    """The fields of a credential in plain text, whether or not it is connected. Raises `CredentialMissing`."""
    with tenant(workspace_id):
        row = Credential.objects.filter(workspace_id=workspace_id, id=credential_id).first()
        if row is None:
            raise CredentialMissing("The credential is not in this workspace.")
        return opened(row, kind_of(row), secrets_of(row)).fields


def kind_of(row: Credential) -> CredentialType:
    """The type of a stored credential. Raises `CredentialMissing` when this installation does not know it."""
    kind = registry.credential_type(row.type)
    if kind is None:
        raise CredentialMissing(f"“{row.name}” is of the type {row.type}, which this installation does not know.")
    return kind


def secrets_of(row: Credential) -> dict[str, Any]:
    """The secret fields in plain text. Call it inside `tenant()`."""
    return vault.open_sealed(row.workspace_id, row.seal_name, row.sealed)


def opened(row: Credential, kind: CredentialType, secrets: Mapping[str, Any]) -> Opened:
    """What can sign, of a row and its secrets. Raises `CredentialMissing` when they fit their type no more."""
    try:
        fields = kind.Fields.model_validate({**row.settings, **secrets})
    except ValidationError:
        raise CredentialMissing(
            f"What is kept of “{row.name}” does not fit its type any more.", hint="Enter its fields again."
        ) from None
    return Opened(
        id=row.id,
        name=row.name,
        kind=kind,
        fields=fields,
        allowed_hosts=tuple(row.allowed_hosts),
    )


def _called(name: str) -> str:
    return f" “{name}”" if name else ""
