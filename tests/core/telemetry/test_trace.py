"""Traces are read as W3C wants it, and belong to what runs inside them."""

from __future__ import annotations

import threading
from contextvars import copy_context

import pytest

from apps.core.telemetry import trace

HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_is_read_and_written_as_it_came() -> None:
    found = trace.read(HEADER)
    assert found is not None
    assert (found.trace_id, found.span_id, found.flags) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 1)
    assert found.header == HEADER


def test_a_later_version_may_say_more() -> None:
    found = trace.read(HEADER.replace("00-", "cc-", 1) + "-what-the-future-will-be-like")
    assert found is not None
    assert found.header == HEADER


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        HEADER.upper(),
        HEADER + "-more",
        HEADER.replace("00-", "ff-", 1),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        HEADER[:-1],
        HEADER + "\n",
        " " + HEADER,
        "00-" + "g" * 32 + "-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-" + "x" * 10_000,
    ],
)
def test_what_is_none_is_not_believed(header: str | None) -> None:
    assert trace.read(header) is None


def test_each_new_one_is_valid_and_its_own() -> None:
    assert len({trace.begun().trace_id for _ in range(100)}) == 100
    assert trace.read(trace.begun().header)


def test_what_happens_inside_is_named() -> None:
    assert (trace.current(), trace.header(), dict(trace.labels())) == (None, None, {})
    here = trace.begun()
    with trace.within(here, execution_id="e1"):
        with trace.within(here, node_id="n"):
            assert trace.labels() == {"trace_id": here.trace_id, "node_id": "n"}
        assert trace.labels() == {"trace_id": here.trace_id, "execution_id": "e1"}
        inner = trace.current()
        assert inner is not None
        with trace.within(inner, node_id="n"):
            assert list(trace.labels()) == ["trace_id", "execution_id", "node_id"]
    assert trace.current() is None


def test_other_threads_know_nothing_of_it_unless_they_are_told() -> None:
    seen: list[str | None] = []
    with trace.within(trace.begun()) as here:
        for target in (trace.header, copy_context().run):
            arguments = () if target is trace.header else (trace.header,)
            thread = threading.Thread(target=lambda t=target, a=arguments: seen.append(t(*a)))
            thread.start()
            thread.join()
    assert seen == [None, here.header]
