"""Handing a question on to somebody else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.accounts.services import audit_record
from apps.core import jsonclean
from apps.core.ids import uuid7_in_order
from apps.core.tenancy import tenant
from apps.hil import selectors
from apps.hil.errors import CannotDelegate, NotAsked, SelfApproval
from apps.hil.models import Ask, AskKind, AskReason, AskStatus, Assurance, Interaction
from apps.hil.services.answering import lock, refusal
from apps.hil.services.finding import found_of
from apps.hil.services.recording import entry_add, tell

LONGEST_NOTE = 1_000


def interaction_delegate(
    *,
    workspace_id: UUID,
    interaction_id: UUID,
    actor: Actor,
    to: str,
    now: datetime,
    note: str = "",
    ask_id: UUID | None = None,
) -> Ask:
    """Let somebody else (`to`: as in a workflow's `assignees`) answer in one's place. Returns the row of whoever is
    asked now.

    Without `ask_id` the actor hands on their own place; owners and admins can hand on anybody's. On a question that is
    put to everybody whoever may answer can hand it to one person, who alone is asked from then on. Raises
    `CannotDelegate`, `SelfApproval`, `NotAsked`, `AssigneeUnknown`, what `refusal` gives.
    """
    note = note.strip()[:LONGEST_NOTE]
    jsonclean.check(note, path="note")
    with tenant(workspace_id):
        found = selectors.interaction_get(workspace_id=workspace_id, interaction_id=interaction_id)
        lock(found)
        found.refresh_from_db()
        closed = refusal(found, now)
        if closed is not None:
            raise closed
        if not found.can_delegate:
            raise CannotDelegate("The author of the workflow does not allow to hand this question on.")
        if found.is_review:
            raise CannotDelegate("Any member can say what became of this step; there is nobody to hand it on to.")
        if found.barred_user_id is not None and found.barred_user_id == actor.person_id:
            raise SelfApproval  # whom they chose might be themselves under another address
        asks = selectors.asks_of(workspace_id=workspace_id, interaction_id=interaction_id)
        mine = _place(found, asks, actor, ask_id)
        people = found_of(workspace_id, [to])
        if len(people) != 1:
            raise CannotDelegate("A question is handed on to one person.")
        one = people[0]
        if one.user_id is not None and one.user_id == found.barred_user_id:
            raise CannotDelegate(f"{one.label} started the run and may not answer.")
        if one.kind != AskKind.MEMBER and found.assurance > Assurance.RECIPIENT:
            raise CannotDelegate(f"Whoever answers has to be signed in, and {one.label} is no member.")
        known = next((each for each in asks if (each.kind, each.address) == one.key), None)
        if known is not None:
            raise CannotDelegate(f"{one.label} is asked already.")
        made = Ask.objects.create(
            id=uuid7_in_order(),
            workspace_id=workspace_id,
            interaction_id=found.id,
            kind=one.kind,
            user_id=one.user_id,
            address=one.address,
            label=one.label,
            groups=mine.groups if mine else [0],
            reason=AskReason.DELEGATED,
            passed_from=mine,
            note=note,
            status=mine.status if mine else AskStatus.ASKED,
            asked_at=now,
        )
        if mine is not None:
            Ask.objects.filter(id=mine.id).update(status=AskStatus.PASSED)
        else:
            Interaction.objects.filter(id=found.id).update(has_asks=True)
        _record(found, actor, mine, made, now)
        if mine is not None:
            tell("question.passed", found, ask_id=str(mine.id))
        if made.is_open:
            tell("question.asked_more", found, ask_ids=[str(made.id)], reason="delegated")
    return made


def _place(interaction: Interaction, asks: list[Ask], actor: Actor, ask_id: UUID | None) -> Ask | None:
    """The place that is handed on; None on a question to everybody."""
    if not interaction.has_asks:
        if interaction.policy is not None:
            raise CannotDelegate("Several people have to answer this question, whoever they are.")
        return None
    person = actor.person_id
    can_all = actor.can(Permission.MEMBER_MANAGE)
    open_ones = [ask for ask in asks if ask.status in (AskStatus.ASKED, AskStatus.WAITING)]
    if ask_id is not None:
        found = next((ask for ask in open_ones if ask.id == ask_id), None)
        if found is not None and (can_all or (found.user_id is not None and found.user_id == person)):
            return found
    else:
        found = next((ask for ask in open_ones if ask.user_id is not None and ask.user_id == person), None)
        if found is None and can_all and len(open_ones) == 1:
            found = open_ones[0]
        if found is not None:
            return found
    raise NotAsked("Only who is asked can hand their place on, or an owner or admin for them.")


def _record(interaction: Interaction, actor: Actor, mine: Ask | None, made: Ask, now: datetime) -> None:
    who = actor.user.label if actor.user else actor.label
    event = audit_record(
        workspace_id=interaction.workspace_id,
        actor=actor,
        action="interaction.delegated",
        target=interaction.title,
        data={
            "interaction_id": str(interaction.id),
            "execution_id": str(interaction.execution_id),
            "from": mine.label if mine else None,
            "to": made.label,
            "note": made.note,
        },
    )
    text = f"{who} handed this on to {made.label}"
    if mine is not None and mine.label != who:
        text = f"{who} handed the place of {mine.label} on to {made.label}"
    text = f"{text}: {made.note}" if made.note else text
    entry_add(interaction=interaction, kind="delegated", icon="corner-up-right", text=text, at=now, audit_id=event.id)
