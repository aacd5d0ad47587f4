"""Limits over HTTP: what is refused, what is shown, and who may change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User, Workspace
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import limits, store
from apps.executions.models import Execution
from apps.executions.services import execution_start
from apps.triggers.models import Schedule
from apps.triggers.services import schedules_fire
from apps.workflows import services as workflows
from tests.cast import Cast
from tests.executions.api.conftest import SMALL, Make
from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration
Api = Callable[..., APIClient]


@pytest.fixture(autouse=True)
def anew(committed_db: None) -> None:
    limits.forget()


def test_a_start_beyond_the_queue_is_told_when_to_come_again(api: Api, bob: User, make: Make, alice: User) -> None:
    api(alice).put("/api/v1/app/limits/", {"max_concurrent": None, "queue_depth": 1})
    path = f"/api/v1/app/workflows/{make().id}/execute/"
    first = api(bob).post(path, {"input": {"number": 1}}, headers={"Idempotency-Key": "a"})
    assert first.status_code == 201
    refused = api(bob).post(path, {"input": {"number": 2}})
    assert (refused.status_code, refused.json()["code"]) == (429, "executions.queue_full")
    assert refused["Retry-After"] == "5"
    again = api(bob).post(path, {"input": {"number": 1}}, headers={"Idempotency-Key": "a"})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


def test_the_button_says_why_nothing_starts(client: Client, bob: User, alice: User, api: Api, make: Make) -> None:
    api(alice).put("/api/v1/app/limits/", {"max_concurrent": None, "queue_depth": 1})
    path = f"/w/acme/workflows/{make().id}/run/"
    client.force_login(bob)
    assert client.post(path, {"input": '{"number": 1}'}).status_code == 302
    page = client.post(path, {"input": '{"number": 1}'})
    assert page.status_code == 422
    assert "queued" in page.content.decode()


def test_an_owner_stays_within_what_the_operator_allows(api: Api, alice: User, bob: User, workspace: Workspace) -> None:
    call_command("workspace_limits", "acme", "--running", "50", "--queued", "100", stdout=StringIO())
    assert api(bob).put("/api/v1/app/limits/", {"max_concurrent": 5, "queue_depth": None}).status_code == 403
    refused = api(alice).put("/api/v1/app/limits/", {"max_concurrent": 51, "queue_depth": None})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, "max_concurrent")
    found = api(alice).put("/api/v1/app/limits/", {"max_concurrent": 5, "queue_depth": None}).json()
    assert found["max_concurrent"] == {"own": 5, "most": 50, "effective": 5, "used": 0}
    assert found["queue_depth"] == {"own": None, "most": 100, "effective": 100, "used": 0}
    assert api(bob).get("/api/v1/app/limits/").json() == found
    with tenant(workspace.id):
        actions = AuditEvent.objects.values_list("action", "actor_kind")
        assert {("workspace.limits_allowed", "system"), ("workspace.limits_changed", "user")} <= set(actions)


def test_the_operator_sees_and_changes_what_is_allowed(workspace: Workspace, settings: Settings) -> None:
    settings.WORKSPACE_QUEUE_DEPTH = 700

    def said(*arguments: str) -> str:
        out = StringIO()
        call_command("workspace_limits", "acme", *arguments, stdout=out)
        return out.getvalue()

    assert said() == "running: 0, no limit\nqueued: 0, at most 700\n"
    assert said("--running", "8") == "running: 0, at most 8\nqueued: 0, at most 700\n"
    assert said("--queued", "900", "--running", "default") == "running: 0, no limit\nqueued: 0, at most 900\n"
    with pytest.raises(CommandError, match="no workspace"):
        call_command("workspace_limits", "nowhere")
    with pytest.raises(CommandError, match="neither a number"):
        call_command("workspace_limits", "acme", "--running", "0")


def test_the_page_keeps_what_the_owner_wishes(client: Client, alice: User, bob: User) -> None:
    client.force_login(bob)
    assert b"Save" not in client.get("/w/acme/settings/limits/").content
    assert client.post("/w/acme/settings/limits/", {"queue_depth": "7"}).status_code == 403
    client.force_login(alice)
    assert client.post("/w/acme/settings/limits/", {"queue_depth": "7", "max_concurrent": ""}).status_code == 302
    assert 'value="7"' in client.get("/w/acme/settings/limits/").content.decode()
    assert client.post("/w/acme/settings/limits/", {"queue_depth": "999999"}).status_code == 422


def test_a_start_can_say_how_urgent_it_is(api: Api, bob: User, make: Make, workspace: Workspace) -> None:
    path = f"/api/v1/app/workflows/{make().id}/execute/"
    ids = {}
    for priority in ("low", None, "high"):
        given: dict[str, Any] = {"input": {"number": 1}} | ({"priority": priority} if priority else {})
        ids[api(bob).post(path, given).json()["id"]] = priority
    with tenant(workspace.id):
        found = {ids[str(one.id)]: one.priority for one in Execution.objects.all()}
    assert found == {"low": -1, None: 0, "high": 1}
    assert api(bob).post(path, {"priority": "urgent"}).status_code == 400


def test_what_is_queued_says_for_what(api: Api, bob: User, client: Client, workspace: Workspace) -> None:
    engine = Engine(workspace)

    def started(count: int = 1, given: Any = None, **own: Any) -> list[str]:
        origin = engine.publish({**SMALL, "settings": own})
        return [str(engine.start(origin, given)) for _ in range(count)]

    _, full = started(2, max_concurrent=1)
    _, keyed = started(2, {"c": "x"}, concurrency={"key": "{{ $json.c }}"})
    _, paced = started(2, rate={"count": 1, "per_seconds": 3600})
    (burst,) = started(debounce={"seconds": 3600})
    (next_one,) = started()
    store.claim(worker_id=uuid7(), queues=["default"], places=3)
    store.claim(worker_id=uuid7(), queues=["default"], places=0)
    with tenant(workspace.id):
        Execution.objects.filter(id=full).update(held_by="workflow")
        Execution.objects.filter(id=keyed).update(held_by="key")
    said = {row["id"]: row["queued_because"] for row in api(bob).get("/api/v1/app/executions/").json()["results"]}
    assert said[full] == "Waits for a free place: 1 of 1 running"
    assert said[keyed] == "Waits for its turn with the key “x”: 1 of 1 unfinished"
    assert said[paced].endswith("UTC: at most 1 in 3600 s")
    assert said[burst].endswith("unless the burst goes on")
    assert said[next_one] is None
    assert api(bob).get(f"/api/v1/app/executions/{full}/").json()["queued_because"] == said[full]
    client.force_login(bob)
    assert "Waits for a free place: 1 of 1 running" in client.get("/w/acme/executions/").content.decode()
    assert "Waits for a free place: 1 of 1 running" in client.get(f"/w/acme/executions/{full}/").content.decode()


def test_a_schedule_that_finds_no_room_notes_it(cast: Cast, workspace: Workspace, settings: Settings) -> None:
    settings.WORKSPACE_QUEUE_DEPTH = 1
    engine = Engine(workspace)
    origin = engine.publish(SMALL)
    execution_start(origin=origin, trigger_node="t", input=None, now=clock.now())
    document = definition([node("c", "TRIGGER.CRON", expression="* * * * *")], [])
    given: Any = {"workspace_id": workspace.id, "actor": cast.owner}
    made = workflows.workflow_create(**given, name="Clock", definition=document)
    workflows.workflow_activate(**given, workflow_id=made.id)
    schedules_fire(now=clock.now())
    assert schedules_fire(now=clock.now() + timedelta(seconds=61)) == 0
    with tenant(workspace.id):
        schedule = Schedule.objects.get()
    assert (schedule.last_skip_reason, schedule.skipped_count) == ("executions.queue_full", 1)
