"""Telling people that a question waits, and letting go when none does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access.permissions import Permission
from apps.accounts.models import Workspace
from apps.accounts.services import Telling, notice_put, notice_settle
from apps.core.models import Event
from apps.hil.models import Interaction, InteractionStatus

KIND = "question.asked"


def question_notice(*, event: Event, now: datetime) -> int:
    """Tell everybody who may answer it. A workflow that asks several is one notice. As `notice_put`."""
    rows = Interaction.objects.filter(workspace_id=event.workspace_id, id=event.subject_id).select_related("workflow")
    found = rows.first()
    if found is None or not found.is_pending:
        return 0  # answered before anybody was told
    slug = Workspace.objects.values_list("slug", flat=True).get(id=event.workspace_id)
    name = found.workflow.name
    telling = Telling(
        kind=KIND,
        key=str(found.workflow_id),
        subject_id=found.workflow_id,
        tone="warning",
        title=found.title,
        many=_("%(name)s asked %(count)s questions") % {"name": name, "count": "{count}"},
        detail=_("%(name)s waits at %(node)s for an answer.") % {"name": name, "node": found.node_name},
        url=reverse("interaction", args=[slug, found.id]),
        many_url=reverse("inbox", args=[slug]),
    )
    return notice_put(workspace_id=event.workspace_id, telling=telling, now=now, allowed=Permission.INTERACTION_ANSWER)


def question_notice_settle(*, event: Event, now: datetime) -> None:
    """When the last open question of a workflow is closed, nobody needs to know of it any more."""
    workflow_id = UUID(event.data["workflow_id"])
    waiting = Interaction.objects.filter(
        workspace_id=event.workspace_id, workflow_id=workflow_id, status=InteractionStatus.PENDING
    )
    if not waiting.exists():
        notice_settle(workspace_id=event.workspace_id, kind=KIND, key=str(workflow_id), now=now)
