"""The secret of a webhook where it is kept as a credential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.integrations import services as integrations
from apps.integrations.services import CredentialMissing
from apps.triggers.errors import SecretRefused

_HOLDING = ("secret", "value")


def references(secret: Any) -> set[UUID]:
    """The credentials that a webhook's `secret` parameter names."""
    given = secret if isinstance(secret, Mapping) else {}
    named = [given[name] for name in _HOLDING if isinstance(given.get(name), Mapping)]
    return {UUID(str(each["credential"])) for each in named if each.get("kind") == "credential"}


def used(workspace_id: UUID, workflow_id: UUID, params: Mapping[str, Any]) -> None:
    """Note that a delivery was checked with them. To be called outside of a transaction."""
    for credential_id in references(params.get("secret")):
        integrations.credential_used(workspace_id=workspace_id, credential_id=credential_id, workflow_id=workflow_id)


def opened(workspace_id: UUID, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of a webhook with its secret in plain text, to check or sign one delivery with.

    Raises `SecretRefused` when the credential is not there any more: nobody is let in without a proof.
    """
    proof = params.get("secret")
    if not isinstance(proof, Mapping):
        return params
    for name in _HOLDING:
        named = proof.get(name)
        if isinstance(named, Mapping) and named.get("kind") == "credential":
            try:
                values = integrations.credential_values(
                    workspace_id=workspace_id, credential_id=UUID(str(named["credential"])), use="webhook"
                )
            except CredentialMissing:
                raise SecretRefused(
                    "The secret of this webhook is not kept here any more.",
                    hint="Whoever looks after the workflow has to choose its credential again.",
                ) from None
            return {**params, "secret": {**proof, name: values["secret"]}}
    return params
