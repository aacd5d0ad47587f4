"""Named reads. The workspace comes first."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from apps.ai.models import ModelChoices
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
