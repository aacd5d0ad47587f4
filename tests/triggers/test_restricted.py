"""Of a workflow that somebody may only look at they replay nothing, switch nothing, and open no test address."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts import services
from apps.accounts.access.objects import Kind
from apps.accounts.access.resolve import member_actor
from apps.accounts.errors import ObjectRestricted
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.triggers import deliveries, listening, replays, switches
from apps.triggers.errors import NothingToReplay
from apps.triggers.inbox import Wanted
from apps.triggers.models import Delivery, Listening, ReplayItem, Switch
from apps.workflows.models import Workflow
from tests.triggers.conftest import Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration
ECHO = node("echo", "ACTION.TRANSFORM", fields=[{"name": "id", "value": "{{ $json.body.id }}"}])


def share(office: Office, workflow: Workflow, level: str) -> None:
    services.object_share(
        workspace_id=office.workspace.id,
        kind=Kind.WORKFLOW,
        object_id=workflow.id,
        name=workflow.name,
        others=level,
        people={},
        actor=office.cast.owner,
    )


@pytest.fixture
def workflow(office: Office, caller: Caller) -> Workflow:
    """A webhook that has started something once."""
    deliveries.forget()
    made = office.activate(definition(hook(respond="immediately"), ECHO))
    caller.post("/webhooks/acme/orders", {"id": "A-1"})
    return made


@pytest.mark.parametrize("level", ["view", "execute"])
def test_each_level_allows_what_it_says(office: Office, workflow: Workflow, level: str) -> None:
    share(office, workflow, level)
    given: dict[str, Any] = {
        "workspace_id": office.workspace.id,
        "actor": member_actor(office.cast.bob, "member"),
        "now": clock.now(),
    }
    trigger: dict[str, Any] = given | {"workflow_id": workflow.id, "node_id": "hook"}
    with tenant(office.workspace.id):
        (arrived,) = Delivery.objects.all()
    if level == "execute":
        replays.delivery_replay(delivery_id=arrived.id, **given)
        assert replays.replay_start(wanted=Wanted(), **given).total == 2  # the replay is a delivery, too
    else:
        with pytest.raises(ObjectRestricted):
            replays.delivery_replay(delivery_id=arrived.id, **given)
        with pytest.raises(NothingToReplay):
            replays.replay_start(wanted=Wanted(), **given)
    for change in (switches.trigger_pause, switches.trigger_resume, listening.listening_open):
        with pytest.raises(ObjectRestricted):
            change(**trigger)
    with pytest.raises(ObjectRestricted):
        listening.listening_close(**{name: value for name, value in trigger.items() if name != "now"})
    with tenant(office.workspace.id):
        assert Execution.objects.count() == (2 if level == "execute" else 1)
        assert not Switch.objects.exists()
        assert not Listening.objects.exists()


def test_a_job_goes_no_further_than_who_began_it_may_by_then(office: Office, workflow: Workflow) -> None:
    job = replays.replay_start(
        workspace_id=office.workspace.id,
        actor=member_actor(office.cast.bob, "member"),
        wanted=Wanted(),
        now=clock.now(),
    )
    share(office, workflow, "view")
    replays.replay_work(workspace_id=office.workspace.id, replay_id=job.id)
    with tenant(office.workspace.id):
        (item,) = ReplayItem.objects.filter(replay_id=job.id)
        assert (item.state, item.code, Execution.objects.count()) == ("refused", ObjectRestricted.code, 1)
