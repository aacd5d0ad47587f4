"""Spans of calls of models, as OpenTelemetry's conventions want them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from apps.core.telemetry import spans
from apps.nodes.contract import NodeError, Sampling
from tests.ai.gateway.conftest import Asking
from tests.fakes.scripted import KEY, Call, Fail, Say, Used

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("litellm")]


@pytest.fixture
def recorded() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    spans.configure(service="test", exporter=exporter)
    yield exporter
    spans.switch_off()


def of(exporter: InMemorySpanExporter) -> list[tuple[str, dict[str, Any]]]:
    return [(span.name, dict(span.attributes or {})) for span in exporter.get_finished_spans()]


def test_a_call_is_a_span_without_what_was_said(asking: Asking, recorded: InMemorySpanExporter, settings: Any) -> None:
    fake, ref = asking.connect("gemini")
    fake.says(Say("Secret words.", used=Used(10, 5, cached=4)), Fail.bad("You said Secret words."))
    asking.chat(ref, text="Secret question", sampling=Sampling(temperature=0.5, max_tokens=9))
    with pytest.raises(NodeError):
        asking.chat(ref, text="Secret question")
    (name, answered), (_, failed) = of(recorded)
    assert name == "chat gemini-2.5-flash"
    assert answered == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 9,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.response.finish_reasons": '["stop"]',
    }
    assert failed["error.type"] == "ai.bad_request"
    everything = "".join(span.to_json() for span in recorded.get_finished_spans())
    assert "Secret" not in everything
    assert KEY not in everything


def test_what_was_said_is_in_it_where_the_operator_says_so(
    asking: Asking, recorded: InMemorySpanExporter, settings: Any
) -> None:
    settings.GENAI_TRACE_CONTENT = True
    fake, ref = asking.connect("openai")
    fake.says(Say(calls=(Call("look_up", {"city": "Rome"}),)))
    asking.chat(ref, text="Weather?")
    ((_, found),) = of(recorded)
    assert "Weather?" in found["gen_ai.input.messages"]
    assert '"name": "look_up"' in found["gen_ai.output.messages"]
