"""Compares the database's catalogue with the rule: every table that knows a workspace stands behind the wall."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


TENANT_TABLES = """
    SELECT c.oid, c.relname, c.relispartition, c.relrowsecurity, c.relforcerowsecurity
    FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
      AND (c.relname = 'accounts_workspace' OR EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped))
"""


def test_every_tenant_table_forces_row_level_security_with_both_policies() -> None:
    policies: dict[str, dict[str, str]] = {}
    for table, name, using in rows("SELECT tablename, policyname, qual FROM pg_policies WHERE schemaname = 'public'"):
        policies.setdefault(table, {})[name] = using
    found = [row for row in rows(TENANT_TABLES) if not row[2]]
    assert len(found) >= 5
    for _, table, _, is_enabled, is_forced in found:
        assert is_enabled, f"{table}: put tenancy.protect() into its migration"
        assert is_forced, f"{table}: put tenancy.protect() into its migration"
        assert {"tenant", "definer"} <= set(policies[table]), table
        assert "current_setting('app.workspace'" in policies[table]["tenant"], table


def test_no_policy_of_the_runtime_role_forgets_the_workspace() -> None:
    open_policies = [
        (table, name)
        for table, name, using, roles in rows(
            "SELECT tablename, policyname, qual, roles FROM pg_policies"
            " WHERE schemaname = 'public' AND permissive = 'PERMISSIVE'"  # the others only take away
        )
        if ("agentflow_app" in roles or "public" in roles) and "app.workspace" not in (using or "")
    ]
    assert open_policies == []


def test_partitions_cannot_be_read_or_written_directly() -> None:
    """A partition read by its own name passes by the policies of its parent."""
    for _, partition, is_partition, *_ in rows(TENANT_TABLES):
        if is_partition:
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
                assert rows(f"SELECT has_table_privilege('agentflow_app', '{partition}', '{right}')") == [(False,)], (
                    f"{partition}: take {right} back in the migration that makes it"
                )


def test_the_audit_log_can_only_grow() -> None:
    for right, expected in (
        ("SELECT", True),
        ("INSERT", True),
        ("UPDATE", False),
        ("DELETE", False),
        ("TRUNCATE", False),
    ):
        assert rows(f"SELECT has_table_privilege('agentflow_app', 'accounts_audit_event', '{right}')") == [(expected,)]


def test_functions_that_look_across_workspaces_are_closed_to_everybody_else() -> None:
    found = rows("""
        SELECT p.proname, pg_get_userbyid(p.proowner), p.proconfig,
               has_function_privilege('agentflow_app', p.oid, 'EXECUTE'),
               EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
    """)
    assert len(found) >= 4
    for name, owner, config, may_app, may_public in found:
        assert owner == "agentflow_definer", name
        assert any(setting.startswith("search_path=") for setting in config or []), f"{name}: SET search_path"
        assert may_app, name
        assert not may_public, name


def test_the_runtime_role_owns_nothing_and_passes_no_wall() -> None:
    assert rows("SELECT relname FROM pg_class WHERE relowner = 'agentflow_app'::regrole") == []
    assert rows(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'agentflow_app'"
    ) == [(False, False, False, False)]
