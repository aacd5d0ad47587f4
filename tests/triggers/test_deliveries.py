"""The inbox: one row per start, written with the execution; refusals kept up to a number, and counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.triggers import deliveries, inbox, selectors, services
from apps.triggers.deliveries import Arrival, Outcome
from apps.triggers.models import Delivery, Schedule
from apps.triggers.webhooks import receiver
from apps.triggers.webhooks.delivery import Delivery as Request
from tests.triggers.conftest import Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration

ECHO = node("echo", "ACTION.TRANSFORM", fields=[{"name": "id", "value": "{{ $json.body.id }}"}])
SECRET = {"kind": "header", "header": "X-Token", "value": "correct horse"}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing is remembered of the tests before."""
    deliveries.forget()
    yield
    deliveries.forget()


def kept(office: Office) -> list[Delivery]:
    with tenant(office.workspace.id):
        return list(Delivery.objects.filter(workspace_id=office.workspace.id).order_by("id"))


def test_what_starts_an_execution_is_a_delivery_with_its_id(office: Office, caller: Caller) -> None:
    workflow = office.activate(definition(hook(respond="immediately"), ECHO))

    answer = caller.post("/webhooks/acme/orders?a=1", {"id": "A-1"}, idempotency_key="key-1").json()

    (found,) = kept(office)
    with tenant(office.workspace.id):
        execution = Execution.objects.get(id=UUID(answer["execution_id"]))
    assert (found.id, found.execution_id, found.verdict) == (execution.id, execution.id, "accepted")
    assert (found.workflow_id, found.node_id, found.source) == (workflow.id, "hook", "webhook")
    assert (found.label, found.external_id, found.remote) == ("POST /orders", "key-1", "127.0.0.1")
    assert found.size == len(json.dumps({"id": "A-1"}))
    assert found.received_at == execution.created_at
    assert found.request is None  # the execution holds it


def test_it_costs_no_statement(office: Office) -> None:
    office.activate(definition(hook(respond="immediately"), ECHO))
    request = Request("acme", "orders", "POST", {"content-type": "application/json"}, "", b'{"id": 1}')
    receiver._accept(request, False, execution_id=uuid7(), channel="")

    with CaptureQueriesContext(connection) as seen:
        receiver._accept(request, False, execution_id=uuid7(), channel="")

    words = [query["sql"].split()[0] for query in seen.captured_queries]
    assert words == ["SELECT", "BEGIN", "SELECT", "WITH", "COMMIT"]  # who listens; the tenant; both rows
    assert len(kept(office)) == 2


def test_the_same_again_is_a_duplicate_that_names_the_execution(office: Office, caller: Caller) -> None:
    office.activate(definition(hook(respond="immediately"), ECHO))
    for _ in range(2):
        caller.post("/webhooks/acme/orders", {"id": "A-1"}, idempotency_key="key-1")

    first, second = kept(office)
    assert (second.verdict, second.execution_id) == ("duplicate", first.id)
    assert second.id != first.id


def test_refusals_are_kept_with_their_reason_and_without_secrets(office: Office, caller: Caller) -> None:
    office.activate(definition(hook(secret=SECRET), ECHO))

    caller.post(
        "/webhooks/acme/orders", {"id": "A-1"}, x_token="wrong guess", authorization="Bearer abc", x_api_key="k"
    )
    caller.post("/webhooks/acme/nothing", {"id": "A-1"})

    refused, unknown = kept(office)
    assert (refused.verdict, refused.code, refused.status) == ("refused", "triggers.secret_refused", 401)
    assert refused.request["body"] == {"id": "A-1"}
    assert not refused.is_whole  # nobody proved it, so it is not replayed
    assert "x-token" not in refused.request["headers"]
    assert "authorization" not in refused.request["headers"]
    assert refused.request["headers"]["x-api-key"] == deliveries.HIDDEN
    assert (unknown.code, unknown.workflow_id, unknown.label) == ("triggers.no_listener", None, "POST /nothing")


def test_whoever_is_refused_cannot_fill_the_disk(
    office: Office, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "KEPT_PER_HOUR", 5)
    office.activate(definition(hook(secret=SECRET), ECHO))
    size = 100_000
    for _ in range(deliveries.KEPT_PER_HOUR + 5):
        caller.post("/webhooks/acme/orders", {"text": "x" * size}, x_token="wrong guess")
    deliveries.forget()  # another process
    caller.post("/webhooks/acme/orders", {"text": "x" * size}, x_token="wrong guess")

    found = kept(office)
    assert len(found) == deliveries.KEPT_PER_HOUR
    assert sum(1 + row.repeats for row in found) >= deliveries.KEPT_PER_HOUR + 2
    assert all(len(json.dumps(row.request)) < 2 * deliveries.UNPROVEN_BYTES for row in found)


def test_a_body_that_is_no_json_is_kept_as_text(office: Office, caller: Caller) -> None:
    office.activate(definition(hook(), ECHO))

    assert caller.post("/webhooks/acme/orders", b'{"id": "A-1", \x00}').status_code == 400

    (found,) = kept(office)
    assert (found.verdict, found.code) == ("refused", "core.not_json")
    assert found.request["body"].startswith('{"id": "A-1"')


def test_a_large_request_that_started_nothing_lies_in_object_storage(office: Office) -> None:
    workflow = office.activate(definition(hook(), ECHO))
    request: dict[str, Any] = {"body": "x" * 100_000, "headers": {}, "query": {}, "method": "POST", "path": "orders"}

    deliveries.note(
        Arrival("webhook", "POST /orders", size=100_000, request=request),
        Outcome("limited", "core.too_many_requests", "Too many.", 429),
        workspace_id=office.workspace.id,
        workflow_id=workflow.id,
        node_id="hook",
    )

    (found,) = kept(office)
    assert found.request is None
    assert found.by_reference["request"]["size"] > 100_000
    with tenant(office.workspace.id), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM executions_payload_use WHERE execution_id = %s", [found.id])
        assert cursor.fetchone() == (1,)


def test_a_due_time_is_a_delivery(office: Office) -> None:
    office.activate(definition(node("clock", "TRIGGER.CRON", expression="*/5 * * * *")))
    services.schedules_fire(now=clock.now())
    with tenant(office.workspace.id):
        made = selectors.schedule_list(office.workspace.id).get()
        Schedule.objects.filter(id=made.id).update(next_fire_at=clock.now())
    assert services.schedules_fire(now=clock.now()) >= 0

    for found in kept(office):
        assert (found.source, found.verdict, found.label) == ("schedule", "accepted", "*/5 * * * *")


def test_old_ones_are_forgotten(office: Office, caller: Caller, settings: Any) -> None:
    office.activate(definition(hook(respond="immediately"), ECHO))
    caller.post("/webhooks/acme/orders", {"id": "A-1"})
    assert deliveries.deliveries_purge() == 0
    with tenant(office.workspace.id):
        Delivery.objects.update(id=UUID("01900000-0000-7000-8000-000000000000"))

    assert deliveries.deliveries_purge() == 1
    assert kept(office) == []


def test_a_secret_in_the_address_is_not_shown(office: Office, caller: Caller) -> None:
    office.activate(definition(hook(respond="immediately"), ECHO))
    caller.post("/webhooks/acme/orders?api_key=s3cret-in-address&page=2", {"id": 1})
    caller.post("/webhooks/acme/nothing?api_key=s3cret-in-address&page=2", {"id": 1})
    with tenant(office.workspace.id):
        accepted, refused = Delivery.objects.order_by("id")
        for found in (accepted, refused):
            assert inbox.content_of(found).value["query"] == {"api_key": deliveries.HIDDEN, "page": "2"}
        assert inbox.request_of(accepted)["query"]["api_key"] == "s3cret-in-address"  # the workflow may need it
        assert "s3cret" not in str(refused.request)
