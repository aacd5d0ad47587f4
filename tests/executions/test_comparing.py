"""Two runs compared: what differs, where first, and what is no difference."""

from __future__ import annotations

from typing import Any

import pytest

from apps.executions.comparing import MOST_CHANGES, alike, changes, compare, first_difference

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", "changed", "1", "2")]),
        ({"a": 1, "b": 2}, {"b": 2, "c": 3}, [("a", "removed", "1", ""), ("c", "added", "", "3")]),
        ([1, 2], [1, 3, 4], [("[1]", "changed", "2", "3"), ("[2]", "added", "", "4")]),
        (
            {"a": {"odd key": [{"x": None}]}},
            {"a": {"odd key": [{"x": 0}]}},
            [('a["odd key"][0].x', "changed", "null", "0")],
        ),
        (True, 1, [("", "changed", "true", "1")]),
        (1, 1.0, []),
        ("<b>", "ä", [("", "changed", '"<b>"', '"ä"')]),
    ],
)
def test_values_are_compared_place_by_place(before: Any, after: Any, found: list[Any]) -> None:
    assert [(each.path, each.kind, each.before, each.after) for each in changes(before, after)] == found


def test_there_are_only_so_many() -> None:
    assert len(changes(list(range(1_000)), [])) == MOST_CHANGES
    assert len(changes("x" * 10_000, "")[0].before) < 400


def run(node_id: str, second: int, state: str = "COMPLETED", **given: Any) -> Json:
    usual: Json = {"path": "", "port": "main", "attempt": 1, "error": None, "params": {}, "input": {}, "output": {}}
    times = {
        "started_at": f"2026-11-20T09:00:{second:02}+00:00",
        "finished_at": f"2026-11-20T09:00:{second + 1:02}+00:00",
    }
    return {"node_id": node_id, "state": state, **usual, **times, **given}


def snapshot(*runs: Json, nodes: str = "tab") -> Json:
    made = [{"id": each, "name": each.upper(), "type": "ACTION", "subtype": "TRANSFORM"} for each in nodes]
    return {"definition": {"nodes": made}, "node_runs": list(runs)}


def test_the_first_that_differs_is_found_in_the_order_of_the_run() -> None:
    first = snapshot(run("t", 1), run("b", 2, output={"n": 1}), run("a", 3, output={"n": 1}))
    second = snapshot(run("t", 1), run("b", 2, output={"n": 2}), run("a", 5, "FAILED", error={"message": "No."}))
    rows = compare(first, second)
    assert [(row.node_id, row.differs) for row in rows] == [
        ("t", ()),
        ("b", ("output",)),
        ("a", ("state", "error", "output")),
    ]
    found = first_difference(rows)
    assert found is not None
    assert found.name == "B"
    assert rows[2].slower == 0


def test_what_only_one_version_has_or_only_one_run_reached_is_shown() -> None:
    rows = {
        row.node_id: row
        for row in compare(snapshot(run("t", 1), run("a", 2), nodes="ta"), snapshot(run("t", 1), nodes="tb"))
    }
    assert [side.is_there for side in rows["a"].sides] == [True, False]
    assert [side.state for side in rows["b"].sides] == ["", "PENDING"]
    assert first_difference(compare(snapshot(run("t", 1)), snapshot(run("t", 9)))) is None


def test_headers_that_are_never_the_same_are_no_difference() -> None:
    answers: list[Json] = [{"output": {"status": 200, "headers": {"date": day, "etag": "x"}}} for day in ("mon", "tue")]
    assert alike(answers[0], answers[1], "output")
    answers[1]["output"]["headers"]["etag"] = "y"
    assert not alike(answers[0], answers[1], "output")


def test_large_values_are_known_by_their_digest() -> None:
    def large(digest: str) -> Json:
        return {"output": None, "large": {"output": {"sha256": digest}}}

    assert alike(large("a"), large("a"), "output")
    assert not alike(large("a"), large("b"), "output")
    assert not alike(large("a"), {"output": None, "large": {}}, "output")
