"""What is seen of an execution from outside: its trace, its figures, its log lines, its spans."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from apps.core import clock
from apps.core.telemetry import spans, trace
from apps.executions import services
from config.settings.logs import WithTrace
from tests.executions.conftest import Engine, definition, node
from tests.fakes.receiver import Receiver, receiver


@pytest.fixture
def vendor(settings: Any) -> Iterator[Receiver]:
    with receiver() as made:
        settings.EGRESS_ALLOW = [made.host]
        yield made


@pytest.fixture
def recorded() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    spans.configure(service="test", exporter=exporter)
    yield exporter
    spans.switch_off()


def calling(vendor: Receiver, path: str = "/price") -> Any:
    call = node("call", "ACTION.HTTP_REQUEST", method="GET", url=f"{vendor.url}{path}", fail_on_status=True)
    return definition([node("t", "TRIGGER.MANUAL"), call], ["t > call"])


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_the_request_s_trace_reaches_the_called_system(engine: Engine, vendor: Receiver) -> None:
    origin = engine.publish(calling(vendor))
    with trace.within(trace.begun()) as here:
        started = engine.start(origin)
    engine.until(started)
    assert vendor.seen[0]["headers"]["traceparent"] == here.header


def test_an_execution_without_a_request_has_a_trace_of_its_own(engine: Engine, vendor: Receiver) -> None:
    origin = engine.publish(calling(vendor))
    for started in [engine.start(origin), engine.start(origin)]:
        engine.until(started)
    ids = {seen["headers"]["traceparent"].split("-")[1] for seen in vendor.seen}
    assert len(ids) == 2


def test_spans_stand_one_in_the_other(engine: Engine, vendor: Receiver, recorded: InMemorySpanExporter) -> None:
    origin = engine.publish(calling(vendor))
    with trace.within(trace.begun()) as here:
        started = engine.start(origin)
    engine.until(started)
    found = {span.name: span for span in recorded.get_finished_spans()}
    parents = [here.span_id]
    for name in ("execute_workflow", "node ACTION.HTTP_REQUEST", "HTTP GET"):
        span = found[name]
        assert span.parent is not None
        assert f"{span.context.trace_id:032x}" == here.trace_id
        assert f"{span.parent.span_id:016x}" == parents[-1]
        parents.append(f"{span.context.span_id:016x}")
    assert (found["execute_workflow"].attributes or {})["execution.id"] == str(started)
    assert (found["node ACTION.HTTP_REQUEST"].attributes or {})["node.id"] == "call"
    assert vendor.seen[0]["headers"]["traceparent"].split("-")[2] == parents[-1]


def test_a_failed_node_is_a_failed_span(engine: Engine, vendor: Receiver, recorded: InMemorySpanExporter) -> None:
    vendor.says(status=404)
    engine.until(engine.start(engine.publish(calling(vendor))))
    found = {span.name: span for span in recorded.get_finished_spans()}
    assert not found["node ACTION.HTTP_REQUEST"].status.is_ok


def test_ends_and_nodes_are_counted(engine: Engine, vendor: Receiver) -> None:
    def figures() -> list[float]:
        return [
            counted("workflow_executions_total", status="SUCCESS", mode="production"),
            counted("workflow_executions_total", status="SUCCESS", mode="test"),
            counted("workflow_executions_total", status="ERROR", mode="production"),
            counted("workflow_execution_duration_seconds_count", status="SUCCESS"),
            counted("node_run_duration_seconds_count", type="ACTION.HTTP_REQUEST", outcome="done"),
            counted("node_run_duration_seconds_count", type="ACTION.HTTP_REQUEST", outcome="error"),
        ]

    origin = engine.publish(calling(vendor))
    before = figures()
    engine.until(engine.start(origin))
    engine.until(engine.start(origin, mode="test"))
    vendor.says(status=404)
    engine.until(engine.start(origin))
    assert [after - was for after, was in zip(figures(), before, strict=True)] == [1, 1, 1, 2, 2, 1]


def test_a_cancelled_one_is_counted_once(engine: Engine) -> None:
    origin = engine.publish(
        definition([node("t", "TRIGGER.MANUAL"), node("nap", "FLOW.WAIT", duration={"seconds": 60})], ["t > nap"])
    )
    started = engine.start(origin)
    engine.until(started, "WAITING")
    before = counted("workflow_executions_total", status="CANCELED", mode="production")
    services.execution_cancel(workspace_id=engine.workspace.id, execution_id=started, now=clock.now(), by="alice")
    assert counted("workflow_executions_total", status="CANCELED", mode="production") == before + 1


def test_a_line_of_the_log_says_what_it_belongs_to(
    engine: Engine, vendor: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.nodes.builtin.actions.http_request import HttpRequest

    def fault(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(HttpRequest, "run", fault)
    caplog.handler.addFilter(WithTrace())
    with trace.within(trace.begun()) as here, caplog.at_level(logging.ERROR):
        started = engine.start(engine.publish(calling(vendor)))
        engine.until(started)
    (line,) = [record for record in caplog.records if "node fault" in record.getMessage()]
    labels = line.__dict__["trace_labels"]
    assert labels == {"trace_id": here.trace_id, "execution_id": str(started), "node_id": "call"}
