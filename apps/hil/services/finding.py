"""From what an author wrote to people who exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.access.permissions import Permission, permissions_of_role
from apps.accounts.models import Membership
from apps.core.ids import uuid7_in_order
from apps.hil import selectors
from apps.hil.errors import AssigneeUnknown
from apps.hil.models import Ask, AskKind, AskReason, AskStatus, Interaction
from apps.hil.people import MOST_ASSIGNEES, parse, parts
from apps.hil.services.recording import entry_add

LONGEST_CHAIN = 5


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who can be asked."""

    kind: AskKind
    address: str
    label: str
    user_id: UUID | None = None
    role: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Who it is, once per question."""
        return (str(self.kind), self.address)


def found_of(workspace_id: UUID, assignees: str | Sequence[str]) -> list[Found]:
    """The people that are meant, in the order in which they are named, each once.

    An e-mail address of a member is that member. Raises `AssigneeUnknown` for an id of nobody here, for members
    and roles that may not answer, for what names nobody, and for more than 100.
    """
    texts = parts(assignees if isinstance(assignees, str) else [str(each) for each in assignees])
    if not texts:
        return []
    members = {each.user_id: each for each in accounts.members(workspace_id) if each.user.is_active}
    by_email = {each.user.email: each for each in members.values()}
    found: dict[tuple[str, str], Found] = {}
    for text in texts:
        try:
            meant = parse(text)
        except ValueError as wrong:
            raise AssigneeUnknown(str(wrong)) from None
        if meant.meaning == "role":
            holders = [each for each in members.values() if each.role == meant.value and _may_answer(each)]
            if not holders:
                raise AssigneeUnknown(f"Nobody in the workspace who may answer has the role {meant.value}.")
            listed = [_member(each, meant.value) for each in holders]
        elif meant.meaning == "id":
            member = members.get(UUID(meant.value))
            if member is None:
                raise AssigneeUnknown(f"Nobody with the id {meant.value} is a member of the workspace.")
            listed = [_able(member)]
        elif meant.meaning == "slack":
            listed = [Found(AskKind.SLACK, meant.value, f"Slack user {meant.value}")]
        elif meant.value in by_email:
            listed = [_able(by_email[meant.value])]
        else:
            listed = [Found(AskKind.EMAIL, meant.value, meant.value)]
        for one in listed:
            found.setdefault(one.key, one)
    if len(found) > MOST_ASSIGNEES:
        raise AssigneeUnknown(f"At most {MOST_ASSIGNEES} people can be asked; these are {len(found)}.")
    return list(found.values())


def _deputy(workspace_id: UUID, user_id: UUID) -> Membership | None:
    rows = Membership.objects.filter(workspace_id=workspace_id, user_id=user_id, user__is_active=True)
    return rows.select_related("user").first()


def able_count(workspace_id: UUID, *, but: UUID | None) -> int:
    """How many members may answer, not counting one of them."""
    members = (each for each in accounts.members(workspace_id) if each.user.is_active and each.user_id != but)
    return sum(_may_answer(each) for each in members)


def _member(member: Membership, role: str = "") -> Found:
    return Found(AskKind.MEMBER, member.user.email, member.user.label, member.user_id, role)


def _able(member: Membership) -> Found:
    if not _may_answer(member):
        raise AssigneeUnknown(f"{member.user.label} may not answer questions: their role is {member.role}.")
    return _member(member)


def _may_answer(member: Membership) -> bool:
    return Permission.INTERACTION_ANSWER in permissions_of_role(member.role)


def instead_of(
    *, interaction: Interaction, asks: Sequence[Ask], known: Mapping[tuple[str, str], Ask], now: datetime
) -> list[Ask]:
    """Ask the deputies of those who are away, in their places. In the running transaction. Returns the deputies' rows.

    A deputy who is away, too, has a deputy of their own, five times at most. Somebody away without one, or whose deputy
    is asked already or may not answer, is asked all the same.
    """
    users = [ask.user_id for ask in asks if ask.user_id is not None]
    if not users:
        return []
    away = selectors.deputies(workspace_id=interaction.workspace_id, now=now)
    made: list[Ask] = []
    taken = {key for key in known}
    for ask in asks:
        if ask.user_id is None or ask.user_id not in away:
            continue
        deputy_id, seen = away[ask.user_id], {ask.user_id}
        while deputy_id in away and deputy_id not in seen and len(seen) < LONGEST_CHAIN:
            seen.add(deputy_id)
            deputy_id = away[deputy_id]
        member = _deputy(interaction.workspace_id, deputy_id)
        if deputy_id in seen or member is None or deputy_id == interaction.barred_user_id or not _may_answer(member):
            continue
        one = _member(member)
        if one.key in taken:
            continue
        taken.add(one.key)
        made.append(
            Ask.objects.create(
                id=uuid7_in_order(),
                workspace_id=interaction.workspace_id,
                interaction_id=interaction.id,
                kind=one.kind,
                user_id=one.user_id,
                address=one.address,
                label=one.label,
                groups=ask.groups,
                reason=AskReason.DEPUTY,
                passed_from=ask,
                status=ask.status,
                asked_at=ask.asked_at,
            )
        )
        Ask.objects.filter(id=ask.id).update(status=AskStatus.PASSED)
        ask.status = AskStatus.PASSED
        text = f"{ask.label} is away: {one.label} is asked instead"
        entry_add(interaction=interaction, kind="passed", icon="corner-up-right", text=text, at=now)
    return made
