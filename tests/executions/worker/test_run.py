"""One execution in hand, without a database: what it takes up, when it is idle, what it writes."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from apps.core.ids import uuid7
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import State, Status
from apps.executions.store import Claimed, Loaded
from apps.executions.worker.point import taken
from apps.executions.worker.run import Run
from apps.nodes.contract import Done, NodeError, Result
from apps.workflows import graph
from tests.executions.conftest import definition, fields, node

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ASK = {"title": "Ship?", "timeout_seconds": 3600}
GET = {"method": "GET", "url": "http://127.0.0.1:9/x"}
POST = GET | {"method": "POST"}


def claimed(**given: Any) -> Claimed:
    values: dict[str, Any] = {
        "id": uuid7(),
        "workspace_id": uuid7(),
        "workflow_id": uuid7(),
        "version_id": uuid7(),
        "trigger_node": "t",
        "mode": "production",
        "fence": 1,
        "seq": 1,
        "input": None,
        "lineage_id": uuid7(),
        "reply_to": None,
        "response": None,
        "created_at": NOW,
        "started_at": NOW,
        "resume_count": 0,
    }
    return Claimed(**(values | given))


def run_of(document: dict[str, Any], **given: Any) -> Run:
    return Run(claimed(**given), graph.compile(document))


def loaded(*runs: NodeRun, answers: dict[UUID, Any] | None = None, opened: dict[UUID, str] | None = None) -> Loaded:
    answers = answers or {}
    return Loaded(
        fence=1,
        at=NOW,
        runs=list(runs),
        answers={key: ("bob", value) for key, value in answers.items()},
        open={key: (kind, None) for key, kind in (opened or {}).items()},
        closed={key: ("human", NOW) for key in answers},
    )


def done(node_id: str, **given: Any) -> NodeRun:
    return NodeRun(node_id, state=State.COMPLETED, attempt=1, port="main", started_at=NOW, finished_at=NOW, **given)


def start_all(run: Run) -> None:
    """What the dispatcher does when a thread is free."""
    while run.calls:
        call = run.calls.popleft()
        run.started(call, NOW)
        run.in_flight[call.key] = call


def finish(run: Run, node_id: str, result: Result | NodeError) -> None:
    call = run.in_flight.pop(("", node_id))
    run.advance(run.apply(call, result, NOW), NOW)


def failing_beside(other: dict[str, Any]) -> dict[str, Any]:
    return definition(
        [node("t", "TRIGGER.MANUAL"), node("bad", "ACTION.HTTP_REQUEST", **GET), other],
        ["t > bad", f"t > {other['id']}"],
    )


# ── Ends that were decided while something else was running ──────────────────────────────────────────────────────────


def test_an_error_that_stops_is_not_forgotten_when_the_owner_is_lost() -> None:
    run = run_of(failing_beside(node("slow", "ACTION.HTTP_REQUEST", **GET)))
    bad = NodeRun("bad", state=State.FAILED, attempt=1, error={"code": "http.status", "message": "no"}, finished_at=NOW)
    run.restore(loaded(done("t"), bad, NodeRun("slow", state=State.RUNNING, attempt=1, effect="read", params=GET)), NOW)
    run.advance((), NOW)
    assert run.is_idle
    point = taken(run, NOW)
    assert (point.status, (point.error or {}).get("code")) == (Status.ERROR, "http.status")


def test_an_error_that_goes_on_stays_so_when_the_owner_is_lost() -> None:
    document = failing_beside(node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", **ASK))
    document["nodes"][1]["on_error"] = "continue"
    run = run_of(document)
    bad = NodeRun(
        "bad", state=State.FAILED, attempt=1, port="main", error={"code": "x", "message": ""}, finished_at=NOW
    )
    run.restore(loaded(done("t"), bad), NOW)
    run.advance((), NOW)
    assert taken(run, NOW).status is Status.WAITING_FOR_HUMAN


def test_a_stop_is_not_forgotten_when_the_owner_is_lost() -> None:
    end = node("end", "FLOW.STOP", outcome="error", message="No luck today")
    slow = node("slow", "ACTION.HTTP_REQUEST", **POST)
    document = definition([node("t", "TRIGGER.MANUAL"), slow, end], ["t > slow", "t > end"])
    first = run_of(document, seq=0)
    first.begin(NOW)
    first.advance((), NOW)
    first.ready = deque()
    assert first.stopping is not None
    written = {each.node_id: each for each in taken(first, NOW).runs}
    written["slow"] = NodeRun("slow", state=State.RUNNING, attempt=1, effect="write", params=POST)

    second = run_of(document)
    second.restore(loaded(*written.values()), NOW)
    second.advance((), NOW)
    point = taken(second, NOW)
    assert (point.status, (point.error or {}).get("message")) == (Status.ERROR, "No luck today")
    assert [each["node_id"] for each in point.unknown_writes] == ["slow"]


def test_a_stop_with_success_keeps_its_output_when_the_owner_is_lost() -> None:
    end = node("end", "FLOW.STOP", outcome="success", output={"a": 1})
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("slow", "ACTION.HTTP_REQUEST", **GET), end], ["t > slow", "t > end"]
    )
    first = run_of(document, seq=0)
    first.begin(NOW)
    first.advance((), NOW)
    written = {each.node_id: each for each in taken(first, NOW).runs}
    written["slow"] = NodeRun("slow", state=State.RUNNING, attempt=1, effect="read", params=GET)
    second = run_of(document)
    second.restore(loaded(*written.values()), NOW)
    second.advance((), NOW)
    point = taken(second, NOW)
    assert (point.status, point.error, point.output) == (Status.SUCCESS, None, {"a": 1})


def test_an_answer_that_comes_while_it_stops_does_not_keep_it_from_ending() -> None:
    document = failing_beside(node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", **ASK))
    document["nodes"].append(node("slow", "ACTION.HTTP_REQUEST", **GET))
    document["connections"].append({"from": "t", "port": "main", "to": "slow"})
    run = run_of(document, seq=0)
    run.begin(NOW)
    run.advance((), NOW)
    start_all(run)
    taken(run, NOW)
    finish(run, "bad", NodeError("http.status", "no"))
    wait_id = run.runs["ask"].wait_id
    assert wait_id is not None
    run.refresh(loaded(*run.runs.values(), answers={wait_id: {"outcome": "approved"}}))
    run.advance((), NOW)
    finish(run, "slow", Done({}))
    assert run.is_idle
    assert taken(run, NOW).status is Status.ERROR


# ── What other threads may look at ───────────────────────────────────────────────────────────────────────────────────


def test_an_answer_that_was_taken_up_is_not_taken_up_again() -> None:
    """While all threads are taken, the database still says that the node waits."""
    run = run_of(definition([node("t", "TRIGGER.MANUAL"), node("call", "ACTION.HTTP_REQUEST", **POST)], ["t > call"]))
    wait_id = uuid7()
    doubted = NodeRun("call", state=State.NEEDS_REVIEW, attempt=1, effect="write", params=POST, wait_id=wait_id)
    found = loaded(done("t"), doubted, answers={wait_id: {"outcome": "run_again"}})
    run.restore(found, NOW)
    run.advance((), NOW)
    run.refresh(found)
    run.advance((), NOW)
    assert [call.node_id for call in run.calls] == ["call"]


def test_a_retry_of_a_resumed_node_gets_its_answer_again() -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", **ASK)], ["t > ask"]
    )
    run = run_of(document)
    wait_id = uuid7()
    asked = NodeRun("ask", state=State.WAITING_INPUT, attempt=1, params=ASK, suspended={}, wait_id=wait_id)
    run.restore(loaded(done("t"), asked, opened={wait_id: "human"}), NOW)
    run.refresh(loaded(done("t"), asked, answers={wait_id: {"outcome": "approved"}}))
    asked.state, asked.retry_at = State.RETRYING, NOW - timedelta(seconds=1)
    run.ready.clear()
    run.queued.clear()
    run.touch(asked, NOW)
    run.due_retries(NOW)
    (call,) = run.calls
    assert (call.resumes, call.answer) == (True, {"outcome": "approved"})


# ── Text that the database cannot hold ───────────────────────────────────────────────────────────────────────────────


def test_what_is_written_can_always_be_stored() -> None:
    bad = "a\x00b\ud800"
    run = run_of(
        definition([node("t", "TRIGGER.MANUAL"), node("call", "ACTION.HTTP_REQUEST", **GET)], ["t > call"]), seq=0
    )
    run.begin(NOW)
    run.advance((), NOW)
    run.calls[0].stored_params = {"url": bad}
    start_all(run)
    run.in_flight["", "call"].context.log(bad, data={bad: float("nan")})
    finish(run, "call", NodeError("http.status", bad, bad, details={"body": bad}))
    written = repr([(each.params, each.error, each.logs, each.attempts) for each in taken(run, NOW).runs])
    assert "\\x00" not in written
    assert "\\ud800" not in written
    assert "nan" not in written


def test_fields_of_many_nodes_are_prepared_quickly() -> None:
    names = [f"n{at}" for at in range(498)]
    document = definition(
        [node("t", "TRIGGER.MANUAL")]
        + [node(name, "ACTION.TRANSFORM", fields=fields(a=1)) for name in names]
        + [node("join", "FLOW.MERGE", mode="all", combine="list")],
        [f"t > {name}" for name in names] + [f"{name} > join" for name in names],
    )
    run = run_of(document, seq=0)
    run.begin(NOW)
    began = datetime.now(UTC)
    run.advance((), NOW)
    while run.ready:  # it stops for what must be written
        taken(run, NOW)
        run.advance((), NOW)
    assert len(taken(run, NOW).output) == 498
    assert (datetime.now(UTC) - began).total_seconds() < 2


def test_parameters_that_a_deployment_made_invalid_fail_the_node_alone() -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("call", "ACTION.HTTP_REQUEST", **GET, _on_error="continue"),
            node("end", "ACTION.TRANSFORM", fields=fields(why="{{ $json.error.code }}")),
        ],
        ["t > call", "call > end"],
    )
    run = run_of(document)
    old = {"no": "such parameter"}
    tried = NodeRun("call", state=State.RETRYING, attempt=1, params=old, retry_at=NOW - timedelta(seconds=1))
    run.restore(loaded(done("t"), tried), NOW)
    run.advance(run.due_retries(NOW), NOW)
    while run.ready:  # it stops for what must be written
        taken(run, NOW)
        run.advance((), NOW)
    assert run.runs["end"].output == {"why": "nodes.params_invalid"}
    assert taken(run, NOW).status is Status.SUCCESS


def test_a_lost_write_is_in_doubt_whatever_became_of_its_parameters() -> None:
    document = definition([node("t", "TRIGGER.MANUAL"), node("call", "ACTION.HTTP_REQUEST", **GET)], ["t > call"])
    run = run_of(document)
    lost = NodeRun("call", state=State.RUNNING, attempt=1, effect="write", params={"no": "such parameter"})
    run.restore(loaded(done("t"), lost), NOW)
    assert lost.state is State.NEEDS_REVIEW
    assert taken(run, NOW).status is Status.WAITING_FOR_HUMAN
