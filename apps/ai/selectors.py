"""Named reads. The workspace comes first."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.accounts.access.actor import Actor
from apps.ai.errors import ComparisonNotFound, MemoryNotFound, PullNotFound
from apps.ai.models import (
    Answer,
    Comparison,
    MemoryFact,
    MemoryMessage,
    MemoryPiece,
    MemorySession,
    ModelChoices,
    Pull,
)
from apps.ai.providers import PROVIDERS, use_of
from apps.core import clock
from apps.integrations import selectors as integrations
from apps.integrations.models import Credential
from apps.nodes.contract import ModelRef


@dataclass(frozen=True, slots=True)
class Choices:
    """Which models a workspace uses where nothing else is said."""

    chain: tuple[ModelRef, ...] = ()
    """The default model, then its fallbacks."""
    embedding: ModelRef | None = None
    credentials: dict[str, UUID] = field(default_factory=dict)
    """By provider."""


def model_choices(workspace_id: UUID) -> Choices:
    """What the workspace has chosen; nothing where it has not. Call it inside `tenant()`."""
    row = ModelChoices.objects.filter(workspace_id=workspace_id).first()
    if row is None:
        return Choices()
    return Choices(
        tuple(ModelRef.model_validate(each) for each in row.chain),
        ModelRef.model_validate(row.embedding) if row.embedding else None,
        {provider: UUID(found) for provider, found in row.credentials.items()},
    )


def provider_credentials(workspace_id: UUID, actor: Actor) -> dict[str, list[Credential]]:
    """The credentials of each provider that the actor may know of, the oldest first."""
    fits = {provider: set(integrations.fitting(use_of(provider))) for provider in PROVIDERS}
    every = set().union(*fits.values())
    known = integrations.credentials(workspace_id, actor).filter(type__in=every).order_by("id")
    found: dict[str, list[Credential]] = {provider: [] for provider in PROVIDERS}
    for row in known:
        for provider in PROVIDERS:
            if row.type in fits[provider]:
                found[provider].append(row)
    return found


def default_credential(workspace_id: UUID, provider: str) -> Credential | None:
    """What a model of this provider is called with where no credential is named: the one that was chosen, or else the
    workspace's oldest. Never a private one. Call it inside `tenant()`.
    """
    rows = Credential.objects.filter(
        workspace_id=workspace_id, type__in=integrations.fitting(use_of(provider)), scope=Credential.Scope.WORKSPACE
    )
    chosen = model_choices(workspace_id).credentials.get(provider)
    return (rows.filter(id=chosen).first() if chosen else None) or rows.order_by("id").first()


def pulls(workspace_id: UUID, credential_id: UUID) -> QuerySet[Pull]:
    """What an Ollama server fetches or was to fetch, the newest first."""
    return Pull.objects.filter(workspace_id=workspace_id, credential_id=credential_id).order_by("-id")


def pull(workspace_id: UUID, credential_id: UUID, pull_id: UUID) -> Pull:
    """One of them. Raises `PullNotFound`."""
    found = pulls(workspace_id, credential_id).filter(id=pull_id).first()
    if found is None:
        raise PullNotFound
    return found


def comparisons(workspace_id: UUID) -> QuerySet[Comparison]:
    """The comparisons of the workspace with their answers, the newest first."""
    answers = Prefetch("answers", Answer.objects.select_related("credential").order_by("place"))
    found = Comparison.objects.filter(workspace_id=workspace_id)
    return found.select_related("asked_by").prefetch_related(answers).order_by("-id")


def comparison(workspace_id: UUID, comparison_id: UUID) -> Comparison:
    """One of them. Raises `ComparisonNotFound`."""
    found = comparisons(workspace_id).filter(id=comparison_id).first()
    if found is None:
        raise ComparisonNotFound
    return found


def memories(
    workspace_id: UUID, *, sought: str = "", kind: str = "", workflow_id: UUID | None = None
) -> QuerySet[MemorySession]:
    """What agents remember, the last used first; what is forgotten left out. `sought` stands in the session's key."""
    found = MemorySession.objects.filter(workspace_id=workspace_id).exclude(expires_at__lte=clock.now())
    if sought:
        found = found.filter(key__icontains=sought)
    if kind:
        found = found.filter(kind=kind)
    if workflow_id is not None:
        found = found.filter(workflow_id=workflow_id)
    return found.order_by("-used_at", "-id")


def memory(workspace_id: UUID, session_id: UUID) -> MemorySession:
    """One of them. Raises `MemoryNotFound`."""
    found = memories(workspace_id).filter(id=session_id).first()
    if found is None:
        raise MemoryNotFound
    return found


def memory_messages(session: MemorySession) -> QuerySet[MemoryMessage]:
    """The conversation, from its beginning."""
    return MemoryMessage.objects.filter(session=session).order_by("seq")


def memory_facts(session: MemorySession) -> QuerySet[MemoryFact]:
    """What is known, by what it is about."""
    return MemoryFact.objects.filter(session=session).order_by("subject", "name")


def memory_pieces(session: MemorySession) -> QuerySet[MemoryPiece]:
    """What can be recalled, the newest first. Without the vectors."""
    return MemoryPiece.objects.filter(session=session).defer("embedding").order_by("-at", "-id")
