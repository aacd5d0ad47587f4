"""The wall between workspaces.

Row-level security is the second wall behind selectors that take the workspace first: the runtime role sees only rows
of the workspace named in the running transaction, and none when none is named.

Inside a workspace some objects may be kept from somebody: `hiding` takes them, and whatever belongs to them, out of
everything that is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.operations import RunSQL

_POLICY = "workspace_id = NULLIF(current_setting('app.workspace', true), '')::uuid"
# The first half is all that is asked where nothing is hidden, which is everywhere but in some people's requests.
_NOTHING_HIDDEN = "COALESCE(current_setting('app.hidden', true), '') = ''"
_SHOWN = (
    f"{_NOTHING_HIDDEN}"
    " OR {column} IS NULL"
    # Read once per statement; safe to read when it is empty, as a row that was locked and is looked at again does.
    " OR {column} <> ALL ((SELECT NULLIF(current_setting('app.hidden', true), '')::uuid[])::uuid[])"
)
_ENTER = "SELECT set_config('app.workspace', %s, true), set_config('app.hidden', %s, true)"
_ENTER_BY_NAME = _ENTER.replace("%s", "%(entered_workspace)s", 1).replace("%s", "%(entered_hidden)s", 1)
_hidden: ContextVar[str] = ContextVar("hidden", default="")


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
            outer, hidden_outside = "", ""
            if is_nested:
                cursor.execute("SELECT current_setting('app.workspace', true), current_setting('app.hidden', true)")
                outer, hidden_outside = (found or "" for found in cursor.fetchone())
                if outer and outer != str(workspace_id):
                    raise RuntimeError(f"Already inside workspace {outer}; cannot enter {workspace_id}.")
            hidden = _hidden.get()
            cursor.execute(_ENTER, [str(workspace_id), hidden])
        yield
        # The settings would outlive this block in the outer transaction.
        if is_nested and (outer, hidden_outside) != (str(workspace_id), hidden):
            with connection.cursor() as cursor:
                cursor.execute(_ENTER, [outer, hidden_outside])


@contextmanager
def hiding(ids: Iterable[UUID]) -> Iterator[None]:
    """Every `tenant()` block that begins inside sees none of these objects, nor what belongs to them (`veil`).

    They are the same as objects that do not exist: not found, not listed, not counted. What is written for them (an
    event that starts a hidden workflow) is written nevertheless. Threads begun inside see everything again.
    """
    listed = ",".join(str(each) for each in ids)
    token = _hidden.set(f"{{{listed}}}" if listed else "")
    try:
        yield
    finally:
        _hidden.reset(token)


def tenant_statement(workspace_id: UUID, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement that sees one workspace, in a transaction of its own: what `tenant` around it would
    give, in one round trip instead of four. Inside of a transaction it is part of that.

    `parameters` are named in the statement as `%(name)s`. Raises what the database refuses; then nothing is written.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        with tenant(workspace_id), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            inside: list[tuple[Any, ...]] = cursor.fetchall()
            return inside
    with connection.cursor() as cursor:
        # Several statements sent at once are one transaction (PostgreSQL, "Multiple Statements in a Simple Query").
        cursor.execute(
            f"{_ENTER_BY_NAME}; {statement}",
            {**parameters, "entered_workspace": str(workspace_id), "entered_hidden": _hidden.get()},
        )
        cursor.nextset()
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def is_hiding() -> bool:
    """Whether anything is hidden from the one who asks: then rows without a veil need one by hand."""
    return bool(_hidden.get())


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


def veil(table: str, *, column: str, parent: str = "") -> RunSQL:
    """The migration operation that lets `hiding` take rows out of a table; `column` names the object they belong to.

    With `parent` it names a row of that table, and what belongs to a hidden one is hidden. Only reading is concerned,
    and only by the runtime role. Rows whose column is empty belong to no object.
    """
    shown = _SHOWN.format(column=column)
    if parent:
        shown = f"{_NOTHING_HIDDEN} OR EXISTS (SELECT FROM {parent} WHERE {parent}.id = {table}.{column})"
    return RunSQL(
        f"CREATE POLICY veil ON {table} AS RESTRICTIVE FOR SELECT TO agentflow_app USING ({shown})",
        reverse_sql=f"DROP POLICY IF EXISTS veil ON {table}",
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
