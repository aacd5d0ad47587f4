"""Which sandbox runs code here, what it answers, and that nothing runs without one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.sandbox import choice, run, selftest
from apps.core.sandbox.job import Answer, CodeFailed, Job, Language, Limits


@pytest.fixture
def anew() -> Iterator[None]:
    choice.forget()
    yield
    choice.forget()


def failed(job: Job) -> CodeFailed:
    with pytest.raises(CodeFailed) as caught:
        choice.run(job)
    return caught.value


BOTH: list[tuple[Language, str]] = [
    ("python", 'print("a", "é")\nprint()\nreturn [total + n for n in items]'),
    ("javascript", 'console.log("a", "é"); console.log("");\nreturn items.map((n) => total + n)'),
]


@pytest.mark.parametrize(("language", "source"), BOTH)
def test_it_answers_what_the_code_returns_and_keeps_what_it_prints(language: Language, source: str) -> None:
    assert choice.run(Job(language, source, {"items": [1, 2], "total": 10})) == Answer([[11, 12]], ["a é", ""])


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "seen.append(item)\nreturn [item, len(seen)]"),
        ("javascript", "seen.push(item); return [item, seen.length]"),
    ],
)
def test_rounds_share_a_process_and_nothing_else_does(language: Language, source: str) -> None:
    job = Job(language, source, {"seen": []}, [{"item": "a"}, {"item": None}])
    assert choice.run(job).results == choice.run(job).results == [["a", 1], [None, 2]]
    assert choice.run(Job(language, source, {"seen": []}, [])) == Answer([], [])


@pytest.mark.parametrize(
    ("language", "source", "kind", "line", "words"),
    [
        ("python", "x = 1\nif x\n    return 2", "syntax", 2, "expected ':'"),
        ("javascript", "let x = 1;\nlet y = ;", "syntax", 2, "Unexpected token"),
        ("python", "def price(of):\n    return of['price']\n\nreturn price({})", "raised", 2, "KeyError: 'price'"),
        ("javascript", "function price(of) {\n  return of.price.net;\n}\nreturn price({})", "raised", 2, "TypeError"),
        ("javascript", "\nthrow 'no'", "raised", None, "no"),
    ],
)
def test_a_fault_is_told_by_its_line(language: Language, source: str, kind: str, line: int | None, words: str) -> None:
    found = failed(Job(language, source, {}))
    assert (found.kind, found.details.get("line")) == (kind, line)
    assert words in found.message
    if kind == "raised" and line:
        assert found.details["trace"][0]["line"] == 4
        assert found.details["trace"][-1] == {"line": 2, "in": "price"}


def test_a_fault_names_the_item_it_was_at_and_what_was_printed_before() -> None:
    found = failed(Job("python", "print(item)\nreturn 1 / item", {}, [{"item": 1}, {"item": 0}, {"item": 2}]))
    assert (found.details["at"], found.lines) == (1, ["1", "0"])
    assert found.message == "Line 2: ZeroDivisionError: division by zero (item 1)"


def test_what_is_no_json_is_named_by_its_place() -> None:
    assert (
        "result.rows[1].when is a date"
        in failed(Job("python", "import datetime\nreturn {'rows': [{}, {'when': datetime.date.today()}]}", {})).message
    )
    assert "result.a[0] is NaN" in failed(Job("javascript", "return { a: [0 / 0] }", {})).message


def test_the_standard_library_is_there_and_what_was_installed_is_not() -> None:
    source = (
        "import asyncio, csv, datetime, decimal, hashlib, itertools, math, random, re, statistics, zoneinfo\n"
        "async def later():\n    await asyncio.sleep(0)\n    return str(zoneinfo.ZoneInfo('UTC'))\n"
        "try:\n    import django\nexcept ImportError:\n    return asyncio.run(later())"
    )
    assert choice.run(Job("python", source, {})).results == ["UTC"]
    source = "const { createHash } = await import('node:crypto');\nreturn createHash('sha1').update('').digest('hex')"
    assert str(choice.run(Job("javascript", source, {})).results[0]).startswith("da39a3ee")


def test_more_than_it_takes_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MAX_INPUT", 1_000)
    assert failed(Job("python", "return 1", {"items": ["x" * 1_000]})).kind == "input_too_large"


def test_without_a_sandbox_nothing_runs(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "fault", lambda tier, language: f"no {tier} here.")
    monkeypatch.setattr(choice, "run_in", lambda tier, job: pytest.fail("it was run"))
    found = failed(Job("python", "return 1", {}))
    assert found.kind == "unavailable"
    assert "bwrap: no bwrap here. landlock: no landlock here." in found.message
    assert "doctor" in found.hint


def test_an_operator_can_switch_it_off_or_choose(anew: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tested: list[str] = []

    def fault(tier: str, language: str) -> str:
        tested.append(tier)
        return ""

    monkeypatch.setattr(selftest, "fault", fault)
    settings.SANDBOX_TIER = "landlock"
    assert choice.tier_of("python") == "landlock"
    assert tested == ["landlock"]
    settings.SANDBOX_TIER = "off"
    assert "SANDBOX_TIER" in failed(Job("python", "return 1", {})).hint


def test_more_than_an_operator_gives_is_refused(settings: Any) -> None:
    settings.SANDBOX_MAX_SECONDS, settings.SANDBOX_MAX_MEMORY_MB = 5, 128
    slow, large = (Job("python", "return 1", {}, limits=limits) for limits in (Limits(6, 64), Limits(5, 256)))
    assert "at most 5 s" in failed(slow).message
    assert "SANDBOX_MAX_MEMORY_MB" in failed(large).hint


def test_who_finds_no_place_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    place = threading.BoundedSemaphore(1)
    monkeypatch.setattr(choice, "_turns", lambda: place)
    with place, pytest.raises(CodeFailed) as caught:
        choice.run(Job("python", "return 1", {}), patience=0.01)
    assert caught.value.kind == "busy"
    assert choice.run(Job("python", "return 1", {}, limits=Limits(20))).results == [1]


def test_a_jail_that_leaks_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "run_in", lambda tier, job: Answer([["open a socket"]], []))
    assert selftest.fault("landlock", "python") == "It does not hold: code could open a socket."


def test_code_that_nobody_waits_for_any_more_ends_at_once() -> None:
    wanted_until = time.monotonic() + 0.5
    with pytest.raises(CodeFailed) as caught:
        choice.run(
            Job("python", "while True: pass", {}, limits=Limits(60)),
            is_unwanted=lambda: time.monotonic() > wanted_until,
        )
    assert caught.value.kind == "stopped"
    assert time.monotonic() - wanted_until < 2.0
