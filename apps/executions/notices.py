"""Whom the end of an execution concerns."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.accounts.services import Telling, notice_put
from apps.core.models import Event
from apps.executions.models import Execution
from apps.workflows.models import Version, Workflow


def failure_notice(*, event: Event, now: datetime) -> int:
    """Tell who made the workflow and who published the version that an execution of it failed. As `notice_put`."""
    workspace_id = event.workspace_id
    found = Execution.objects.filter(workspace_id=workspace_id, id=event.subject_id).only("error").first()
    workflow = Workflow.objects.filter(workspace_id=workspace_id, id=UUID(event.data["workflow_id"])).first()
    if found is None or workflow is None:
        return 0  # deleted meanwhile
    version = Version.objects.filter(workspace_id=workspace_id, id=UUID(event.data["version_id"]))
    publisher = version.values_list("published_by_id", flat=True).first()
    slug = Workspace.objects.values_list("slug", flat=True).get(id=workspace_id)
    telling = Telling(
        kind="execution.failed",
        key=str(workflow.id),
        subject_id=workflow.id,
        title=_("%(name)s failed") % {"name": workflow.name},
        many=_("%(name)s failed %(count)s times") % {"name": workflow.name, "count": "{count}"},
        detail=(found.error or {}).get("message", ""),
        url=reverse("execution", args=[slug, found.id]),
        many_url=f"{reverse('executions', args=[slug])}?status=ERROR&workflow={workflow.id}",
    )
    return notice_put(workspace_id=workspace_id, telling=telling, now=now, to=(workflow.created_by_id, publisher))
