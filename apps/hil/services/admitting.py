"""Who may answer a question, in whose place, and how surely they must be known."""

from __future__ import annotations

from apps.accounts.access.permissions import Permission, permissions_of_role
from apps.accounts.models import Membership
from apps.hil import selectors
from apps.hil.errors import (
    AlreadyVoted,
    ButtonNeeded,
    HandedOn,
    NoLongerAsked,
    NotAsked,
    NotSureEnough,
    NotYourTurn,
)
from apps.hil.models import Ask, AskKind, AskStatus, Assurance, Interaction, Vote
from apps.hil.services.answerers import Answerer

SHOWN_NAMES = 3


def place_of(interaction: Interaction, answerer: Answerer, known: list[Ask] | None = None) -> Ask | None:
    """The row of whoever is asked that the answerer is; None for a question to everybody.

    `known`: who is asked, where the caller has looked that up already. Raises `NotAsked`, `NoLongerAsked`, `HandedOn`,
    `AlreadyVoted`, `NotYourTurn`.
    """
    if not interaction.has_asks:
        _once(interaction, answerer)
        return None
    asks = known or selectors.asks_of(workspace_id=interaction.workspace_id, interaction_id=interaction.id)
    mine = [ask for ask in asks if answerer.ask_id == ask.id or (ask.user_id and ask.user_id == answerer.person_id)]
    found = next((ask for ask in mine if ask.is_open), mine[0] if mine else None)
    if found is None:
        names = [ask.label for ask in asks if ask.status in (AskStatus.ASKED, AskStatus.WAITING)]
        more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
        raise NotAsked(f"This question is put to {', '.join(names[:SHOWN_NAMES])}{more}.")
    if found.status == AskStatus.PASSED:
        raise HandedOn
    if found.status == AskStatus.ANSWERED:
        raise AlreadyVoted
    if found.status == AskStatus.WAITING:
        now = next((ask.label for ask in asks if ask.is_open), "somebody else")
        raise NotYourTurn(f"It is the turn of {now}; yours comes later.")
    _is_still(found)
    _once(interaction, answerer)  # the same person can be asked twice: as a member, and as a user of Slack
    return found


def _once(interaction: Interaction, answerer: Answerer) -> None:
    if interaction.policy is None:
        return  # the first answer decides, so there is none
    if Vote.objects.filter(interaction_id=interaction.id, voter=answerer.voter).exists():
        raise AlreadyVoted


def _is_still(ask: Ask) -> None:
    """A link and a mail outlive what they were sent for."""
    if ask.kind != AskKind.MEMBER:
        return
    if ask.user_id is None:
        raise NoLongerAsked(f"{ask.label} is no member of the workspace any more.")
    rows = Membership.objects.filter(workspace_id=ask.workspace_id, user_id=ask.user_id, user__is_active=True)
    role = rows.values_list("role", flat=True).first()
    if role is None:
        raise NoLongerAsked(f"{ask.label} is no member of the workspace any more.")
    allowed = permissions_of_role(role)
    if Permission.INTERACTION_ANSWER not in allowed:
        raise NoLongerAsked(f"{ask.label} may not answer questions any more: their role is {role}.")
    if ask.role and not permissions_of_role(ask.role) <= allowed:
        raise NoLongerAsked(f"{ask.label} was asked as {ask.role}, and is {role} now.")


def level_of(answerer: Answerer, ask: Ask | None) -> Assurance:
    """How surely they are known: with a role only as long as it is the one for which they were asked."""
    if answerer.assurance == Assurance.ROLE and ask is not None and ask.role and ask.role != answerer.actor.role:
        return Assurance.SIGNED_IN
    return answerer.assurance


def admit(interaction: Interaction, answerer: Answerer, ask: Ask | None, is_in_words: bool) -> None:
    """Raises `NotSureEnough`, `ButtonNeeded`."""
    level = level_of(answerer, ask)
    if level < interaction.assurance:
        wanted, given = Assurance(interaction.assurance).label, Assurance(level).label
        raise NotSureEnough(f"This question asks for somebody {wanted}; what is known of you is “{given}”.")
    if is_in_words and interaction.needs_button:
        raise ButtonNeeded
