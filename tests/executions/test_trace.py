"""The technical log, from records made by hand."""

from __future__ import annotations

from apps.executions import trace
from tests.executions.test_story import at, point, record, run, said, wait

FAILED = {
    "number": 1,
    "started_at": at(1).isoformat(),
    "finished_at": at(1.5).isoformat(),
    "error": {"code": "http.status", "message": "api.example.com answered with status 503"},
}


def test_a_retry_says_why_and_when() -> None:
    of = record(run("Stock", "RETRYING", 1, attempts=[FAILED], error=FAILED["error"]))
    changes = [
        {
            "node_id": "Stock",
            "path": "",
            "state": "RETRYING",
            "attempt": 1,
            "max_attempts": 3,
            "error_code": "http.status",
            "retry_at": at(3.4).isoformat(),
        }
    ]
    (line,) = trace.told(of, point(of, seq=4, when=2, before=1, changes=changes))
    assert line.message == (
        "Stock RETRYING: attempt 1 of 3 failed with http.status; it may pass, so it is tried again in 1.4 s."
    )
    assert line.level == "warning"
    assert (line.data["seq"], line.data["fence"]) == (4, 1)


def test_a_retry_between_two_checkpoints_is_not_lost() -> None:
    of = record(run("Stock", "RUNNING", 1, attempt=2, attempts=[FAILED]))
    changes = [{"node_id": "Stock", "path": "", "state": "RUNNING", "attempt": 2, "max_attempts": 3}]
    told = [line.message for line in trace.told(of, point(of, when=2, before=1, changes=changes))]
    assert told == [
        "Stock: attempt 1 failed with http.status: api.example.com answered with status 503.",
        "Stock RUNNING, attempt 2 of 3.",
    ]


def test_a_claim_shows_its_fence_and_how_often_it_was_resumed() -> None:
    of = record()
    again = [{"status": "RUNNING", "started_at": at(0).isoformat(), "resume_count": 2}]
    told = trace.told(of, point(of, seq=9, when=5, before=4, changes=again))
    assert told[0].message == "Claimed by a worker under fence 1, resumed for the 2nd time."
    assert told[0].at == at(4)
    first = [{"status": "RUNNING", "started_at": at(0).isoformat(), "resume_count": 0}]
    assert trace.told(of, point(of, when=5, changes=first))[0].at == at(0)


def test_an_end_carries_its_timing_its_port_and_what_it_does_to_the_world() -> None:
    of = record(run("Stock", "COMPLETED", 1, 2.25, port="error", effect="write"))
    (line,) = trace.told(of, point(of))
    assert line.message == "Stock COMPLETED after 1.2 s by port error."
    assert (line.data["took_ms"], line.data["effect"]) == (1250.0, "write")


def test_an_unknown_outcome_says_why_it_is_not_repeated() -> None:
    error = {"code": "http.timeout", "message": "No answer."}
    of = record(run("Stock", "NEEDS_REVIEW", 1, error=error))
    (line,) = trace.told(of, point(of))
    assert (
        line.message
        == "Stock NEEDS_REVIEW: the outcome of attempt 1 of 3 is unknown (http.timeout), so it is not repeated."
    )
    assert line.data["error"] == error


def test_figures_are_told_when_the_node_has_ended() -> None:
    rows = {"kind": "metric", "at": at(2).isoformat(), "name": "rows", "value": 10_000, "unit": "rows"}
    running = record(run("Stock", "RUNNING", 1, logs=[rows]))
    assert len(trace.told(running, point(running))) == 1
    ended = record(run("Stock", "COMPLETED", 1, 2, logs=[rows]))
    assert trace.told(ended, point(ended))[-1].message == "Stock: rows = 10,000 rows"


def test_waits_open_and_end() -> None:
    of = record(waits=(wait("Pause", "timer", 1, opened_at=at(1), resolved_at=at(9), resolved_by="deadline"),))
    told = [line.message for line in trace.told(of, point(of, when=5))]
    assert told == ["Pause: wait (timer) opened.", "Pause: wait (timer) resolved by deadline."]


def test_a_node_that_only_spoke_is_not_told_to_run_once_more() -> None:
    of = record(run("Stock", "RUNNING", 1, logs=[said("Page 2", seq=3)]))
    runs_on = [{"node_id": "Stock", "path": "", "state": "RUNNING", "attempt": 1, "started_at": at(1).isoformat()}]
    assert [line.message for line in trace.told(of, point(of, seq=3, when=9, before=4, changes=runs_on))] == ["Page 2"]
    taken_over = [*runs_on, {"status": "RUNNING", "resume_count": 1}]
    told = [line.message for line in trace.told(of, point(of, seq=4, when=9, before=4, changes=taken_over))]
    assert "Stock RUNNING, attempt 1 of 3." in told


def test_what_was_kept_stands_where_it_was_taken_over() -> None:
    of = record(run("Stock", "COMPLETED", -9, -7, attempts=[FAILED], attempt=2))
    kept = [{"node_id": "Stock", "path": "", "state": "COMPLETED", "attempt": 2, "kept_from": "e"}]
    (line,) = trace.told(of, point(of, when=3, changes=kept))
    assert line.message == "Stock COMPLETED, kept from another execution."
    assert line.at == at(3)
