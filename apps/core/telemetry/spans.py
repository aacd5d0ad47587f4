"""Spans for OpenTelemetry. Where nobody wants them there are none, and the SDK is not even imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from apps.core.telemetry import trace as traces
from apps.core.telemetry.trace import Trace

Kind = Literal["internal", "server", "client"]
Value = str | int | float | bool


_tracer: Any = None
_provider: Any = None
GENAI = "gen_ai.operation.name"
"""What every span of a call of a model has."""


@dataclass(frozen=True, slots=True)
class Sink:
    """Where spans of calls of models are sent besides: a whole address that takes OTLP over HTTP, and what it asks."""

    url: str
    headers: Mapping[str, str] = field(repr=False)


class Span(Protocol):
    """An open span. `trace` is the place in the trace that what happens inside belongs to."""

    trace: Trace

    def set_attribute(self, key: str, value: Value) -> None:
        """Say something of it."""

    def failed(self, reason: str) -> None:
        """It did not do what it was to do."""

    def end(self) -> None:
        """It is over. Ending it again does nothing."""


def opened(name: str, inside: Trace, *, kind: Kind = "internal", attributes: Mapping[str, Value] | None = None) -> Span:
    """A span of this trace that is open until it is ended, for what does not begin and end in one place."""
    return _Silent(inside) if _tracer is None else _recorded(name, inside, kind, attributes)


def span(
    name: str, *, kind: Kind = "internal", attributes: Mapping[str, Value] | None = None
) -> AbstractContextManager[Span]:
    """A span of the current trace around what happens inside; a new trace where there is none. An exception marks it
    as failed and passes on. Calls made inside name this span as their parent.
    """
    return _SILENCE if _tracer is None else _around(name, kind, attributes)


@contextmanager
def _around(name: str, kind: Kind, attributes: Mapping[str, Value] | None) -> Iterator[Span]:
    made = _recorded(name, traces.current(), kind, attributes)
    with traces.within(made.trace):
        try:
            yield made
        except BaseException as error:
            made.failed(f"{type(error).__name__}: {error}"[:500])
            raise
        finally:
            made.end()


def is_on() -> bool:
    """Whether spans are recorded."""
    return _tracer is not None


def configure(
    *, service: str, version: str = "", exporter: Any = None, is_sent: bool = True, models: Sink | None = None
) -> None:
    """Record spans and send them where the standard variables of OpenTelemetry say (`OTEL_EXPORTER_OTLP_ENDPOINT`,
    `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, …), as OTLP over HTTP, unless `is_sent` is false; those of
    calls of models also to `models`. In the background; a collector that is away costs spans and nothing else.
    `exporter` stands in for that, in tests.
    """
    global _provider, _tracer
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": version}))
    if exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        class OfModels(BatchSpanProcessor):
            def on_end(self, span: Any) -> None:
                if GENAI in (span.attributes or {}):
                    super().on_end(span)

        if is_sent:
            provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        if models is not None:
            sent = OTLPSpanExporter(endpoint=models.url, headers=dict(models.headers))
            provider.add_span_processor(OfModels(sent))
    _provider, _tracer = provider, provider.get_tracer("agentflow")


def switch_off() -> None:
    """Record nothing any more; what was recorded is still sent."""
    global _provider, _tracer
    if _provider is not None:
        _provider.shutdown()
    _provider = _tracer = None


class _Silent:
    __slots__ = ("trace",)

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def set_attribute(self, key: str, value: Value) -> None:
        pass

    def failed(self, reason: str) -> None:
        pass

    def end(self) -> None:
        pass


_SILENCE: AbstractContextManager[Span] = nullcontext(_Silent(Trace("0" * 32, "0" * 16, 0)))


class _Recorded:
    def __init__(self, inner: Any, trace: Trace) -> None:
        self._inner, self.trace = inner, trace

    def set_attribute(self, key: str, value: Value) -> None:
        self._inner.set_attribute(key, value)

    def failed(self, reason: str) -> None:
        from opentelemetry.trace import Status, StatusCode

        self._inner.set_status(Status(StatusCode.ERROR, reason))

    def end(self) -> None:
        if self._inner.is_recording():
            self._inner.end()


def _recorded(name: str, inside: Trace | None, kind: Kind, attributes: Mapping[str, Value] | None) -> _Recorded:
    from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

    context = None
    if inside is not None:
        parent = SpanContext(
            int(inside.trace_id, 16), int(inside.span_id, 16), is_remote=True, trace_flags=TraceFlags(inside.flags)
        )
        context = set_span_in_context(NonRecordingSpan(parent))
    inner = _tracer.start_span(name, context=context, kind=SpanKind[kind.upper()], attributes=dict(attributes or {}))
    place = inner.get_span_context()
    names = inside.names if inside else ()
    return _Recorded(inner, Trace(f"{place.trace_id:032x}", f"{place.span_id:016x}", int(place.trace_flags) & 1, names))
