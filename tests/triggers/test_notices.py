"""When a trigger that starts nothing but failures is told."""

from __future__ import annotations

import pytest

from apps.accounts.models import Notice
from apps.core import clock, events
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.triggers.models import Delivery
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.hil import asking

pytestmark = pytest.mark.django_db


def fail(cast: Cast, version: object, *, status: str = "ERROR") -> None:
    """An execution that the trigger started, and how it ended."""
    execution = asking.park(cast.workspace, version)  # type: ignore[arg-type]
    with tenant(cast.workspace.id):
        found = Execution.objects.get(id=execution)
        Delivery.objects.create(
            id=uuid7(),
            workspace=cast.workspace,
            source="webhook",
            workflow_id=found.workflow_id,
            node_id=found.trigger_node,
            label="hook",
            verdict="accepted",
            execution_id=execution,
            received_at=clock.now(),
        )
        Execution.objects.filter(id=execution).update(
            status=status, finished_at=clock.now(), error={"message": "No stock"} if status == "ERROR" else None
        )
    while events.events_tell():
        pass


def streaks(cast: Cast) -> list[tuple[str, str, int]]:
    with tenant(cast.workspace.id):
        rows = Notice.objects.select_related("user").filter(kind="trigger.failing", read_at=None)
        return [(notice.user.email, notice.words, notice.count) for notice in rows]


def test_the_third_failure_in_a_row_is_told_and_success_begins_anew(cast: Cast) -> None:
    version = asking.publish(cast.workspace)
    with tenant(cast.workspace.id):
        Workflow.objects.update(created_by=cast.bob)
    for _ in range(2):
        fail(cast, version)
    assert streaks(cast) == []
    fail(cast, version)
    assert streaks(cast) == [("bob@example.com", "A trigger of Order approval has failed 3 times in a row", 1)]
    fail(cast, version)
    assert streaks(cast) == [("bob@example.com", "A trigger of Order approval has failed 4 times in a row", 2)]
    with tenant(cast.workspace.id):
        Notice.objects.update(read_at=clock.now())
    fail(cast, version, status="SUCCESS")
    fail(cast, version)
    assert streaks(cast) == []
