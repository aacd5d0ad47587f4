"""Who is asked, as the page of a question shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.hil.models import Ask, AskKind, AskStatus, Interaction, Vote
from apps.hil.web.rows import OUTCOME_ICONS

SHOWN_PEOPLE = 8


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the list. `state` is one or two words; `group` where they count, in words; `comment` what they wrote
    with their answer.
    """

    id: UUID | None
    label: str
    initials: str
    state: str
    icon: str
    is_me: bool
    group: str = ""
    note: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """Whose answers count. `progress` is empty where one is enough."""

    title: str
    progress: str
    people: tuple[Person, ...]
    more: int


def panel(
    row: Interaction, asks: Sequence[Ask], votes: Sequence[Vote], members: Sequence[User], me: UUID | None
) -> Panel:
    """The list beside a question: those who are asked, or `members`, who all may answer."""
    policy = row.policy or {}
    if not row.has_asks:
        people = [_member(user, votes, row, me) for user in members if user.id != row.barred_user_id]
        title = _("Any %(needed)s of %(count)s can answer") % {"needed": _("one"), "count": len(people)}
        if len(people) == 1:
            title = _("Only one person can answer")
        if policy.get("mode") == "at_least":
            title = _("Any %(needed)s of %(count)s must agree") % {
                "needed": policy["groups"][0]["needs"],
                "count": len(people),
            }
    else:
        shown = [ask for ask in asks if ask.status != AskStatus.PASSED]
        passed = [ask for ask in asks if ask.status == AskStatus.PASSED]
        people = [_asked(ask, votes, row, me) for ask in [*shown, *passed]]
        title = _title(policy, len(shown))
    if policy.get("mode") != "sequence":
        people.sort(key=lambda person: not person.is_me)
    return Panel(title, row.progress, tuple(people[:SHOWN_PEOPLE]), max(0, len(people) - SHOWN_PEOPLE))


def _title(policy: Mapping[str, object], count: int) -> str:
    mode = policy.get("mode", "any")
    if mode == "sequence":
        return _("One after the other")
    if mode == "groups":
        return _("Somebody of each group must agree")
    if mode == "all":
        return ngettext("One person must agree", "All %(count)s must agree", count) % {"count": count}
    if mode == "at_least":
        groups = policy["groups"]
        assert isinstance(groups, list)
        return _("%(needed)s of %(count)s must agree") % {"needed": groups[0]["needs"], "count": count}
    return ngettext("Only one person can answer", "Any one of %(count)s can answer", count) % {"count": count}


def _member(user: User, votes: Sequence[Vote], row: Interaction, me: UUID | None) -> Person:
    said = next((vote for vote in votes if vote.user_id == user.id), None)
    state, icon = _outcome(row, said) if said else ("", "")
    comment = said.comment if said else ""
    return Person(user.id, user.label, user.initials, state, icon, user.id == me, comment=comment)


def _asked(ask: Ask, votes: Sequence[Vote], row: Interaction, me: UUID | None) -> Person:
    said = next((vote for vote in votes if vote.ask_id == ask.id), None)
    words = {
        AskStatus.WAITING: (_("Later"), "clock"),
        AskStatus.PASSED: (_("Handed on"), "corner-up-right"),
    }
    if said is not None:
        state, icon = _outcome(row, said)
    else:
        state, icon = words.get(AskStatus(ask.status), (_("Opened") if ask.opened_at else _("Asked"), ""))
    policy = row.policy or {}
    named = [policy["groups"][at]["name"] for at in ask.groups] if policy.get("mode") == "groups" else []
    note = {"escalated": _("added later"), "deputy": _("stands in"), "delegated": _("was handed this")}
    return Person(
        id=ask.user_id,
        label=ask.label,
        initials=_initials(ask),
        state=state,
        icon=icon,
        is_me=ask.user_id is not None and ask.user_id == me,
        group=", ".join(named),
        note=note.get(ask.reason, ""),
        comment=said.comment if said else "",
    )


def _outcome(row: Interaction, vote: Vote) -> tuple[str, str]:
    """What somebody said, and its icon."""
    way = next((way for way in row.outcomes if way["name"] == vote.outcome), {"label": vote.outcome, "style": ""})
    return str(way["label"]), OUTCOME_ICONS.get(str(way["style"]), "circle-check")


def _initials(ask: Ask) -> str:
    text = ask.label.partition("@")[0].replace(".", " ") if ask.kind != AskKind.SLACK else "S"
    return "".join(word[0] for word in text.split()[:2]).upper() or "?"
