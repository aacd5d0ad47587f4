"""Spans of calls of models, named as OpenTelemetry's conventions for generative AI want it.

What was asked and answered is in them only where the operator says so (`GENAI_TRACE_CONTENT`).
https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import Any, Final

from django.conf import settings

from apps.ai.gateway.translating import Heard
from apps.core.telemetry import spans
from apps.nodes.contract import ChatRequest, Message, ModelRef, NodeError, Usage

_SYSTEMS: Final = {"gemini": "gcp.gemini", "together": "together_ai", "custom": "openai_compatible"}
_LONGEST: Final = 20_000


def chat(ref: ModelRef, request: ChatRequest) -> AbstractContextManager[spans.Span]:
    """A span around one call of a chat model."""
    if not spans.is_on():
        return spans.span("")
    given: dict[str, spans.Value] = _of(ref, "chat")
    for name in ("temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty"):
        if (value := getattr(request.sampling, name)) is not None:
            given[f"gen_ai.request.{name}"] = value
    if settings.GENAI_TRACE_CONTENT:
        given["gen_ai.input.messages"] = _written([_shown(each) for each in request.messages])
    return spans.span(f"chat {ref.model}", kind="client", attributes=given)


def embeddings(ref: ModelRef) -> AbstractContextManager[spans.Span]:
    """A span around one call of a model for embeddings."""
    return spans.span(f"embeddings {ref.model}", kind="client", attributes=_of(ref, "embeddings"))


def answered(span: spans.Span, heard: Heard, usage: Usage) -> None:
    """What came of it."""
    if not spans.is_on():
        return
    used(span, usage)
    span.set_attribute("gen_ai.response.finish_reasons", _written([heard.ended()]))
    if settings.GENAI_TRACE_CONTENT:
        span.set_attribute("gen_ai.output.messages", _written([_shown(heard.message())]))


def used(span: spans.Span, usage: Usage) -> None:
    """How many tokens were used."""
    span.set_attribute("gen_ai.usage.input_tokens", usage.input)
    span.set_attribute("gen_ai.usage.output_tokens", usage.output)
    if usage.cached:
        span.set_attribute("gen_ai.usage.cache_read.input_tokens", usage.cached)


def failed(span: spans.Span, error: NodeError) -> None:
    """No answer came. The provider's words stay out: they may quote what was asked."""
    span.set_attribute("error.type", error.code)
    span.failed(error.code)


def _of(ref: ModelRef, operation: str) -> dict[str, spans.Value]:
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": _SYSTEMS.get(ref.provider, ref.provider),
        "gen_ai.request.model": ref.model,
    }


def _shown(message: Message) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"type": "text", "content": message.text}] if message.text else []
    parts += [
        {"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments} for call in message.calls
    ]
    if message.role == "tool":
        parts = [{"type": "tool_call_response", "id": message.call_id, "response": message.text}]
    return {"role": message.role, "parts": parts}


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:_LONGEST]
