"""OpenAI in a thread: chat completions, embeddings and models, as every OpenAI-compatible server has them.

See `tests.fakes.scripted` for what it is told and what it remembers. Also stands for Groq, Together and custom
endpoints. Refused as there: a call of a tool without its answer, a strict schema that is not strict.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from tests.fakes.scripted import Asked, Call, Fail, Model, Refused, Said, Say, serve, vector

_FINISH = {"stop": "stop", "length": "length", "refused": "content_filter"}
_KINDS = {
    "rate": ("rate_limit_error", "rate_limit_exceeded"),
    "server": ("server_error", None),
    "too_long": ("invalid_request_error", "context_length_exceeded"),
    "key": ("invalid_request_error", "invalid_api_key"),
    "model": ("invalid_request_error", "model_not_found"),
    "bad": ("invalid_request_error", None),
}


class OpenAI(Model):
    """The wire protocol of OpenAI."""

    root: ClassVar[str] = "/v1"

    def key_of(self, headers: dict[str, str], query: str) -> str:
        """From the Authorization header."""
        return headers.get("authorization", "").removeprefix("Bearer ")

    def is_chat(self, path: str) -> bool:
        """Chat completions."""
        return path == "/v1/chat/completions"

    def is_embedding(self, path: str) -> bool:
        """Embeddings."""
        return path == "/v1/embeddings"

    def read(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What was asked."""
        if self.is_embedding(path):
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            return {"model": body["model"], "texts": tuple(texts)}
        said = tuple(_said(message) for message in body["messages"])
        _check_answers(said)
        wanted = (body.get("response_format") or {}).get("json_schema") or {}
        if wanted.get("strict"):
            _check_strict(wanted["schema"])
        choice = body.get("tool_choice", "auto")
        return {
            "model": body["model"],
            "said": said,
            "tools": tuple(tool["function"]["name"] for tool in body.get("tools", ())),
            "choice": choice if isinstance(choice, str) else choice["function"]["name"],
            "schema": wanted.get("schema"),
            "is_stream": bool(body.get("stream")),
        }

    def plain(self, asked: Asked, say: Say) -> Any:
        """A chat completion."""
        message: dict[str, Any] = {"role": "assistant", "content": say.text or None, "refusal": None}
        if say.calls:
            message["tool_calls"] = [_call(at, call) for at, call in enumerate(say.calls)]
        if say.thought:
            message["reasoning_content"] = say.thought
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(say)}
        return _head(asked, "chat.completion") | {
            "choices": [choice],
            "usage": self._usage(asked, say),
            "service_tier": "default",
        }

    def stream(self, asked: Asked, say: Say) -> Iterator[bytes]:
        """Server-sent events."""
        head = _head(asked, "chat.completion.chunk")

        def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
            return _event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

        yield chunk({"role": "assistant", "content": ""})
        if say.thought:
            yield chunk({"reasoning_content": say.thought})
        for piece in say.pieces:
            yield chunk({"content": piece})
        for at, call in enumerate(say.calls):
            whole = _call(at, call)
            first = whole | {"index": at, "function": {"name": call.name, "arguments": ""}}
            yield chunk({"tool_calls": [first]})
            middle = len(call.written) // 2
            for part in (call.written[:middle], call.written[middle:]):
                yield chunk({"tool_calls": [{"index": at, "function": {"arguments": part}}]})
        yield chunk({}, _finish(say))
        if (asked.body.get("stream_options") or {}).get("include_usage"):
            yield _event(head | {"choices": [], "usage": self._usage(asked, say)})
        yield b"data: [DONE]\n\n"

    def vectors(self, asked: Asked) -> Any:
        """One vector per text."""
        rows = [{"object": "embedding", "index": at, "embedding": vector(text)} for at, text in enumerate(asked.texts)]
        words = sum(len(text.split()) for text in asked.texts)
        usage = {"prompt_tokens": words, "total_tokens": words}
        return {"object": "list", "data": rows, "model": asked.model, "usage": usage}

    def failure(self, fail: Fail) -> Any:
        """An error."""
        kind, code = _KINDS.get(fail.kind, ("error", None))
        message = fail.message
        if fail.kind == "too_long":
            message = (
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
            )
        elif fail.kind == "model":
            message = f"The model `{fail.message}` does not exist or you do not have access to it."
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def other(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """The models there are."""
        if (method, path) != ("GET", "/v1/models"):
            return None
        names = ["fake-small", "fake-large"] if self.known is None else self.known
        return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": "fake"} for name in names]}

    def _usage(self, asked: Asked, say: Say) -> dict[str, Any]:
        used = self.used(asked, say)
        return {
            "prompt_tokens": used.input,
            "completion_tokens": used.output,
            "total_tokens": used.input + used.output,
            "prompt_tokens_details": {"cached_tokens": used.cached},
            "completion_tokens_details": {"reasoning_tokens": used.reasoning},
        }


def openai_server() -> AbstractContextManager[OpenAI]:
    """An OpenAI on a free port of this machine."""
    return serve(OpenAI())


def _head(asked: Asked, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": asked.model}


def _finish(say: Say) -> str:
    return "tool_calls" if say.calls and say.finish == "stop" else _FINISH[say.finish]


def _call(at: int, call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.written}
    return {"id": call.id or f"call_{call.name}_{at}", "type": "function", "function": function}


def _event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _said(message: dict[str, Any]) -> Said:
    content = message.get("content") or ""
    parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    media = []
    for part in parts:
        if part["type"] == "image_url":
            media.append(_named(part["image_url"]["url"]))
        elif part["type"] == "file":
            media.append(_named(part["file"].get("file_data") or part["file"]["file_id"]))
    calls = tuple(
        Call(each["function"]["name"], json.loads(each["function"]["arguments"] or "{}"), each["id"])
        for each in message.get("tool_calls") or ()
    )
    role = "system" if message["role"] == "developer" else message["role"]
    text = "".join(part.get("text", "") for part in parts if part["type"] == "text")
    return Said(role, text, calls, message.get("tool_call_id", ""), tuple(media))


def _named(url: str) -> str:
    return url.removeprefix("data:").partition(";")[0] if url.startswith("data:") else url


def _check_answers(said: tuple[Said, ...]) -> None:
    for at, each in enumerate(said):
        wanted = {call.id for call in each.calls}
        for later in said[at + 1 :]:
            if later.role != "tool":
                break
            wanted.discard(later.call)
        if wanted:
            message = "An assistant message with 'tool_calls' must be followed by tool messages responding to each."
            raise Refused(Fail.bad(message))


def _check_strict(schema: Any, where: str = "root") -> None:
    """As OpenAI checks: every object closed, every property required."""
    if isinstance(schema, list):
        for each in schema:
            _check_strict(each, where)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" or "properties" in schema:
        names = set(schema.get("properties", {}))
        if schema.get("additionalProperties") is not False:
            raise Refused(Fail.bad(f"Invalid schema: 'additionalProperties' is required to be false ({where})."))
        if set(schema.get("required", ())) != names:
            raise Refused(Fail.bad(f"Invalid schema: 'required' must name every property ({where})."))
    for name, value in schema.items():
        if name in ("properties", "$defs", "definitions"):
            for key, inner in value.items():
                _check_strict(inner, key)
        elif name in ("items", "anyOf", "allOf", "oneOf"):
            _check_strict(value, name)
