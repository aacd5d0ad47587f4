"""The operators' side: who gets in, what they see of whom, and what becomes of what they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts import services
from apps.accounts.access.operators import OperatorAdmin, TenantAdmin
from apps.accounts.models import AuditEvent, User
from apps.core import clock, events
from apps.core.ids import uuid7
from apps.core.models import Event
from apps.core.outbox import message_put
from apps.core.tenancy import tenant
from apps.executions.models import Circuit, Execution
from apps.insights.operators import overview
from tests.cast import PASSWORD, Cast
from tests.hil import asking

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(cast: Cast) -> User:
    """An operator who is a member of nothing."""
    return User.objects.create_superuser("olga@example.com", PASSWORD)


@pytest.fixture
def operator(olga: User, client: Client) -> Client:
    client.force_login(olga)
    return client


@pytest.fixture
def inside(operator: Client) -> Client:
    operator.post("/admin/enter/", {"slug": "acme"})
    return operator


def lists() -> Iterator[tuple[str, Any]]:
    for model, shown in admin.site._registry.items():
        yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), shown


class TestTheDoor:
    def test_strangers_sign_in_by_the_door_of_the_product(self, client: Client, db: None) -> None:
        response = client.get("/admin/", follow=True)
        assert response.redirect_chain[-1][0] == "/accounts/login/?next=/admin/"

    def test_for_everybody_else_there_is_nothing(self, cast: Cast, client: Client) -> None:
        User.objects.filter(pk=cast.bob.pk).update(is_staff=True)
        for user in (cast.alice, cast.bob):
            client.force_login(user)
            for url, _shown in lists():
                assert client.get(url, follow=True).status_code == 404, url
            for action in ("enter", "leave"):
                assert client.post(f"/admin/{action}/", {"slug": "acme"}, follow=True).status_code == 404

    def test_somebody_switched_off_is_out(self, operator: Client, olga: User) -> None:
        assert operator.get("/admin/").status_code == 200
        User.objects.filter(pk=olga.pk).update(is_active=False)
        assert operator.get("/admin/").status_code == 302

    def test_a_second_factor_is_asked_for_where_the_installation_does(self, operator: Client, settings: Any) -> None:
        settings.REQUIRE_SECOND_FACTOR = True
        response = operator.get("/admin/", follow=True)
        assert "/accounts/2fa/" in response.redirect_chain[-1][0]
        assert operator.post("/admin/enter/", {"slug": "acme"}).status_code == 302
        assert "operator_workspace" not in operator.session

    def test_the_command_opens_and_closes_it(self, cast: Cast, client: Client) -> None:
        client.force_login(cast.alice)
        call_command("operator", "ALICE@example.com")
        assert client.get("/admin/").status_code == 200
        call_command("operator", "alice@example.com", "--revoke")
        assert client.get("/admin/", follow=True).status_code == 404
        with pytest.raises(CommandError):
            call_command("operator", "nobody@example.com")


class TestThePages:
    def test_scripts_are_ours_alone_and_nothing_is_relaxed_elsewhere(self, operator: Client) -> None:
        policy = operator.get("/admin/")["Content-Security-Policy"]
        assert "script-src 'self' 'unsafe-eval';" in f"{policy};"  # in whatever order they come
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in operator.get("/docs/errors")["Content-Security-Policy"]

    def test_no_page_has_a_script_inside(self, inside: Client) -> None:
        for url in ("/admin/", *(url for url, _ in lists())):
            page = inside.get(url).content.decode().replace("<script src=", "")
            assert "<script>" not in page, url
            assert " onclick=" not in page, url

    def test_every_table_is_shown_in_few_queries(
        self, cast: Cast, inside: Client, django_assert_max_num_queries: Any
    ) -> None:
        rows_of_everything(cast)
        for url, _shown in lists():
            inside.get(url)
            with django_assert_max_num_queries(16):
                response = inside.get(url)
            assert response.status_code == 200, url
            assert inside.get(url, {"q": "a%'"}).status_code == 200
            assert inside.get(url, {"q": "\0"}).status_code == 400
            assert inside.get(url, {"q": str(uuid7())}).status_code == 200

    def test_every_row_has_a_page_and_nothing_on_it_can_be_typed_over(self, cast: Cast, inside: Client) -> None:
        rows_of_everything(cast)
        seen = set()
        for url, shown in lists():
            model = shown.model
            with tenant(cast.workspace.id):
                row = model._default_manager.first()
            if row is None:
                continue
            seen.add(model.__name__)
            page = inside.get(f"{url}{row.pk}/change/")
            assert page.status_code == 200, url
            assert inside.post(f"{url}{row.pk}/change/", {"email": "eve@example.com"}).status_code == 403
            assert inside.post(f"{url}{row.pk}/delete/", {"post": "yes"}).status_code == 403
            assert inside.get(f"{url}add/").status_code == 403
        assert {"User", "Execution", "Circuit", "Message", "Event", "AuditEvent", "Membership"} <= seen

    def test_what_flowed_through_an_execution_is_nowhere(self, cast: Cast, inside: Client) -> None:
        execution = asking.park(cast.workspace)
        with tenant(cast.workspace.id):
            Execution.objects.filter(id=execution).update(input={"card": "4111-secret"}, output={"card": "4111-secret"})
        page = inside.get(reverse("admin:executions_execution_change", args=[execution])).content.decode()
        assert "Order approval" in page
        assert "4111-secret" not in page

    def test_packages_register_nothing_here(self) -> None:
        assert all(isinstance(shown, OperatorAdmin) for shown in admin.site._registry.values())


class TestTheWall:
    def test_rows_of_workspaces_are_shown_only_inside_of_one(self, cast: Cast, operator: Client) -> None:
        asking.park(cast.workspace)
        for url, shown in lists():
            response = operator.get(url)
            assert response.status_code == (302 if isinstance(shown, TenantAdmin) else 200), url

    def test_inside_one_workspace_there_is_no_other(self, cast: Cast, inside: Client) -> None:
        mine, theirs = asking.park(cast.workspace), asking.park(cast.other_workspace)
        page = inside.get(reverse("admin:executions_execution_changelist")).content.decode()
        assert str(mine) in page
        assert str(theirs) not in page
        assert inside.get(reverse("admin:executions_execution_change", args=[theirs])).status_code == 302
        inside.post("/admin/leave/")
        assert inside.get(reverse("admin:executions_execution_changelist")).status_code == 302

    def test_its_people_can_read_who_looked_in(self, cast: Cast, inside: Client) -> None:
        with tenant(cast.workspace.id):
            event = AuditEvent.objects.get(action="operator.entered")
        assert (event.actor_kind, event.actor_label) == ("system", "operator olga@example.com")

    def test_a_workspace_that_is_not_there_cannot_be_entered(self, operator: Client) -> None:
        assert operator.post("/admin/enter/", {"slug": "no-such"}).status_code == 404
        response = operator.post("/admin/enter/", {"slug": "acme", "next": "https://evil.example/"})
        assert response["Location"] == "/admin/"

    def test_the_overview_counts_for_operators_and_for_nobody_else(self, cast: Cast, olga: User) -> None:
        asking.park(cast.workspace)
        found = {row.slug: row for row in overview(olga.pk, now=clock.now())}
        assert set(found) == {"acme", "umbrella"}
        assert (found["acme"].members, found["acme"].waiting, found["umbrella"].waiting) == (2, 1, 0)
        assert [row.slug for row in overview(olga.pk, q="UMB", now=clock.now())] == ["umbrella"]
        assert [row.slug for row in overview(olga.pk, beyond="acme", now=clock.now())] == ["umbrella"]
        assert overview(cast.alice.pk, now=clock.now()) == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("agentflow_app",)


class TestActions:
    def act(self, client: Client, name: str, action: str, *ids: object) -> str:
        response = client.post(
            reverse(f"admin:{name}_changelist"),
            {"action": action, "_selected_action": [str(each) for each in ids]},
            follow=True,
        )
        assert response.status_code == 200
        return response.content.decode()

    def test_an_execution_is_cancelled_by_the_service_once(self, cast: Cast, inside: Client) -> None:
        execution = asking.park(cast.workspace)
        self.act(inside, "executions_execution", "cancel", execution)
        with tenant(cast.workspace.id):
            assert Execution.objects.get(id=execution).status == "CANCELED"
            assert AuditEvent.objects.filter(
                action="execution.canceled", actor_label="operator olga@example.com"
            ).exists()
        assert LogEntry.objects.filter(object_id=str(execution)).count() == 1
        assert "has already ended" in self.act(inside, "executions_execution", "cancel", execution)
        assert LogEntry.objects.filter(object_id=str(execution)).count() == 1

    def test_what_is_in_another_workspace_cannot_be_touched(self, cast: Cast, inside: Client) -> None:
        theirs = asking.park(cast.other_workspace)
        self.act(inside, "executions_execution", "cancel", theirs)
        with tenant(cast.other_workspace.id):
            assert Execution.objects.get(id=theirs).status == "WAITING_FOR_HUMAN"

    def test_somebody_is_switched_off_and_on_again(self, cast: Cast, operator: Client, olga: User) -> None:
        session = Client()
        session.force_login(cast.bob)
        assert session.get("/w/acme/").status_code == 200
        self.act(operator, "accounts_user", "switch_off", cast.bob.pk)
        assert session.get("/w/acme/").status_code == 302
        with tenant(cast.workspace.id):
            assert AuditEvent.objects.filter(action="user.switched_off", target="bob@example.com").exists()
        self.act(operator, "accounts_user", "switch_on", cast.bob.pk)
        assert session.get("/w/acme/").status_code == 200
        assert "cannot switch off" in self.act(operator, "accounts_user", "switch_off", olga.pk)
        assert User.objects.get(pk=olga.pk).is_active

    def test_a_dead_message_is_sent_again_and_an_event_told_again(self, cast: Cast, inside: Client) -> None:
        message, event = rows_of_everything(cast)
        with tenant(cast.workspace.id):
            type(message).objects.update(due_at=None)
            Event.objects.update(due_at=None, error="x: broken")
        self.act(inside, "core_message", "send_again", message.pk)
        self.act(inside, "core_event", "tell_again", event.pk)
        with tenant(cast.workspace.id):
            message.refresh_from_db()
            event.refresh_from_db()
        assert message.state == "pending"
        assert event.due_at is not None

    def test_a_circuit_is_reset(self, cast: Cast, inside: Client) -> None:
        rows_of_everything(cast)
        with tenant(cast.workspace.id):
            circuit = Circuit.objects.get()
        self.act(inside, "executions_circuit", "reset", circuit.pk)
        with tenant(cast.workspace.id):
            assert AuditEvent.objects.filter(action="circuit.reset").exists()


def rows_of_everything(cast: Cast) -> tuple[Any, Event]:
    """One row or a few of each table that is shown."""
    execution = asking.ask(cast.workspace).execution_id
    services.api_key_create(workspace=cast.workspace, name="CI", actor=cast.owner)
    with tenant(cast.workspace.id):
        message = message_put(
            workspace_id=cast.workspace.id, channel="completion", subject_id=execution, target="there", now=clock.now()
        )
        Circuit.objects.create(
            workspace=cast.workspace, target="api.example.com:443", state="open", failures=5, changed_at=clock.now()
        )
        events.event_put(workspace_id=cast.workspace.id, name="nothing.happened", subject_id=execution, now=clock.now())
        event = Event.objects.get(name="nothing.happened")
    return message, event
