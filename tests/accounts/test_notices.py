"""What people are told, how often, and what they are spared."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts import services
from apps.accounts.access.permissions import Permission
from apps.accounts.models import Notice, ObjectGrant, User
from apps.accounts.notices import KINDS, wants
from apps.accounts.services.notices import notice_send
from apps.core import clock, tenancy
from apps.core.ids import uuid7
from apps.core.models import Message
from apps.core.tenancy import tenant
from tests.cast import Cast

pytestmark = pytest.mark.django_db

FAILED = services.Telling(
    kind="execution.failed",
    key="orders",
    title="Orders failed",
    many="Orders failed {count} times",
    detail="The door was closed.",
    url="/w/acme/executions/1/",
    many_url="/w/acme/executions/",
)


def put(cast: Cast, *to: User, telling: services.Telling = FAILED, **more: Any) -> int:
    with tenant(cast.workspace.id):
        return services.notice_put(
            workspace_id=cast.workspace.id, telling=telling, now=clock.now(), to=[user.id for user in to], **more
        )


def told(cast: Cast, user: User) -> list[Notice]:
    with tenant(cast.workspace.id):
        return list(Notice.objects.filter(user=user).order_by("id"))


def messages(cast: Cast) -> list[Message]:
    with tenant(cast.workspace.id):
        return list(Message.objects.filter(channel="notice"))


class TestTelling:
    def test_more_of_the_same_makes_one_notice_grow_until_it_is_read(self, cast: Cast) -> None:
        for _ in range(12):
            assert put(cast, cast.alice) == 1
        (notice,) = told(cast, cast.alice)
        assert (notice.count, notice.words, notice.target) == (12, "Orders failed 12 times", FAILED.many_url)
        services.notice_read(workspace_id=cast.workspace.id, user_id=cast.alice.id, now=clock.now())
        put(cast, cast.alice)
        assert [(each.count, each.words) for each in told(cast, cast.alice)] == [
            (12, "Orders failed 12 times"),
            (1, "Orders failed"),
        ]

    def test_only_members_are_told_each_once(self, cast: Cast) -> None:
        assert put(cast, cast.alice, cast.charlie, cast.alice) == 1
        assert told(cast, cast.charlie) == []
        User.objects.filter(id=cast.alice.id).update(is_active=False)
        assert put(cast, cast.alice) == 0

    def test_everybody_who_may_is_told(self, cast: Cast) -> None:
        assert put(cast, allowed=Permission.INTERACTION_ANSWER) == 2
        assert put(cast, allowed=Permission.WORKSPACE_MANAGE) == 1

    def test_who_may_not_see_the_object_is_not_told(self, cast: Cast) -> None:
        hidden = uuid7()
        with tenant(cast.workspace.id):
            ObjectGrant.objects.create(
                workspace=cast.workspace, kind="workflow", object_id=hidden, user=None, level="none"
            )
        telling = services.Telling(kind="question.asked", key="q", title="?", url="/", subject_id=hidden)
        assert put(cast, telling=telling, allowed=Permission.INTERACTION_ANSWER) == 1
        assert told(cast, cast.bob) == []

    def test_a_notice_of_what_was_hidden_later_is_gone(self, cast: Cast) -> None:
        subject = uuid7()
        put(cast, cast.bob, telling=services.Telling("question.asked", "q", "?", "/", subject_id=subject))
        with tenancy.hiding([subject]):
            assert told(cast, cast.bob) == []
        assert len(told(cast, cast.bob)) == 1

    def test_somebody_who_wants_none_has_none(self, cast: Cast) -> None:
        User.objects.filter(id=cast.alice.id).update(
            preferences={"notices": {"execution.failed": {"app": False, "mail": False}}}
        )
        assert put(cast, cast.alice) == 0
        assert told(cast, cast.alice) == []

    def test_a_kind_nobody_has_declared_is_an_error(self, cast: Cast) -> None:
        with pytest.raises(KeyError):
            put(cast, cast.alice, telling=services.Telling("nothing.happened", "", "", "/"))

    def test_what_is_over_needs_nobody(self, cast: Cast) -> None:
        put(cast, cast.alice, cast.bob)
        with tenant(cast.workspace.id):
            assert (
                services.notice_settle(
                    workspace_id=cast.workspace.id, kind="execution.failed", key="orders", now=clock.now()
                )
                == 2
            )
        assert told(cast, cast.alice)[0].read_at is not None


@pytest.mark.parametrize("broken", [{}, {"notices": 1}, {"notices": {"limit.reached": "no"}}, {"notices": []}])
def test_wishes_nobody_can_read_are_the_usual_ones(broken: dict[str, Any]) -> None:
    for kind in KINDS.values():
        assert wants(broken, kind.name, "app") == kind.in_app
        assert wants(broken, kind.name, "mail") == kind.by_mail


class TestMail:
    @pytest.fixture(autouse=True)
    def _mail(self, settings: Any) -> None:
        settings.HAS_MAIL = True

    def test_the_first_one_goes_out_and_says_where_to_look(self, cast: Cast) -> None:
        put(cast, cast.alice)
        put(cast, cast.alice)
        (message,) = messages(cast)
        assert message.target == "alice@example.com"
        assert notice_send(message).is_delivered
        (sent,) = mail.outbox
        assert sent.to == ["alice@example.com"]
        assert sent.subject == "[Acme] Orders failed 2 times"
        assert "/w/acme/executions/" in sent.body
        assert "The door was closed." in sent.body

    def test_one_that_was_read_meanwhile_is_not_sent(self, cast: Cast) -> None:
        put(cast, cast.alice)
        services.notice_read(workspace_id=cast.workspace.id, user_id=cast.alice.id, now=clock.now())
        assert notice_send(messages(cast)[0]).is_delivered
        assert mail.outbox == []

    def test_titles_cannot_add_headers(self, cast: Cast) -> None:
        telling = services.Telling("execution.failed", "x", "A\nBcc: eve@example.com", "/")
        put(cast, cast.alice, telling=telling)
        notice_send(messages(cast)[0])
        assert mail.outbox[0].subject == "[Acme] A Bcc: eve@example.com"
        assert mail.outbox[0].bcc == []

    def test_who_wants_no_mail_gets_none(self, cast: Cast) -> None:
        User.objects.filter(id=cast.alice.id).update(preferences={"notices": {"execution.failed": {"mail": False}}})
        put(cast, cast.alice)
        assert len(told(cast, cast.alice)) == 1
        assert messages(cast) == []


def test_without_a_mail_server_nothing_waits_to_be_sent(cast: Cast, settings: Any) -> None:
    settings.HAS_MAIL = False
    put(cast, cast.alice)
    assert messages(cast) == []


def test_old_ones_are_forgotten_read_ones_sooner(cast: Cast) -> None:
    for days, is_read, key in ((10, True, "a"), (40, True, "b"), (40, False, "c"), (100, False, "d")):
        put(cast, cast.alice, telling=services.Telling("limit.reached", key, key, "/"))
        at = clock.now() - timedelta(days=days)
        with tenant(cast.workspace.id):
            Notice.objects.filter(title=key).update(last_at=at, read_at=at if is_read else None)
    assert services.notices_forget() == 2
    assert [notice.title for notice in told(cast, cast.alice)] == ["a", "c"]


class TestPages:
    def test_the_bell_counts_keeps_quiet_and_then_says_what_is_new(self, cast: Cast, client: Client) -> None:
        client.force_login(cast.alice)
        put(cast, cast.alice)
        first = client.get("/w/acme/notifications/bell/")
        assert "HX-Trigger" not in first.headers
        again = first.content.decode().split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
        assert client.get(again).status_code == 204
        put(cast, cast.alice)
        (toast,) = json.loads(client.get(again)["HX-Trigger"])["toasts"]
        assert toast["text"] == "Orders failed 2 times"
        assert toast["url"] == f"/w/acme/notifications/{told(cast, cast.alice)[0].id}/"
        for number in range(5):
            put(cast, cast.alice, telling=services.Telling("limit.reached", str(number), "L", "/"))
        assert len(json.loads(client.get(again)["HX-Trigger"])["toasts"]) == 1

    def test_following_a_notice_reads_it(self, cast: Cast, client: Client) -> None:
        put(cast, cast.alice)
        client.force_login(cast.alice)
        assert b"Orders failed" in client.get("/w/acme/notifications/").content
        response = client.get(f"/w/acme/notifications/{told(cast, cast.alice)[0].id}/")
        assert response["Location"] == FAILED.url
        assert b"Orders failed" not in client.get("/w/acme/notifications/").content
        assert b"Orders failed" in client.get("/w/acme/notifications/?show=all").content

    def test_all_or_one_are_read_at_once(self, cast: Cast, client: Client) -> None:
        client.force_login(cast.alice)
        for key in "abc":
            put(cast, cast.alice, cast.bob, telling=services.Telling("limit.reached", key, key, "/"))
        one = told(cast, cast.alice)[0]
        client.post("/w/acme/notifications/read/", {"notice": str(one.id), "query": "kind=limit.reached"})
        assert sum(notice.read_at is None for notice in told(cast, cast.alice)) == 2
        client.post("/w/acme/notifications/read/")
        assert all(notice.read_at for notice in told(cast, cast.alice))
        assert not any(notice.read_at for notice in told(cast, cast.bob))

    @pytest.mark.parametrize("query", ["?since=x&count=x", "?since=2026-13-45", "?show=zzz&kind=nope&page=x"])
    def test_addresses_that_were_made_up_do_no_harm(self, cast: Cast, client: Client, query: str) -> None:
        client.force_login(cast.alice)
        for page in ("", "bell/"):
            assert client.get(f"/w/acme/notifications/{page}{query}").status_code in (200, 204)

    def test_the_page_needs_few_queries(self, cast: Cast, client: Client, django_assert_max_num_queries: Any) -> None:
        client.force_login(cast.alice)
        for number in range(40):
            put(cast, cast.alice, telling=services.Telling("limit.reached", str(number), "L", "/"))
        client.get("/w/acme/notifications/")
        with django_assert_max_num_queries(12):
            client.get("/w/acme/notifications/")
        with django_assert_max_num_queries(10):
            client.get("/w/acme/notifications/bell/")


class TestApi:
    def test_the_notices_are_listed_filtered_and_read(self, cast: Cast, api: Callable[..., APIClient]) -> None:
        put(cast, cast.alice)
        put(cast, cast.alice, telling=services.Telling("limit.reached", "k", "Full", "/"))
        client = api(cast.alice, HTTP_X_WORKSPACE="acme")
        found = client.get("/api/v1/app/notices/").json()["results"]
        assert [row["title"] for row in found] == ["Full", "Orders failed"]
        assert [row["kind"] for row in client.get("/api/v1/app/notices/?kind=limit.reached").json()["results"]] == [
            "limit.reached"
        ]
        read = client.post(f"/api/v1/app/notices/{found[0]['id']}/read/")
        assert read.json()["read_at"]
        unread = client.get("/api/v1/app/notices/?unread=true").json()["results"]
        assert [row["title"] for row in unread] == ["Orders failed"]
        assert client.post("/api/v1/app/notices/read/").json() == {"read": 1}
        assert client.get("/api/v1/app/notices/?kind=nope").status_code == 400

    def test_a_key_has_none(self, cast: Cast, api: Callable[..., APIClient]) -> None:
        made = services.api_key_create(workspace=cast.workspace, name="CI", actor=cast.owner)
        answer = api(made.secret).get("/api/v1/app/notices/")
        assert answer.status_code == 403
        assert answer.json()["code"] == "accounts.no_person"


def test_the_runtime_role_sees_no_notices_of_other_workspaces(cast: Cast) -> None:
    put(cast, cast.alice)
    with tenant(cast.other_workspace.id):
        assert not Notice.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("agentflow_app",)
