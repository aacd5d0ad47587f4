"""Who is told that a workflow failed."""

from __future__ import annotations

import pytest

from apps.accounts.models import Notice
from apps.core import events
from apps.core.models import Event
from apps.core.tenancy import tenant
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.executions.conftest import Engine, Json, definition, fields, node

pytestmark = pytest.mark.integration


def ending(*, fails: bool) -> Json:
    step = node("s", "FLOW.STOP", outcome="error", message="No stock") if fails else None
    step = step or node("s", "ACTION.TRANSFORM", fields=fields(total=12))
    return definition([node("t", "TRIGGER.MANUAL"), step], ["t > s"])


def notices(engine: Engine) -> list[Notice]:
    while events.events_tell():
        pass
    with tenant(engine.workspace.id):
        assert not Event.objects.filter(error__gt="").exists()
        return list(Notice.objects.select_related("user").order_by("user__email"))


def test_who_made_the_workflow_is_told_once_however_often_it_fails(engine: Engine, cast: Cast) -> None:
    origin = engine.publish(ending(fails=True))
    with tenant(engine.workspace.id):
        Workflow.objects.filter(id=origin.workflow_id).update(created_by=cast.bob, name="Orders")
    first = engine.start(origin)
    engine.until(first, "ERROR")
    (notice,) = notices(engine)
    assert (notice.user.email, notice.words) == ("bob@example.com", "Orders failed")
    assert notice.detail == "No stock"
    assert notice.target == f"/w/acme/executions/{first}/"
    for _ in range(2):
        engine.until(engine.start(origin), "ERROR")
    (notice,) = notices(engine)
    assert notice.words == "Orders failed 3 times"
    assert notice.target == f"/w/acme/executions/?status=ERROR&workflow={origin.workflow_id}"


def test_success_tests_and_cancelling_concern_nobody(engine: Engine, cast: Cast) -> None:
    origin = engine.publish(ending(fails=False))
    with tenant(engine.workspace.id):
        Workflow.objects.update(created_by=cast.bob)
    engine.until(engine.start(origin), "SUCCESS")
    with tenant(engine.workspace.id):
        assert not Event.objects.exists()
    assert notices(engine) == []
