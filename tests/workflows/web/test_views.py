"""The workflow pages, as browsers without JavaScript see them."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import Membership, User
from apps.core.tenancy import tenant
from apps.workflows import services
from apps.workflows.models import Status, Version, Workflow
from tests.cast import Cast
from tests.workflows.definitions import definition, hook, order_approval, small, transform

URL = "/w/acme/workflows/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(cast: Cast) -> Client:
    return signed_in(cast.alice)


def create(cast: Cast, name: str = "Orders", draft: Any = None) -> Workflow:
    return services.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name=name, definition=small() if draft is None else draft
    )


def text(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:2000]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def drawn(response: Any, source: str) -> Any:
    """The data a page gives its island."""
    found = re.search(rf'<script id="{source}" type="application/json">(.*?)</script>', response.content.decode())
    assert found
    return json.loads(found[1])


def looking(cast: Cast) -> Client:
    """Somebody who may look and change nothing."""
    with tenant(cast.workspace.id):
        Membership.objects.filter(user=cast.bob).update(role="viewer")
    return signed_in(cast.bob)


class TestList:
    def test_an_empty_workspace_is_taught(self, client: Client) -> None:
        assert "Draw your first workflow" in text(client.get(URL))

    def test_workflows_are_searched_and_filtered(self, cast: Cast, client: Client) -> None:
        create(cast, "Order approval", order_approval())
        live = create(cast, "Night sync", small("night"))
        services.workflow_activate(workspace_id=cast.workspace.id, workflow_id=live.id, actor=cast.owner)
        page = text(client.get(URL))
        assert "Order approval" in page
        assert "v1 live" in page
        assert "POST /night" in page
        assert "Order approval" not in text(client.get(f"{URL}?status=active"))
        assert "Night sync" not in text(client.get(f"{URL}?q=order"))
        assert "No workflow fits" in text(client.get(f"{URL}?q=nothing"))
        assert text(client.get(f"{URL}?status=nonsense&page=99"))

    def test_names_are_escaped(self, cast: Cast, client: Client) -> None:
        create(cast, "<script>alert(1)</script>")
        assert b"<script>alert(1)" not in client.get(URL).content

    def test_it_needs_few_queries(self, cast: Cast, client: Client, django_assert_max_num_queries: Any) -> None:
        for number in range(30):
            create(cast, f"Number {number}", small(f"path-{number}"))
        client.get(URL)
        with django_assert_max_num_queries(12):
            page = text(client.get(URL))
        assert "1 to 25 of 30" in page


class TestNew:
    def test_a_blank_one(self, cast: Cast, client: Client) -> None:
        response = client.post(f"{URL}new/", {"name": "Orders", "document": ""})
        with tenant(cast.workspace.id):
            workflow = Workflow.objects.get()
        assert (workflow.name, workflow.draft) == ("Orders", services.EMPTY)
        assert response["Location"] == f"{URL}{workflow.id}/"

    def test_a_starter(self, cast: Cast, client: Client) -> None:
        page = text(client.get(f"{URL}new/?kind=people&q=review"))
        assert "Review before it is published" in page
        assert "Order approval" not in page
        response = client.post(f"{URL}new/", {"starter": "order-approval"})
        with tenant(cast.workspace.id):
            workflow = Workflow.objects.get()
        assert (workflow.name, workflow.status, workflow.tags) == ("Order approval", "draft", ["sales", "approval"])
        assert response["Location"] == f"{URL}{workflow.id}/"
        assert client.post(f"{URL}{workflow.id}/activate/", follow=True).status_code == 200
        assert "There is no such starter" in text(client.post(f"{URL}new/", {"starter": "../x"}), 422)

    def test_a_pasted_definition(self, cast: Cast, client: Client) -> None:
        client.post(f"{URL}new/", {"name": "Mine", "document": json.dumps(order_approval())})
        with tenant(cast.workspace.id):
            assert Workflow.objects.get().draft == order_approval()

    def test_an_exported_file(self, cast: Cast, client: Client) -> None:
        workflow = create(cast, "Größe & Co", order_approval())
        exported = client.get(f"{URL}{workflow.id}/export/")
        assert exported["Content-Disposition"] == 'attachment; filename="groe-co.json"'
        client.post(f"{URL}new/", {"file": SimpleUploadedFile("w.json", exported.content)})
        with tenant(cast.workspace.id):
            copy = Workflow.objects.order_by("id").last()
        assert copy is not None
        assert (copy.name, copy.draft) == ("Größe & Co", order_approval())
        assert copy.id != workflow.id

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"name": ""}, "A workflow needs a name."),
            ({"name": "x", "document": "{"}, "not JSON"),
            ({"name": "x", "document": '{"a": 1}'}, "neither a definition nor nodes"),
            ({"name": "x", "document": '{"nodes": [{"id": "a"}]}'}, "“name” is required."),
            ({"name": "x", "document": '{"nodes": [{"id":"a","name":"A","type":"X","subtype":"Y"}]}'}, "nodes[0].type"),
            ({"name": "x", "document": "[" * 9999}, "100 levels"),
        ],
    )
    def test_what_is_none_is_told(self, cast: Cast, client: Client, given: dict[str, str], said: str) -> None:
        assert said in text(client.post(f"{URL}new/", given), 422)
        with tenant(cast.workspace.id):
            assert not Workflow.objects.exists()

    def test_what_is_wrong_with_a_definition_is_told_once(self, client: Client) -> None:
        broken = '{"nodes": [{"id": "a", "name": "A", "type": "ACTION", "subtype": "HTTP_REQEST"}]}'
        page = text(client.post(f"{URL}new/", {"name": "x", "document": broken}), 422)
        assert page.count("HTTP_REQEST”") == 1
        assert "The definition has" not in page

    def test_a_file_that_is_none_is_told(self, client: Client) -> None:
        file = SimpleUploadedFile("w.json", b"\xff\xfe")
        assert "UTF-8" in text(client.post(f"{URL}new/", {"file": file}), 422)


class TestOne:
    def test_the_canvas_gets_what_it_draws(self, cast: Cast, client: Client) -> None:
        workflow = create(cast, draft=order_approval())
        data = drawn(looking(cast).get(f"{URL}{workflow.id}/"), "canvas-data")
        assert (data["mode"], data["definition"]) == ("workflow", order_approval())
        assert data["node_ports"]["ask"] == ["approved", "rejected", "timeout"]
        subtypes = {entry["subtype"] for entry in data["node_types"]}
        assert subtypes == {"WEBHOOK", "TRANSFORM", "HTTP_REQUEST", "MERGE", "IF", "CONFIRMATION", "RESPOND"}

    def test_the_editor_gets_what_it_changes(self, cast: Cast, client: Client) -> None:
        workflow = create(cast, draft=order_approval())
        data = drawn(client.get(f"{URL}{workflow.id}/"), "editor-data")
        assert (data["definition"], data["workflow"]["version"]) == (order_approval(), None)
        assert data["node_ports"]["ask"] == ["approved", "rejected", "timeout"]
        assert data["findings"] == []
        assert data["may"]["workflow_update"]
        assert {"IF", "SWITCH"} <= {entry["subtype"] for entry in data["node_types"]}

    def test_texts_in_the_canvas_data_cannot_break_out(self, cast: Cast, client: Client) -> None:
        workflow = create(cast, draft=definition(hook(), transform("a", "</script><script>alert(1)</script>")))
        assert b"<script>alert" not in client.get(f"{URL}{workflow.id}/").content

    def test_an_empty_one_says_so_to_who_may_only_look(self, cast: Cast, client: Client) -> None:
        workflow = create(cast, draft={"nodes": []})
        assert drawn(client.get(f"{URL}{workflow.id}/"), "editor-data")["definition"]["nodes"] == []
        page = looking(cast).get(f"{URL}{workflow.id}/")
        assert "Nothing is drawn yet" in text(page)
        assert b"canvas-data" not in page.content

    def test_an_older_version_can_be_seen(self, cast: Cast, client: Client) -> None:
        workflow = create(cast)
        client.post(f"{URL}{workflow.id}/publish/", {"note": "first"})
        services.workflow_update(
            workspace_id=cast.workspace.id, workflow_id=workflow.id, actor=cast.owner, definition=small("moved")
        )
        page = client.get(f"{URL}{workflow.id}/?version=1")
        assert "You see version 1." in text(page)
        assert b'"path": "orders"' in page.content
        assert client.get(f"{URL}{workflow.id}/?version=7").status_code == 404
        history = text(client.get(f"{URL}{workflow.id}/history/"))
        assert "Version 1" in history
        assert "first" in history

    def test_triggers_can_be_copied(self, cast: Cast, client: Client, settings: Any) -> None:
        secret = {"kind": "header", "value": "0123456789"}
        workflow = create(cast, draft=definition(hook(secret=secret)))
        page = text(client.get(f"{URL}{workflow.id}/triggers/"))
        assert f"{settings.BASE_URL}/webhooks/acme/orders" in page
        assert "-H 'X-Webhook-Secret: …'" in page
        assert "0123456789" not in page
        assert "-d '{}'" in page
        reading = create(cast, "Reading", small("reading"))
        called = client.get(f"{URL}{reading.id}/triggers/").content.decode()
        assert """-d '{"amount": "…"}'""" in unescape(called)
        assert f'hx-get="{URL}{reading.id}/example/?node=hook"' in called
        bare = create(cast, "Bare", {"nodes": [transform("a")]})
        assert "Nothing starts this workflow" in text(client.get(f"{URL}{bare.id}/triggers/"))

    def test_foreign_ones_do_not_exist(self, cast: Cast) -> None:
        workflow = create(cast)
        outsider = signed_in(cast.charlie)
        for tail in ("", "edit/", "triggers/", "history/", "export/"):
            assert outsider.get(f"{URL}{workflow.id}/{tail}").status_code == 404
            assert outsider.get(f"/w/umbrella/workflows/{workflow.id}/{tail}").status_code == 404
        assert outsider.post(f"/w/umbrella/workflows/{workflow.id}/activate/").status_code == 404


class TestEdit:
    def form(self, workflow: Workflow, **changed: Any) -> dict[str, Any]:
        return {
            "name": workflow.name,
            "description": "",
            "definition": json.dumps(workflow.draft),
            "draft_revision": workflow.draft_revision,
        } | changed

    def test_a_draft_is_saved_with_its_errors(self, cast: Cast, client: Client) -> None:
        workflow = create(cast)
        broken = definition(hook(), transform("a", "{{ 1 + }}"))
        url = f"{URL}{workflow.id}/edit/"
        response = client.post(url, self.form(workflow, definition=json.dumps(broken)), follow=True)
        page = text(response)
        assert "Draft saved" in page
        assert "1 error" in page
        assert "nodes[1].params.fields[0].value" in page
        with tenant(cast.workspace.id):
            assert Workflow.objects.get().draft == broken

    def test_what_cannot_be_kept_stays_in_the_form(self, cast: Cast, client: Client) -> None:
        workflow = create(cast)
        url = f"{URL}{workflow.id}/edit/"
        for bad, said in (("{", "not JSON"), ('{"nodes": 3}', "is a list"), ("", "required")):
            page = client.post(url, self.form(workflow, definition=bad))
            assert said in text(page, 422)
            assert bad in unescape(page.content.decode())
        with tenant(cast.workspace.id):
            assert Workflow.objects.get().draft_revision == 1

    def test_somebody_else_s_change_is_not_lost(self, cast: Cast, client: Client) -> None:
        workflow = create(cast)
        services.workflow_update(
            workspace_id=cast.workspace.id, workflow_id=workflow.id, actor=cast.owner, definition=small("theirs")
        )
        mine = self.form(workflow, definition=json.dumps(small("mine")))
        assert "somebody changed it" in text(client.post(f"{URL}{workflow.id}/edit/", mine), 422)
        with tenant(cast.workspace.id):
            assert Workflow.objects.get().draft == small("theirs")


class TestButtons:
    def test_the_life_of_a_workflow(self, cast: Cast, client: Client) -> None:
        workflow = create(cast)
        for verb, said, status in (
            ("publish", "Version 1 is published", Status.DRAFT),
            ("activate", "“Orders” is live", Status.ACTIVE),
            ("pause", "“Orders” is paused", Status.PAUSED),
            ("archive", "“Orders” is archived", Status.ARCHIVED),
        ):
            assert said in text(client.post(f"{URL}{workflow.id}/{verb}/", follow=True))
            with tenant(cast.workspace.id):
                assert Workflow.objects.get().status == status
        response = client.post(f"{URL}{workflow.id}/delete/")
        assert response["Location"] == URL
        assert client.get(f"{URL}{workflow.id}/").status_code == 404

    def test_buttons_of_the_list_lead_back_to_it(self, cast: Cast, client: Client) -> None:
        workflow = create(cast)
        assert client.post(f"{URL}{workflow.id}/activate/", {"from": "list"})["Location"] == URL

    def test_refusals_are_said_and_change_nothing(self, cast: Cast, client: Client) -> None:
        first, second = create(cast, "First"), create(cast, "Second")
        broken = create(cast, "Broken", definition(transform("a")))
        client.post(f"{URL}{first.id}/activate/")
        assert "“First” listens to POST orders already" in text(client.post(f"{URL}{second.id}/activate/", follow=True))
        assert "Nothing starts this workflow" in text(client.post(f"{URL}{broken.id}/publish/", follow=True))
        with tenant(cast.workspace.id):
            assert Version.objects.count() == 1

    def test_looking_changes_nothing(self, cast: Cast, client: Client) -> None:
        workflow = create(cast)
        for verb in ("publish", "activate", "pause", "archive", "delete"):
            assert client.get(f"{URL}{workflow.id}/{verb}/").status_code == 405

    def test_viewers_see_no_buttons_and_may_press_none(self, cast: Cast) -> None:
        workflow = create(cast)
        with tenant(cast.workspace.id):
            Membership.objects.filter(user=cast.bob).update(role="viewer")
        viewer = signed_in(cast.bob)
        for tail in ("", "edit/", "history/"):
            page = viewer.get(f"{URL}{workflow.id}/{tail}").content.decode()
            assert "/activate/" not in page
            assert "/publish/" not in page
            assert (tail != "edit/") or page.count(" readonly") >= 3
        assert viewer.post(f"{URL}{workflow.id}/activate/").status_code == 403
        assert viewer.post(f"{URL}{workflow.id}/edit/", {}).status_code == 403
        assert viewer.get(f"{URL}new/").status_code == 403
