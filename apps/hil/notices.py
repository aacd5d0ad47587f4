"""Telling people that a question waits, and letting go when none does."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access.permissions import Permission
from apps.accounts.models import Workspace
from apps.accounts.services import Telling, notice_put, notice_settle
from apps.core.models import Event
from apps.hil.models import Ask, AskStatus, ChannelKind, Delivery, Interaction, InteractionStatus

KIND = "question.asked"


def question_notice(*, event: Event, now: datetime) -> int:
    """Tell the members who are asked, or everybody who may answer. A workflow that asks several is one notice.

    As `notice_put`.
    """
    rows = Interaction.objects.filter(workspace_id=event.workspace_id, id=event.subject_id).select_related("workflow")
    found = rows.first()
    if found is None or not found.is_pending:
        return 0  # answered before anybody was told
    slug = Workspace.objects.values_list("slug", flat=True).get(id=event.workspace_id)
    name = found.workflow.name
    is_reminder = event.name == "question.reminded"
    telling = Telling(
        kind=KIND,
        key=_reminder_key(found.id) if is_reminder else str(found.workflow_id),
        subject_id=found.workflow_id,
        tone="warning",
        title=_("Reminder: %(title)s") % {"title": found.title} if is_reminder else found.title,
        many="" if is_reminder else _("%(name)s asked %(count)s questions") % {"name": name, "count": "{count}"},
        detail=_("%(name)s waits at %(node)s for an answer.") % {"name": name, "node": found.node_name},
        url=reverse("interaction", args=[slug, found.id]),
        many_url=reverse("inbox", args=[slug]),
    )
    if not found.has_asks and event.name in ("question.asked", "question.reminded"):
        allowed, to = Permission.INTERACTION_ANSWER, []
    else:
        allowed, to = None, _members(event.data, found)
    # Whom the question itself was mailed to needs no mail that there is one.
    mailed = Delivery.objects.filter(interaction_id=found.id, channel=ChannelKind.EMAIL, user__isnull=False)
    return notice_put(
        workspace_id=event.workspace_id,
        telling=telling,
        now=now,
        to=to,
        allowed=allowed,
        not_by_mail=set(mailed.values_list("user_id", flat=True)),
    )


def _members(data: dict[str, Any], interaction: Interaction) -> list[UUID | None]:
    asked = Ask.objects.filter(interaction_id=interaction.id, id__in=data.get("ask_ids") or [], status=AskStatus.ASKED)
    return list(asked.values_list("user_id", flat=True))


def _reminder_key(interaction_id: UUID) -> str:
    return f"{interaction_id}:reminder"


def question_notice_settle(*, event: Event, now: datetime) -> None:
    """When the last open question of a workflow is closed, nobody needs to know of it any more."""
    notice_settle(workspace_id=event.workspace_id, kind=KIND, key=_reminder_key(event.subject_id), now=now)
    workflow_id = UUID(event.data["workflow_id"])
    waiting = Interaction.objects.filter(
        workspace_id=event.workspace_id, workflow_id=workflow_id, status=InteractionStatus.PENDING
    )
    if not waiting.exists():
        notice_settle(workspace_id=event.workspace_id, kind=KIND, key=str(workflow_id), now=now)
