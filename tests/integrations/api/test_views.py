"""Credentials over HTTP: what goes in never comes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from apps.accounts.models import AuditEvent
from apps.core.tenancy import tenant
from apps.workflows import services as workflows
from tests.cast import Cast
from tests.fakes.receiver import receiver

Api = Callable[..., APIClient]
TOKEN = "tok-0123456789abcdefghijklmn"
BEARER = {"name": "Stock", "type": "bearer", "fields": {"token": TOKEN}, "allow_unverified": True}
URL = "/api/v1/app/credentials/"


def using(credential: str) -> dict[str, Any]:
    auth = {"kind": "credential", "credential": credential}
    return {
        "nodes": [
            {"id": "start", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL"},
            {
                "id": "fetch",
                "name": "Fetch",
                "type": "ACTION",
                "subtype": "HTTP_REQUEST",
                "params": {"url": "https://api.example.com/", "auth": auth},
            },
        ],
        "connections": [{"from": "start", "to": "fetch"}],
    }


def _recorded() -> Any:
    return AuditEvent.objects.filter(action__startswith="credential.").order_by("id")


def test_the_whole_life_of_a_credential(cast: Cast, api: Api) -> None:
    alice = api(cast.alice)
    made = alice.post(URL, BEARER)
    assert made.status_code == 201
    found = made.json()
    assert TOKEN not in made.text
    assert found["secrets"] == {"token": {"is_set": True, "ends_with": "klmn"}}
    assert (found["is_verified"], found["may"]) == (False, {"use": True, "manage": True})
    one = f"{URL}{found['id']}/"
    assert alice.get(one).json() == found
    assert [row["id"] for row in alice.get(URL, {"use": "http"}).json()["results"]] == [found["id"]]
    assert alice.get(URL, {"use": "webhook"}).json()["results"] == []
    changed = alice.patch(one, {"name": "Stock API", "rotate_after_days": 90, "allowed_hosts": ["api.example.com"]})
    assert changed.status_code == 409  # what was changed cannot be tested
    hosts = {"allowed_hosts": ["API.example.com"], "allow_unverified": True}
    changed = alice.patch(one, {"name": "Stock API", "rotate_after_days": 90} | hosts)
    assert changed.status_code == 200, changed.text
    assert changed.json()["allowed_hosts"] == ["api.example.com"]
    assert changed.json()["is_due"] is False
    workflow = workflows.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=using(found["id"])
    )
    used = alice.get(f"{one}used-by/").json()["results"]
    assert [(use["workflow_id"], use["node_name"], use["where"]) for use in used] == [
        (str(workflow.id), "Fetch", "draft")
    ]
    refused = alice.delete(one)
    assert refused.status_code == 409
    assert refused.json()["uses"][0]["workflow_name"] == "Orders"
    assert alice.delete(f"{one}?force=true").status_code == 204
    assert alice.get(one).status_code == 404
    with tenant(cast.workspace.id):
        recorded = list(_recorded().values("action", "data"))
    assert [row["action"] for row in recorded] == ["credential.created", "credential.updated", "credential.deleted"]
    assert TOKEN not in json.dumps(recorded)


def test_a_refusal_quotes_no_secret(cast: Cast, api: Api) -> None:
    for body in (
        BEARER | {"fields": {"tokn": TOKEN}},
        BEARER | {"type": "http_basic", "fields": {"username": 5, "password": TOKEN}},
        BEARER | {"fields": {"token": [TOKEN]}},
        BEARER | {"fields": TOKEN},
        BEARER | {"fields": {"token": TOKEN, "test_url": "file:///etc/passwd"}},
    ):
        refused = api(cast.alice).post(URL, body)
        assert refused.status_code == 400, refused.text
        assert TOKEN not in refused.text


def test_it_is_tested_by_a_real_call_before_it_is_kept(cast: Cast, api: Api, settings: Any) -> None:
    with receiver() as stock:
        settings.EGRESS_ALLOW = [stock.host]
        fields = {"token": "wrong-token-0123456789", "test_url": f"{stock.url}/me"}
        stock.says(401, {"you": "sent wrong-token-0123456789"})
        refused = api(cast.alice).post(URL, BEARER | {"fields": fields, "allow_unverified": False})
        assert refused.status_code == 400
        assert refused.json()["code"] == "integrations.credential_refused"
        assert "401" in refused.json()["detail"]
        right = BEARER | {"fields": fields | {"token": TOKEN}, "allow_unverified": False}
        made = api(cast.alice).post(URL, right)
        assert made.status_code == 201, made.text
        assert made.json()["is_verified"] is True
        assert stock.seen[-1]["headers"]["authorization"] == f"Bearer {TOKEN}"
        stock.says(401)
        kept = api(cast.alice).post(URL, BEARER | {"name": "Wrong", "fields": fields, "allow_unverified": True})
        assert (kept.json()["is_verified"], "401" in kept.json()["test_message"]) == (False, True)
        stock.says(500)
        again = api(cast.bob).post(f"{URL}{made.json()['id']}/test/")
        assert (again.status_code, again.json()["is_verified"]) == (200, False)
        assert api(cast.bob).post(f"{URL}{made.json()['id']}/test/").json()["is_verified"] is True


def test_a_key_with_use_alone_names_but_does_not_read(cast: Cast, api: Api) -> None:
    made = api(cast.alice).post(URL, BEARER).json()
    key = accounts.api_key_create(
        workspace=cast.workspace, name="Runner", actor=cast.owner, scopes=["credential:use", "workflow:update"]
    )
    client = api(key.secret)
    assert client.get(URL).status_code == 403
    assert client.get(f"{URL}{made['id']}/").status_code == 403
    assert client.patch(f"{URL}{made['id']}/", {"name": "Mine"}).status_code == 403
    workflow = workflows.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=using(made["id"])
    )
    assert client.post(f"/api/v1/app/workflows/{workflow.id}/publish/").status_code == 200


def test_who_may_not_use_it_may_not_publish_it(cast: Cast, api: Api) -> None:
    private = api(cast.bob).post(URL, BEARER | {"scope": "user"})
    assert private.status_code == 201, private.text
    assert api(cast.alice).get(f"{URL}{private.json()['id']}/").status_code == 404
    made = workflows.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=using(private.json()["id"])
    )
    url = f"/api/v1/app/workflows/{made.id}/"
    codes = [each["code"] for each in api(cast.alice).post(f"{url}validate/").json()["findings"]]
    assert codes == ["credential.missing"]
    for action in ("publish", "activate", "test", "execute"):
        refused = api(cast.alice).post(f"{url}{action}/")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "credential.missing"), action
    assert api(cast.bob).post(f"{url}publish/").status_code == 200
    key = accounts.api_key_create(
        workspace=cast.workspace, name="Poor", actor=cast.owner, scopes=["workflow:update", "workflow:execute"]
    )
    shared = api(cast.alice).post(URL, BEARER).json()
    workflows.workflow_update(
        workspace_id=cast.workspace.id, workflow_id=made.id, actor=cast.owner, definition=using(shared["id"])
    )
    refused = api(key.secret).post(f"{url}publish/")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "credential.not_allowed")


def test_types_come_with_the_schema_of_their_form(cast: Cast, api: Api) -> None:
    found = {each["type"]: each for each in api(cast.bob).get("/api/v1/app/credential-types/").json()["results"]}
    assert {"http_basic", "bearer", "header", "query", "webhook_secret"} <= found.keys()
    password = found["http_basic"]["fields_schema"]["properties"]["password"]
    assert (password["writeOnly"], found["http_basic"]["secret_fields"]) == (True, ["password"])
    one = api(cast.bob).get("/api/v1/app/credential-types/bearer/")
    assert one.json() == found["bearer"]
    assert api(cast.bob).get("/api/v1/app/credential-types/beerer/").status_code == 404
    only = api(cast.bob).get("/api/v1/app/credential-types/", {"use": "webhook"}).json()["results"]
    assert [each["type"] for each in only] == ["webhook_secret"]


@pytest.mark.parametrize("hidden", ["sealed", "wrapped"])
def test_no_answer_knows_how_it_is_kept(cast: Cast, api: Api, hidden: str) -> None:
    assert hidden not in api(cast.alice).post(URL, BEARER).json()
