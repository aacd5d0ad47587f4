"""Our messages in the words LiteLLM takes (those of OpenAI), and what a model says in our words. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from apps.ai.gateway import structured
from apps.nodes.contract import Function, Media, Message, Provider, Text, ToolCall, Usage

Finish: TypeAlias = Literal["stop", "length", "tools", "refused"]
_FINISHES: Final[Mapping[str, Finish]] = {"length": "length", "content_filter": "refused", "refusal": "refused"}
_SEPARATOR: Final = "__thought__"
"""With this LiteLLM hangs a signature of Gemini onto the id of a call."""
_MOST_TOKENS: Final = 100_000_000


# ── To the model ─────────────────────────────────────────────────────────────────────────────────────────────────────


def messages_to(messages: Sequence[Message], provider: Provider) -> list[dict[str, Any]]:
    """The conversation. What tools brought besides words follows their answers, in the user's name: no provider takes
    a picture in the answer of a tool from everybody.
    """
    found: list[dict[str, Any]] = []
    brought: list[Media] = []
    for message in messages:
        if message.role != "tool" and brought:
            found.append({"role": "user", "content": _parts(brought)})
            brought = []
        found.append(_message(message, provider))
        if message.role == "tool":
            brought += [part for part in message.parts if isinstance(part, Media)]
    if brought:
        found.append({"role": "user", "content": _parts(brought)})
    return found


def with_instruction(messages: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """The conversation with something more in its system prompt."""
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n\n{words}"}, *messages[1:]]
    return [{"role": "system", "content": words}, *messages]


def functions_to(functions: Iterable[Function], provider: Provider) -> list[dict[str, Any]]:
    """The tools a model may call."""
    return [
        {
            "type": "function",
            "function": {
                "name": each.name,
                "description": each.description,
                "parameters": structured.for_gemini(each.parameters) if provider == "gemini" else each.parameters,
            },
        }
        for each in functions
    ]


def choice_to(choice: str) -> Any:
    """Which tool is to be called."""
    return choice if choice in ("auto", "none", "required") else {"type": "function", "function": {"name": choice}}


def lacks_signature(messages: Sequence[Message], provider: Provider) -> bool:
    """Whether calls since the user spoke come back without the thoughts that Anthropic wants with them when it thinks:
    they were another provider's.
    """
    if provider != "anthropic":
        return False
    for message in reversed(messages):
        if message.role == "user":
            return False
        if message.role == "assistant" and message.calls:
            return not _signed(message, "anthropic")
    return False


def _message(message: Message, provider: Provider) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    if message.role == "assistant":
        return _assistant(message, provider)
    if all(isinstance(part, Text) for part in message.parts):
        return {"role": message.role, "content": message.text}
    return {"role": message.role, "content": _parts(message.parts)}


def _assistant(message: Message, provider: Provider) -> dict[str, Any]:
    signed = _signed(message, provider)
    found: dict[str, Any] = {"role": "assistant", "content": message.text or (None if message.calls else "")}
    if message.calls:
        found["tool_calls"] = [_call(call, signed.get("calls", {}).get(call.id)) for call in message.calls]
    if signed.get("thoughts"):
        found["thinking_blocks"] = signed["thoughts"]
    return found


def _call(call: ToolCall, signature: str | None) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    found: dict[str, Any] = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}
    return found | ({"provider_specific_fields": {"thought_signature": signature}} if signature else {})


def _signed(message: Message, provider: Provider) -> dict[str, Any]:
    """What this provider wants back. Another's signatures mean nothing to it."""
    signed = message.signed
    return signed if isinstance(signed, dict) and signed.get("provider") == provider else {}


def _parts(parts: Iterable[Media | Text]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": part.text} if isinstance(part, Text) else _media(part) for part in parts]


def _media(media: Media) -> dict[str, Any]:
    url = f"data:{media.media_type or 'image/png'};base64,{media.data}"
    if media.kind == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"file_data": url, "filename": media.name or "file.pdf"}}


# ── From the model ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Heard:
    """What a model has said so far. Takes whole messages and pieces of a stream alike."""

    provider: Provider
    text: str = ""
    reasoning: str = ""
    finish: str = ""
    usage: Usage | None = None
    thoughts: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)
    _by_index: dict[Any, dict[str, str]] = field(default_factory=dict)

    def take(self, chunk: Any) -> str:
        """A whole answer or a piece of one. Returns the text that is new."""
        if getattr(chunk, "usage", None) is not None:
            self.usage = usage_from(chunk.usage)
        new = ""
        for choice in chunk.choices[:1]:
            said = getattr(choice, "delta", None) or getattr(choice, "message", None)
            self.finish = choice.finish_reason or self.finish
            if said is None:
                continue
            new = said.content or ""
            self.text += new
            self.reasoning += getattr(said, "reasoning_content", None) or ""
            for block in getattr(said, "thinking_blocks", None) or ():
                self._think(dict(block))
            for at, call in enumerate(getattr(said, "tool_calls", None) or ()):
                self._call(call, at)
        return new

    def message(self) -> Message:
        """All of it."""
        calls, signatures = [], {}
        for call in self.calls:
            id_, _, signature = call["id"].partition(_SEPARATOR)
            calls.append(_read(id_, call["name"], call["arguments"]))
            if signature or call["signature"]:
                signatures[id_] = signature or call["signature"]
        signed: dict[str, Any] = {}
        if self.provider == "anthropic" and any(block.get("signature") or block.get("data") for block in self.thoughts):
            signed = {"provider": self.provider, "thoughts": self.thoughts}
        elif signatures:
            signed = {"provider": self.provider, "calls": signatures}
        parts = (Text(text=self.text),) if self.text else ()
        return Message(
            role="assistant", parts=parts, calls=tuple(calls), reasoning=self.reasoning, signed=signed or None
        )

    def without(self, clean: Callable[[str], str]) -> None:
        """Take out of it what nobody may see: an endpoint may say back what it was sent."""
        self.text, self.reasoning = clean(self.text), clean(self.reasoning)
        for call in self.calls:
            call["arguments"] = clean(call["arguments"])

    def ended(self) -> Finish:
        """Why it stopped."""
        return _FINISHES.get(self.finish, "tools" if self.calls else "stop")

    def _think(self, block: dict[str, Any]) -> None:
        # In a stream a thought comes in pieces, its signature last.
        last = self.thoughts[-1] if self.thoughts else None
        if last is not None and block.get("type") == last.get("type") == "thinking" and not last.get("signature"):
            last["thinking"] = (last.get("thinking") or "") + (block.get("thinking") or "")
            if block.get("signature"):
                last["signature"] = block["signature"]
        else:
            self.thoughts.append(block)

    def _call(self, call: Any, at: int) -> None:
        index = getattr(call, "index", None)
        known = self._by_index.get(index) if index is not None else None
        if known is None or (call.id and known["id"] and call.id != known["id"]):
            known = {"id": "", "name": "", "arguments": "", "signature": ""}
            self.calls.append(known)
            self._by_index[at if index is None else index] = known
        known["id"] = call.id or known["id"]
        known["name"] = call.function.name or known["name"]
        known["arguments"] += call.function.arguments or ""
        more = getattr(call, "provider_specific_fields", None) or {}
        known["signature"] = more.get("thought_signature") or known["signature"]


def _read(id_: str, name: str, written: str) -> ToolCall:
    try:
        found = json.loads(written) if written.strip() else {}
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return ToolCall(id=id_, name=name, arguments=found)
    return ToolCall(id=id_, name=name, arguments={}, wrong=written)


def usage_from(given: Any) -> Usage:
    """Tokens, as `Usage` counts them. What no call can have used is not believed: budgets are held by these."""
    read, written = getattr(given, "prompt_tokens_details", None), getattr(given, "completion_tokens_details", None)
    cached = getattr(read, "cached_tokens", None) or getattr(given, "cache_read_input_tokens", None)
    cache_written = getattr(read, "cache_creation_tokens", None) or getattr(given, "cache_creation_input_tokens", None)
    return Usage(
        input=_believed(given.prompt_tokens),
        output=_believed(given.completion_tokens),
        cached=_believed(cached),
        written=_believed(cache_written),
        reasoning=_believed(getattr(written, "reasoning_tokens", None)),
    )


def _believed(said: int | None) -> int:
    return min(max(said or 0, 0), _MOST_TOKENS)
