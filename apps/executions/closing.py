"""What becomes of a workspace's executions when it is closed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.accounts.services.workspaces import CLOSED
from apps.core.events import event_put
from apps.core.tenancy import tenant
from apps.executions import services
from apps.executions.engine.states import TERMINAL
from apps.executions.models import Execution

_BATCH = 100
_AGAIN_SECONDS = 2.0


def executions_end(*, workspace_id: UUID, now: datetime) -> int:
    """Cancel what a closed workspace still runs, a hundred at a time; what is left follows with the event told again.

    What somebody has in hand at this moment is left for the next time. Gives how many were looked at.
    """
    with tenant(workspace_id):
        live = Execution.objects.filter(workspace_id=workspace_id).exclude(status__in=[str(each) for each in TERMINAL])
        ids = list(live.order_by("id").values_list("id", flat=True)[:_BATCH])
        for execution_id in ids:
            try:
                services.execution_cancel(
                    workspace_id=workspace_id,
                    execution_id=execution_id,
                    now=now,
                    by="closing the workspace",
                    waits=False,
                )
            except services.AlreadyEnded:
                continue
        if ids:
            event_put(
                workspace_id=workspace_id, name=CLOSED, subject_id=workspace_id, now=now, delay_seconds=_AGAIN_SECONDS
            )
    return len(ids)
