"""Copies of workflows in their workspace."""

from __future__ import annotations

import re
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.core.tenancy import tenant
from apps.workflows.errors import WorkflowUnknown
from apps.workflows.models import Workflow
from apps.workflows.services import MAX_NAME, workflow_create


def workflow_duplicate(*, workspace_id: UUID, workflow_id: UUID, actor: Actor) -> Workflow:
    """A new workflow with the same draft, beside the other one: same folder, same tags, “(copy)” after its name.

    It is a draft: its triggers start nothing before it is activated. Raises `WorkflowUnknown`.
    """
    with tenant(workspace_id):
        rows = Workflow.objects.select_related("folder").filter(workspace_id=workspace_id, deleted_at=None)
        found = rows.filter(id=workflow_id).first()
        if found is None:
            raise WorkflowUnknown
        base = re.sub(r" \(copy(?: \d+)?\)$", "", found.name)[: MAX_NAME - 12]
        taken = set(rows.filter(name__startswith=base).values_list("name", flat=True))
        names = (f"{base} (copy{f' {number}' if number > 1 else ''})" for number in range(1, len(taken) + 2))
        return workflow_create(
            workspace_id=workspace_id,
            actor=actor,
            name=next(name for name in names if name not in taken),
            description=found.description,
            definition=found.draft,
            folder=found.folder.path if found.folder else "",
            tags=found.tags,
        )
