"""How schedules are ticked: by beat, and by every dispatcher once a second."""

from __future__ import annotations

import time

import pytest

from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.executions.worker.bootstep import DispatcherStep
from apps.executions.worker.dispatcher import Dispatcher
from apps.triggers.tasks import fire_due
from config.celery import app
from tests.triggers.conftest import Office, definition, node


def test_beat_ticks_tasks_that_exist() -> None:
    app.finalize()
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] <= max(5, entry["schedule"])  # a broker that was away brings no flood


def test_every_dispatcher_ticks_too() -> None:
    app.finalize()
    assert fire_due in DispatcherStep.sweeps


@pytest.mark.integration
def test_without_beat_a_dispatcher_starts_what_is_due(office: Office) -> None:
    office.activate(definition(node("clock", "TRIGGER.CRON", expression="* * * * * *")))
    dispatcher = Dispatcher(worker_id=uuid7(), name="test", queues=["default"], sweeps=[fire_due])
    dispatcher.start()
    try:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            with tenant(office.workspace.id):
                if Execution.objects.filter(status="SUCCESS").count() >= 2:
                    return
            time.sleep(0.2)
        pytest.fail("Nothing was started within 15 s.")
    finally:
        dispatcher.stop()
