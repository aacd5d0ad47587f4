"""Weekly partitions: there before they are needed, gone when nothing needs them, closed to the runtime role."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from apps.accounts.models import Workspace
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import NodeRun, Step, Transition
from apps.executions.retention import partitions
from apps.executions.retention.partitions import partitions_keep
from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration
TABLES = ("executions_noderun", "executions_step", "executions_transition")


def rows(sql: str, *given: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        found: list[Any] = cursor.fetchall()
    return found


def names(table: str) -> list[str]:
    found = rows("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", table)
    return [name for (name,) in found]


def week(moment: datetime) -> str:
    return f"{moment:%G}w{moment:%V}"


def of(moment: datetime) -> UUID:
    return uuid7(unix_ms=int(moment.timestamp() * 1000))


def write(workspace: Workspace, execution_id: UUID) -> None:
    with tenant(workspace.id):
        NodeRun.objects.create(execution_id=execution_id, node_id="n", workspace=workspace, state="COMPLETED")
        Step.objects.create(
            execution_id=execution_id,
            node_id="n",
            key="k",
            workspace=workspace,
            state="DONE",
            effect="read",
            started_at=clock.now(),
        )
        Transition.objects.create(
            execution_id=execution_id, seq=1, workspace=workspace, at=clock.now(), fence=1, changes=[]
        )


def place(workspace: Workspace, table: str, execution_id: UUID) -> str:
    with tenant(workspace.id):
        [(found,)] = rows(f"SELECT tableoid::regclass::text FROM {table} WHERE execution_id = %s", execution_id)
    return str(found)


@pytest.fixture
def tidy(committed_db: None) -> Iterator[None]:
    """What a test has made in the past is dropped by the product itself."""
    yield
    rows("SELECT executions_partitions_drop(1)")


def test_this_week_and_the_next_four_are_there_after_a_migration(committed_db: None) -> None:
    wanted = [week(clock.now() + timedelta(weeks=ahead)) for ahead in range(5)]
    for table in TABLES:
        assert {f"{table}_{name}" for name in wanted} <= set(names(table))
        assert f"{table}_rest" in names(table)


def test_an_execution_lies_in_its_week(engine: Engine) -> None:
    ended = engine.run(definition([node("t", "TRIGGER.MANUAL")], []))
    for table in ("executions_noderun", "executions_transition"):
        assert place(engine.workspace, table, UUID(ended["id"])) == f"{table}_{week(clock.now())}"


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2021, 1, 3, 23, 59, 59, tzinfo=UTC),
        datetime(2021, 1, 4, tzinfo=UTC),
        datetime(2020, 12, 31, tzinfo=UTC),
    ],
)
def test_what_fell_beside_gets_its_own_week_and_is_still_there(
    tidy: None, workspace: Workspace, moment: datetime
) -> None:
    execution_id = of(moment)
    write(workspace, execution_id)
    assert place(workspace, TABLES[0], execution_id) == f"{TABLES[0]}_rest"
    made, _ = partitions_keep_only_making()
    assert set(made) == {f"{table}_{week(moment)}" for table in TABLES}
    for table in TABLES:
        assert place(workspace, table, execution_id) == f"{table}_{week(moment)}"
    assert partitions_keep_only_making() == ([], [])


def partitions_keep_only_making() -> tuple[list[str], list[str]]:
    return partitions._asked("SELECT executions_partitions_ensure(%s)", 4), []


def test_ids_without_a_time_stay_where_they_are(committed_db: None, workspace: Workspace) -> None:
    random = UUID("01000000-0000-4000-8000-000000000000")
    write(workspace, random)
    assert partitions_keep_only_making() == ([], [])
    assert place(workspace, TABLES[0], random) == f"{TABLES[0]}_rest"


def test_a_week_is_dropped_when_it_is_over_and_no_execution_of_it_is_left(
    tidy: None, engine: Engine, workspace: Workspace
) -> None:
    old = clock.now() - timedelta(weeks=20)
    execution_id = of(old)
    origin = engine.publish(definition([node("t", "TRIGGER.MANUAL")], []))
    for dispatcher in engine.dispatchers:
        dispatcher.stop()
    engine.start(origin, execution_id=execution_id)
    write(workspace, execution_id)
    made, dropped = partitions_keep()
    assert {f"{table}_{week(old)}" for table in TABLES} <= set(made)
    assert dropped == [], "an execution of that week is there"
    with tenant(workspace.id):
        rows_deleted = rows("DELETE FROM executions_execution WHERE id = %s RETURNING id", execution_id)
    assert len(rows_deleted) == 1
    assert set(partitions_keep()[1]) == {f"{table}_{week(old)}" for table in TABLES}
    assert all(f"{table}_{week(clock.now())}" in names(table) for table in TABLES)


def test_a_week_within_the_longest_policy_of_any_workspace_stays(
    tidy: None, workspace: Workspace, settings: Any
) -> None:
    old = clock.now() - timedelta(weeks=20)
    write(workspace, of(old))
    with tenant(workspace.id):
        rows(
            "INSERT INTO executions_retention (workspace_id, test_days, swept_to) VALUES (%s, 365, '') RETURNING 1",
            workspace.id,
        )
    assert partitions_keep()[1] == []
    with tenant(workspace.id):
        rows("UPDATE executions_retention SET test_days = 30 RETURNING 1")
    assert set(partitions_keep()[1]) == {f"{table}_{week(old)}" for table in TABLES}


def test_who_holds_a_table_is_not_waited_for(committed_db: None, workspace: Workspace, monkeypatch: Any) -> None:
    """Dropping and adding need a lock: after a second they give up, and nobody has waited behind them for longer."""
    old = of(datetime(2021, 3, 1, tzinfo=UTC))
    write(workspace, old)
    monkeypatch.setattr(partitions, "ATTEMPTS", 1)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with tenant(workspace.id):
                rows("SELECT count(*) FROM executions_noderun")
                held.set()
                done.wait(20)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    try:
        assert partitions_keep() == ([], [])
    finally:
        done.set()
        holder.join()
    assert partitions_keep_only_making()[0] != []
    rows("SELECT executions_partitions_drop(1)")


@pytest.mark.parametrize(
    "statement", ["SELECT executions_partitions_ensure(13)", "SELECT executions_partitions_drop(0)"]
)
def test_the_functions_do_nothing_beyond_reason(committed_db: None, statement: str) -> None:
    with pytest.raises(Exception, match=r"at least one day|between 0 and 12"), transaction.atomic():
        rows(statement)


def test_the_runtime_role_cannot_make_or_drop_any_by_itself(committed_db: None) -> None:
    for statement in (
        f"DROP TABLE {TABLES[0]}_{week(clock.now())}",
        f"SELECT executions_partition_make('{TABLES[0]}'::regclass, now())",
        f"ALTER TABLE {TABLES[0]} DETACH PARTITION {TABLES[0]}_rest",
    ):
        with pytest.raises(Exception, match=r"permission denied|must be owner"), transaction.atomic():
            rows(statement)
