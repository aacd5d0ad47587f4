"""Asking a provider which models it has for a credential."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from apps.accounts.access.actor import Actor
from apps.ai.errors import ProviderUnknown
from apps.ai.providers import PROVIDERS, use_of
from apps.core import egress
from apps.core.redaction import Redactor
from apps.core.tenancy import tenant
from apps.integrations import selectors as integrations
from apps.integrations import services
from apps.integrations.services import SignedDoor


def models_listed(*, workspace_id: UUID, actor: Actor, credential_id: UUID) -> list[str]:
    """The models that can be called with a credential, by the provider's names; asks the provider, ten seconds at most.

    Not to be called in a transaction. Raises `CredentialUnknown`, `ProviderUnknown` when it is for something else,
    `MayNotUse`, `Refused` when the credential is not accepted, `EgressError` when the provider is not reached.
    """
    with tenant(workspace_id):
        row = integrations.credential(workspace_id, actor, credential_id)
        services.require_use(actor, row)
        if not any(row.type in integrations.fitting(use_of(provider)) for provider in PROVIDERS):
            raise ProviderUnknown(f"“{row.name}” is no credential for models.")
    opened = services.credential_open(workspace_id=workspace_id, credential_id=credential_id)
    redactor = Redactor()
    door = SignedDoor(egress.door(egress.Policy.of(settings.EGRESS_ALLOW)), opened, redactor)
    return redactor.clean(opened.kind.models(opened.fields, door))  # type: ignore[attr-defined]
