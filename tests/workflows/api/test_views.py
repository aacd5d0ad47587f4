"""Workflows over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, Membership, User
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from tests.cast import Cast
from tests.workflows.definitions import definition, hook, link, order_approval, small, transform

Api = Callable[..., APIClient]
URL = "/api/v1/app/workflows/"


@pytest.fixture
def client(cast: Cast, api: Api) -> APIClient:
    return api(cast.alice)


def create(client: APIClient, **given: Any) -> dict[str, Any]:
    answer = client.post(URL, {"name": "Orders", "definition": small()} | given, format="json")
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    return dict(answer.json())


def test_the_whole_life_of_a_workflow(client: APIClient, settings: Any) -> None:
    made = create(client, definition=order_approval())
    assert (made["status"], made["version"], made["draft_revision"]) == ("draft", None, 1)
    assert made["definition"] == order_approval()
    url = f"{URL}{made['id']}/"
    assert client.post(f"{url}validate/").json() == {"valid": True, "findings": []}
    published = client.post(f"{url}publish/", {"note": "first"}, format="json").json()
    assert (published["version"]["number"], published["version"]["note"], published["valid"]) == (1, "first", True)
    active = client.post(f"{url}activate/").json()
    assert (active["status"], active["has_unpublished_changes"]) == ("active", False)
    assert active["triggers"] == [
        {
            "node_id": "hook",
            "name": "Order received",
            "subtype": "WEBHOOK",
            "method": "POST",
            "url": f"{settings.BASE_URL}/webhooks/acme/orders",
            "is_active": True,
        }
    ]
    assert client.post(f"{url}pause/").json()["status"] == "paused"
    assert client.post(f"{url}archive/").json()["status"] == "archived"
    assert client.get(URL).json()["results"] == []
    assert [row["id"] for row in client.get(f"{URL}?status=archived").json()["results"]] == [made["id"]]
    assert client.delete(url).status_code == 204
    problem(client.get(url), 404, "workflows.not_found")


def test_urls_work_without_the_final_slash(client: APIClient) -> None:
    made = client.post(URL.rstrip("/"), {"name": "Orders"}, format="json")
    assert made.status_code == 201
    assert client.post(f"{URL}{made.json()['id']}/validate").status_code == 200


def test_lists_are_paged_searched_and_filtered(client: APIClient, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        create(client, name=f"Number {number}", definition=small(f"path-{number}"))
    with django_assert_max_num_queries(12):
        page = client.get(f"{URL}?page_size=2").json()
    assert ([row["name"] for row in page["results"]], page["page_size"]) == (["Number 4", "Number 3"], 2)
    assert "definition" not in page["results"][0]
    following = client.get(page["next"]).json()
    assert [row["name"] for row in following["results"]] == ["Number 2", "Number 1"]
    assert [row["name"] for row in client.get(f"{URL}?q=ER%203").json()["results"]] == ["Number 3"]
    assert client.get(f"{URL}?status=active").json()["results"] == []
    problem(client.get(f"{URL}?status=live"), 400, "core.invalid")


def test_put_replaces_and_patch_changes(client: APIClient) -> None:
    url = f"{URL}{create(client, description='Why')['id']}/"
    patched = client.patch(url, {"definition": small("other"), "draft_revision": 1}, format="json").json()
    assert (patched["description"], patched["draft_revision"]) == ("Why", 2)
    put = client.put(url, {"name": "New", "definition": small()}, format="json").json()
    assert (put["name"], put["description"], put["draft_revision"]) == ("New", "", 3)
    document = problem(
        client.patch(url, {"definition": small("x"), "draft_revision": 1}, format="json"),
        409,
        "workflows.draft_conflict",
    )
    assert document["draft_revision"] == 3


def test_two_active_workflows_on_one_path_are_a_409_that_names_the_other(client: APIClient) -> None:
    first, second = create(client, name="First"), create(client, name="Second")
    client.post(f"{URL}{first['id']}/activate/")
    document = problem(client.post(f"{URL}{second['id']}/activate/"), 409, "workflows.path_taken")
    assert "First" in document["detail"]
    assert document["workflow_id"] == first["id"]
    assert document["errors"][0]["path"] == "nodes[0].params"


def test_errors_keep_a_draft_from_being_published(client: APIClient) -> None:
    made = create(client, definition=definition(hook(), transform("a", "{{ $json. }}")))
    url = f"{URL}{made['id']}/"
    judged = client.post(f"{url}validate/").json()
    assert not judged["valid"]
    for action in ("publish", "activate"):
        document = problem(client.post(f"{url}{action}/"), 400, "workflows.definition_invalid")
        assert document["errors"][0]["path"] == "nodes[1].params.fields[0].value"
        assert "column" in document["errors"][0]["message"]


def test_validate_saves_nothing(client: APIClient) -> None:
    made = create(client)
    other = definition(hook(), transform("a"), transform("lonely"), links=[link("hook", "a")])
    for url in (f"{URL}validate/", f"{URL}{made['id']}/validate/"):
        judged = client.post(url, {"definition": other}, format="json").json()
        assert judged["valid"]
        assert [finding["code"] for finding in judged["findings"]] == ["graph.unreachable"]
    problem(client.post(f"{URL}validate/", {}, format="json"), 400, "core.invalid")
    assert client.get(f"{URL}{made['id']}/").json()["definition"] == small()
    assert len(client.get(URL).json()["results"]) == 1


def test_versions_can_be_read(client: APIClient) -> None:
    url = f"{URL}{create(client)['id']}/"
    client.post(f"{url}publish/", {"note": "one"}, format="json")
    client.patch(url, {"definition": small("two")}, format="json")
    client.post(f"{url}publish/")
    rows = client.get(f"{url}versions/").json()["results"]
    assert [(row["number"], row["note"], row["published_by"]) for row in rows] == [
        (2, "", "alice@example.com"),
        (1, "one", "alice@example.com"),
    ]
    assert client.get(f"{url}versions/1/").json()["definition"] == small()
    assert client.get(f"{url}versions/1/").json()["node_ports"] == {"hook": ["main"], "total": ["main"]}
    problem(client.get(f"{url}versions/9/"), 404, "workflows.version_not_found")
    problem(client.get(f"{url}versions/99999999999/"), 404, "workflows.version_not_found")


def test_an_export_makes_the_same_workflow_again(client: APIClient) -> None:
    made = create(client, description="Why")
    exported = client.get(f"{URL}{made['id']}/export/").json()
    again = client.post(URL, exported, format="json").json()
    assert again["id"] != made["id"]
    assert [again[key] for key in ("name", "description", "definition")] == ["Orders", "Why", small()]
    problem(client.post(URL, exported | {"format": "n8n"}, format="json"), 400, "core.invalid")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "definition": 3},
        {"name": "x", "definition": []},
        {"name": "x", "definition": {"nodes": "all"}},
        {"name": "x", "definition": {"nodes": [{"id": "a", "name": "A", "type": "X", "subtype": "Y"}]}},
        {"name": "x", "definition": definition(transform("a"), links=[link("a", "a")])},
        {"name": 3.5, "definition": {"nodes": [None]}},
        {"name": "x", "definitions": {}},
        {"name": {"a": 1}},
        {"definition": small()},
        {},
        [],
        3,
        "text",
    ],
)
def test_what_is_wrong_is_a_400_that_says_where(client: APIClient, body: Any) -> None:
    answer = client.post(URL, body, format="json")
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"] or answer.json()["detail"]


@pytest.mark.parametrize(
    "raw", [b"{", b"", b"\xff", b'{"name": NaN}', b'{"name": "a\\u0000"}', b'{"name": "\\ud800"}', b"[" * 5000]
)
def test_malformed_bodies_are_a_400(client: APIClient, raw: bytes) -> None:
    answer = client.post(URL, raw, content_type="application/json")
    assert answer.status_code == 400, answer.content


def test_a_body_of_five_megabytes_is_refused(client: APIClient) -> None:
    raw = b'{"name": "x", "definition": {"nodes": [], "x": "' + b"y" * 5_000_000 + b'"}}'
    assert client.post(URL, raw, content_type="application/json").status_code == 413


def test_an_old_version_becomes_the_draft_again(client: APIClient, api: Api, bob: User, cast: Cast) -> None:
    url = f"{URL}{create(client)['id']}/"
    client.post(f"{url}publish/")
    client.patch(url, {"definition": small("other")}, format="json")
    problem(
        client.post(f"{url}versions/1/restore/", {"draft_revision": 1}, format="json"), 409, "workflows.draft_conflict"
    )
    answer = client.post(f"{url}versions/1/restore/", {"draft_revision": 2}, format="json").json()
    assert (answer["definition"], answer["draft_revision"]) == (small(), 3)
    assert (answer["has_unpublished_changes"], answer["valid"]) == (False, True)
    assert answer["node_ports"] == {"hook": ["main"], "total": ["main"]}
    with tenant(cast.workspace.id):
        (event,) = AuditEvent.objects.filter(action="workflow.restored")
        assert event.data["version"] == 1
        Membership.objects.filter(user=bob).update(role="viewer")
    problem(client.post(f"{url}versions/7/restore/"), 404, "workflows.version_not_found")
    assert api(bob).post(f"{url}versions/1/restore/").status_code == 403


@pytest.mark.parametrize("action", ["", "validate/", "publish/", "activate/", "versions/", "export/"])
def test_outsiders_and_strangers_find_nothing(cast: Cast, api: Api, client: APIClient, action: str) -> None:
    url = f"{URL}{create(client)['id']}/{action}"
    method = "get" if action in ("", "versions/", "export/") else "post"
    problem(getattr(api(cast.charlie), method)(url), 404, "workflows.not_found")
    assert getattr(api(), method)(url).status_code == 401
    problem(getattr(client, method)(f"{URL}{uuid7()}/{action}"), 404, "workflows.not_found")


def test_viewers_read_and_change_nothing(cast: Cast, api: Api, client: APIClient) -> None:
    from apps.accounts.models import Membership
    from apps.core.tenancy import tenant

    made = create(client)
    with tenant(cast.workspace.id):
        Membership.objects.filter(user=cast.bob).update(role="viewer")
    viewer = api(cast.bob)
    url = f"{URL}{made['id']}/"
    assert viewer.get(url).status_code == 200
    assert viewer.post(f"{url}validate/").status_code == 200
    for answer in (
        viewer.post(URL, {"name": "x"}, format="json"),
        viewer.patch(url, {"name": "x"}, format="json"),
        viewer.delete(url),
        viewer.post(f"{url}publish/"),
        viewer.post(f"{url}activate/"),
        viewer.post(f"{url}archive/"),
    ):
        problem(answer, 403, "accounts.not_allowed")


def test_members_may_draw_and_activate(cast: Cast, api: Api, bob: User) -> None:
    made = create(api(bob))
    assert api(bob).post(f"{URL}{made['id']}/activate/").status_code == 200
