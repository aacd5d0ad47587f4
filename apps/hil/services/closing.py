"""Questions that end without an answer: nobody said anything, the run ended, nobody could be reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from apps.accounts.access.actor import Actor, system
from apps.accounts.services import audit_record, audit_record_all
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.hil import selectors
from apps.hil.errors import CannotWithdraw, Withdrawn
from apps.hil.models import Interaction, InteractionStatus, Timer
from apps.hil.services.answering import lock, refusal
from apps.hil.services.recording import entries_add, entry_add, tell, tell_of_all

_READ = ("id", "workspace_id", "workflow_id", "execution_id", "title", "shown_digest", "deadline_outcome", "node_id")


def interaction_time_out(*, wait_ids: Sequence[UUID]) -> int:
    """Close questions nobody answered in time. Returns how many were open. Must run in the engine's transaction."""
    still_open = _open(wait_ids)
    asked = list(still_open.only(*_READ))
    if not asked:
        return 0
    now = clock.now()
    closed = still_open.update(status=InteractionStatus.TIMED_OUT, outcome=F("deadline_outcome"), closed_at=now)
    for interaction in asked:
        interaction.outcome = interaction.deadline_outcome
    recorded = audit_record_all(
        workspace_id=asked[0].workspace_id,
        actor=system("Deadline"),
        action="interaction.timed_out",
        told=[(each.title, _said(each) | {"outcome": each.outcome}) for each in asked],
    )
    for interaction, event in zip(asked, recorded, strict=True):
        interaction.audit_id = event.id
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE hil_interaction SET audit_id = proof.event_id
               FROM unnest(%s::uuid[], %s::uuid[]) AS proof (question_id, event_id) WHERE id = proof.question_id""",
            [[each.id for each in asked], [each.audit_id for each in asked]],
        )
    entries_add([(each, "timed_out", "hourglass", _late(each), each.audit_id) for each in asked], at=now)
    tell_of_all("question.timed_out", [(each, {"outcome": each.outcome}) for each in asked])
    _forget_timers(asked)
    return closed


def interaction_withdraw(*, wait_ids: Sequence[UUID]) -> int:
    """Close questions whose executions have ended. As `interaction_time_out`."""
    still_open = _open(wait_ids)
    asked = list(still_open.only(*_READ))
    if not asked:
        return 0
    now = clock.now()
    closed = still_open.update(status=InteractionStatus.WITHDRAWN, outcome=None, closed_at=now)
    text = "Withdrawn, because the run ended"
    entries_add([(each, "withdrawn", "ban", text, None) for each in asked], at=now)
    tell_of_all("question.withdrawn", [(each, {"outcome": None}) for each in asked])
    _forget_timers(asked)
    return closed


def interaction_give_up(
    *,
    workspace_id: UUID,
    interaction_id: UUID,
    message: str,
    now: datetime,
    actor: Actor | None = None,
    hint: str = "",
) -> Interaction:
    """End a question nobody can answer: the run goes on by `undeliverable`, or fails, as its author chose.

    With `actor` somebody withdraws it by hand. Raises what `refusal` gives, `InteractionNotFound`.
    """
    with tenant(workspace_id):
        found = selectors.interaction_get(workspace_id=workspace_id, interaction_id=interaction_id)
        lock(found)
        found.refresh_from_db()
        closed = refusal(found, now)
        if closed is not None:
            raise closed
        if found.is_review:
            raise CannotWithdraw
        give_up(found, message=message, hint=hint, now=now, actor=actor)
    return found


def give_up(interaction: Interaction, *, message: str, hint: str, now: datetime, actor: Actor | None = None) -> None:
    """As `interaction_give_up`, of a question that is open, under its lock."""
    answer = {"outcome": "undeliverable", "message": message, "hint": hint, "comment": None, "data": None}
    who = actor or system("Nobody to ask")
    label = who.user.label if who.user else who.label
    try:
        executions.wait_resolve(
            workspace_id=interaction.workspace_id, wait_id=interaction.wait_id, answer=answer, by=label, now=now
        )
    except executions.AlreadyAnswered:
        raise Withdrawn from None
    interaction.status, interaction.outcome, interaction.closed_at = InteractionStatus.WITHDRAWN, "undeliverable", now
    event = audit_record(
        workspace_id=interaction.workspace_id,
        actor=who,
        action="interaction.withdrawn",
        target=interaction.title,
        data=_said(interaction) | {"outcome": "undeliverable", "message": message},
    )
    interaction.audit_id = event.id
    interaction.save(update_fields=["status", "outcome", "closed_at", "audit_id"])
    text = f"Withdrawn by {label}: {message}" if actor else message
    entry_add(interaction=interaction, kind="withdrawn", icon="ban", text=text, at=now, audit_id=event.id)
    _forget_timers([interaction])
    tell("question.withdrawn", interaction, outcome="undeliverable")


def _late(interaction: Interaction) -> str:
    outcome = interaction.deadline_outcome
    return "Nobody answered in time" if outcome == "timeout" else f"Nobody answered in time: taken as “{outcome}”"


def _open(wait_ids: Sequence[UUID]) -> QuerySet[Interaction]:
    return Interaction.objects.filter(wait_id__in=list(wait_ids), status=InteractionStatus.PENDING)


def _forget_timers(interactions: Sequence[Interaction]) -> None:
    rows = Timer.objects.filter(workspace_id=interactions[0].workspace_id)
    rows.filter(interaction_id__in=[each.id for each in interactions]).delete()


def _said(interaction: Interaction) -> dict[str, Any]:
    return {
        "interaction_id": str(interaction.id),
        "execution_id": str(interaction.execution_id),
        "node_id": interaction.node_id,
        "shown_digest": interaction.shown_digest,
    }
