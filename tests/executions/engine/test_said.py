"""What nodes say is kept, bounded, and belongs to the checkpoint that wrote it."""

from __future__ import annotations

from typing import Any

from apps.executions.engine import said


def line(message: str, level: str = "info") -> dict[str, Any]:
    return {"at": "2026-11-20T09:00:00+00:00", "level": level, "message": message}


def far(done: int) -> dict[str, Any]:
    return {"kind": "progress", "at": "2026-11-20T09:00:00+00:00", "done": done, "total": 10, "message": ""}


def figure(name: str, value: int) -> dict[str, Any]:
    return {"kind": "metric", "at": "2026-11-20T09:00:00+00:00", "name": name, "value": value, "unit": ""}


def test_lines_are_added_and_the_last_word_on_the_rest_counts() -> None:
    once = said.kept([], [line("one"), far(1), figure("rows", 1)], attempt=1, seq=1)
    twice = said.kept(once, [far(2), figure("rows", 2), figure("bytes", 3), line("two")], attempt=2, seq=2)
    assert [each["message"] for each in said.lines_of(twice)] == ["one", "two"]
    assert [(each["attempt"], each["seq"]) for each in said.lines_of(twice)] == [(1, 1), (2, 2)]
    assert [each["message"] for each in said.lines_of(twice, 2)] == ["two"]
    progress = said.progress_of(twice)
    assert progress is not None
    assert progress["done"] == 2
    assert [(each["name"], each["value"]) for each in said.metrics_of(twice)] == [("rows", 2), ("bytes", 3)]


def test_what_is_kept_stays_bounded_however_often_something_is_said() -> None:
    kept: list[dict[str, Any]] = []
    for seq in range(1, 21):
        news = [line(str(at)) for at in range(100)] + [figure(f"{seq}.{at}", at) for at in range(100)] + [far(seq)]
        kept = said.kept(kept, news, attempt=seq, seq=seq)
    lines = list(said.lines_of(kept))
    assert len(lines) == said.MAX_LINES + 1
    assert (lines[-1]["level"], lines[-1]["message"]) == ("warning", "Further lines of this node were dropped.")
    assert len(said.metrics_of(kept)) <= said.MAX_METRICS + 1
    assert said.progress_of(kept) is not None


def test_the_gravest_new_line_is_named() -> None:
    kept = said.kept([], [line("a", "error")], attempt=1, seq=1)
    kept = said.kept(kept, [line("b", "debug"), line("c", "warning")], attempt=1, seq=2)
    assert said.worst_level(kept, 1) == "error"
    assert said.worst_level(kept, 2) == "warning"
    assert said.worst_level(kept, 3) is None
