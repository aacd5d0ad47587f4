"""The log in sentences, from records made by hand: what a real run cannot be made to do in a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from apps.executions import story
from apps.executions.story import Entry, Record
from apps.workflows import graph
from tests.executions.conftest import definition, node

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def run(node_id: str, state: str, began: float | None = None, ended: float | None = None, **more: Any) -> Any:
    values = {
        "node_id": node_id,
        "path": "",
        "state": state,
        "attempt": 1,
        "attempts": [],
        "port": "main",
        "output": None,
        "error": None,
        "logs": [],
        "started_at": None if began is None else at(began),
        "attempt_at": None if began is None else at(began),
        "finished_at": None if ended is None else at(ended),
    }
    return SimpleNamespace(**(values | more))


def wait(node_id: str, kind: str, opened: float, **more: Any) -> Any:
    values: dict[str, Any] = {
        "node_id": node_id,
        "kind": kind,
        "title": "",
        "opened_at": at(opened),
        "wake_at": None,
        "resolved_at": None,
        "resolved_by": None,
        "answer": None,
    }
    return SimpleNamespace(**(values | more))


def told(*runs: Any, waits: tuple[Any, ...] = (), **execution: Any) -> list[str]:
    values: dict[str, Any] = {
        "created_at": START,
        "finished_at": None,
        "started_by": {"kind": "webhook", "label": "POST /orders"},
        "status": "RUNNING",
        "error": None,
    }
    document = definition(
        [
            node("hook", "TRIGGER.WEBHOOK", path="orders"),
            node("Stock", "ACTION.HTTP_REQUEST", url="https://api.example.com/stock"),
            node("Over 1000?", "FLOW.IF", condition="{{ true }}") | {"id": "big"},
            node("Pause", "FLOW.WAIT", duration={"hours": 3}),
            node("Manager", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship?"),
        ],
        ["hook > Stock", "Stock > big", "big.true > Pause", "Pause > Manager"],
    )
    made = SimpleNamespace(**(values | execution))
    lines = story.tell(Record(made, graph.compile(document), runs, waits), "business")
    return [line.message for line in lines]


def test_a_call_tells_its_answer_its_time_and_its_tries() -> None:
    failed = {
        "number": 1,
        "started_at": at(1).isoformat(),
        "finished_at": at(1.5).isoformat(),
        "error": {"code": "http.status", "message": "api.example.com answered GET with status 503"},
    }
    stock = run("Stock", "COMPLETED", 1, 2.9, attempt=2, attempts=[failed], output={"status": 200})
    assert told(run("hook", "COMPLETED", 0, 0), stock) == [
        "Started by POST /orders.",
        "Stock failed (1st try): api.example.com answered GET with status 503.",
        "Stock answered 200 after 1.9 s (2nd try).",
    ]


def test_a_decision_tells_which_way_it_went() -> None:
    assert told(run("big", "COMPLETED", 1, 1, port="true"))[1:] == ["Over 1000? True."]


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


def test_a_doubt_is_told_as_one() -> None:
    doubted = wait("Stock", "review", 1, title="Did “Stock” happen?")
    assert told(run("Stock", "NEEDS_REVIEW", 0), waits=(doubted,))[-1] == (
        "Nobody knows whether Stock was carried out. Did “Stock” happen?"
    )


def test_what_a_node_says_itself_is_told_and_its_whispers_are_not() -> None:
    logs = [{"level": "info", "message": "Page 1 of 3"}, {"level": "debug", "message": "cursor abc"}]
    assert "Page 1 of 3" in told(run("Stock", "RUNNING", 1, logs=logs))
    assert "cursor abc" not in told(run("Stock", "RUNNING", 1, logs=logs))


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


def test_a_part_of_the_log_begins_with_its_start_and_ends_before_its_end() -> None:
    lines = [Entry(at(second), "info", None, str(second)) for second in range(4)]
    part = story.since_and_until(lines, at(1), at(3))
    assert [line.message for line in part] == ["1", "2"]
