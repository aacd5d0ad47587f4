"""Test addresses: open while somebody looks, proven as in earnest, starting nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.triggers import deliveries, listening
from apps.workflows import services as workflows
from apps.workflows.models import Workflow
from tests.triggers.conftest import Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration
ECHO = node("echo", "ACTION.TRANSFORM", fields=[{"name": "id", "value": "1"}])
URL = "/webhooks-test/acme/orders"


def draft(office: Office, **params: Any) -> Workflow:
    deliveries.forget()
    document = definition(hook(**params), ECHO)
    return workflows.workflow_create(
        workspace_id=office.workspace.id, actor=office.cast.owner, name="Draft", definition=document
    )


def listen(office: Office, workflow: Workflow, ago: float = 0) -> None:
    listening.listening_open(
        workspace_id=office.workspace.id,
        workflow_id=workflow.id,
        node_id="hook",
        actor=office.cast.owner,
        now=clock.now() - timedelta(seconds=ago),
    )


def captured(office: Office, workflow: Workflow) -> list[tuple[str, str, Any]]:
    with tenant(office.workspace.id):
        found = listening.captured(office.workspace.id, workflow.id, "hook", now=clock.now())
    return [(each.verdict, each.code, each.request and each.request["body"]) for each in found]


def test_a_draft_captures_what_is_sent_while_somebody_listens(office: Office, caller: Caller) -> None:
    workflow = draft(office)
    before = caller.post(URL, {"id": "A-0"})
    listen(office, workflow)
    answer = caller.post(URL, {"id": "A-1"})
    wrong = caller.post(URL, None, method="PUT")

    assert (before.status_code, before.json()["code"]) == (404, "triggers.no_listener")
    assert (answer.status_code, answer.json()["status"]) == (200, "captured")
    assert answer.json()["given"]["body"] == {"id": "A-1"}
    assert (wrong.status_code, wrong["Allow"]) == (405, "POST")
    assert captured(office, workflow) == [("captured", "", {"id": "A-1"})]
    with tenant(office.workspace.id):
        assert not Execution.objects.exists()

    listening.listening_close(
        workspace_id=office.workspace.id, workflow_id=workflow.id, node_id="hook", actor=office.cast.owner
    )
    assert caller.post(URL, {}).status_code == 404


def test_it_closes_by_itself(office: Office, caller: Caller) -> None:
    workflow = draft(office)
    listen(office, workflow, ago=121)
    assert caller.post(URL, {}).status_code == 404


def test_proof_is_asked_for_and_a_refusal_is_shown(office: Office, caller: Caller) -> None:
    workflow = draft(office, secret={"kind": "header", "header": "X-Token", "value": "correct horse"})
    listen(office, workflow)

    assert caller.post(URL, {"id": 1}, x_token="wrong guess").status_code == 401
    assert caller.post(URL, {"id": 2}, x_token="correct horse").status_code == 200
    assert captured(office, workflow) == [
        ("captured", "", {"id": 2}),
        ("refused", "triggers.secret_refused", {"id": 1}),
    ]


def test_through_the_url_configuration_it_is_the_same(office: Office, django_asgi_caller: Caller) -> None:
    workflow = draft(office)
    listen(office, workflow)
    assert django_asgi_caller.post(URL, {"id": "A-1"}).status_code == 200
