"""Spans: nothing while nobody wants them, a tree when somebody does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from apps.core.telemetry import spans, trace
from config.settings import environment
from tests.fakes.collector import collector


@pytest.fixture
def recorded() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    spans.configure(service="test", exporter=exporter)
    yield exporter
    spans.switch_off()


def test_nothing_is_recorded_unless_somebody_wants_it() -> None:
    with trace.within(trace.begun()) as here, spans.span("quiet") as span:
        span.set_attribute("a", 1)
        assert trace.current() == here
    open_ended = spans.opened("quiet", here)
    open_ended.failed("no")
    open_ended.end()
    assert not spans.is_on()


def test_a_span_goes_on_in_the_trace_around_it(recorded: InMemorySpanExporter) -> None:
    caller = trace.begun()
    with trace.within(caller, execution_id="e"):
        with spans.span("outer", kind="server", attributes={"x": 1}) as outer:
            assert trace.labels() == {"trace_id": caller.trace_id, "execution_id": "e"}
            with spans.span("inner", kind="client") as inner:
                assert trace.header() == inner.trace.header
        assert trace.header() == caller.header
    first, second = recorded.get_finished_spans()
    assert (first.name, second.name) == ("inner", "outer")
    assert first.parent is not None
    assert second.parent is not None
    assert f"{second.parent.span_id:016x}" == caller.span_id
    assert f"{first.parent.span_id:016x}" == outer.trace.span_id
    assert {f"{each.context.trace_id:032x}" for each in (first, second)} == {caller.trace_id}
    assert dict(second.attributes or {}) == {"x": 1}


def test_what_goes_wrong_is_marked_and_passes_on(recorded: InMemorySpanExporter) -> None:
    with pytest.raises(KeyError), spans.span("broken"):
        raise KeyError("x")
    (only,) = recorded.get_finished_spans()
    assert not only.status.is_ok
    assert only.status.description == "KeyError: 'x'"


def test_an_open_one_ends_once(recorded: InMemorySpanExporter) -> None:
    span = spans.opened("long", trace.begun())
    span.end()
    span.end()
    assert len(recorded.get_finished_spans()) == 1


def test_what_a_caller_does_not_want_sampled_is_not_recorded(recorded: InMemorySpanExporter) -> None:
    caller = trace.read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
    assert caller is not None
    with trace.within(caller), spans.span("unwanted"):
        assert (trace.header() or "").endswith("-00")
    assert recorded.get_finished_spans() == ()


def test_spans_of_models_go_to_a_place_of_their_own() -> None:
    with collector() as langfuse:
        address, headers = environment.langfuse(f"{langfuse.url}/", "pk-lf-1", "sk-lf-2") or ("", {})
        spans.configure(service="test", is_sent=False, models=spans.Sink(address, headers))
        with spans.span("HTTP GET"), spans.span("chat small", kind="client", attributes={spans.GENAI: "chat"}):
            pass
        spans.switch_off()
        assert [span.name for span in langfuse.spans] == ["chat small"]
        assert langfuse.asked == [("/api/public/otel/v1/traces", "Basic cGstbGYtMTpzay1sZi0y")]


def test_half_of_a_langfuse_is_refused() -> None:
    assert environment.langfuse("", "pk", "") is None
    with pytest.raises(ImproperlyConfigured, match="LANGFUSE_SECRET_KEY"):
        environment.langfuse("https://cloud.langfuse.com", "pk-lf-1", "")
