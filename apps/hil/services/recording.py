"""What happened with a question: a line people read, and an event others are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from apps.core import clock, events, jsonclean
from apps.core.ids import uuid7_in_order
from apps.core.models import Event
from apps.core.tenancy import tenant
from apps.hil.models import Ask, Entry, Interaction


def entry_add(
    *,
    interaction: Interaction,
    kind: str,
    text: str,
    at: datetime,
    icon: str = "circle",
    data: dict[str, Any] | None = None,
    audit_id: UUID | None = None,
) -> Entry:
    """Write a line of a question's record, in the running transaction. `icon` is one of Lucide's."""
    return Entry.objects.create(
        id=uuid7_in_order(),
        workspace_id=interaction.workspace_id,
        interaction_id=interaction.id,
        at=at,
        kind=kind,
        icon=icon,
        text=jsonclean.cleaned(text),
        data=jsonclean.cleaned(data or {}),
        audit_id=audit_id,
    )


def entries_add(lines: Sequence[tuple[Interaction, str, str, str, UUID | None]], *, at: datetime) -> None:
    """As `entry_add`, of many questions at once: each with the kind, icon and text of its line, and the event."""
    Entry.objects.bulk_create(
        Entry(
            id=uuid7_in_order(),
            workspace_id=interaction.workspace_id,
            interaction_id=interaction.id,
            at=at,
            kind=kind,
            icon=icon,
            text=jsonclean.cleaned(text),
            audit_id=audit_id,
        )
        for interaction, kind, icon, text, audit_id in lines
    )


def tell_of_all(name: str, told: Sequence[tuple[Interaction, dict[str, Any]]]) -> None:
    """As `tell`, of many questions at once, each with its data."""
    now = clock.now()
    Event.objects.bulk_create(
        Event(
            workspace_id=interaction.workspace_id,
            name=name,
            subject_id=interaction.id,
            data={"workflow_id": str(interaction.workflow_id), **data},
            created_at=now,
            due_at=Now(),
        )
        for interaction, data in told
    )
    events.pump.poke_on_commit()


def tell(name: str, interaction: Interaction, **data: Any) -> None:
    """Tell the subscribers, see the package's table."""
    events.event_put(
        workspace_id=interaction.workspace_id,
        name=name,
        subject_id=interaction.id,
        now=clock.now(),
        data={"workflow_id": str(interaction.workflow_id), **data},
    )


def ask_opened(*, ask: Ask, now: datetime) -> None:
    """Note that somebody who is asked has looked at the question; only the first time counts."""
    with tenant(ask.workspace_id):
        first = Ask.objects.filter(workspace_id=ask.workspace_id, id=ask.id, opened_at__isnull=True)
        if first.update(opened_at=now):
            interaction = Interaction.objects.only("id", "workspace_id").get(id=ask.interaction_id)
            entry_add(interaction=interaction, kind="opened", icon="eye", text=f"{ask.label} opened this", at=now)
