"""Anthropic in a thread: messages, plain and as server-sent events, with tools, thinking and models.

See `tests.fakes.scripted` for what it is told and what it remembers. Refused as there: a conversation that does not
begin with the user, a call of a tool whose answer does not follow at once, a missing `max_tokens`, and a thought that
comes back without its signature, or not at all before the tool it led to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from tests.fakes.scripted import Asked, Call, Fail, Model, Refused, Said, Say, serve

_FINISH = {"stop": "end_turn", "length": "max_tokens", "refused": "refusal"}
_KINDS = {
    "rate": "rate_limit_error",
    "server": "api_error",
    "too_long": "invalid_request_error",
    "key": "authentication_error",
    "model": "not_found_error",
    "bad": "invalid_request_error",
}
_EMPTY: dict[str, dict[str, Any]] = {
    "thinking": {"thinking": "", "signature": ""},
    "text": {"text": ""},
    "tool_use": {"input": {}},
}
SIGNATURE = "c2lnbmVkLWJ5LWZha2U="


class Anthropic(Model):
    """The wire protocol of Anthropic."""

    def key_of(self, headers: dict[str, str], query: str) -> str:
        """From the header of its own."""
        return headers.get("x-api-key", "")

    def is_chat(self, path: str) -> bool:
        """Messages."""
        return path == "/v1/messages"

    def is_embedding(self, path: str) -> bool:
        """There are none."""
        return False

    def read(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What was asked."""
        messages = body["messages"]
        _check(body, messages)
        system = body.get("system") or ""
        if not isinstance(system, str):
            system = "".join(part["text"] for part in system)
        said = [Said("system", system)] if system else []
        for message in messages:
            said += _said(message)
        choice = body.get("tool_choice") or {"type": "auto"}
        chosen = {"any": "required", "tool": choice.get("name", "")}.get(choice["type"], choice["type"])
        wanted = (body.get("output_format") or (body.get("output_config") or {}).get("format") or {}).get("schema")
        tools = body.get("tools") or ()
        if wanted is None and chosen not in ("auto", "none", "required"):
            wanted = next(tool["input_schema"] for tool in tools if tool["name"] == chosen)
        return {
            "model": body["model"],
            "said": tuple(said),
            "tools": tuple(tool["name"] for tool in tools),
            "choice": chosen,
            "schema": wanted,
            "is_stream": bool(body.get("stream")),
            "signed": tuple(
                part["signature"] for message in messages for part in _parts(message) if part["type"] == "thinking"
            ),
        }

    def plain(self, asked: Asked, say: Say) -> Any:
        """A message."""
        head = _head(asked)
        head["content"] = list(_blocks(asked, say))
        return head | {"stop_reason": _finish(asked, say), "usage": self._usage(asked, say)}

    def stream(self, asked: Asked, say: Say) -> Iterator[bytes]:
        """Server-sent events."""
        usage = self._usage(asked, say)
        yield _event("message_start", {"message": _head(asked) | {"usage": usage | {"output_tokens": 1}}})
        for at, block in enumerate(_blocks(asked, say)):
            yield _event("content_block_start", {"index": at, "content_block": block | _EMPTY[block["type"]]})
            for delta in _deltas(block, say):
                yield _event("content_block_delta", {"index": at, "delta": delta})
            yield _event("content_block_stop", {"index": at})
        ended = {"stop_reason": _finish(asked, say), "stop_sequence": None}
        yield _event("message_delta", {"delta": ended, "usage": {"output_tokens": usage["output_tokens"]}})
        yield _event("message_stop", {})

    def failure(self, fail: Fail) -> Any:
        """An error."""
        message = fail.message
        if fail.kind == "too_long":
            message = "prompt is too long: 210000 tokens > 200000 maximum"
        elif fail.kind == "model":
            message = f"model: {fail.message}"
        elif fail.kind == "key":
            message = "invalid x-api-key"
        kind = "overloaded_error" if fail.status == 529 else _KINDS.get(fail.kind, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}

    def other(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """The models there are."""
        if (method, path) != ("GET", "/v1/models"):
            return None
        names = ["fake-small", "fake-large"] if self.known is None else self.known
        rows = [{"type": "model", "id": name, "display_name": name} for name in names]
        return {"data": rows, "has_more": False, "first_id": names[0], "last_id": names[-1]}

    def _usage(self, asked: Asked, say: Say) -> dict[str, Any]:
        used = self.used(asked, say)
        return {
            "input_tokens": used.input - used.cached - used.written,
            "cache_read_input_tokens": used.cached,
            "cache_creation_input_tokens": used.written,
            "output_tokens": used.output,
        }

    stream_type: ClassVar[str] = "text/event-stream"


def anthropic_server() -> AbstractContextManager[Anthropic]:
    """An Anthropic on a free port of this machine."""
    return serve(Anthropic())


def _head(asked: Asked) -> dict[str, Any]:
    known: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked.model}
    return known | {"content": [], "stop_reason": None, "stop_sequence": None}


def _forced(asked: Asked, say: Say) -> Call | None:
    """A model that must call a tool says what it has to say as the tool's arguments."""
    is_free = asked.choice in ("auto", "none", "required") or say.calls or not say.text
    return None if is_free else Call(asked.choice, say.text, "toolu_forced")


def _blocks(asked: Asked, say: Say) -> Iterator[dict[str, Any]]:
    if say.thought:
        yield {"type": "thinking", "thinking": say.thought, "signature": SIGNATURE}
    forced = _forced(asked, say)
    if say.text and not forced:
        yield {"type": "text", "text": say.text}
    for at, call in enumerate((forced,) if forced else say.calls):
        used = {"type": "tool_use", "id": call.id or f"toolu_{call.name}_{at}", "name": call.name}
        yield used | {"input": _parsed(call.written)}


def _parsed(written: str) -> Any:
    try:
        return json.loads(written)
    except ValueError:
        return written


def _deltas(block: dict[str, Any], say: Say) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        for piece in say.pieces:
            yield {"type": "text_delta", "text": piece}
    elif block["type"] == "thinking":
        yield {"type": "thinking_delta", "thinking": block["thinking"]}
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        written = block["input"] if isinstance(block["input"], str) else json.dumps(block["input"])
        middle = len(written) // 2
        for part in ("", written[:middle], written[middle:]):
            yield {"type": "input_json_delta", "partial_json": part}


def _finish(asked: Asked, say: Say) -> str:
    return "tool_use" if (say.calls or _forced(asked, say)) and say.finish == "stop" else _FINISH[say.finish]


def _event(kind: str, value: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | value)}\n\n".encode()


def _parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _said(message: dict[str, Any]) -> list[Said]:
    """A message; the answers of tools in it as messages of their own."""
    found, words, calls, media = [], "", [], []
    for part in _parts(message):
        if part["type"] == "text":
            words += part["text"]
        elif part["type"] == "tool_use":
            calls.append(Call(part["name"], part["input"], part["id"]))
        elif part["type"] == "tool_result":
            inner = part.get("content") or ""
            text = inner if isinstance(inner, str) else "".join(each.get("text", "") for each in inner)
            found.append(Said("tool", text, call=part["tool_use_id"]))
        elif part["type"] in ("image", "document"):
            media.append(part["source"].get("media_type") or part["source"].get("url", ""))
    if words or calls or media:
        found.append(Said(message["role"], words, tuple(calls), media=tuple(media)))
    return found


def _check(body: dict[str, Any], messages: list[dict[str, Any]]) -> None:
    if not body.get("max_tokens"):
        raise Refused(Fail.bad("max_tokens: Field required"))
    if not messages or messages[0]["role"] != "user":
        raise Refused(Fail.bad("messages: first message must use the user role"))
    for at, message in enumerate(messages):
        parts = _parts(message)
        if any(part["type"] == "text" and not part["text"].strip() for part in parts):
            raise Refused(Fail.bad(f"messages.{at}: text content blocks must contain non-whitespace text"))
        wanted = {part["id"] for part in parts if part["type"] == "tool_use"}
        following = _parts(messages[at + 1]) if at + 1 < len(messages) else []
        wanted -= {part["tool_use_id"] for part in following if part["type"] == "tool_result"}
        if wanted:
            raise Refused(
                Fail.bad(f"messages.{at}: `tool_use` ids without `tool_result` right after: {sorted(wanted)}")
            )
        thinks = (body.get("thinking") or {}).get("type") in ("enabled", "adaptive")
        calls = any(part["type"] == "tool_use" for part in parts)
        if thinks and calls and parts[0]["type"] not in ("thinking", "redacted_thinking"):
            raise Refused(Fail.bad(f"messages.{at}.content.0.type: expected `thinking`, found `{parts[0]['type']}`"))
        for part in parts:
            if part["type"] == "thinking" and part.get("signature") != SIGNATURE:
                raise Refused(Fail.bad(f"messages.{at}: Invalid `signature` in `thinking` block"))
