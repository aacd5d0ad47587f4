"""Who it is that answers from outside: by where we wrote to them, and whether they are a member."""

from __future__ import annotations

from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.access.permissions import Permission, permissions_of_role
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import Membership
from apps.hil import selectors
from apps.hil.models import Ask, AskKind, Assurance, Delivery, Interaction, Via
from apps.hil.services import Answerer


def of_address(interaction: Interaction, row: Delivery, address: str) -> tuple[Answerer | None, bool]:
    """Who writes from an e-mail address, and whether it is one the question was sent to. Must run inside `tenant()`."""
    address = address.lower()
    if row.ask is not None and row.target.lower() == address:
        return Answerer.asked(row.ask, Via.EMAIL), True
    if row.ask is None and row.target.lower() == address:
        answerer = _of_member(interaction, address, Via.EMAIL)
        return answerer, answerer is not None
    return None, False


def of_slack_user(interaction: Interaction, slack_id: str, email: str) -> Answerer | None:
    """Who a Slack user is: somebody who is asked, else a member who may answer. Must run inside `tenant()`."""
    member = _member(interaction, email)
    for ask in selectors.asks_of(workspace_id=interaction.workspace_id, interaction_id=interaction.id):
        if _is(ask, slack_id, email, member):
            return Answerer.asked(ask, Via.SLACK, user=member.user if member else None)
    return _of_member(interaction, email, Via.SLACK)


def _is(ask: Ask, slack_id: str, email: str, member: Membership | None) -> bool:
    if ask.kind == AskKind.SLACK:
        return ask.address == slack_id
    if ask.kind == AskKind.EMAIL:
        return bool(email) and ask.address == email
    return member is not None and ask.user_id == member.user_id


def _member(interaction: Interaction, email: str) -> Membership | None:
    if not email:
        return None
    rows = Membership.objects.filter(workspace_id=interaction.workspace_id, user__is_active=True)
    return rows.filter(user__email__iexact=email).select_related("user").first()


def _of_member(interaction: Interaction, email: str, via: Via) -> Answerer | None:
    """A member as whom we wrote to: known by their address, not signed in."""
    member = _member(interaction, email)
    if member is None or Permission.INTERACTION_ANSWER not in permissions_of_role(member.role):
        return None
    if member.user_id in unseen_by(interaction):
        return None
    actor = member_actor(member.user, member.role)
    return Answerer(actor, member.user.label, via, assurance=Assurance.RECIPIENT, user=member.user)


def unseen_by(interaction: Interaction) -> set[UUID]:
    """The members from whom the workflow that asks is hidden. Must run inside `tenant()`."""
    workspace_id, workflow_id = interaction.workspace_id, interaction.workflow_id
    if not accounts.object_grants(workspace_id, [workflow_id]).exists():
        return set()
    people = [member.user_id for member in accounts.members(workspace_id)]
    return {person for person in people if workflow_id in accounts.hidden_from(workspace_id, person)}
