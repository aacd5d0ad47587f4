"""What is over goes with all that belongs to it; nothing else does."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, models

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import payloads, services
from apps.executions.artifacts import Artifacts
from apps.executions.models import Execution, NodeRun, Payload, PayloadUse, Retention, StorageUse, Transition, Wait
from apps.executions.payloads import StorageAway
from apps.executions.payloads.folder import FolderStorage
from apps.executions.retention import sweep as module
from apps.executions.retention.sweep import Swept, sweep
from apps.executions.usage import usage_count, usage_of
from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration

LARGE = {"text": "x" * 100_000}
OTHERS = {
    "executions_redriveitem": "names the execution that was started, and goes with its redrive",
    "triggers_event_wait": "goes when its wait is closed",
    "triggers_replay_item": "names the execution that was started, and goes with its replay",
    "ai_call": "what was paid is kept for as long as the ledger is, see AI_LEDGER_DAYS",
    "ai_open_call": "becomes a call of the ledger when it ends, or an hour later",
    "triggers_delivery": "is kept for as long as deliveries are, see RETENTION_DELIVERY_DAYS",
}
ENDING = definition([node("t", "TRIGGER.MANUAL")], [])
FAILING = definition(
    [node("t", "TRIGGER.MANUAL"), node("stop", "FLOW.STOP", outcome="error", message="no")], ["t > stop"]
)
ASKING = definition(
    [node("t", "TRIGGER.MANUAL"), node("boss", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Sure?")],
    ["t > boss"],
    while_paused="allow",
)


def after(days: float) -> datetime:
    return clock.now() + timedelta(days=days)


def kept(engine: Engine) -> set[str]:
    with tenant(engine.workspace.id):
        return {str(found) for found in Execution.objects.values_list("id", flat=True)}


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def left_of(engine: Engine, execution_id: str) -> dict[str, int]:
    """How many rows of each table name an execution, in whichever app."""
    found = {}
    with tenant(engine.workspace.id), connection.cursor() as cursor:
        for model in apps.get_models():
            if any(field.column == "execution_id" for field in model._meta.concrete_fields):
                table = model._meta.db_table
                cursor.execute(f"SELECT count(*) FROM {table} WHERE execution_id = %s", [execution_id])
                found[table] = cursor.fetchone()[0]
    return found


def test_everything_goes_by_its_kind_and_what_is_unfinished_stays(engine: Engine, objects: Path) -> None:
    good = engine.run(ENDING)["id"]
    bad = engine.run(FAILING)["id"]
    test = engine.run(ENDING, mode="test")["id"]
    asked = str(engine.start(engine.publish(ASKING)))
    engine.until(UUID(asked), "WAITING_FOR_HUMAN")
    sweep(now=after(6))
    assert kept(engine) == {good, bad, test, asked}
    sweep(now=after(8))
    assert kept(engine) == {good, bad, asked}
    sweep(now=after(31))
    assert kept(engine) == {bad, asked}
    sweep(now=after(1_000))
    assert kept(engine) == {asked}
    assert set(left_of(engine, good).values()) == {0}
    services.execution_cancel(workspace_id=engine.workspace.id, execution_id=UUID(asked), now=clock.now(), by="alice")
    sweep(now=after(2_000))
    assert kept(engine) == set()
    assert set(left_of(engine, asked).values()) == {0}, "its wait and its question go, too"


def test_every_table_keyed_by_an_execution_is_known_to_retention() -> None:
    """Others have a foreign key, by which Django or the database removes their rows."""
    assert {"executions_noderun", "executions_transition", "executions_payload_use"} <= set(module._tables())
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.column == "execution_id" and model._meta.db_table not in module._tables():
                assert model._meta.db_table in OTHERS or isinstance(field, models.ForeignKey), (
                    f"{model._meta.label}: give its execution_id a foreign key, or make it part of the primary key"
                )


def test_values_and_files_go_with_the_last_that_refers_to_them(engine: Engine, objects: Path) -> None:
    origin = engine.publish(ENDING)
    first = engine.until(engine.start(origin, LARGE, mode="test"))
    second = engine.until(engine.start(origin, LARGE))
    for one in (first, second):
        shelf = Artifacts(engine.workspace.id, origin.workflow_id, UUID(one["id"]), "t", "")
        shelf.put(b"file", name="file.txt")
    assert len(files(objects)) == 3
    sweep(now=after(8))
    assert kept(engine) == {second["id"]}
    assert len(files(objects)) == 2, "the value is used by the other one"
    with tenant(engine.workspace.id):
        assert payloads.value_of(Execution.objects.get(id=second["id"]), "input") == LARGE
    sweep(now=after(31))
    assert files(objects) == []
    with tenant(engine.workspace.id):
        assert not Payload.objects.exists()
        assert not PayloadUse.objects.exists()


def test_an_object_that_nobody_refers_to_yet_is_left_for_a_day(engine: Engine, objects: Path) -> None:
    payloads.taken_out(engine.workspace.id, {"output": LARGE})
    sweep(now=after(0.9))
    assert len(files(objects)) == 1
    sweep(now=after(1.1))
    assert files(objects) == []


def test_an_object_without_a_row_is_found_and_removed_a_day_later(engine: Engine, objects: Path) -> None:
    key = payloads.key_of(engine.workspace.id, "ab" * 32)
    payloads.storage().put(key, b"{}")
    sweep(now=clock.now())
    assert files(objects) == [key]
    sweep(now=after(2))
    assert files(objects) == []


def test_an_archive_holds_everything_before_it_is_deleted(engine: Engine, objects: Path) -> None:
    origin = engine.publish(ENDING)
    ended = [engine.until(engine.start(origin, given)) for given in (LARGE, {"small": 1})]
    with tenant(engine.workspace.id):
        Retention.objects.create(workspace_id=engine.workspace.id, is_archived=True)
    sweep(now=after(31))
    assert kept(engine) == set()
    [archive] = files(objects)
    assert archive.startswith(f"{engine.workspace.id}/archive/")
    lines = [json.loads(line) for line in gzip.decompress((objects / archive).read_bytes()).splitlines()]
    assert [line["id"] for line in lines] == [one["id"] for one in ended]
    assert lines[0]["input"] == lines[0]["output"] == LARGE
    assert [run["node_id"] for run in lines[0]["node_runs"]] == ["t"]
    assert lines[0]["node_runs"][0]["output"] == LARGE
    assert lines[0]["steps"] == lines[0]["waits"] == lines[0]["artifacts"] == []


@pytest.mark.parametrize("operation", ["put", "delete"])
def test_while_the_storage_is_away_nothing_is_deleted(
    engine: Engine, objects: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    ended = engine.run(ENDING, LARGE)
    shelf = Artifacts(engine.workspace.id, UUID(ended["workflow_id"]), UUID(ended["id"]), "t", "")
    shelf.put(b"file", name="file.txt")
    with tenant(engine.workspace.id):
        Retention.objects.create(workspace_id=engine.workspace.id, is_archived=True)

    def away(*args: Any, **given: Any) -> None:
        raise StorageAway("gone")

    with monkeypatch.context() as patch:
        patch.setattr(FolderStorage, operation, away)
        assert not sweep(now=after(31)).is_done
    assert kept(engine) == {ended["id"]}
    assert sweep(now=after(31)).executions == 1
    assert kept(engine) == set()


def test_a_tick_is_short_and_the_next_one_goes_on(
    engine: Engine, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 4)
    monkeypatch.setattr(module, "DELETED", 2)
    origin = engine.publish(ENDING)
    bad = engine.run(FAILING)["id"]
    for _ in range(10):
        engine.until(engine.start(origin))
    ticks: list[Swept] = []
    while not ticks or not ticks[-1].is_done:
        ticks.append(sweep(now=after(31), seconds=0))
        assert len(ticks) < 20
    assert sum(tick.executions for tick in ticks) == 10
    assert max(tick.executions for tick in ticks) <= 2
    assert kept(engine) == {bad}


def test_nothing_is_looked_at_again_before_the_next_round(engine: Engine, objects: Path) -> None:
    engine.run(ENDING)
    sweep(now=after(29.99))
    with tenant(engine.workspace.id):
        row = Retention.objects.get()
        assert StorageUse.objects.count() == 2
    assert row.next_round_at is not None
    assert sweep(now=row.next_round_at - timedelta(seconds=1)).executions == 0
    assert sweep(now=after(31)).executions == 1


def test_the_daily_figures_know_what_is_gone(engine: Engine, objects: Path) -> None:
    engine.run(ENDING, LARGE)
    engine.run(FAILING)
    asked = engine.start(engine.publish(ASKING))
    engine.until(asked, "WAITING_FOR_HUMAN")
    usage_count(now=clock.now())
    sweep(now=after(31))
    for _ in range(2):  # counting again changes nothing
        usage_count(now=clock.now())
        with tenant(engine.workspace.id):
            found = usage_of(workspace_id=engine.workspace.id, now=clock.now())
        today = found.days[-1]
        assert (today.succeeded, today.failed, today.unfinished) == (1, 1, 1)
        assert found.storage[0].count == 2
        assert {one.kind: one.kept for one in found.next} == {"succeeded": 0, "failed": 1, "tested": 0}


def test_rows_of_the_engine_are_gone_from_every_table(engine: Engine, objects: Path) -> None:
    engine.run(ENDING)
    sweep(now=after(31))
    with tenant(engine.workspace.id):
        for model in (NodeRun, Transition, Wait):
            assert not model._default_manager.exists()
