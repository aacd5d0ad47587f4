"""The wall between workspaces, proven by raw SQL as the runtime role."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from apps.core.ids import uuid7
from apps.core.tenancy import tenant, tenant_statement
from tests.cast import Cast

TABLES = [
    "accounts_workspace",
    "accounts_membership",
    "accounts_api_key",
    "accounts_sign_in_link",
    "accounts_audit_event",
]


def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def test_tests_run_as_the_runtime_role(db: None) -> None:
    (role, is_super, may_bypass), *_ = rows(
        "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert (role, is_super, may_bypass) == ("agentflow_app", False, False)


def test_reset_role_does_not_lead_out(db: None) -> None:
    rows("SELECT set_config('role', 'agentflow_app', false)")
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert rows("SELECT current_user") == [("agentflow_app",)]


@pytest.mark.parametrize("table", TABLES)
def test_without_a_workspace_nothing_is_seen(cast: Cast, table: str) -> None:
    assert rows(f"SELECT count(*) FROM {table}") == [(0,)]


@pytest.mark.parametrize("setting", ["", "nonsense' OR true --"])
def test_a_senseless_setting_shows_nothing(cast: Cast, setting: str) -> None:
    with transaction.atomic():
        rows("SELECT set_config('app.workspace', %s, true)", setting)
        if setting:
            with pytest.raises(Exception, match="invalid input syntax"), transaction.atomic():
                rows("SELECT count(*) FROM accounts_workspace")
        else:
            assert rows("SELECT count(*) FROM accounts_workspace") == [(0,)]
        rows("SELECT set_config('app.workspace', '', true)")


def test_another_workspace_is_not_seen(cast: Cast) -> None:
    with tenant(cast.other_workspace.id):
        assert rows("SELECT slug FROM accounts_workspace") == [("umbrella",)]
        assert rows("SELECT count(*) FROM accounts_membership WHERE workspace_id = %s", cast.workspace.id) == [(0,)]
        assert rows("SELECT user_id FROM accounts_membership") == [(cast.charlie.id,)]


def test_a_foreign_row_cannot_be_written(cast: Cast) -> None:
    insert = (
        "INSERT INTO accounts_membership (id, workspace_id, user_id, role, created_at)"
        " VALUES (%s, %s, %s, 'owner', now()) RETURNING 1"
    )
    with tenant(cast.other_workspace.id):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            rows(insert, uuid7(), cast.workspace.id, cast.charlie.id)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_membership SET role = 'viewer' WHERE workspace_id = %s", [cast.workspace.id]
            )
            assert cursor.rowcount == 0
            cursor.execute("DELETE FROM accounts_membership WHERE workspace_id = %s", [cast.workspace.id])
            assert cursor.rowcount == 0


def test_a_row_cannot_be_moved_to_another_workspace(cast: Cast) -> None:
    with (
        tenant(cast.other_workspace.id),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE accounts_membership SET workspace_id = %s", [cast.workspace.id])


def test_the_wall_holds_for_the_owner_of_the_tables_too(db: None) -> None:
    forced = rows("SELECT relname FROM pg_class WHERE relname = ANY(%s) AND relforcerowsecurity", TABLES)
    assert {name for (name,) in forced} == set(TABLES)


def test_the_setting_ends_with_the_block(cast: Cast) -> None:
    with tenant(cast.workspace.id):
        assert rows("SELECT slug FROM accounts_workspace") == [("acme",)]
    assert rows("SELECT count(*) FROM accounts_workspace") == [(0,)]
    with tenant(cast.other_workspace.id):
        assert rows("SELECT slug FROM accounts_workspace") == [("umbrella",)]


def test_an_inner_block_of_the_same_workspace_leaves_the_outer_one_in_place(cast: Cast) -> None:
    with tenant(cast.workspace.id):
        with tenant(cast.workspace.id):
            pass
        assert rows("SELECT slug FROM accounts_workspace") == [("acme",)]


def test_an_inner_block_of_another_workspace_is_refused(cast: Cast) -> None:
    with tenant(cast.workspace.id):
        with pytest.raises(RuntimeError, match="Already inside"), tenant(cast.other_workspace.id):
            pytest.fail("entered a second workspace")
        assert rows("SELECT slug FROM accounts_workspace") == [("acme",)]


def test_an_error_takes_back_what_the_block_wrote(cast: Cast) -> None:
    def write_and_fail() -> None:
        with tenant(cast.workspace.id):
            rows("UPDATE accounts_workspace SET name = 'changed' RETURNING 1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with tenant(cast.workspace.id):
        assert rows("SELECT name FROM accounts_workspace") == [("Acme",)]


def test_the_runtime_role_cannot_become_another(db: None) -> None:
    for role in ("agentflow_definer", "agentflow_owner"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SET ROLE {role}")


_MEMBERS = "SELECT count(*) FROM accounts_membership WHERE workspace_id = %(id)s OR %(all)s"


@pytest.mark.usefixtures("committed_db")
def test_one_statement_sees_its_workspace_and_leaves_nothing_behind(cast: Cast) -> None:
    for workspace, members in ((cast.workspace, 2), (cast.other_workspace, 1)):
        assert tenant_statement(workspace.id, _MEMBERS, {"id": workspace.id, "all": True}) == [(members,)]
        assert rows("SELECT count(*) FROM accounts_membership") == [(0,)]
    assert tenant_statement(cast.workspace.id, _MEMBERS, {"id": cast.other_workspace.id, "all": False}) == [(0,)]


@pytest.mark.usefixtures("committed_db")
def test_one_statement_writes_in_its_workspace_or_nothing(cast: Cast) -> None:
    rename = "UPDATE accounts_workspace SET name = %(name)s RETURNING name"
    assert tenant_statement(cast.workspace.id, rename, {"name": "New"}) == [("New",)]
    with tenant(cast.other_workspace.id):
        assert rows("SELECT count(*) FROM accounts_workspace WHERE name = 'New'") == [(0,)]
    with pytest.raises(Exception, match="null value"):
        tenant_statement(cast.workspace.id, "UPDATE accounts_workspace SET name = NULL, slug = %(slug)s", {"slug": "x"})
    with tenant(cast.workspace.id):
        assert rows("SELECT name, slug FROM accounts_workspace") == [("New", cast.workspace.slug)]


def test_one_statement_inside_a_transaction_is_part_of_it(cast: Cast) -> None:
    rename = "UPDATE accounts_workspace SET name = %(name)s RETURNING name"
    with pytest.raises(RuntimeError, match="cannot enter"), tenant(cast.other_workspace.id):
        tenant_statement(cast.workspace.id, rename, {"name": "New"})
    with tenant(cast.workspace.id):
        assert tenant_statement(cast.workspace.id, rename, {"name": "New"}) == [("New",)]
    assert rows("SELECT count(*) FROM accounts_workspace") == [(0,)]
