"""The wall between workspaces.

Row-level security is the second wall behind selectors that take the workspace first: the runtime role sees only rows
of the workspace named in the running transaction, and none when none is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.operations import RunSQL

_POLICY = "workspace_id = NULLIF(current_setting('app.workspace', true), '')::uuid"


@contextmanager
def tenant(workspace_id: UUID, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """A transaction that sees one workspace. Nothing read or written inside can belong to another.

    Commits at the end, rolls back when an exception passes. May be nested for the same workspace only; a different one
    raises `RuntimeError`, because the outer block would silently go on in the wrong workspace. `using` is for
    `apps.core.replica` only: what others read from there, they read by its `read`.
    """
    connection = connections[using]
    is_nested = connection.in_atomic_block
    with transaction.atomic(using=using):
        with connection.cursor() as cursor:
            outer = ""
            if is_nested:
                cursor.execute("SELECT current_setting('app.workspace', true)")
                outer = cursor.fetchone()[0] or ""
                if outer and outer != str(workspace_id):
                    raise RuntimeError(f"Already inside workspace {outer}; cannot enter {workspace_id}.")
            cursor.execute("SELECT set_config('app.workspace', %s, true)", [str(workspace_id)])
        yield
        if is_nested and outer != str(workspace_id):  # the setting would outlive this block in the outer transaction
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('app.workspace', %s, true)", [outer])


def protect(table: str, *, column: str = "workspace_id") -> RunSQL:
    """The migration operation that puts a table behind the wall: forced row-level security, grants for the two roles.

    `column` names the tenant column (`id` for the table of workspaces itself). Every table with a `workspace_id` needs
    it; a test compares the catalogue with that rule.
    """
    rule = _POLICY if column == "workspace_id" else _POLICY.replace("workspace_id", column)
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {table} TO agentflow_app USING ({rule}) WITH CHECK ({rule});
        CREATE POLICY definer ON {table} TO agentflow_definer USING (true) WITH CHECK (true);
        CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true);
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO agentflow_app, agentflow_definer;
        """,
        reverse_sql=RunSQL.noop,
    )


def share(*tables: str) -> RunSQL:
    """The migration operation for tables that belong to no workspace: the runtime and definer roles may use them."""
    grants = "".join(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO agentflow_app, agentflow_definer;" for table in tables
    )
    return RunSQL(grants, reverse_sql=RunSQL.noop)


def definer(signature: str, body: str) -> RunSQL:
    """The migration operation for a function that looks across workspaces: owned by the definer role, callable by the
    runtime role and nobody else. `signature` is `name(type, …)`; `body` is the whole CREATE OR REPLACE FUNCTION.
    """
    return RunSQL(
        f"""
        {body}
        ALTER FUNCTION {signature} OWNER TO agentflow_definer;
        REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION {signature} TO agentflow_app;
        """,
        reverse_sql=f"DROP FUNCTION IF EXISTS {signature}",
    )
