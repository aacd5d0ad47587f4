"""Redriving many: each once, a few at a time, across restarts, with reasons for what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from pytest_django.fixtures import Settings

from apps.accounts.access.resolve import member_actor
from apps.accounts.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from apps.executions import jobs, redrives, rerun, services
from apps.executions.engine.states import Status
from apps.executions.models import Execution, Redrive, RedriveItem
from apps.executions.redrives import NothingToRedrive, RedriveEnded, TooManyToRedrive, Wanted
from apps.executions.services import Origin
from tests.cast import Cast
from tests.executions.conftest import Engine, Json, definition, node
from tests.fakes.receiver import Receiver, receiver

pytestmark = pytest.mark.integration


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    with receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


def calling(there: Receiver, method: str = "GET", **settings: Any) -> Json:
    call = node("call", "ACTION.HTTP_REQUEST", method=method, url=f"{there.url}/x")
    return definition([node("t", "TRIGGER.MANUAL"), call], ["t > call"], **settings)


def fail(engine: Engine, there: Receiver, origin: Origin, count: int) -> list[UUID]:
    found = []
    for _ in range(count):
        there.says(404)
        found.append(engine.start(origin))
        engine.until(found[-1], "ERROR")
    return found


def begin(engine: Engine, cast: Cast, **given: Any) -> Redrive:
    options = {"version": given.pop("version")} if "version" in given else {}
    return redrives.redrive_start(
        workspace_id=engine.workspace.id,
        actor=member_actor(cast.alice, "owner"),
        wanted=Wanted(**given),
        now=clock.now(),
        **options,
    )


def work(engine: Engine, redrive: Redrive) -> redrives.Progress:
    """What workers do, until nothing of it is left."""
    while redrives.redrive_work(workspace_id=engine.workspace.id, redrive_id=redrive.id):
        pass
    return progress(engine, redrive)


def progress(engine: Engine, redrive: Redrive) -> redrives.Progress:
    with tenant(engine.workspace.id):
        return redrives.redrive_progress(redrive)


def made_by(engine: Engine, redrive: Redrive) -> dict[UUID, UUID]:
    with tenant(engine.workspace.id):
        rows = RedriveItem.objects.filter(redrive=redrive, execution_id__isnull=False)
        return {row.source_id: row.execution_id for row in rows if row.execution_id}


def test_every_failed_one_is_done_again_once_on_the_queue_for_bulk(engine: Engine, cast: Cast, there: Receiver) -> None:
    engine.dispatchers[0].queues.append("bulk")
    origin, other = engine.publish(calling(there)), engine.publish(calling(there))
    failed, elsewhere = fail(engine, there, origin, 3), fail(engine, there, other, 1)
    good = engine.until(engine.start(origin))["id"]
    redrive = begin(engine, cast, workflow_id=origin.workflow_id)
    assert redrive.total == 3

    found = work(engine, redrive)

    assert (found.started, found.pending, found.refused) == (3, 0, 0)
    made = made_by(engine, redrive)
    assert set(made) == set(failed)
    assert not {UUID(good), *elsewhere} & set(made)
    for source, new in made.items():
        assert engine.until(new)["status"] == "SUCCESS"
        with tenant(engine.workspace.id):
            row = Execution.objects.get(id=new)
        assert (row.queue, row.rerun_of, row.lineage_id) == ("bulk", source, source)
        assert (row.started_by or {})["label"] == "alice@example.com"
    found = progress(engine, redrive)
    assert (found.success, found.running, found.failed) == (3, 0, 0)
    with tenant(engine.workspace.id):
        assert Redrive.objects.get(id=redrive.id).status == "done"
        assert AuditEvent.objects.filter(action="redrive.started").count() == 1
    with pytest.raises(NothingToRedrive):
        begin(engine, cast, workflow_id=origin.workflow_id)
    assert begin(engine, cast, workflow_id=origin.workflow_id, is_redriven=None).total == 3


def test_the_workers_look_after_it_by_themselves(engine: Engine, cast: Cast, there: Receiver) -> None:
    origin = engine.publish(calling(there))
    fail(engine, there, origin, 2)
    redrive = begin(engine, cast)
    engine.add_dispatcher(queues=["bulk"], sweeps=[redrives.redrives_work])
    until = time.monotonic() + 10
    while progress(engine, redrive).success < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert progress(engine, redrive).success == 2


def test_what_was_begun_is_not_begun_twice_when_the_worker_is_lost(
    engine: Engine, cast: Cast, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrives, "BATCH", 2)
    origin = engine.publish(calling(there))
    fail(engine, there, origin, 5)
    redrive = begin(engine, cast)
    common = {"workspace_id": engine.workspace.id, "redrive_id": redrive.id}
    assert redrives.redrive_work(**common) == 2

    original = redrives._redriven
    calls = []

    def dies(job: Redrive, item: RedriveItem) -> bool:
        calls.append(item)
        if len(calls) == 2:
            raise RuntimeError("the process is gone")
        return original(job, item)

    monkeypatch.setattr(redrives, "_redriven", dies)
    with pytest.raises(RuntimeError):
        redrives.redrive_work(**common)
    monkeypatch.setattr(redrives, "_redriven", original)
    assert progress(engine, redrive).started == 2, "what was not committed was not begun"
    assert work(engine, redrive).started == 5
    with tenant(engine.workspace.id):
        assert Execution.objects.filter(rerun_of__isnull=False).count() == 5


def test_what_cannot_be_done_again_is_refused_with_its_reason(engine: Engine, cast: Cast, there: Receiver) -> None:
    origin = engine.publish(calling(there))
    failed = fail(engine, there, origin, 3)
    redrive = begin(engine, cast, ids=tuple(failed))
    rerun.execution_rerun(
        workspace_id=engine.workspace.id,
        execution_id=failed[0],
        actor=member_actor(cast.alice, "owner"),
        now=clock.now(),
    )
    found = work(engine, redrive)
    assert (found.started, found.refused) == (2, 1)
    (reason,) = found.reasons
    assert (reason.code, reason.count, reason.example) == ("executions.already_redriven", 1, failed[0])
    found = work(engine, begin(engine, cast, ids=tuple(failed), version="newest"))
    assert [(reason.code, reason.count) for reason in found.reasons] == [("executions.no_version", 3)]


def test_a_write_nobody_saw_the_end_of_is_asked_about_not_repeated(engine: Engine, cast: Cast, there: Receiver) -> None:
    there.says(hang_up=True)
    first = engine.start(engine.publish(calling(there, "POST")))
    engine.until(first, "WAITING_FOR_HUMAN")
    services.execution_cancel(workspace_id=engine.workspace.id, execution_id=first, now=clock.now(), by="alice")
    redrive = begin(engine, cast, statuses=(str(Status.CANCELED),))
    engine.dispatchers[0].queues.append("bulk")
    assert work(engine, redrive).started == 1
    engine.poke()
    engine.until(made_by(engine, redrive)[first], "WAITING_FOR_HUMAN")
    assert len(there.seen) == 1


def test_one_that_waits_for_a_person_does_not_keep_the_others_out(
    engine: Engine, cast: Cast, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrives, "BATCH", 1)
    document = calling(there, while_paused="block")
    document["nodes"].append(node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="?", timeout_seconds=60))
    document["connections"] += definition([], ["call > ask"])["connections"]
    fail(engine, there, engine.publish(document), 3)
    redrive = begin(engine, cast)
    engine.dispatchers[0].queues.append("bulk")
    redrives.redrive_work(workspace_id=engine.workspace.id, redrive_id=redrive.id)
    engine.poke()
    engine.until(next(iter(made_by(engine, redrive).values())), "WAITING_FOR_HUMAN")
    assert work(engine, redrive).refused == 0
    with tenant(engine.workspace.id):
        assert Execution.objects.filter(held_by="pause").count() == 2


def test_a_cancelled_one_starts_nothing_more(
    engine: Engine, cast: Cast, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrives, "BATCH", 1)
    fail(engine, there, engine.publish(calling(there)), 3)
    redrive = begin(engine, cast)
    common = {"workspace_id": engine.workspace.id, "redrive_id": redrive.id}
    redrives.redrive_work(**common)
    actor = member_actor(cast.alice, "owner")
    redrives.redrive_cancel(**common, actor=actor, now=clock.now())
    found = work(engine, redrive)
    assert (found.started, found.canceled, found.pending) == (1, 2, 0)
    with pytest.raises(RedriveEnded):
        redrives.redrive_cancel(**common, actor=actor, now=clock.now())


def test_it_holds_back_while_what_it_started_waits_for_a_worker(
    engine: Engine, cast: Cast, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrives, "BATCH", 1)
    monkeypatch.setattr(jobs, "MOST_QUEUED", 2)
    fail(engine, there, engine.publish(calling(there)), 3)
    redrive = begin(engine, cast)
    assert work(engine, redrive).started == 2, "nobody serves bulk here"


def test_only_failures_can_be_redriven_and_not_too_many(
    engine: Engine, cast: Cast, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Invalid):
        begin(engine, cast, statuses=("SUCCESS",))
    fail(engine, there, engine.publish(calling(there)), 3)
    monkeypatch.setattr(redrives, "MOST", 2)
    with pytest.raises(TooManyToRedrive):
        begin(engine, cast)
    with pytest.raises(NothingToRedrive):
        begin(engine, cast, code="http.other")
    with tenant(engine.workspace.id):
        assert Redrive.objects.count() == 0
