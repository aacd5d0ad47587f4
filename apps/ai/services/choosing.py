"""Choosing the models and credentials a workspace uses where nothing else is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import EllipsisType
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.accounts.services import audit_record
from apps.ai import selectors
from apps.ai.errors import ChoicesInvalid
from apps.ai.models import ModelChoices
from apps.ai.providers import PROVIDERS, use_of
from apps.ai.selectors import Choices
from apps.core.errors import DomainError, FieldError
from apps.core.tenancy import tenant
from apps.integrations import selectors as integrations
from apps.integrations import services
from apps.nodes.contract import ModelRef

MOST_MODELS = 10


def model_choices_save(
    *,
    workspace_id: UUID,
    actor: Actor,
    chain: Sequence[ModelRef] | EllipsisType = ...,
    embedding: ModelRef | EllipsisType | None = ...,
    credentials: Mapping[str, UUID] | EllipsisType = ...,
) -> Choices:
    """Choose the default model with its fallbacks, the model for embeddings, and the credential of each provider. What
    is left out stays as it is.

    Each credential is one of the workspace, of the provider's type, that the actor may use, and nobody's alone. Raises
    `NotAllowed` without `credential:manage`, and `ChoicesInvalid` with what is wrong where.
    """
    actor.require(Permission.CREDENTIAL_MANAGE)
    with tenant(workspace_id):
        ModelChoices.objects.get_or_create(workspace_id=workspace_id)
        row = ModelChoices.objects.select_for_update().get(workspace_id=workspace_id)
        wrong: list[FieldError] = []
        changed = []
        if not isinstance(credentials, EllipsisType):
            for provider, found in credentials.items():
                wrong += _of_credential(workspace_id, actor, provider, found, f"credentials.{provider}")
            row.credentials = {provider: str(found) for provider, found in sorted(credentials.items())}
            changed.append("credentials")
        if not isinstance(chain, EllipsisType):
            wrong += _of_chain(workspace_id, actor, chain)
            row.chain = [ref.model_dump(mode="json") for ref in chain]
            changed.append("chain")
        if not isinstance(embedding, EllipsisType):
            wrong += [] if embedding is None else _of_model(workspace_id, actor, embedding, "embedding")
            row.embedding = None if embedding is None else embedding.model_dump(mode="json")
            changed.append("embedding")
        if wrong:
            raise ChoicesInvalid(wrong[0].message, hint=wrong[0].hint, errors=wrong)
        row.save()
        audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="models.chosen",
            target=", ".join(changed),
            data={name: getattr(row, name) for name in changed},
        )
        return selectors.model_choices(workspace_id)


def _of_chain(workspace_id: UUID, actor: Actor, chain: Sequence[ModelRef]) -> Iterator[FieldError]:
    if len(chain) > MOST_MODELS:
        yield FieldError("chain", f"At most {MOST_MODELS} models can stand in line.")
    for at, ref in enumerate(chain):
        if ref in chain[:at]:
            yield FieldError(f"chain[{at}]", f"{ref.model} stands in line already.")
        yield from _of_model(workspace_id, actor, ref, f"chain[{at}]")


def _of_model(workspace_id: UUID, actor: Actor, ref: ModelRef, path: str) -> Iterator[FieldError]:
    if ref.credential is not None:
        yield from _of_credential(workspace_id, actor, ref.provider, ref.credential, f"{path}.credential")
    elif selectors.default_credential(workspace_id, ref.provider) is None:
        name = PROVIDERS[ref.provider].name
        yield FieldError(
            path, f"Nothing is connected for {name}.", hint=f"Connect {name} first, then choose its models."
        )


def _of_credential(
    workspace_id: UUID, actor: Actor, provider: str, credential_id: UUID, path: str
) -> Iterator[FieldError]:
    if provider not in PROVIDERS:
        yield FieldError(path, f"There is no provider “{provider[:40]}”.")
        return
    try:
        row = integrations.credential(workspace_id, actor, credential_id)
        services.require_use(actor, row)
    except DomainError as refused:
        yield FieldError(path, refused.message, code=refused.code, hint=refused.hint or "")
        return
    if row.type not in integrations.fitting(use_of(provider)):
        yield FieldError(path, f"“{row.name}” is no credential for {PROVIDERS[provider].name}.")
    elif row.is_private:
        hint = "Connect one for everybody here who may use credentials."
        yield FieldError(path, f"“{row.name}” is yours alone, and these are everybody's models.", hint=hint)
