"""What a workflow's limits promise: places, keys, rates and bursts, with several processes at it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from apps.accounts.models import Workspace
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import limits, services, store
from apps.executions.limits import KeyFailed, QueueFull, RateExceeded
from apps.executions.models import Execution, Quota
from apps.executions.services import Origin
from tests.executions.conftest import Engine, definition, fields, node

pytestmark = pytest.mark.integration


@pytest.fixture
def idle(idle: Engine) -> Engine:
    """An engine that has measured no queue yet."""
    limits.forget()
    return idle


@pytest.fixture
def three(idle: Engine) -> Engine:
    """Three processes' worth of engine."""
    for _ in range(3):
        idle.add_dispatcher()
    return idle


def plain(**settings: Any) -> dict[str, Any]:
    return definition(
        [node("t", "TRIGGER.MANUAL"), node("a", "ACTION.TRANSFORM", fields=fields(x="{{ $json.n }}"))],
        ["t > a"],
        **settings,
    )


def napping(seconds: float = 1, **settings: Any) -> dict[str, Any]:
    nap = node("nap", "FLOW.WAIT", duration={"seconds": seconds})
    return definition([node("t", "TRIGGER.MANUAL"), nap], ["t > nap"], **settings)


def asking(**settings: Any) -> dict[str, Any]:
    ask = node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship?", timeout_seconds=3600)
    return definition([node("t", "TRIGGER.MANUAL"), ask], ["t > ask"], while_paused="allow", **settings)


def claim(places: int = 100, **options: Any) -> list[store.Claimed]:
    return store.claim(worker_id=uuid7(), queues=["default"], places=places, **options)


def finish(idle: Engine, execution_id: UUID) -> None:
    services.execution_cancel(workspace_id=idle.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")


def most_at_once(workspace: Workspace) -> int:
    """The largest number of executions between their begin and their end, at any instant."""
    with tenant(workspace.id):
        spans = list(Execution.objects.filter(started_at__isnull=False).values_list("started_at", "finished_at"))
    marks = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans if end])
    running = most = 0
    for _, step in marks:
        running += step
        most = max(most, running)
    return most


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_limit_of_a_workflow_holds_at_every_instant(three: Engine) -> None:
    origin = three.publish(plain(max_concurrent=2))
    ids = [three.start(origin, {"n": at}) for at in range(60)]
    assert {three.until(each, seconds=20)["status"] for each in ids} == {"SUCCESS"}
    assert most_at_once(three.workspace) <= 2


def test_who_waits_for_a_place_begins_as_soon_as_one_is_free(engine: Engine) -> None:
    origin = engine.publish(plain(max_concurrent=1))
    began = time.monotonic()
    ids = [engine.start(origin, {"n": at}) for at in range(30)]
    for each in ids:
        engine.until(each)
    assert time.monotonic() - began < 8  # not one a second


def test_what_has_no_place_is_looked_at_once_and_let_in_in_its_order(idle: Engine) -> None:
    origin = idle.publish(plain(max_concurrent=1))
    ids = [idle.start(origin) for _ in range(4)]
    assert [each.id for each in claim()] == ids[:1]
    assert claim() == []
    with tenant(idle.workspace.id):
        held = Execution.objects.filter(held_by="workflow").order_by("runnable_at").values_list("id", flat=True)
        assert list(held) == ids[1:]
    late = idle.start(origin)
    for following in [*ids[1:], late]:
        finish(idle, ids[0])
        (found,) = claim()
        assert found.id == following
        ids[0] = found.id


def test_one_that_lost_its_owner_keeps_its_place(idle: Engine) -> None:
    origin = idle.publish(plain(max_concurrent=1))
    first, _second = idle.start(origin), idle.start(origin)
    dead = uuid7()
    assert [each.id for each in store.claim(worker_id=dead, queues=["default"], places=1)] == [first]
    store.release(worker_id=dead)
    assert [each.id for each in claim()] == [first]
    assert claim() == []


def test_a_wait_gives_the_place_away(engine: Engine) -> None:
    origin = engine.publish(napping(1, max_concurrent=1))
    began = time.monotonic()
    for each in [engine.start(origin) for _ in range(5)]:
        engine.until(each)
    assert time.monotonic() - began < 4


def test_nobody_is_forgotten_in_the_waiting_room(idle: Engine) -> None:
    origin = idle.publish(plain(max_concurrent=2))
    ids = [idle.start(origin) for _ in range(3)]
    with tenant(idle.workspace.id):  # as if they went there just after the place was given up
        Execution.objects.update(held_by="workflow")
    assert claim() == []
    assert store.let_in() == 2
    assert {each.id for each in claim()} == set(ids[:2])


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

PER_CUSTOMER = {"key": "{{ $json.customer }}", "limit": 1}


def test_one_customer_at_a_time(three: Engine) -> None:
    origin = three.publish(napping(1, concurrency=PER_CUSTOMER))
    began = time.monotonic()
    ids = [three.start(origin, {"customer": f"c{at % 4}"}) for at in range(8)]
    found = [three.until(each) for each in ids]
    assert {each["status"] for each in found} == {"SUCCESS"}
    assert 2 <= time.monotonic() - began < 6  # two of each customer after one another, four customers at once
    spans: dict[str, list[Any]] = {}
    with tenant(three.workspace.id):
        for one in Execution.objects.order_by("started_at"):
            assert one.concurrency_key is not None
            spans.setdefault(one.concurrency_key, []).append((one.started_at, one.finished_at))
    for customer in spans.values():
        assert all(before[1] <= after[0] for before, after in pairwise(customer))


def test_a_key_of_the_running_is_free_while_one_waits(engine: Engine) -> None:
    origin = engine.publish(asking(concurrency=PER_CUSTOMER | {"counts": "running"}))
    ids = [engine.start(origin, {"customer": "a"}) for _ in range(3)]
    for each in ids:
        engine.until(each, "WAITING_FOR_HUMAN")


def test_a_key_of_the_unfinished_is_taken_while_one_waits(engine: Engine) -> None:
    origin = engine.publish(asking(concurrency=PER_CUSTOMER))
    first, second = (engine.start(origin, {"customer": "a"}) for _ in range(2))
    other = engine.start(origin, {"customer": "b"})
    engine.until(first, "WAITING_FOR_HUMAN")
    engine.until(other, "WAITING_FOR_HUMAN")
    time.sleep(1.2)
    assert engine.snapshot(second)["status"] == "NEW"
    finish(engine, first)
    engine.until(second, "WAITING_FOR_HUMAN")


def test_a_full_key_does_not_stand_in_the_way_of_other_keys(idle: Engine) -> None:
    origin = idle.publish(plain(concurrency=PER_CUSTOMER, max_concurrent=2))
    for customer in ("a", "a", "a", "a", "b", "c"):
        idle.start(origin, {"customer": customer})
    with tenant(idle.workspace.id):
        keys = dict(Execution.objects.values_list("id", "concurrency_key"))
    first = claim()
    assert sorted(keys[each.id] or "" for each in first) == ["a", "b"]
    finish(idle, next(each.id for each in first if keys[each.id] == "b"))
    assert [keys[each.id] for each in claim()] == ["c"]


def test_a_start_whose_key_cannot_be_computed_is_refused(idle: Engine) -> None:
    origin = idle.publish(plain(concurrency={"key": "{{ $json.customer.trim() }}"}))
    with pytest.raises(KeyFailed) as refused:
        idle.start(origin, {"customer": 7})
    assert refused.value.status == 400
    idle.start(origin, {"customer": " 7 "})


def test_without_a_key_there_is_no_limit(idle: Engine) -> None:
    origin = idle.publish(plain(concurrency=PER_CUSTOMER))
    for _ in range(3):
        idle.start(origin, {"customer": None})
    assert len(claim()) == 3


# ── Rate ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def begins(workspace: Workspace) -> list[Any]:
    with tenant(workspace.id):
        return list(
            Execution.objects.filter(started_at__isnull=False)
            .order_by("started_at")
            .values_list("started_at", flat=True)
        )


def test_no_more_begin_in_a_period_than_the_rate_allows(three: Engine) -> None:
    origin = three.publish(plain(rate={"count": 3, "per_seconds": 0.8}))
    starters = [threading.Thread(target=lambda: start_some(three, origin, 4)) for _ in range(3)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    with tenant(three.workspace.id):
        ids = list(Execution.objects.values_list("id", flat=True))
    assert len(ids) == 12
    for each in ids:
        three.until(each, seconds=15)
    moments = begins(three.workspace)
    assert all(later - earlier >= timedelta(seconds=0.8) for earlier, later in zip(moments, moments[3:], strict=False))
    assert moments[-1] - moments[0] < timedelta(seconds=0.8 * 3 + 3)


def start_some(engine: Engine, origin: Origin, count: int) -> None:
    for _ in range(count):
        engine.start(origin)
    connection.close()


def test_slots_that_nobody_could_use_do_not_become_a_burst(idle: Engine) -> None:
    origin = idle.publish(plain(rate={"count": 2, "per_seconds": 60}))
    for _ in range(6):
        idle.start(origin)
    with tenant(idle.workspace.id):  # nobody was there for an hour
        Execution.objects.update(runnable_at=clock.now() - timedelta(hours=1), slot_at=clock.now() - timedelta(hours=1))
    assert len(claim()) == 2
    assert claim() == []
    with tenant(idle.workspace.id):
        slots = Execution.objects.filter(status="NEW").order_by("slot_at").values_list("slot_at", flat=True)
        minutes = [round((slot - clock.now()).total_seconds() / 60) for slot in slots if slot]
    assert minutes == [1, 1, 2, 2]


def test_a_start_beyond_the_rate_can_be_refused(idle: Engine) -> None:
    origin = idle.publish(plain(rate={"count": 2, "per_seconds": 60, "on_excess": "refuse"}))
    first, _second = idle.start(origin, dedupe_key="a"), idle.start(origin)
    with pytest.raises(RateExceeded) as refused:
        idle.start(origin)
    assert refused.value.status == 429
    assert 50 < int(refused.value.headers["Retry-After"]) <= 61
    assert idle.start(origin, dedupe_key="a") == first  # the same delivery once more is not another start


def test_a_test_run_is_not_kept_back(idle: Engine) -> None:
    origin = idle.publish(plain(rate={"count": 1, "per_seconds": 60}, debounce={"seconds": 60}))
    for _ in range(2):
        idle.start(origin, mode="test")
    assert len(claim()) == 2


# ── Bursts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_burst_becomes_one_execution_with_the_last_input(three: Engine) -> None:
    origin = three.publish(plain(debounce={"seconds": 1}))
    ids = {three.start(origin, {"n": at}, dedupe_key=f"d{at}") for at in range(5)}
    assert len(ids) == 1
    (execution_id,) = ids
    found = three.until(execution_id)
    assert found["output"] == {"x": 4}
    assert three.start(origin, {"n": 9}, dedupe_key="d2") == execution_id  # a repeat of a delivery that was merged
    assert three.start(origin, {"n": 9}, dedupe_key="d9") != execution_id  # that burst is over


def test_a_burst_does_not_wait_for_ever(engine: Engine) -> None:
    origin = engine.publish(plain(debounce={"seconds": 0.6, "max_wait_seconds": 1}))
    ids: list[UUID] = []
    began = time.monotonic()
    while time.monotonic() - began < 2.5:
        ids.append(engine.start(origin, {"n": len(ids)}))
        time.sleep(0.1)
    assert 2 <= len(set(ids)) <= 4


def test_bursts_of_different_keys_are_apart(idle: Engine) -> None:
    origin = idle.publish(plain(debounce={"seconds": 60, "key": "{{ $json.document }}"}))
    ids = [idle.start(origin, {"document": name}) for name in ("a", "b", "a", None, None)]
    assert ids[0] == ids[2]
    assert len(set(ids)) == 4  # without a key each start is one


def test_starts_at_the_same_moment_are_one_burst(idle: Engine) -> None:
    origin = idle.publish(plain(debounce={"seconds": 60}))
    starters = [threading.Thread(target=lambda: start_some(idle, origin, 5)) for _ in range(6)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    with tenant(idle.workspace.id):
        assert Execution.objects.count() == 1


# ── Workspace ────────────────────────────────────────────────────────────────────────────────────────────────────────


def quota(workspace: Workspace, **columns: int) -> None:
    with tenant(workspace.id):
        Quota.objects.update_or_create(workspace=workspace, defaults={"changed_at": clock.now()} | columns)
    limits.forget()


def test_a_full_queue_takes_no_more(idle: Engine) -> None:
    quota(idle.workspace, queue_depth=3)
    origin = idle.publish(plain())
    first = idle.start(origin, dedupe_key="a")
    idle.start(origin), idle.start(origin)
    with pytest.raises(QueueFull) as refused:
        idle.start(origin)
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "5")
    assert idle.start(origin, dedupe_key="a") == first
    assert len(claim(2)) == 2
    idle.start(origin)


def test_the_depth_of_the_queue_holds_at_every_instant(idle: Engine) -> None:
    quota(idle.workspace, queue_depth=10)
    origin = idle.publish(plain())
    refusals: list[Exception] = []

    def start() -> None:
        for _ in range(5):
            try:
                idle.start(origin)
            except QueueFull as refused:
                refusals.append(refused)
        connection.close()

    starters = [threading.Thread(target=start) for _ in range(6)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    with tenant(idle.workspace.id):
        assert Execution.objects.count() == 10
    assert len(refusals) == 20


def test_what_the_operator_allows_is_the_most_an_owner_can_have(idle: Engine) -> None:
    quota(idle.workspace, queue_depth=100, most_queued=2)
    origin = idle.publish(plain())
    idle.start(origin), idle.start(origin)
    with pytest.raises(QueueFull):
        idle.start(origin)


def test_the_places_of_a_workspace_hold_at_every_instant(three: Engine) -> None:
    quota(three.workspace, max_concurrent=3)
    origins = [three.publish(plain()) for _ in range(2)]
    ids = [three.start(origins[at % 2], {"n": at}) for at in range(40)]
    assert {three.until(each, seconds=20)["status"] for each in ids} == {"SUCCESS"}
    assert most_at_once(three.workspace) <= 3


def test_a_workspace_leaves_a_fifth_of_a_process_to_others(
    idle: Engine, workspace: Workspace, other_workspace: Workspace
) -> None:
    quiet = Engine(other_workspace)
    origin, other = idle.publish(plain()), quiet.publish(plain())
    for _ in range(12):
        idle.start(origin)
    me = uuid7()
    given: dict[str, Any] = {"worker_id": me, "queues": ["default"], "capacity": 10}
    assert len(store.claim(places=10, **given)) == 8
    assert store.claim(places=2, **given) == []
    quiet.start(other)
    assert [each.workspace_id for each in store.claim(places=2, **given)] == [other_workspace.id]


# ── Priority and queues ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_more_important_goes_first_but_age_counts(idle: Engine) -> None:
    names = {}
    for priority, minutes in (("low", 0), ("normal", 0), ("high", 0), ("low", 9), ("normal", 6), ("low", 11)):
        started = idle.start(idle.publish(plain(priority=priority)))
        names[started] = f"{priority} {minutes}"
        with tenant(idle.workspace.id):
            Execution.objects.filter(id=started).update(runnable_at=clock.now() - timedelta(minutes=minutes))
    found = [names[claim(1)[0].id] for _ in names]
    assert found == ["normal 6", "low 11", "high 0", "low 9", "normal 0", "low 0"]


def test_priority_counts_in_the_waiting_room_as_well(idle: Engine) -> None:
    origin = idle.publish(plain(max_concurrent=1))
    running = idle.start(origin)
    idle.start(origin)
    assert len(claim()) == 1
    urgent = idle.start(replace(origin, priority="high"))
    assert claim() == []
    finish(idle, running)
    assert [each.id for each in claim()] == [urgent]


def test_a_process_serves_its_own_queues_only(idle: Engine) -> None:
    origin = idle.publish(plain())
    bulk = [idle.start(replace(origin, queue="bulk")) for _ in range(3)]
    normal = idle.start(origin)
    worker = idle.add_dispatcher(queues=["bulk"])
    try:
        for each in bulk:
            idle.until(each)
        assert idle.snapshot(normal)["status"] == "NEW"
    finally:
        worker.stop()
    assert [each.id for each in claim()] == [normal]


def test_a_noisy_workspace_does_not_keep_a_quiet_one_waiting(
    idle: Engine, workspace: Workspace, other_workspace: Workspace
) -> None:
    quiet = Engine(other_workspace)
    slow = definition([node("t", "TRIGGER.MANUAL"), node("nap", "FLOW.WAIT", duration={"seconds": 1})], ["t > nap"])
    noisy, other = idle.publish(slow), quiet.publish(plain())
    for _ in range(400):
        idle.start(noisy)
    idle.add_dispatcher(places=20)
    waited = []
    try:
        for at in range(20):
            quiet.start(other, {"n": at})
            idle.poke()
            time.sleep(0.1)
        for each in range(20):
            with tenant(other_workspace.id):
                one = Execution.objects.order_by("id")[each]
            quiet.until(one.id)
        with tenant(other_workspace.id):
            for one in Execution.objects.all():
                assert one.started_at is not None
                waited.append((one.started_at - one.created_at).total_seconds())
    finally:
        idle.dispatchers[0].stop()
    assert sorted(waited)[18] < 1.0
