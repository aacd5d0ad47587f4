"""A closed workspace runs nothing and starts nothing."""

from __future__ import annotations

from apps.accounts import services as accounts
from apps.core.models import Event
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.executions.subscribers import workspace_closed as executions_closed
from apps.hil.models import Interaction
from apps.workflows import services as workflows
from apps.workflows.models import ActiveTrigger, Workflow
from apps.workflows.subscribers import workspace_closed as workflows_closed
from tests.cast import Cast
from tests.hil import asking
from tests.workflows import definitions


def test_what_runs_is_cancelled_and_triggers_are_off(cast: Cast) -> None:
    asked = asking.ask(cast.workspace)
    made = workflows.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=definitions.small()
    )
    workflows.workflow_activate(workspace_id=cast.workspace.id, workflow_id=made.id, actor=cast.owner)
    accounts.workspace_close(workspace=cast.workspace, confirmation="acme", actor=cast.owner)
    with tenant(cast.workspace.id):
        event = Event.objects.get(name="workspace.closed")
        workflows_closed(event)
        executions_closed(event)
        assert Execution.objects.get(id=asked.execution_id).status == "CANCELED"
        assert Interaction.objects.get(id=asked.id).status == "withdrawn"
        assert not ActiveTrigger.objects.exists()
        assert Workflow.objects.get(id=made.id).status == "paused"
        assert Event.objects.filter(name="workspace.closed").count() == 2  # what was in hand is looked at once more
        executions_closed(event)
        assert Event.objects.filter(name="workspace.closed").count() == 2
    accounts.workspace_open(slug="acme", user=cast.alice)
    workflows.workflow_activate(workspace_id=cast.workspace.id, workflow_id=made.id, actor=cast.owner)
