"""The log in sentences, from records made by hand: what a real run cannot be made to do in a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from apps.executions import story
from apps.executions.story import Checkpoint, Record
from apps.workflows import graph
from tests.executions.conftest import definition, node

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def run(node_id: str, state: str, began: float | None = None, ended: float | None = None, **more: Any) -> Any:
    values: dict[str, Any] = {
        "node_id": node_id,
        "path": "",
        "state": state,
        "attempt": 1,
        "attempts": [],
        "port": "main",
        "answered": None,
        "effect": None,
        "rounds": None,
        "error": None,
        "logs": [],
        "started_at": None if began is None else at(began),
        "attempt_at": None if began is None else at(began),
        "finished_at": None if ended is None else at(ended),
    }
    return SimpleNamespace(**(values | more))


def wait(node_id: str, kind: str, opened: float, **more: Any) -> Any:
    values: dict[str, Any] = {
        "id": f"{node_id}-{opened}",
        "node_id": node_id,
        "path": "",
        "kind": kind,
        "title": "",
        "opened_at": at(opened),
        "wake_at": None,
        "resolved_at": None,
        "resolved_by": None,
        "answer": None,
        "details": None,
    }
    return SimpleNamespace(**(values | more))


def change(each: Any) -> dict[str, Any]:
    """What a checkpoint says of a node run."""
    found = {name: getattr(each, name) for name in ("node_id", "path", "state", "attempt", "port")}
    times = {name: when and when.isoformat() for name in ("started_at", "finished_at") if (when := getattr(each, name))}
    return found | times | ({"error_code": each.error["code"]} if each.error else {})


def record(*runs: Any, waits: tuple[Any, ...] = (), milestones: tuple[str, ...] = (), **execution: Any) -> Record:
    values: dict[str, Any] = {
        "created_at": START,
        "finished_at": None,
        "started_by": {"kind": "webhook", "label": "POST /orders"},
        "status": "RUNNING",
        "error": None,
        "mode": "production",
        "trigger_node": "hook",
        "version_id": "v",
        "lineage_id": "l",
        "queue": "default",
        "hold": None,
    }
    document = definition(
        [
            node("hook", "TRIGGER.WEBHOOK", path="orders"),
            node("Stock", "ACTION.HTTP_REQUEST", url="https://api.example.com/stock"),
            node("Over 1000?", "FLOW.IF", condition="{{ true }}") | {"id": "big"},
            node("Pause", "FLOW.WAIT", duration={"hours": 3}),
            node("Manager", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship?"),
            node("Each", "FLOW.LOOP", items="{{ [] }}"),
            node("Line", "ACTION.TRANSFORM", _parent="Each"),
        ],
        ["hook > Stock", "Stock > big", "big.true > Pause", "Pause > Manager", "Manager.approved > Each"],
    )
    return Record(
        SimpleNamespace(**(values | execution)),
        graph.compile(document),
        {(each.node_id, each.path): each for each in runs},
        {each.id: each for each in waits},
        frozenset(milestones),
    )


def point(of: Record, seq: int = 1, when: float = 100_000, before: float | None = None, **more: Any) -> Checkpoint:
    """A checkpoint that says all of it at once."""
    changes: list[Any] = [change(each) for each in of.runs.values()]
    for each in of.waits.values():
        known = {"id": each.id, "node_id": each.node_id, "kind": each.kind}
        changes.append({"wait": known | {"resolved_at": None}})
        if each.resolved_at:
            changes.append({"wait": known | {"resolved_at": each.resolved_at.isoformat()}})
    if of.execution.finished_at:
        changes.append({"status": of.execution.status})
    return Checkpoint(seq, at(when), 1, more.get("changes", changes), None if before is None else at(before))


def told(*runs: Any, waits: tuple[Any, ...] = (), **execution: Any) -> list[str]:
    of = record(*runs, waits=waits, **execution)
    return [entry.message for entry in (story.begun(of), *story.told(of, point(of)))]


def test_a_call_tells_its_answer_its_time_and_its_tries() -> None:
    failed = {
        "number": 1,
        "started_at": at(1).isoformat(),
        "finished_at": at(1.5).isoformat(),
        "error": {"code": "http.status", "message": "api.example.com answered GET with status 503"},
    }
    stock = run("Stock", "COMPLETED", 1, 2.9, attempt=2, attempts=[failed], answered="200")
    assert told(run("hook", "COMPLETED", 0, 0), stock) == [
        "Started by POST /orders.",
        "Stock failed (1st try): api.example.com answered GET with status 503.",
        "Stock answered 200 after 1.9 s (2nd try).",
    ]


def test_a_decision_tells_which_way_it_went() -> None:
    assert told(run("big", "COMPLETED", 1, 1, port="true"))[1:] == ["Over 1000? True."]


def test_a_loop_tells_how_its_items_ended() -> None:
    lines = run("Each", "COMPLETED", 0, 200, effect="container", rounds={"COMPLETED": 1098, "FAILED": 2})
    one = run("Each", "FAILED", 0, 1, effect="container", rounds={"FAILED": 1}, error={"code": "x", "message": "No."})
    assert told(lines)[1:] == ["Each: 1,100 items, 1,098 done, 2 failed, in 3 min 20 s."]
    assert told(one)[1:] == ["Each failed: No."]


def test_the_last_failure_is_told_once() -> None:
    error = {"code": "http.status", "message": "No."}
    failed = {"number": 1, "started_at": at(1).isoformat(), "finished_at": at(2).isoformat(), "error": error}
    lines = told(
        run("Stock", "FAILED", 1, 2, attempts=[failed], error=error),
        status="ERROR",
        finished_at=at(2),
        error=error | {"node_id": "Stock"},
    )
    assert lines[1:] == ["Stock failed: No.", "Failed after 2 s: No."]


def test_waiting_tells_for_what_and_how_it_ended() -> None:
    assert told(
        waits=(
            wait("Pause", "timer", 1, wake_at=at(10_801), resolved_at=at(10_801), resolved_by="deadline"),
            wait("Manager", "human", 10_802, title="Ship?", resolved_at=at(11_677), resolved_by="Jonas W."),
        )
    )[1:] == [
        "Pause waits until 2026-11-20 12:00:01 UTC.",
        "Pause waited 3 h.",
        "Manager was asked: Ship?",
        "Manager: answered by Jonas W. after 14 min 35 s.",
    ]


@pytest.mark.parametrize(
    ("by", "answer", "line"),
    [
        ("Ann", {"outcome": "rejected"}, "Manager: rejected by Ann after 1 min."),
        ("deadline", None, "Manager: nobody answered within 1 min."),
        ("canceled", None, "Manager is not asked any more."),
    ],
)
def test_a_question_ends_in_one_of_these_ways(by: str, answer: Any, line: str) -> None:
    asked = wait("Manager", "human", 0, resolved_at=at(60), resolved_by=by, answer=answer)
    assert told(waits=(asked,))[-1] == line


@pytest.mark.parametrize(
    ("count", "by", "answer", "lines"),
    [
        (1, "engine", {"children": [{"error": None}]}, ["called “Ship”.", ": the result came after 1 min."]),
        (3, "engine", {"children": [{"error": {"code": "x"}}]}, ["called “Ship” 3 times.", ": failed after 1 min."]),
        (1, "engine", {"started": ["0199"]}, ["called “Ship”.", " goes on."]),
        (2, "deadline", None, ["called “Ship” 2 times.", ": not all had ended within 1 min; the rest is cancelled."]),
        (2, "canceled", None, ["called “Ship” 2 times.", " waits no longer."]),
    ],
)
def test_a_call_of_another_workflow_is_told(count: int, by: str, answer: Any, lines: list[str]) -> None:
    called = wait(
        "Pause", "child", 0, title="Ship", details={"count": count}, resolved_at=at(60), resolved_by=by, answer=answer
    )
    assert told(waits=(called,))[-2:] == [f"Pause {lines[0]}", f"Pause{lines[1]}"]


def test_a_doubt_is_told_as_one() -> None:
    doubted = wait("Stock", "review", 1, title="Did “Stock” happen?")
    assert told(run("Stock", "NEEDS_REVIEW", 0), waits=(doubted,))[-1] == (
        "Nobody knows whether Stock was carried out. Did “Stock” happen?"
    )


def said(message: str, level: str = "info", seq: int = 1) -> dict[str, Any]:
    return {"at": at(2).isoformat(), "level": level, "message": message, "attempt": 1, "seq": seq}


def test_what_a_node_says_itself_is_told_and_its_whispers_are_not() -> None:
    logs = [said("Page 1 of 3"), said("cursor abc", "debug")]
    assert "Page 1 of 3" in told(run("Stock", "RUNNING", 1, logs=logs))
    assert "cursor abc" not in told(run("Stock", "RUNNING", 1, logs=logs))


def test_a_line_belongs_to_the_checkpoint_that_wrote_it() -> None:
    of = record(run("Stock", "RUNNING", 1, logs=[said("one", seq=1), said("two", seq=2)]))
    assert [entry.message for entry in story.told(of, point(of, seq=2))] == ["two"]


def test_a_failed_try_is_told_by_the_first_checkpoint_that_knows_of_it() -> None:
    failed = {
        "number": 1,
        "started_at": at(1).isoformat(),
        "finished_at": at(2).isoformat(),
        "error": {"code": "http.status", "message": "No."},
    }
    of = record(run("Stock", "COMPLETED", 1, 9, attempt=2, attempts=[failed]))
    running = [{"node_id": "Stock", "path": "", "state": "RUNNING", "attempt": 2}]
    first = story.told(of, point(of, seq=2, when=3, before=1, changes=running))
    assert [entry.message for entry in first] == ["Stock failed (1st try): No."]
    last = story.told(of, point(of, seq=3, when=9, before=3))
    assert [entry.message for entry in last] == ["Stock finished after 8 s (2nd try)."]


def test_a_pause_says_who_and_why() -> None:
    held = record(hold={"by": "Ann", "reason": "Prices are wrong"}, status="PAUSED")
    paused = story.told(held, point(held, changes=[{"status": "PAUSED"}]))
    assert [line.message for line in paused] == ["Paused by Ann: Prices are wrong."]
    over = record()
    assert [line.message for line in story.told(over, point(over, changes=[{"status": "PAUSED"}]))] == ["Paused."]


def test_a_milestone_is_marked_and_never_silent() -> None:
    of = record(run("Pause", "COMPLETED", 1, 2), milestones=("Pause",))
    assert [(entry.message, entry.is_milestone) for entry in story.told(of, point(of))] == [
        ("Pause finished after 1 s.", True)
    ]


def test_how_far_it_came_ends_the_sentence() -> None:
    far = {"kind": "progress", "at": at(2).isoformat(), "done": 1500, "total": 1500, "message": ""}
    assert told(run("big", "COMPLETED", 1, 2, logs=[far]))[1:] == ["Over 1000? Main."]
    assert told(run("Stock", "COMPLETED", 1, 2, logs=[far]))[1:] == ["Stock finished after 1 s, 1,500 of 1,500."]


def test_rounds_are_counted_as_people_count_and_told_by_their_steps() -> None:
    inside, round_of_it = run("Stock", "COMPLETED", 1, 2, path="big[2]"), run("big", "COMPLETED", 1, 2, path="big[2]")
    assert told(inside, round_of_it)[1:] == ["Stock (3) finished after 1 s."]


def test_a_message_without_end_is_cut() -> None:
    error = {"code": "http.status", "message": "x" * 100_000}
    assert len(told(run("Stock", "FAILED", 1, 2, error=error))[-1]) < 5_000
    assert len(told(waits=(wait("Manager", "human", 1, title="x" * 100_000),))[-1]) < 5_000


def test_a_node_that_is_no_longer_in_the_graph_does_no_harm() -> None:
    assert told(run("gone", "COMPLETED", 0, 1), waits=(wait("gone", "human", 0),)) == ["Started by POST /orders."]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.0042, "4 ms"),
        (1.9, "1.9 s"),
        (2.0, "2 s"),
        (0.9999, "1 s"),
        (59.96, "1 min"),
        (60, "1 min"),
        (875, "14 min 35 s"),
        (11_100, "3 h 5 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_lengths_read_as_people_say_them(seconds: float, words: str) -> None:
    assert story.length(seconds) == words


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (22, "22nd")]
)
def test_ordinals(number: int, word: str) -> None:
    assert story.ordinal(number) == word
