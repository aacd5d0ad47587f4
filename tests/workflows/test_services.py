"""Drafts, versions and triggers in the database."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction

from apps.accounts.access.actor import Actor
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.workflows import selectors, services
from apps.workflows.errors import DraftConflict, NotActive, PathTaken, VersionUnknown, WorkflowUnknown
from apps.workflows.graph import GraphInvalid
from apps.workflows.models import ActiveTrigger, Status, Version, Workflow
from tests.cast import Cast
from tests.workflows.definitions import definition, hook, link, node, order_approval, small, transform


def create(cast: Cast, name: str = "Orders", draft: Any = None) -> Workflow:
    return services.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name=name, definition=small() if draft is None else draft
    )


def of(cast: Cast, workflow: Workflow) -> dict[str, Any]:
    return {"workspace_id": cast.workspace.id, "workflow_id": workflow.id, "actor": cast.owner}


def triggers(cast: Cast) -> dict[str, str]:
    with tenant(cast.workspace.id):
        return {f"{row.subtype} {row.key}": row.node_id for row in ActiveTrigger.objects.all()}


class TestDrafts:
    def test_a_new_workflow_is_an_empty_draft_that_starts_nothing(self, cast: Cast) -> None:
        workflow = services.workflow_create(workspace_id=cast.workspace.id, actor=cast.owner, name=" Orders ")
        assert (workflow.name, workflow.status, workflow.draft) == ("Orders", Status.DRAFT, services.EMPTY)
        assert workflow.active_version is None
        assert triggers(cast) == {}

    def test_a_draft_may_have_errors(self, cast: Cast) -> None:
        broken = definition(hook(), transform("total", '{{ $node["Nobody"].x }}'))
        assert create(cast, draft=broken).draft == broken

    @pytest.mark.parametrize(
        ("draft", "path"),
        [
            ([], ""),
            ({"nodes": {}}, "nodes"),
            ({"nodes": [3]}, "nodes[0]"),
            ({"nodes": [node("a", "ACTION", "TRANSFROM")]}, "nodes[0].subtype"),
            (definition(transform("a"), transform("b"), links=[link("a", "b"), link("b", "a")]), "nodes[0]"),
            (definition(transform("a"), links=[link("a", "z")]), "connections[0].to"),
            ({"nodes": [], "edges": []}, "edges"),
            (definition(transform("__proto__")), "nodes[0].id"),
            (definition(transform("a"), transform("constructor")), "nodes[1].id"),
            ({"nodes": [], "annotations": [{"id": "__proto__", "position": {"x": 0, "y": 0}}]}, "annotations[0].id"),
        ],
    )
    def test_what_is_no_definition_is_not_kept(self, cast: Cast, draft: Any, path: str) -> None:
        with pytest.raises(GraphInvalid) as refused:
            create(cast, draft=draft)
        assert refused.value.status == 400
        assert refused.value.errors[0].path == path
        with tenant(cast.workspace.id):
            assert not Workflow.objects.exists()

    def test_a_change_moves_the_revision_only_when_the_draft_changes(self, cast: Cast) -> None:
        workflow = create(cast)
        services.workflow_update(**of(cast, workflow), name="Renamed", definition=small())
        services.workflow_update(**of(cast, workflow), definition=small("other"))
        found = services.workflow_update(**of(cast, workflow), description="Why")
        assert (found.name, found.description, found.draft_revision) == ("Renamed", "Why", 2)

    def test_a_change_made_meanwhile_is_not_overwritten(self, cast: Cast) -> None:
        workflow = create(cast)
        services.workflow_update(**of(cast, workflow), definition=small("theirs"), draft_revision=1)
        with pytest.raises(DraftConflict, match="revision 2"):
            services.workflow_update(**of(cast, workflow), definition=small("mine"), draft_revision=1)
        with tenant(cast.workspace.id):
            assert Workflow.objects.get().draft == small("theirs")

    @pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\0b"])
    def test_a_name_must_be_one(self, cast: Cast, name: str) -> None:
        with pytest.raises(Invalid):
            create(cast, name=name)

    def test_what_one_person_draws_is_one_entry_for_ten_minutes(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workflow, other = create(cast), create(cast, "Other")
        bob, at = member_actor(cast.bob, "admin"), clock.now()
        drawn: list[tuple[int, Actor, str, dict[str, Any]]] = [
            (0, cast.owner, "a", {}),
            (1, cast.owner, "b", {}),
            (2, bob, "c", {}),
            (3, cast.owner, "d", {"name": "Renamed"}),
            (4, cast.owner, "e", {}),
            (12, bob, "f", {}),
            (12, cast.owner, "g", {}),
            (13, cast.owner, "h", {}),
        ]
        for minutes, actor, draft, more in drawn:
            moment = at + timedelta(minutes=minutes)
            for place in ("apps.workflows.services.clock_now", "apps.accounts.services.audit.clock_now"):
                monkeypatch.setattr(place, lambda moment=moment: moment)
            given: dict[str, Any] = of(cast, workflow) | {"actor": actor, "definition": small(draft)} | more
            services.workflow_update(**given)
        services.workflow_update(**of(cast, other), definition=small("a"))
        with tenant(cast.workspace.id):
            found = AuditEvent.objects.filter(action="workflow.updated").order_by("id")
            assert [(each.target, each.actor_id, each.data["changed"]) for each in found] == [
                ("Orders", cast.alice.id, ["draft"]),
                ("Orders", cast.bob.id, ["draft"]),
                ("Renamed", cast.alice.id, ["name", "draft"]),
                ("Renamed", cast.bob.id, ["draft"]),
                ("Renamed", cast.alice.id, ["draft"]),
                ("Other", cast.alice.id, ["draft"]),
            ]

    def test_writes_are_in_the_audit_log(self, cast: Cast) -> None:
        workflow = create(cast)
        services.workflow_activate(**of(cast, workflow))
        services.workflow_pause(**of(cast, workflow))
        services.workflow_delete(**of(cast, workflow))
        with tenant(cast.workspace.id):
            actions = AuditEvent.objects.filter(action__startswith="workflow.").order_by("id")
            assert [row.action for row in actions] == [
                "workflow.created",
                "workflow.published",
                "workflow.activated",
                "workflow.paused",
                "workflow.deleted",
            ]
            assert {row.actor_label for row in actions} == {"alice@example.com"}


class TestVersions:
    def test_versions_are_numbered_and_keep_what_was_published(self, cast: Cast) -> None:
        workflow = create(cast)
        first = services.workflow_publish(**of(cast, workflow), note="first")
        services.workflow_update(**of(cast, workflow), definition=small("other"))
        second = services.workflow_publish(**of(cast, workflow))
        assert (first.number, second.number, first.note) == (1, 2, "first")
        with tenant(cast.workspace.id):
            assert selectors.version_by_number(cast.workspace.id, workflow.id, 1).definition == small()
            assert [row.number for row in selectors.version_list(cast.workspace.id, workflow.id)] == [2, 1]
            with pytest.raises(VersionUnknown):
                selectors.version_by_number(cast.workspace.id, workflow.id, 3)

    def test_publishing_an_unchanged_draft_makes_no_version(self, cast: Cast) -> None:
        workflow = create(cast)
        assert services.workflow_publish(**of(cast, workflow)) == services.workflow_publish(**of(cast, workflow))

    def test_a_draft_with_errors_is_not_published_and_every_error_is_told(self, cast: Cast) -> None:
        draft = definition(hook(), transform("a", "{{ 1 + }}"), transform("b", '{{ $node["Nobody"].x }}'))
        workflow = create(cast, draft=draft)
        with pytest.raises(GraphInvalid) as refused:
            services.workflow_publish(**of(cast, workflow))
        assert [error.path for error in refused.value.errors] == [
            "nodes[1].params.fields[0].value",
            "nodes[2].params.fields[0].value",
        ]
        with pytest.raises(GraphInvalid):
            services.workflow_activate(**of(cast, workflow))
        assert triggers(cast) == {}

    @pytest.mark.parametrize("sql", ["UPDATE workflows_version SET note = 'x'", "DELETE FROM workflows_version"])
    def test_the_database_refuses_to_change_a_version(self, cast: Cast, sql: str) -> None:
        workflow = create(cast)
        services.workflow_publish(**of(cast, workflow))
        with (
            tenant(cast.workspace.id),
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)

    def test_not_even_the_owner_of_the_tables_changes_a_version(self, committed_db: None, cast: Cast) -> None:
        workflow = create(cast)
        version = services.workflow_publish(**of(cast, workflow))
        with pytest.raises(DatabaseError, match="never changes"), connections["owner"].cursor() as cursor:
            cursor.execute("UPDATE workflows_version SET definition = '{}' WHERE id = %s", [version.id])

    def test_a_snapshot_is_kept_once_and_is_no_version(self, cast: Cast) -> None:
        workflow = create(cast)
        first = services.version_snapshot(**of(cast, workflow))
        assert services.version_snapshot(**of(cast, workflow)) == first
        assert first.number is None
        assert services.workflow_publish(**of(cast, workflow)).number == 1
        with tenant(cast.workspace.id):
            assert selectors.version_list(cast.workspace.id, workflow.id).count() == 1
            assert Version.objects.count() == 2


class TestTriggers:
    def test_activating_publishes_and_listens(self, cast: Cast) -> None:
        workflow = services.workflow_activate(**of(cast, create(cast)))
        assert workflow.status == Status.ACTIVE
        assert workflow.active_version is not None
        assert triggers(cast) == {"WEBHOOK POST orders": "hook"}

    def test_activating_runs_what_was_published_not_the_draft(self, cast: Cast) -> None:
        workflow = create(cast)
        services.workflow_publish(**of(cast, workflow))
        services.workflow_update(**of(cast, workflow), definition=small("later"))
        services.workflow_activate(**of(cast, workflow))
        assert triggers(cast) == {"WEBHOOK POST orders": "hook"}

    def test_publishing_while_active_moves_the_triggers(self, cast: Cast) -> None:
        workflow = create(cast)
        services.workflow_activate(**of(cast, workflow))
        services.workflow_update(**of(cast, workflow), definition=small("moved"))
        assert triggers(cast) == {"WEBHOOK POST orders": "hook"}
        services.workflow_publish(**of(cast, workflow))
        assert triggers(cast) == {"WEBHOOK POST moved": "hook"}

    def test_a_trigger_that_stays_keeps_its_row(self, cast: Cast) -> None:
        cron = node("clock", "TRIGGER", "CRON", params={"expression": "0 9 * * *"})
        workflow = create(cast, draft=definition(cron, transform("a")))
        services.workflow_activate(**of(cast, workflow))
        with tenant(cast.workspace.id):
            before = ActiveTrigger.objects.get()
        services.workflow_update(**of(cast, workflow), definition=definition(cron, transform("a", 2)))
        version = services.workflow_publish(**of(cast, workflow))
        with tenant(cast.workspace.id):
            after = ActiveTrigger.objects.get()
        assert (after.id, after.active_since) == (before.id, before.active_since)
        assert after.version_id == version.id

    def test_two_workflows_may_use_the_same_node_ids(self, cast: Cast) -> None:
        draft = definition(node("clock", "TRIGGER", "CRON", params={"expression": "0 9 * * *"}), timezone="Asia/Tokyo")
        for name in ("One", "Two"):
            services.workflow_activate(**of(cast, create(cast, name, draft)))
        with tenant(cast.workspace.id):
            rows = list(ActiveTrigger.objects.all())
        assert len(rows) == 2
        assert {row.params["timezone"] for row in rows} == {"Asia/Tokyo"}
        assert {row.params["missed"] for row in rows} == {"one"}

    @pytest.mark.parametrize("silence", [services.workflow_pause, services.workflow_archive, services.workflow_delete])
    def test_what_is_not_active_listens_to_nothing(self, cast: Cast, silence: Any) -> None:
        workflow = create(cast)
        services.workflow_activate(**of(cast, workflow))
        silence(**of(cast, workflow))
        assert triggers(cast) == {}
        other = create(cast, "Other")
        services.workflow_activate(**of(cast, other))
        assert triggers(cast) == {"WEBHOOK POST orders": "hook"}

    def test_two_workflows_cannot_listen_to_one_path(self, cast: Cast) -> None:
        first = create(cast, "First")
        services.workflow_activate(**of(cast, first))
        second = create(cast, "Second")
        with pytest.raises(PathTaken, match="“First” listens to POST orders") as refused:
            services.workflow_activate(**of(cast, second))
        assert refused.value.status == 409
        assert refused.value.extra["workflow_id"] == str(first.id)
        assert refused.value.errors[0].path == "nodes[0].params"
        with tenant(cast.workspace.id):
            assert Workflow.objects.get(id=second.id).status == Status.DRAFT
            assert not Version.objects.filter(workflow=second).exists()

    def test_publishing_onto_a_taken_path_changes_nothing(self, cast: Cast) -> None:
        services.workflow_activate(**of(cast, create(cast, "First")))
        second = create(cast, "Second", small("free"))
        services.workflow_activate(**of(cast, second))
        services.workflow_update(**of(cast, second), definition=small("orders"))
        with pytest.raises(PathTaken):
            services.workflow_publish(**of(cast, second))
        assert triggers(cast) == {"WEBHOOK POST orders": "hook", "WEBHOOK POST free": "hook"}

    def test_the_same_path_with_another_method_or_in_another_workspace_is_free(self, cast: Cast) -> None:
        services.workflow_activate(**of(cast, create(cast)))
        services.workflow_activate(**of(cast, create(cast, "Get", definition(hook(method="GET")))))
        assert set(triggers(cast)) == {"WEBHOOK POST orders", "WEBHOOK GET orders"}

    def test_only_one_of_two_that_activate_at_once_gets_the_path(self, committed_db: None, cast: Cast) -> None:
        workflows = [create(cast, name) for name in ("First", "Second", "Third", "Fourth")]
        outcomes: list[str] = []
        start = threading.Barrier(len(workflows))

        def activate(workflow: Workflow) -> None:
            start.wait()
            try:
                services.workflow_activate(**of(cast, workflow))
                outcomes.append("active")
            except PathTaken:
                outcomes.append("taken")
            finally:
                connections.close_all()

        threads = [threading.Thread(target=activate, args=[workflow]) for workflow in workflows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["active", "taken", "taken", "taken"]
        assert triggers(cast) == {"WEBHOOK POST orders": "hook"}

    def test_only_what_was_active_can_be_paused(self, cast: Cast) -> None:
        workflow = create(cast)
        with pytest.raises(NotActive):
            services.workflow_pause(**of(cast, workflow))
        services.workflow_activate(**of(cast, workflow))
        services.workflow_pause(**of(cast, workflow))
        assert services.workflow_pause(**of(cast, workflow)).status == Status.PAUSED
        assert services.workflow_activate(**of(cast, workflow)).status == Status.ACTIVE


class TestWebhookLookUp:
    def test_it_needs_no_tenant_and_brings_all_a_start_needs(self, committed_db: None, cast: Cast) -> None:
        workflow = services.workflow_activate(**of(cast, create(cast, draft=order_approval())))
        found = selectors.webhook_find("acme", "post", "/orders/")
        assert found is not None
        assert (found.workspace_id, found.workflow_id, found.node_id) == (cast.workspace.id, workflow.id, "hook")
        assert found.version_id == workflow.active_version_id
        assert (found.workflow_name, found.queue) == ("Orders", "default")
        assert found.params["respond"] == "result"
        assert found.params["respond_timeout_seconds"] == 25
        assert (found.settings.while_paused, found.settings.timeout_seconds) == ("allow", 86400)

    def test_nothing_is_found_where_nobody_listens(self, committed_db: None, cast: Cast) -> None:
        workflow = create(cast)
        assert selectors.webhook_find("acme", "POST", "orders") is None
        services.workflow_activate(**of(cast, workflow))
        assert selectors.webhook_find("umbrella", "POST", "orders") is None
        assert selectors.webhook_find("acme", "GET", "orders") is None
        assert selectors.webhook_find("acme", "POST", "order") is None
        assert selectors.webhook_methods("acme", "orders") == ["POST"]
        assert selectors.webhook_methods("acme", "nothing") == []


class TestTenants:
    def test_foreign_workflows_do_not_exist(self, cast: Cast) -> None:
        workflow = create(cast)
        foreign: dict[str, Any] = {
            "workspace_id": cast.other_workspace.id,
            "workflow_id": workflow.id,
            "actor": cast.owner,
        }
        for service in (services.workflow_publish, services.workflow_activate, services.workflow_delete):
            with pytest.raises(WorkflowUnknown):
                service(**foreign)

    @pytest.mark.parametrize("table", ["workflows_workflow", "workflows_version", "workflows_active_trigger"])
    def test_raw_sql_of_another_tenant_sees_nothing(self, committed_db: None, cast: Cast, table: str) -> None:
        services.workflow_activate(**of(cast, create(cast)))

        def count(workspace_id: UUID) -> int:
            with tenant(workspace_id), connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {table}")
                return int(cursor.fetchone()[0])

        assert (count(cast.workspace.id), count(cast.other_workspace.id), count(uuid7())) == (1, 0, 0)
