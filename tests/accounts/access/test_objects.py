"""What is shared with chosen people only, in every place where it could show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.accounts import services
from apps.accounts.access import objects
from apps.accounts.access.objects import Kind
from apps.accounts.access.resolve import member_actor
from apps.accounts.errors import ObjectRestricted
from apps.accounts.models import AuditEvent, Membership, ObjectGrant
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from apps.hil.models import Interaction
from tests.cast import Cast
from tests.hil import asking

Api = Callable[..., Any]
LISTS = (
    "workflows/",
    "executions/",
    "interactions/",
    "interactions/?status=pending",
    "logs/",
    "palette/?q=a",
    "deliveries/",
)


@pytest.fixture
def question(cast: Cast) -> Interaction:
    """An execution of a workflow that waits for an answer."""
    return asking.ask(cast.workspace)


def share(cast: Cast, workflow_id: UUID, others: str = "none", actor: Any = None, **people: str) -> None:
    named = {getattr(cast, name).id: level for name, level in people.items()}
    services.object_share(
        workspace_id=cast.workspace.id,
        kind=Kind.WORKFLOW,
        object_id=workflow_id,
        name="Orders",
        others=others,
        people=named,
        actor=actor or cast.owner,
    )


def rows(client: Any, path: str) -> int:
    answer = client.get(f"/api/v1/app/{path}", headers={"X-Workspace": "acme"})
    if answer.status_code == 404:
        return 0
    assert answer.status_code == 200, answer.content
    return len(answer.json()["results"])


@pytest.mark.parametrize("by", ["session", "key"])
def test_what_is_hidden_shows_nowhere(cast: Cast, api: Api, question: Interaction, by: str) -> None:
    who: Any = cast.bob
    if by == "key":
        bob = member_actor(cast.bob, "member")
        who = services.api_key_create(workspace=cast.workspace, name="k", actor=bob).secret
    client = api(who)
    before = {path: rows(client, path) for path in LISTS}
    assert before["workflows/"] == before["executions/"] == before["interactions/"] == 1
    share(cast, question.workflow_id)
    assert {path: rows(client, path) for path in LISTS} == dict.fromkeys(LISTS, 0)
    for path in (
        f"workflows/{question.workflow_id}/",
        f"workflows/{question.workflow_id}/versions/",
        f"executions/{question.execution_id}/",
        f"executions/{question.execution_id}/logs/",
        f"executions/{question.execution_id}/node-runs/?path=x[0]",
        f"executions/{question.execution_id}/steps/?node=x",
        f"interactions/{question.id}/",
    ):
        assert client.get(f"/api/v1/app/{path}").status_code == 404, path
    for path, body in (
        (f"workflows/{question.workflow_id}/execute/", {}),
        (f"executions/{question.execution_id}/cancel/", {}),
        (f"interactions/{question.id}/answer/", {"outcome": "approved"}),
    ):
        assert client.post(f"/api/v1/app/{path}", body).status_code == 404, path
    owner = api(cast.alice)
    assert {path: rows(owner, path) for path in ("workflows/", "executions/")} == {"workflows/": 1, "executions/": 1}
    share(cast, question.workflow_id, "edit")
    assert {path: rows(client, path) for path in LISTS} == before


def test_pages_count_and_show_nothing_of_it(cast: Cast, question: Interaction) -> None:
    client = Client()
    client.force_login(cast.bob)
    with tenant(cast.workspace.id):
        name = Interaction.objects.select_related("workflow").get().workflow.name
    pages = ("", "workflows/", "executions/", "inbox/", "logs/")
    assert name in client.get("/w/acme/workflows/").content.decode()
    share(cast, question.workflow_id)
    for page in pages:
        assert name not in client.get(f"/w/acme/{page}").content.decode(), page
    assert client.get(f"/w/acme/workflows/{question.workflow_id}/").status_code == 404
    assert client.get(f"/w/acme/executions/{question.execution_id}/").status_code == 404
    assert client.get(f"/w/acme/inbox/{question.id}/").status_code == 404


@pytest.mark.parametrize(
    ("level", "look", "run", "change"), [("view", 200, 403, 403), ("execute", 200, 201, 403), ("edit", 200, 201, 200)]
)
def test_each_level_allows_what_it_says(
    cast: Cast, api: Api, question: Interaction, level: str, look: int, run: int, change: int
) -> None:
    share(cast, question.workflow_id, bob=level)
    client, path = api(cast.bob), f"/api/v1/app/workflows/{question.workflow_id}/"
    assert client.get(path).status_code == look
    assert client.post(f"{path}execute/", {"input": {}}).status_code in (run, 400)
    assert client.patch(path, {"name": "Mine"}).status_code == change
    assert client.put(f"{path}sharing/", {"others": "edit"}).status_code == change
    if run == 403:
        assert client.post(f"/api/v1/app/executions/{question.execution_id}/cancel/").status_code == 403
        assert client.post(f"/api/v1/app/executions/{question.execution_id}/hold/", {}).status_code == 403


def test_pages_offer_only_what_one_may(cast: Cast, question: Interaction) -> None:
    client = Client()
    client.force_login(cast.bob)
    path = f"/w/acme/workflows/{question.workflow_id}/edit/"
    forms = {"archive": "edit", "delete": "edit"}
    for level in ("edit", "view"):
        share(cast, question.workflow_id, level)
        page = client.get(path).content.decode()
        for form, needed in forms.items():
            assert (f"{question.workflow_id}/{form}/" in page) is (level == needed), (level, form)


def test_a_level_never_adds_to_a_role(cast: Cast, api: Api, question: Interaction) -> None:
    with tenant(cast.workspace.id):
        Membership.objects.filter(user=cast.bob).update(role="viewer")
    share(cast, question.workflow_id, bob="edit")
    path = f"/api/v1/app/workflows/{question.workflow_id}/"
    assert api(cast.bob).patch(path, {"name": "Mine"}).status_code == 403


class TestSharing:
    def test_who_restricts_keeps_it(self, cast: Cast, question: Interaction) -> None:
        bob = member_actor(cast.bob, "member")
        share(cast, question.workflow_id, actor=bob)
        with tenant(cast.workspace.id):
            levels = dict(ObjectGrant.objects.values_list("user_id", "level"))
        assert levels == {None: "none", cast.bob.id: "edit"}
        share(cast, question.workflow_id, actor=bob, bob="view")
        with tenant(cast.workspace.id):
            assert ObjectGrant.objects.get(user=cast.bob).level == "edit"

    def test_who_may_not_change_it_may_not_share_it(self, cast: Cast, question: Interaction) -> None:
        share(cast, question.workflow_id, bob="execute")
        with pytest.raises(ObjectRestricted):
            share(cast, question.workflow_id, "edit", actor=member_actor(cast.bob, "member"))

    def test_with_members_only_and_at_levels_that_exist(self, cast: Cast, question: Interaction) -> None:
        for people in ({"charlie": "view"}, {"bob": "use"}):
            with pytest.raises(Invalid):
                share(cast, question.workflow_id, **people)

    def test_it_is_on_record_once(self, cast: Cast, question: Interaction) -> None:
        for _ in range(2):
            share(cast, question.workflow_id, bob="view")
        with tenant(cast.workspace.id):
            (event,) = AuditEvent.objects.filter(action="workflow.shared")
        assert event.data["people"] == {"bob@example.com": "view"}

    def test_what_was_shared_with_who_left_is_open_to_nobody_new(self, cast: Cast, question: Interaction) -> None:
        share(cast, question.workflow_id, bob="edit")
        services.member_leave(workspace=cast.workspace, actor=member_actor(cast.bob, "member"))
        services.member_add(workspace=cast.workspace, email=cast.bob.email, role="member", actor=cast.owner)
        with tenant(cast.workspace.id):
            args: dict[str, Any] = {"workspace_id": cast.workspace.id, "kind": Kind.WORKFLOW}
            again = member_actor(cast.bob, "member")
            assert objects.level_of(**args, actor=again, object_id=question.workflow_id) == "none"

    def test_the_page_says_and_changes_it(self, cast: Cast, question: Interaction) -> None:
        client = Client()
        client.force_login(cast.alice)
        path = f"/w/acme/workflows/{question.workflow_id}/sharing/"
        client.post(path, {"others": "view", f"level:{cast.bob.id}": "edit"})
        with tenant(cast.workspace.id):
            levels = dict(ObjectGrant.objects.values_list("user_id", "level"))
        assert levels == {None: "view", cast.bob.id: "edit"}
        assert b"may look, run and change it" in client.get(path).content


class TestCredentials:
    TOKEN = {"name": "Stock", "type": "bearer", "fields": {"token": "0123456789abcdef"}, "allow_unverified": True}
    PATH = "/api/v1/app/credentials/"

    @pytest.mark.parametrize(("others", "sees", "uses"), [("none", 0, None), ("use", 1, True), ("manage", 1, True)])
    def test_members_see_and_use_what_is_shared_with_them(
        self, cast: Cast, api: Api, others: str, sees: int, uses: bool | None
    ) -> None:
        owner, member = api(cast.alice), api(cast.bob)
        made = owner.post(self.PATH, self.TOKEN, format="json").json()["id"]
        shared = owner.put(f"{self.PATH}{made}/sharing/", {"others": others}, format="json")
        assert shared.json() == {"others": others, "people": {}}
        assert len(member.get(self.PATH).json()["results"]) == sees
        found = member.get(f"{self.PATH}{made}/")
        assert found.status_code == (200 if sees else 404)
        if sees:
            assert found.json()["may"] == {"use": uses, "manage": False}
        assert member.put(f"{self.PATH}{made}/sharing/", {"others": "manage"}, format="json").status_code == 403
        assert len(owner.get(self.PATH).json()["results"]) == 1

    def test_levels_hold_outside_of_a_transaction_too(self, cast: Cast) -> None:
        """A check that runs before the tenant's transaction must not find everything allowed, nor remember that."""
        bob, thing = member_actor(cast.bob, "member"), asking.ask(cast.workspace).workflow_id
        share(cast, thing, bob="view")
        with objects.unseen(cast.workspace.id, bob):
            for _ in range(2):
                assert not objects.may(
                    workspace_id=cast.workspace.id, actor=bob, kind=Kind.WORKFLOW, object_id=thing, level="edit"
                )
