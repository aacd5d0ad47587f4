"""Values that workflows kept, without a workflow."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apps.accounts.models import Workspace
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import Value
from apps.executions.worker.values import NodeValues


def keep(workspace: Workspace, key: str, value: Any, **more: Any) -> UUID:
    """Put a value there and return its id."""
    here = NodeValues(workspace_id=workspace.id, workflow_id=uuid7(), idempotency_key=str(uuid7()))
    here.set(key, value, **more)
    with tenant(workspace.id):
        return Value.objects.get(key=key).id
