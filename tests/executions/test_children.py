"""Executions that call each other: results, errors, limits, and what happens when one of them ends early."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from apps.accounts.access.actor import system
from apps.accounts.access.objects import Kind
from apps.accounts.access.resolve import member_actor
from apps.accounts.services import object_share
from apps.core import clock, events, relay
from apps.core.ids import uuid7
from apps.core.models import Event
from apps.core.tenancy import tenant
from apps.executions import children, launch, services, store
from apps.executions.models import Execution, Wait
from apps.workflows import services as workflows
from apps.workflows.models import Status, Workflow
from tests.cast import Cast
from tests.executions.conftest import Engine, Json, definition, fields, node

pytestmark = pytest.mark.integration

PATIENT = {"timeout_seconds": 3600}


@pytest.fixture
def quiet(idle: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine whose dispatchers are started by the test; nobody tells events but the test."""
    monkeypatch.setattr("apps.executions.poke._Poker.poke", lambda self, queue: idle.poke())
    yield idle
    relay.rest()


@pytest.fixture
def house(quiet: Engine) -> Engine:
    """An engine as in a worker: it tells events, too."""
    quiet.add_dispatcher(sweeps=[relay.tend])
    return quiet


def until(holds: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.01)


def publish(engine: Engine, name: str, document: Json, *, status: str = Status.ACTIVE) -> UUID:
    """A workflow that can be called."""
    origin = engine.publish(document)
    with tenant(engine.workspace.id):
        Workflow.objects.filter(id=origin.workflow_id).update(
            name=name, active_version=origin.version_id, status=status
        )
    return origin.workflow_id


def callable_(*nodes: Json, edges: list[str] | None = None, **trigger: Any) -> Json:
    """A definition that is called: its trigger and a chain of nodes."""
    chain = edges or [f"{one} > {two['id']}" for one, two in zip(["t", *(n["id"] for n in nodes)], nodes, strict=False)]
    return definition([node("t", "TRIGGER.SUB_WORKFLOW", **trigger), *nodes], chain)


def calling(**params: Any) -> Json:
    """A definition that calls."""
    call = node("call", "FLOW.SUB_WORKFLOW", **({"workflow": "child"} | params))
    return definition([node("t", "TRIGGER.MANUAL"), call], ["t > call"])


DOUBLE = node("double", "ACTION.TRANSFORM", fields=fields(n="{{ $json.n * 2 }}"))
FAIL = node("fail", "FLOW.STOP", outcome="error", message="Out of stock")
ASK = node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship?", **PATIENT)


def family(engine: Engine, parent_id: UUID | str) -> list[Execution]:
    """The children of an execution, in order."""
    with tenant(engine.workspace.id):
        return list(Execution.objects.filter(parent_id=parent_id).order_by("child_index", "id"))


def tell(engine: Engine) -> None:
    """Tell every event that is due."""
    while events.events_tell() or _due(engine):
        pass


def _due(engine: Engine) -> bool:
    with tenant(engine.workspace.id):
        return Event.objects.filter(due_at__lte=clock.now()).exists()


# ── One child ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_goes_on_with_the_result_of_the_other_workflow(house: Engine) -> None:
    publish(house, "child", callable_(DOUBLE))
    found = house.run(calling(input={"n": "{{ $json.n + 1 }}"}), {"n": 4})
    assert (found["status"], found["output"]) == ("SUCCESS", {"n": 10})
    (child,) = family(house, found["id"])
    assert (child.input, child.status, child.depth, child.mode) == ({"n": 5}, "SUCCESS", 1, "production")
    assert child.started_by is not None
    assert child.started_by["label"] == "test"
    called = {"id": str(child.id), "workflow_name": "child", "status": "SUCCESS", "node_id": "call", "index": 0}
    assert found["children"]["count"] == 1
    assert called.items() <= found["children"]["first"][0].items()
    by = house.snapshot(child.id)["parent"]
    assert by == {
        "id": found["id"],
        "workflow_id": found["workflow_id"],
        "workflow_name": "test",
        "status": "SUCCESS",
        "node_id": "call",
        "by": "SUB_WORKFLOW",
    }
    with tenant(house.workspace.id):
        assert Wait.objects.get(execution_id=found["id"]).title == "child"
        assert not Event.objects.exists()


def test_without_input_it_hands_on_what_came_in_and_takes_an_id_or_a_manual_trigger(house: Engine) -> None:
    document = definition([node("m", "TRIGGER.MANUAL"), DOUBLE], ["m > double"])
    child_id = publish(house, "by hand", document, status=Status.DRAFT)
    assert house.run(calling(workflow=str(child_id)), {"n": 4})["output"] == {"n": 8}


def test_a_failed_child_is_the_error_of_the_node_with_a_link(house: Engine) -> None:
    publish(house, "child", callable_(FAIL))
    found = house.run(calling())
    (child,) = family(house, found["id"])
    assert found["status"] == "ERROR"
    error = found["error"]
    assert (error["code"], error["node_id"]) == ("sub_workflow.failed", "call")
    assert error["message"] == "“child” ended as ERROR: Out of stock"
    assert error["details"]["execution_id"] == str(child.id)


def test_a_retry_calls_anew(house: Engine) -> None:
    publish(house, "child", callable_(FAIL))
    document = calling()
    document["nodes"][1]["retry"] = {"attempts": 3, "delay_seconds": 0}
    found = house.run(document)
    runs = family(house, found["id"])
    assert (found["status"], len(runs)) == ("ERROR", 3)
    assert len({child.lineage_id for child in runs}) == 3, "a failure that was received is not repeated under its keys"


def test_a_redriven_parent_gives_its_child_the_same_lineage(house: Engine) -> None:
    publish(house, "child", callable_(DOUBLE))
    origin, lineage = house.publish(calling()), uuid7()
    lineages = set()
    for _ in range(2):
        found = house.until(house.start(origin, {"n": 1}, lineage_id=lineage))
        lineages |= {child.lineage_id for child in family(house, found["id"])}
    assert len(lineages) == 1


def test_a_cancelled_child_is_an_error_of_its_parent(house: Engine) -> None:
    publish(house, "child", callable_(ASK))
    parent_id = house.start(house.publish(calling()))
    until(lambda: family(house, parent_id) and family(house, parent_id)[0].status == "WAITING_FOR_HUMAN")
    (child,) = family(house, parent_id)
    assert house.snapshot(parent_id)["status"] == "WAITING"
    services.execution_cancel(workspace_id=house.workspace.id, execution_id=child.id, now=clock.now(), by="bob")
    found = house.until(parent_id)
    assert found["error"]["message"] == "“child” ended as CANCELED: Cancelled by bob."


def test_without_waiting_it_goes_on_with_the_id(house: Engine) -> None:
    publish(house, "child", callable_(ASK))
    found = house.run(calling(wait=False))
    (child,) = family(house, found["id"])
    assert (found["status"], found["output"]) == ("SUCCESS", {"execution_id": str(child.id)})
    until(lambda: family(house, found["id"])[0].status == "WAITING_FOR_HUMAN")


def test_a_deadline_ends_the_wait_and_the_child(house: Engine) -> None:
    publish(house, "child", callable_(ASK))
    found = house.run(calling(timeout_seconds=0.3))
    assert found["error"]["code"] == "sub_workflow.timed_out"
    until(lambda: family(house, found["id"])[0].status == "CANCELED")


# ── What cannot be called ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        (None, Status.ACTIVE, "sub_workflow.unknown"),
        (callable_(DOUBLE), Status.ARCHIVED, "sub_workflow.refused"),
        (definition([node("c", "TRIGGER.CRON", expression="0 9 * * *")], []), Status.ACTIVE, "sub_workflow.no_trigger"),
        (callable_(DOUBLE, input_schema={"required": ["sku"]}), Status.ACTIVE, "sub_workflow.input_invalid"),
        (callable_(DOUBLE, output_schema={"required": ["price"]}), Status.ACTIVE, "sub_workflow.failed"),
    ],
)
def test_what_does_not_fit_is_an_error_that_says_why(
    house: Engine, document: Json | None, status: str, code: str
) -> None:
    if document is not None:
        publish(house, "child", document, status=status)
    found = house.run(calling(), {"n": 1})
    assert (found["status"], found["error"]["code"]) == ("ERROR", code)
    assert found["error"]["hint"]


def test_a_name_that_two_workflows_have_is_refused(house: Engine) -> None:
    publish(house, "child", callable_(DOUBLE))
    publish(house, "child", callable_(DOUBLE))
    assert "Several" in house.run(calling())["error"]["message"]


def test_a_draft_is_not_called(house: Engine) -> None:
    origin = house.publish(callable_(DOUBLE))
    found = house.run(calling(workflow=str(origin.workflow_id)))
    assert found["error"]["code"] == "sub_workflow.not_published"


def test_a_workflow_that_calls_itself_ends_and_names_the_chain(house: Engine) -> None:
    publish(house, "child", callable_(node("call", "FLOW.SUB_WORKFLOW", workflow="child")))
    found = house.run(calling())
    assert found["status"] == "ERROR"
    with tenant(house.workspace.id):
        deepest = Execution.objects.order_by("-depth")[0]
        assert (deepest.depth, Execution.objects.count()) == (children.MAX_DEPTH, children.MAX_DEPTH + 1)
    assert deepest.error is not None
    assert deepest.error["code"] == "sub_workflow.too_deep"
    assert "“test” → “child” → “child”" in deepest.error["message"]


def test_another_workspace_cannot_be_called(house: Engine, other_workspace: Any) -> None:
    stranger = publish(Engine(other_workspace), "child", callable_(DOUBLE))
    assert house.run(calling(workflow=str(stranger)))["error"]["code"] == "sub_workflow.unknown"


# ── One child per item ───────────────────────────────────────────────────────────────────────────────────────────────


def test_results_come_in_the_order_of_the_items(house: Engine) -> None:
    house.add_dispatcher()
    publish(house, "child", callable_(DOUBLE))
    found = house.run(calling(for_each="{{ $json }}", parallelism=3), [{"n": n} for n in range(20)])
    assert found["output"] == [{"n": n * 2} for n in range(20)]
    assert [child.child_index for child in family(house, found["id"])] == list(range(20))


def test_an_item_is_accompanied_by_the_input(house: Engine) -> None:
    echo = node("echo", "ACTION.TRANSFORM", fields=fields(all="{{ $json }}"))
    publish(house, "child", callable_(echo))
    found = house.run(calling(for_each=["a"], input={"shop": 7}))
    assert found["output"] == [{"all": {"item": "a", "index": 0, "input": {"shop": 7}}}]


def test_an_empty_list_calls_nobody(house: Engine) -> None:
    found = house.run(calling(for_each=[]))
    assert (found["output"], found["resume_count"]) == ([], 0)


def test_no_more_than_allowed_run_at_once(house: Engine) -> None:
    publish(house, "child", callable_(node("nap", "FLOW.WAIT", duration={"seconds": 0.1})))
    parent_id = house.start(house.publish(calling(for_each=list(range(8)), parallelism=2)))
    most = 0
    deadline = time.monotonic() + 10
    while house.snapshot(parent_id)["status"] != "SUCCESS" and time.monotonic() < deadline:
        now_open = [child for child in family(house, parent_id) if not child.is_terminal and child.held_by is None]
        most = max(most, len(now_open))
    assert house.snapshot(parent_id)["output"] == list(range(8))
    assert most == 2


def test_the_limits_of_the_called_workflow_hold(house: Engine) -> None:
    nap = node("nap", "FLOW.WAIT", duration={"seconds": 0.1})
    keyed = callable_(nap) | {"settings": {"concurrency": {"key": "{{ $json.who }}", "limit": 1}}}
    publish(house, "child", keyed)
    given = [{"who": who} for who in ("a", "a", "b")]
    parent_id = house.start(house.publish(calling(for_each=given, parallelism=3)))
    found = house.until(parent_id)
    assert found["output"] == given
    with tenant(house.workspace.id):
        rows = Execution.objects.filter(parent_id=parent_id).order_by("child_index")
        assert list(rows.values_list("concurrency_key", "key_limit")) == [("a", 1), ("a", 1), ("b", 1)]
        first, second, _ = rows
    earlier, later = sorted([first, second], key=lambda child: str(child.started_at))
    assert earlier.finished_at is not None
    assert later.started_at is not None
    assert earlier.finished_at <= later.started_at, "of one key, one at a time"


PICKY = callable_(
    node("check", "FLOW.IF", condition="{{ $json != 2 }}"),
    node("fine", "ACTION.TRANSFORM", fields=fields(ok="{{ $json }}")),
    FAIL,
    edges=["t > check", "check.true > fine", "check.false > fail"],
)


def test_errors_are_collected_in_their_places(house: Engine) -> None:
    publish(house, "child", PICKY)
    found = house.run(calling(for_each=[1, 2, 3], on_item_error="collect"))
    failed = family(house, found["id"])[1]
    assert found["output"] == [
        {"ok": 1},
        {"error": {"code": "executions.stopped", "message": "Out of stock", "execution_id": str(failed.id)}},
        {"ok": 3},
    ]


def test_the_first_error_stops_the_others(house: Engine) -> None:
    waits = callable_(
        node("check", "FLOW.IF", condition="{{ $json != 2 }}"),
        ASK,
        FAIL,
        edges=["t > check", "check.true > ask", "check.false > fail"],
    )
    publish(house, "child", waits)
    found = house.run(calling(for_each=[1, 2, 3, 4], parallelism=2))
    assert found["error"]["message"] == "“child” (item 2) ended as ERROR: Out of stock"
    until(lambda: all(child.is_terminal for child in family(house, found["id"])))
    assert [child.status for child in family(house, found["id"])] == ["CANCELED", "ERROR", "CANCELED", "CANCELED"]


def test_children_with_questions_are_answered_in_any_order(house: Engine) -> None:
    publish(house, "child", callable_(ASK))
    parent_id = house.start(house.publish(calling(for_each=["a", "b", "c"])))
    until(lambda: [child.status for child in family(house, parent_id)] == ["WAITING_FOR_HUMAN"] * 3)
    for child in reversed(family(house, parent_id)):
        with tenant(house.workspace.id):
            wait = Wait.objects.get(execution_id=child.id)
        answer = {"outcome": "approved", "comment": None, "data": None, "answered_by": "b", "answered_at": ""}
        services.wait_resolve(
            workspace_id=house.workspace.id, wait_id=wait.id, answer=answer, by="bob", now=clock.now()
        )
        house.poke()
    assert house.until(parent_id)["status"] == "SUCCESS"


# ── Ends that are not the usual ones ─────────────────────────────────────────────────────────────────────────────────


def test_cancelling_reaches_children_and_theirs(house: Engine) -> None:
    publish(house, "grandchild", callable_(ASK))
    publish(house, "child", callable_(node("call", "FLOW.SUB_WORKFLOW", workflow="grandchild")))
    parent_id = house.start(house.publish(calling(for_each=[1, 2, 3, 4], parallelism=2)))
    until(
        lambda: sum(e.status == "WAITING_FOR_HUMAN" for c in family(house, parent_id) for e in family(house, c.id)) == 2
    )
    services.execution_cancel(workspace_id=house.workspace.id, execution_id=parent_id, now=clock.now(), by="alice")
    assert house.snapshot(parent_id)["status"] == "CANCELED"
    until(lambda: set(_statuses(house)) == {"CANCELED"})
    (child, *_) = family(house, parent_id)
    assert child.error == {"code": "executions.canceled", "message": "Cancelled by the execution that called it."}


def _statuses(engine: Engine) -> list[str]:
    with tenant(engine.workspace.id):
        return list(Execution.objects.values_list("status", flat=True))


def test_a_parent_that_times_out_takes_its_children_with_it(house: Engine) -> None:
    publish(house, "child", callable_(ASK))
    document = calling() | {"settings": {"timeout_seconds": 1}}
    found = house.until(house.start(house.publish(document)), "TIMED_OUT")
    until(lambda: family(house, found["id"])[0].status == "CANCELED")


def test_a_parent_that_stops_in_another_branch_takes_its_children_with_it(house: Engine) -> None:
    publish(house, "child", callable_(ASK))
    call = node("call", "FLOW.SUB_WORKFLOW", workflow="child")
    nap = node("nap", "FLOW.WAIT", duration={"seconds": 0.3})
    document = definition([node("t", "TRIGGER.MANUAL"), call, nap, FAIL], ["t > call", "t > nap", "nap > fail"])
    found = house.run(document)
    assert found["error"]["message"] == "Out of stock"
    until(lambda: family(house, found["id"])[0].status == "CANCELED")


def test_many_children_are_cancelled_in_several_rounds(quiet: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.executions.children.ending.CANCEL_BATCH", 3)
    publish(quiet, "child", callable_(ASK))
    only = quiet.add_dispatcher()
    parent_id = quiet.start(quiet.publish(calling(for_each=list(range(10)), parallelism=1)))
    quiet.until(parent_id, "WAITING")
    only.stop()
    quiet.dispatchers.clear()
    services.execution_cancel(workspace_id=quiet.workspace.id, execution_id=parent_id, now=clock.now(), by="alice")
    tell(quiet)
    assert {child.status for child in family(quiet, parent_id)} == {"CANCELED"}


def test_the_end_of_a_child_that_nobody_waits_for_changes_nothing(quiet: Engine) -> None:
    publish(quiet, "child", callable_(ASK))
    only = quiet.add_dispatcher()
    parent_id = quiet.start(quiet.publish(calling()))
    quiet.until(parent_id, "WAITING")
    only.stop()
    quiet.dispatchers.clear()
    (child,) = family(quiet, parent_id)
    for execution_id in (parent_id, child.id):  # the parent's event comes after the child's
        services.execution_cancel(
            workspace_id=quiet.workspace.id, execution_id=execution_id, now=clock.now(), by="alice"
        )
    tell(quiet)
    assert set(_statuses(quiet)) == {"CANCELED"}


def test_a_worker_killed_before_it_told_costs_nothing(quiet: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child's end is committed and the process dies: the event is told by another, once it is due again."""
    publish(quiet, "child", callable_(DOUBLE))
    quiet.add_dispatcher()
    parent_id = quiet.start(quiet.publish(calling()), {"n": 1})
    until(lambda: family(quiet, parent_id) and family(quiet, parent_id)[0].status == "SUCCESS")
    with monkeypatch.context() as death:
        death.setattr(events, "_tell", lambda event: None)
        events.events_tell()
    assert quiet.snapshot(parent_id)["status"] == "WAITING"
    with tenant(quiet.workspace.id):
        Event.objects.update(due_at=clock.now() - timedelta(seconds=1))
    tell(quiet)
    assert quiet.until(parent_id)["output"] == {"n": 2}


def test_a_worker_killed_while_it_parks_starts_no_child(quiet: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction that would have parked the parent is gone, and its children with it; then they start once."""
    publish(quiet, "child", callable_(DOUBLE))
    commit, lost = store.checkpoint, threading.Event()

    def killed(point: store.Checkpoint) -> bool:
        if point.opened and not lost.is_set():
            with tenant(point.workspace_id):
                commit(point)
                transaction.set_rollback(True)
            lost.set()
            raise store.FenceLost
        return commit(point)

    monkeypatch.setattr(store, "checkpoint", killed)
    first = quiet.add_dispatcher(sweeps=[relay.tend])
    parent_id = quiet.start(quiet.publish(calling()), {"n": 1})
    until(lost.is_set)
    assert family(quiet, parent_id) == []
    store.release(worker_id=first.worker_id)
    assert quiet.until(parent_id)["output"] == {"n": 2}
    assert len(family(quiet, parent_id)) == 1


def test_the_same_end_told_by_many_at_once_is_handed_over_once(quiet: Engine) -> None:
    publish(quiet, "child", callable_(ASK))
    quiet.add_dispatcher()
    parent_id = quiet.start(quiet.publish(calling(for_each=list(range(6)), parallelism=6, on_item_error="collect")))
    until(lambda: [child.status for child in family(quiet, parent_id)] == ["WAITING_FOR_HUMAN"] * 6)
    for child in family(quiet, parent_id):
        services.execution_cancel(workspace_id=quiet.workspace.id, execution_id=child.id, now=clock.now(), by="bob")
    with tenant(quiet.workspace.id):
        ends = list(Event.objects.filter(name="execution.finished"))

    def tell_it(event: Event) -> None:
        with tenant(quiet.workspace.id):
            children.child_ended(event=event, now=clock.now())
        connection.close()

    threads = [threading.Thread(target=tell_it, args=(event,)) for event in ends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = quiet.until(parent_id)
    assert [result["error"]["code"] for result in found["output"]] == ["executions.canceled"] * 6
    tell(quiet)


# ── The event of an end ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_end_nobody_listens_to_leaves_no_event(quiet: Engine) -> None:
    quiet.add_dispatcher()
    found = quiet.run(definition([node("t", "TRIGGER.MANUAL"), DOUBLE], ["t > double"]), {"n": 1})
    with tenant(quiet.workspace.id):
        assert not Event.objects.exists()
        assert Execution.objects.get(id=found["id"]).tells_end is False


# ── In containers and beside other branches ──────────────────────────────────────────────────────────────────────────


def test_a_loop_calls_once_per_round(house: Engine) -> None:
    publish(house, "child", callable_(DOUBLE))
    call = node("call", "FLOW.SUB_WORKFLOW", workflow="child", _parent="each")
    loop = node("each", "FLOW.LOOP", items="{{ $json }}", parallelism=3)
    document = definition([node("t", "TRIGGER.MANUAL"), loop, call], ["t > each"])
    found = house.run(document, [{"n": n} for n in range(6)])
    assert (found["status"], found["output"]) == ("SUCCESS", [{"n": n * 2} for n in range(6)])
    assert len({child.lineage_id for child in family(house, found["id"])}) == 6


def test_a_call_that_does_not_wait_goes_on_while_another_branch_runs(house: Engine) -> None:
    publish(house, "child", callable_(ASK))
    call = node("call", "FLOW.SUB_WORKFLOW", workflow="child", wait=False)
    nap = node("nap", "FLOW.WAIT", duration={"seconds": 1})
    join = node("join", "FLOW.MERGE", combine="list")
    document = definition(
        [node("t", "TRIGGER.MANUAL"), call, nap, join], ["t > call", "t > nap", "call > join", "nap > join"]
    )
    found = house.run(document, {"n": 1})
    (child,) = family(house, found["id"])
    assert found["output"] == [{"execution_id": str(child.id)}, {"n": 1}]


def test_the_first_of_two_calls_to_end_cancels_the_other(house: Engine) -> None:
    publish(house, "quick", callable_(DOUBLE))
    publish(house, "slow", callable_(ASK))
    calls = [node(name, "FLOW.SUB_WORKFLOW", workflow=name) for name in ("quick", "slow")]
    join = node("join", "FLOW.MERGE", mode="any", others="cancel", combine="list")
    document = definition(
        [node("t", "TRIGGER.MANUAL"), *calls, join], ["t > quick", "t > slow", "quick > join", "slow > join"]
    )
    found = house.run(document, {"n": 2})
    assert (found["status"], found["output"]) == ("SUCCESS", [{"n": 4}])
    until(lambda: sorted(child.status for child in family(house, found["id"])) == ["CANCELED", "SUCCESS"])


@pytest.mark.parametrize(
    ("level", "by", "code"),
    [
        ("none", "bob", "sub_workflow.unknown"),
        ("view", "bob", "sub_workflow.refused"),
        ("execute", "bob", ""),
        ("none", "alice", ""),
        ("none", "", ""),
    ],
)
def test_a_workflow_calls_what_its_publisher_may_run(house: Engine, cast: Cast, level: str, by: str, code: str) -> None:
    child = publish(house, "child", callable_(DOUBLE))
    object_share(
        workspace_id=house.workspace.id,
        kind=Kind.WORKFLOW,
        object_id=child,
        name="child",
        others=level,
        people={},
        actor=cast.owner,
    )
    who = {"bob": member_actor(cast.bob, "member"), "alice": cast.owner}.get(by, system("a command"))
    given: dict[str, Any] = {"workspace_id": house.workspace.id, "actor": who}
    document = calling(workflow="{{ 'chi' + 'ld' }}", input={"n": 1})
    parent = workflows.workflow_create(name="parent", definition=document, **given)
    workflows.workflow_publish(workflow_id=parent.id, **given)
    found = house.until(launch.execution_launch(**given, start=launch.Start(parent.id), now=clock.now()).id)
    assert (found["error"] or {}).get("code", "") == code
    assert len(family(house, found["id"])) == (0 if code else 1)
