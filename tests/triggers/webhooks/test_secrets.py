"""A webhook's secret may be a credential: the definition then holds none, and nobody is let in without it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.worker.dispatcher import Dispatcher
from apps.integrations import services as integrations
from apps.integrations.models import CredentialUse
from apps.triggers import overview
from apps.triggers.webhooks.selftest import webhook_try
from apps.workflows import binding
from apps.workflows import selectors as workflows
from tests.triggers.conftest import Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration
SECRET = "a secret of both ends 0123456789"
ANSWER = node("answer", "FLOW.RESPOND", body={"ok": True})


def reference(credential: Any) -> dict[str, str]:
    return {"kind": "credential", "credential": str(credential)}


def kept(office: Office) -> Any:
    return integrations.credential_create(
        workspace_id=office.workspace.id,
        actor=office.cast.owner,
        name="Shop",
        type="webhook_secret",
        fields={"secret": SECRET},
    ).id


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"x_signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


@pytest.mark.usefixtures("engine")
def test_a_delivery_is_checked_with_the_credential(office: Office) -> None:
    secret = kept(office)
    proof = {"kind": "hmac", "preset": "generic", "secret": reference(secret)}
    workflow = office.activate(definition(hook(secret=proof), ANSWER))
    body = b'{"id": 1}'
    caller = Caller()
    assert caller.post("/webhooks/acme/orders", body, **signed(body)).status_code == 200
    assert caller.post("/webhooks/acme/orders", body, **signed(body, "another")).status_code == 401
    tried = webhook_try(
        workspace_id=office.workspace.id,
        workspace_slug="acme",
        workflow_id=workflow.id,
        node_id="hook",
        now=clock.now(),
    )
    assert (tried.is_right, tried.proves) == (True, True)
    given: dict[str, Any] = {"workspace_id": office.workspace.id, "credential_id": secret, "actor": office.cast.owner}
    integrations.credential_update(**given, fields={"secret": "a fresh one 0123456789"})
    assert caller.post("/webhooks/acme/orders", body, **signed(body)).status_code == 401
    assert caller.post("/webhooks/acme/orders", body, **signed(body, "a fresh one 0123456789")).status_code == 200
    integrations.credential_delete(**given, force=True)
    gone = caller.post("/webhooks/acme/orders", body, **signed(body, "a fresh one 0123456789"))
    assert (gone.status_code, gone.json()["code"]) == (401, "triggers.secret_refused")


def test_a_secret_in_the_definition_moves_into_a_credential(office: Office, engine: Dispatcher) -> None:
    proof = {"kind": "header", "header": "X-Token", "value": SECRET}
    workflow = office.activate(definition(hook(secret=proof), ANSWER))
    binding.secret_move(
        workspace_id=office.workspace.id,
        workflow_id=workflow.id,
        actor=office.cast.owner,
        path="nodes[0].params.secret.value",
        name="Shop",
    )
    from apps.core.tenancy import tenant
    from apps.workflows import services
    from apps.workflows.selectors import workflow_get

    with tenant(office.workspace.id):
        assert SECRET not in json.dumps(workflow_get(office.workspace.id, workflow.id).draft)
    services.workflow_publish(workspace_id=office.workspace.id, workflow_id=workflow.id, actor=office.cast.owner)
    caller = Caller()
    assert caller.post("/webhooks/acme/orders", {"id": 1}, x_token=SECRET).status_code == 200
    assert caller.post("/webhooks/acme/orders", {"id": 1}, x_token="another secret").status_code == 401


def test_a_trigger_whose_credential_is_gone_has_failed_and_uses_are_counted(office: Office) -> None:
    secret = kept(office)
    proof = {"kind": "hmac", "preset": "generic", "secret": reference(secret)}
    workflow = office.activate(definition(hook(respond="immediately", secret=proof), ANSWER))
    assert Caller().post("/webhooks/acme/orders", b"{}", **signed(b"{}")).status_code == 202

    def state() -> tuple[str, str]:
        with tenant(office.workspace.id):
            found = workflows.workflow_get(office.workspace.id, workflow.id)
            row = overview.trigger_state(office.workspace.id, "acme", found, "hook", now=clock.now())
        return row.state, row.reason

    assert state() == ("active", "")
    with tenant(office.workspace.id):
        assert CredentialUse.objects.get(credential_id=secret).workflow_id == workflow.id
    integrations.credential_delete(
        workspace_id=office.workspace.id, credential_id=secret, actor=office.cast.owner, force=True
    )
    assert state() == ("failed", "The credential it checks deliveries with is gone. Choose another one.")
