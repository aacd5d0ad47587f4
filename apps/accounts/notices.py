"""The kinds of notices there are, and which of them somebody wants where. Pure.

A person's wishes are `preferences["notices"]`: `{kind: {"app": bool, "mail": bool}}`; what is not said there is as the
kind has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

Channel = Literal["app", "mail"]

PREFERENCE = "notices"


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind: what it tells of, as the form of preferences says it, and who wants it who has said nothing."""

    name: str
    title: str | Promise
    text: str | Promise
    icon: str
    in_app: bool = True
    by_mail: bool = False


KINDS: Mapping[str, NoticeKind] = {
    kind.name: kind
    for kind in (
        NoticeKind(
            "execution.failed",
            gettext_lazy("A workflow of mine failed"),
            gettext_lazy("Workflows you made or published. A workflow that goes on failing is one notice that grows."),
            icon="circle-x",
            by_mail=True,
        ),
        NoticeKind(
            "question.asked",
            gettext_lazy("A question waits for an answer"),
            gettext_lazy("In every workflow whose questions you may answer."),
            icon="hand",
        ),
        NoticeKind(
            "credential.attention",
            gettext_lazy("A credential needs somebody"),
            gettext_lazy("It must be connected again, or is due for rotation."),
            icon="key-round",
            by_mail=True,
        ),
        NoticeKind(
            "trigger.failing",
            gettext_lazy("A trigger fails again and again"),
            gettext_lazy("A schedule or a webhook of a workflow you made or published."),
            icon="zap",
        ),
        NoticeKind(
            "limit.reached",
            gettext_lazy("A limit was reached"),
            gettext_lazy("The workspace takes no more executions until some have ended."),
            icon="gauge",
            by_mail=True,
        ),
        NoticeKind(
            "budget.near",
            gettext_lazy("A budget for AI is nearly used up"),
            gettext_lazy("Once at 80 per cent, and once when it is used up. Budgets of single executions tell nobody."),
            icon="wallet",
            by_mail=True,
        ),
        NoticeKind(
            "invitation.accepted",
            gettext_lazy("Somebody accepted an invitation"),
            gettext_lazy("Invitations you sent."),
            icon="user-round-plus",
        ),
    )
}
"""In the order of the form."""


def wants(preferences: Mapping[str, Any], kind: str, channel: Channel) -> bool:
    """Whether somebody with these preferences wants notices of a kind there."""
    usual = KINDS[kind].in_app if channel == "app" else KINDS[kind].by_mail
    wished = preferences.get(PREFERENCE)
    of_kind = wished.get(kind) if isinstance(wished, Mapping) else None
    found = of_kind.get(channel) if isinstance(of_kind, Mapping) else None
    return found if isinstance(found, bool) else usual
