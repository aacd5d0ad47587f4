"""What a node says is cleaned, bounded, and can be taken while it goes on talking."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from apps.core.ids import uuid7
from apps.executions.worker.context import MAX_LOG_CHARACTERS, MAX_LOG_LINES, NodeContext
from apps.executions.worker.credentials import NodeCredentials
from apps.nodes.contract import NodeError
from apps.nodes.expressions import Scope
from tests.nodes.running import NOW, FakeArtifacts, FakeHttp, FakeValues


def context() -> NodeContext:
    nothing: Any = None
    someone = uuid7()
    http = FakeHttp([])
    return NodeContext(
        inputs={},
        sources={},
        trigger_input=None,
        now=NOW,
        http=http,
        credentials=NodeCredentials(http, workspace_id=someone, workflow_id=someone, execution_id=someone),
        artifacts=FakeArtifacts(),
        models=nothing,
        place=nothing,
        attached=tuple,
        stream=lambda part, text: None,
        values=FakeValues(),
        idempotency_key="k",
        timeout_seconds=1,
        steps=nothing,
        scope=lambda given: Scope(json=given.get("main"), item="outer", index=7),
    )


HORRORS: list[Any] = [
    "nul \x00 inside",
    "half \ud800 a pair",
    "\u202egpj.exe",
    "<script>alert(1)</script>",
    "x" * 100_000,
    "line\nbreak",
    {"not": "text"},
    10**400,
]


@pytest.mark.parametrize("horror", HORRORS)
def test_whatever_is_said_can_be_stored(horror: Any) -> None:
    said = context()
    said.log(horror, data={"it": horror})
    said.progress(1, 2, horror)
    said.metric(horror, 1, horror)
    taken = said.take()
    text = json.dumps(taken, ensure_ascii=False)
    assert "\x00" not in text
    assert "\\u0000" not in text
    text.encode()  # no half of a pair
    assert len(taken[0]["message"]) <= 2_000


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400, "7", None, True])
def test_what_is_no_number_to_draw_is_nothing(number: Any) -> None:
    said = context()
    said.progress(number, number)
    said.metric("rows", number)
    progress, metric = said.take()
    assert progress["done"] == 0
    assert progress["total"] in (0, None)
    assert metric["value"] == 0


def test_an_unknown_level_counts_as_info() -> None:
    said = context()
    said.log("hello", level="loud")  # type: ignore[arg-type]
    assert said.take()[0]["level"] == "info"


def test_talking_without_end_costs_little() -> None:
    said = context()
    for at in range(10_000):
        said.log(f"line {at}")
        said.progress(at, 10_000)
        said.metric(f"m{at}", at)
    taken = said.take()
    lines = [each for each in taken if "kind" not in each]
    assert len(lines) == MAX_LOG_LINES + 1
    assert (lines[-1]["level"], lines[-1]["message"]) == ("warning", "Further log lines of this node were dropped.")
    assert len(taken) < MAX_LOG_LINES + 60
    said.log("more")
    assert not said.has_news


def test_long_lines_use_up_what_there_is() -> None:
    said = context()
    for _ in range(MAX_LOG_LINES):
        said.log("x" * 2_000, data=["y" * 5_000])
    assert len(json.dumps(said.take())) < MAX_LOG_CHARACTERS * 1.2


def test_nothing_is_lost_when_it_is_taken_while_talking() -> None:
    said, heard, is_over = context(), [], threading.Event()

    def talk() -> None:
        for at in range(MAX_LOG_LINES):
            said.log(str(at))
        is_over.set()

    thread = threading.Thread(target=talk)
    thread.start()
    while not is_over.is_set() or said.has_news:
        heard += said.take()
    thread.join()
    assert [each["message"] for each in heard] == [str(at) for at in range(MAX_LOG_LINES)]


def test_late_parameters_see_what_the_node_gives_them() -> None:
    made = context()
    assert made.resolve({"a": "{{ $json.x }}", "b": "{{ $item }}-{{ $index }}"}, given={"x": [1]}) == {
        "a": [1],
        "b": "outer-7",
    }
    assert made.resolve("{{ $item }}-{{ $index }}", item="inner", index=2) == "inner-2"
    with pytest.raises(NodeError) as failed:
        made.resolve({"url": ["{{ $json.a.b( }}"]}, given={})
    assert (failed.value.code, failed.value.details["path"]) == ("expressions.failed", "url[0]")


def test_a_part_of_the_work_goes_by_names_and_keys_of_its_own() -> None:
    done: dict[str, str] = {}
    shown: list[str] = []
    made: Any = context()
    made.steps = SimpleNamespace(do=lambda key, call, *_, **__: done.setdefault(key, call(f"own of {key}")))
    made._stream = lambda part, text: shown.append(part)
    part = made.within("turn:1/tool:0", "call-key")
    assert (part.idempotency_key, part.now) == ("call-key", NOW)
    assert part.step("page:1", lambda own: own) == "own of turn:1/tool:0/page:1"
    assert part.within("deeper", "k").step("a", lambda own: own) == "own of turn:1/tool:0/deeper/a"
    part.stream("…")
    part.log("said by the part")
    assert shown == ["turn:1/tool:0"]
    assert made.take()[0]["message"] == "said by the part"
