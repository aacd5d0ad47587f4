"""Telling people that a trigger starts nothing but failures."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.accounts.services import Telling, notice_put
from apps.core.models import Event
from apps.executions.models import Execution
from apps.triggers.overview import FAILING_FROM, error_streak
from apps.workflows.models import Version, Workflow


def streak_notice(*, event: Event, now: datetime) -> int:
    """When what a trigger starts has failed several times in a row, tell whose workflow it is. As `notice_put`."""
    workspace_id = event.workspace_id
    rows = Execution.objects.filter(workspace_id=workspace_id, id=event.subject_id).only("error", "trigger_node")
    found = rows.first()
    workflow = Workflow.objects.filter(workspace_id=workspace_id, id=UUID(event.data["workflow_id"])).first()
    if found is None or workflow is None:
        return 0  # deleted meanwhile
    streak = error_streak(workflow.id, found.trigger_node)
    if streak < FAILING_FROM:
        return 0
    version = Version.objects.filter(workspace_id=workspace_id, id=UUID(event.data["version_id"]))
    publisher = version.values_list("published_by_id", flat=True).first()
    slug = Workspace.objects.values_list("slug", flat=True).get(id=workspace_id)
    words = {"name": workflow.name, "count": streak}
    telling = Telling(
        kind="trigger.failing",
        key=f"{workflow.id}:{found.trigger_node}",
        subject_id=workflow.id,
        title=_("A trigger of %(name)s has failed %(count)d times in a row") % words,
        detail=(found.error or {}).get("message", ""),
        url=reverse("workflow-triggers", args=[slug, workflow.id]),
    )
    return notice_put(workspace_id=workspace_id, telling=telling, now=now, to=(workflow.created_by_id, publisher))
