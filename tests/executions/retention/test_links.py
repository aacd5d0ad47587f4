"""What hangs together with an execution stays as long as it is needed, and goes with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Workspace
from apps.core import clock
from apps.core.models import Message
from apps.core.outbox import message_put
from apps.core.tenancy import tenant
from apps.executions import services
from apps.executions.models import Execution, Wait
from apps.executions.retention.sweep import sweep
from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration


def test_a_child_stays_until_its_parent_has_its_result(committed_db: None, workspace: Workspace) -> None:
    engine = Engine(workspace)
    nap = node("w", "FLOW.WAIT", duration={"days": 9})
    parent = engine.start(engine.publish(definition([node("t", "TRIGGER.MANUAL"), nap], ["t > w"])))
    only = engine.add_dispatcher()
    wait_id = engine.until(parent, "WAITING")["waits"][0]["id"]
    only.stop()
    child = engine.start(engine.publish(definition([node("t", "TRIGGER.MANUAL")], [])))
    with tenant(workspace.id):
        Wait.objects.filter(id=wait_id).update(kind="child")
        Execution.objects.filter(id=child).update(parent_id=parent, parent_wait_id=wait_id, child_index=0)
    services.execution_cancel(workspace_id=workspace.id, execution_id=child, now=clock.now(), by="alice")
    later = clock.now() + timedelta(days=400)
    assert sweep(now=later).executions == 0
    with tenant(engine.workspace.id):
        Wait.objects.filter(id=wait_id).update(resolved_at=clock.now(), resolved_by="engine")
    assert sweep(now=later + timedelta(days=1)).executions == 1


def test_what_was_sent_about_it_goes_with_it(committed_db: None, engine: Engine) -> None:
    found = engine.run(definition([node("t", "TRIGGER.MANUAL")], []))
    with tenant(engine.workspace.id):
        message_put(
            workspace_id=engine.workspace.id, channel="test", subject_id=found["id"], target="there", now=clock.now()
        )
    sweep(now=clock.now() + timedelta(days=400))
    with tenant(engine.workspace.id):
        assert not Message.objects.exists()
