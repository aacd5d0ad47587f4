"""Credentials of a draft are chosen by somebody; nothing binds itself, and secrets leave the definition."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client

from apps.accounts.access.resolve import member_actor
from apps.core.errors import Invalid
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.integrations import services as integrations
from apps.integrations.errors import CredentialUnknown
from apps.integrations.models import Credential
from apps.workflows import binding, services
from apps.workflows.binding import choices
from apps.workflows.credentials import NOWHERE, at, named, references, replaced, unbound
from apps.workflows.graph import draft_of
from apps.workflows.lint import lint
from apps.workflows.literals import literals
from tests.cast import Cast

TOKEN = "tok-0123456789abcdefghijklmn"


def draft(**params: Any) -> dict[str, Any]:
    call = {"url": "https://api.example.com/orders"} | params
    return {
        "nodes": [
            {"id": "start", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL"},
            {"id": "fetch", "name": "Fetch", "type": "ACTION", "subtype": "HTTP_REQUEST", "params": call},
        ],
        "connections": [{"from": "start", "to": "fetch"}],
    }


def reference(credential: Any, name: str = "Stock") -> dict[str, str]:
    return {"kind": "credential", "credential": str(credential), "name": name, "type": "bearer"}


def kept(cast: Cast, name: str = "Stock", **given: Any) -> Credential:
    usual: dict[str, Any] = {"type": "bearer", "fields": {"token": TOKEN}, "allow_unverified": True}
    return integrations.credential_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name=name, **(usual | given)
    )


def workflow(cast: Cast, definition: Any) -> Any:
    return services.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=definition
    ).id


AUTH = "nodes[1].params.auth"


@pytest.mark.parametrize(
    ("params", "path", "type_", "fields"),
    [
        ({"headers": {"Authorization": f"Bearer {TOKEN}"}}, "headers.Authorization", "bearer", {"token": TOKEN}),
        (
            {"headers": {"authorization": "Basic YW5uOnNlY3JldDox"}},
            "headers.authorization",
            "http_basic",
            {"username": "ann", "password": "secret:1"},
        ),
        ({"headers": {"X-Api-Key": TOKEN}}, "headers.X-Api-Key", "header", {"header": "X-Api-Key", "value": TOKEN}),
        ({"query": {"api_key": TOKEN}}, "query.api_key", "query", {"parameter": "api_key", "value": TOKEN}),
        ({"json": {"client_secret": TOKEN}}, "json.client_secret", "", {}),
        ({"body": "key=sk_live_0123456789abcdef"}, "body", "", {}),
        ({"query": {"a[token]": TOKEN}}, "query.a[token]", "", {}),
    ],
)
def test_secrets_in_plain_text_are_found(params: Any, path: str, type_: str, fields: dict[str, str]) -> None:
    found = literals(draft_of(draft(**params))[0])
    assert [(each.path, each.type, dict(each.fields)) for each in found] == [(f"nodes[1].params.{path}", type_, fields)]
    assert TOKEN not in repr(found)
    warned = [each for each in lint(draft(**params)) if each.code == "secret.in_definition"]
    assert [(each.severity, each.node_id) for each in warned] == [("warning", "fetch")]
    assert TOKEN not in warned[0].message


@pytest.mark.parametrize(
    "params",
    [
        {"headers": {"Authorization": "Bearer {{ $json.token }}"}},
        {"headers": {"X-Request-Id": "0123456789abcdef"}},
        {"query": {"page_token": ""}, "json": {"tokens": 12, "secretary": "Miss Moneypenny"}},
        {"auth": reference(uuid7())},
    ],
)
def test_what_is_no_secret_is_left_alone(params: Any) -> None:
    assert literals(draft_of(draft(**params))[0]) == []


def test_tokens_are_found_in_long_texts_without_delay() -> None:
    token = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJhbGljZSJ9", "c2lnbmF0dXJlLW9mLWl0"])
    for text, count in ((f"token={token}", 1), (f"Bearer {token}", 1), ("eyJ" * 200_000, 0)):
        began = time.process_time()
        assert len(literals(draft_of(draft(body=text))[0])) == count, text[:80]
        assert time.process_time() - began < 2


def test_a_secret_moves_into_a_credential_and_out_of_the_draft(cast: Cast) -> None:
    path = "nodes[1].params.headers.Authorization"
    made_of = draft(headers={"Authorization": f"Bearer {TOKEN}", "Accept": "text/csv"})
    workflow_id = workflow(cast, made_of)
    given: dict[str, Any] = {"workspace_id": cast.workspace.id, "workflow_id": workflow_id, "actor": cast.owner}
    with pytest.raises(Invalid):
        binding.secret_move(**given, path="nodes[1].params.headers.Accept", name="Stock")
    made = binding.secret_move(**given, path=path, name="Stock")
    assert (made.type, made.allowed_hosts, made.is_verified) == ("bearer", ["api.example.com"], False)
    values = integrations.credential_values(workspace_id=cast.workspace.id, credential_id=made.id)
    assert values["token"] == TOKEN
    with tenant(cast.workspace.id):
        from apps.workflows.selectors import workflow_get

        now = workflow_get(cast.workspace.id, workflow_id).draft
    assert TOKEN not in json.dumps(now)
    assert now["nodes"][1]["params"]["headers"] == {"Accept": "text/csv"}
    assert now["nodes"][1]["params"]["auth"] == reference(made.id)


def test_only_a_credential_one_may_use_can_be_chosen(cast: Cast) -> None:
    private = kept(cast, "Mine", scope="user")
    wrong = kept(cast, "Hook", type="webhook_secret", fields={"secret": TOKEN})
    right = kept(cast)
    given: dict[str, Any] = {"workspace_id": cast.workspace.id, "workflow_id": workflow(cast, draft())}
    bob = member_actor(cast.bob, "member")
    for path, credential_id, refusal in (
        (AUTH, private.id, CredentialUnknown),
        (AUTH, wrong.id, Invalid),
        (AUTH, uuid7(), CredentialUnknown),
        ("nodes[1].params.url", right.id, Invalid),
        ("nodes[0].params.auth", right.id, Invalid),
    ):
        with pytest.raises(refusal):
            binding.credential_bind(**given, actor=bob, path=path, credential_id=credential_id)
    saved = binding.credential_bind(**given, actor=bob, path=AUTH, credential_id=right.id)
    assert at(saved.draft, AUTH) == reference(right.id)
    saved = binding.credential_bind(**given, actor=bob, path=AUTH, credential_id=None)
    assert "auth" not in saved.draft["nodes"][1]["params"]


def test_what_comes_from_elsewhere_is_bound_by_nobody_but_suggested(cast: Cast) -> None:
    right = kept(cast)
    kept(cast, "Other")
    foreign = unbound(draft(auth=reference(right.id)))
    assert at(foreign, AUTH) == reference(NOWHERE)
    with tenant(cast.workspace.id):
        (choice,) = choices(cast.workspace.id, foreign, cast.owner)
        assert (choice.state, choice.credential, choice.suggestion) == ("missing", None, right)
        (choice,) = choices(cast.workspace.id, draft(auth=reference(NOWHERE, "Unheard of")), cast.owner)
        assert (choice.state, choice.suggestion) == ("missing", None)


def test_an_export_names_them_as_they_are_called_now() -> None:
    one = uuid7()
    found = named(draft(auth=reference(one, "Old name")), {one: ("New name", "header")})
    assert at(found, AUTH) == reference(one, "New name") | {"type": "header"}
    assert [place.node.id for place in references(found)] == ["fetch"]


def test_a_file_binds_nothing_and_says_what_is_missing(cast: Cast, client: Client) -> None:
    right = kept(cast, "Old name")
    integrations.credential_update(
        workspace_id=cast.workspace.id, credential_id=right.id, actor=cast.owner, name="Stock"
    )
    workflow_id = workflow(cast, draft(auth=reference(right.id, "Old name")))
    client.force_login(cast.alice)
    exported = client.get(f"/api/v1/app/workflows/{workflow_id}/export/").json()
    assert at(exported["definition"], AUTH) == reference(right.id)
    assert TOKEN not in json.dumps(exported)
    api = "/api/v1/app/workflows/"
    with_remarks = client.post(f"{api}import/", {"document": exported, "name": "Copy"}, "application/json")
    plain = client.post(api, exported, "application/json")
    for answer in (with_remarks, plain):
        assert answer.status_code == 201, answer.content
    assert [each["node"] for each in with_remarks.json()["remarks"]] == ["Fetch"]
    for made in (with_remarks.json()["workflow"]["id"], plain.json()["id"]):
        found = client.get(f"{api}{made}/credentials/").json()["places"]
        assert [(each["state"], each["suggestion"]["name"]) for each in found] == [("missing", "Stock")]
        assert client.post(f"{api}{made}/publish/", {}, "application/json").status_code == 400
        body = {"path": AUTH, "credential": found[0]["suggestion"]["id"]}
        assert client.post(f"{api}{made}/credentials/", body, "application/json").status_code == 200
        assert client.post(f"{api}{made}/publish/", {}, "application/json").status_code == 200


def test_paths_lead_to_what_they_name() -> None:
    assert at({"a": [{"b": 1}]}, "a[0].b") == 1
    assert at({"a": []}, "a[3].b") is None
    before = {"a": [{"b": 1}]}
    assert replaced(before, "a[0].b", None) == {"a": [{}]}
    assert before == {"a": [{"b": 1}]}


def test_the_page_moves_and_chooses(cast: Cast, client: Client) -> None:
    workflow_id = workflow(cast, draft(headers={"X-Api-Key": TOKEN}))
    client.force_login(cast.alice)
    url = f"/w/acme/workflows/{workflow_id}/credentials/"
    assert "Move it into a credential" in client.get(url).content.decode()
    moved = client.post(url, {"path": "nodes[1].params.headers.X-Api-Key", "name": "Stock"}, follow=True)
    page = moved.content.decode()
    assert "is kept as a credential" in page
    assert TOKEN not in page
    assert "Chosen" in page
    cleared = client.post(url, {"path": AUTH, "credential": ""}, follow=True).content.decode()
    assert "Saved in the draft." in cleared
    refused = client.post(url, {"path": "nodes[9].params.auth", "credential": str(uuid7())}, follow=True)
    assert "No credential can be named" in refused.content.decode()
