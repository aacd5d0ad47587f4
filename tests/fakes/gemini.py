"""Gemini in a thread: generateContent, streamGenerateContent, embeddings and models.

See `tests.fakes.scripted` for what it is told and what it remembers. Refused as there: a call of a function without its
answer, since version 3 a call that comes back without the signature of the thought it came from, functions together
with JSON, and schemas with words it does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.fakes.scripted import Asked, Call, Fail, Model, Refused, Said, Say, serve, vector

_CHAT = re.compile(r"/v1(?:beta|alpha)?/models/([^/:]+):(generateContent|streamGenerateContent)")
_EMBED = re.compile(r"/v1(?:beta|alpha)?/models/([^/:]+):(embedContent|batchEmbedContents)")
_SIGNS = re.compile(r"gemini-[3-9]")
"""Models that want their signatures back."""
_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "refused": "SAFETY"}
_STATUS = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
_UNKNOWN = {
    "$schema",
    "$ref",
    "$defs",
    "definitions",
    "patternProperties",
    "const",
    "not",
    "if",
    "additionalProperties",
}
"""Words that `responseSchema` and the parameters of functions may not hold; `responseJsonSchema` may."""
SIGNATURE = "Z2VtaW5pLXNpZ25lZA=="


class Gemini(Model):
    """The wire protocol of Gemini."""

    root: ClassVar[str] = "/v1beta"

    def key_of(self, headers: dict[str, str], query: str) -> str:
        """From its header, or from the address."""
        return headers.get("x-goog-api-key") or parse_qs(query).get("key", [""])[0]

    def is_chat(self, path: str) -> bool:
        """Generating."""
        return bool(_CHAT.fullmatch(path))

    def is_embedding(self, path: str) -> bool:
        """Embedding."""
        return bool(_EMBED.fullmatch(path))

    def read(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What was asked."""
        if embed := _EMBED.fullmatch(path):
            wanted = body["requests"] if embed[2] == "batchEmbedContents" else [body]
            return {"model": embed[1], "texts": tuple(each["content"]["parts"][0]["text"] for each in wanted)}
        chat = _CHAT.fullmatch(path)
        assert chat
        system = body.get("systemInstruction") or body.get("system_instruction") or {"parts": []}
        words = "".join(part.get("text", "") for part in system["parts"])
        said = [Said("system", words)] if words else []
        for content in body["contents"]:
            said += _said(content)
        _check_answers(body["contents"], is_strict=bool(_SIGNS.match(chat[1])))
        config = body.get("generationConfig") or {}
        schema = config.get("responseSchema") or config.get("response_schema")
        declared = [each for tool in body.get("tools") or () for each in _declared(tool)]
        for name, found in [("responseSchema", schema), *((each["name"], each.get("parameters")) for each in declared)]:
            _check_words(found, name)
        if declared and config.get("responseMimeType", config.get("response_mime_type", "")).endswith("json"):
            raise Refused(Fail.bad("Function calling with a response mime type: 'application/json' is unsupported"))
        calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
        choice = {"ANY": "required", "NONE": "none"}.get(calling.get("mode", "AUTO"), "auto")
        if len(calling.get("allowed_function_names") or calling.get("allowedFunctionNames") or ()) == 1:
            choice = (calling.get("allowed_function_names") or calling["allowedFunctionNames"])[0]
        return {
            "model": chat[1],
            "said": tuple(said),
            "tools": tuple(each["name"] for each in declared),
            "choice": choice,
            "schema": schema or config.get("responseJsonSchema") or config.get("response_json_schema"),
            "is_stream": chat[2] == "streamGenerateContent",
            "signed": tuple(
                part["thoughtSignature"]
                for content in body["contents"]
                for part in content["parts"]
                if "thoughtSignature" in part
            ),
        }

    def plain(self, asked: Asked, say: Say) -> Any:
        """An answer."""
        return self._answer(asked, say, list(_parts(say)), is_last=True)

    def stream(self, asked: Asked, say: Say) -> Iterator[bytes]:
        """Server-sent events, each a whole answer with a part of the content."""
        pieces = [part for part in _parts(say) if part.get("thought")]
        pieces += [{"text": piece} for piece in say.pieces]
        pieces += [part for part in _parts(say) if "functionCall" in part]
        for at, part in enumerate(pieces):
            answer = self._answer(asked, say, [part], is_last=at == len(pieces) - 1)
            yield b"data: " + json.dumps(answer).encode() + b"\r\n\r\n"

    def vectors(self, asked: Asked) -> Any:
        """One vector per text."""
        found = [{"values": vector(text)} for text in asked.texts]
        return {"embeddings": found} if "batch" in asked.path else {"embedding": found[0]}

    def failure(self, fail: Fail) -> Any:
        """An error."""
        message, status = fail.message, _STATUS.get(fail.status, "INTERNAL")
        details: list[dict[str, Any]] = []
        if fail.kind == "too_long":
            message = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
        elif fail.kind == "model":
            message = f"models/{fail.message} is not found for API version v1beta, or is not supported."
        elif fail.kind == "key":
            message = "API key not valid. Please pass a valid API key."
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
        error = {"code": fail.status, "message": message, "status": status}
        return {"error": error | ({"details": details} if details else {})}

    def other(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """The models there are."""
        if method != "GET" or not path.endswith("/models"):
            return None
        names = ["fake-small", "fake-large"] if self.known is None else self.known
        methods = ["generateContent", "countTokens"]
        return {"models": [{"name": f"models/{name}", "supportedGenerationMethods": methods} for name in names]}

    def _answer(self, asked: Asked, say: Say, parts: list[dict[str, Any]], *, is_last: bool) -> dict[str, Any]:
        used = self.used(asked, say)
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
        if is_last:
            candidate["finishReason"] = _FINISH[say.finish]
        usage = {
            "promptTokenCount": used.input,
            "cachedContentTokenCount": used.cached,
            "candidatesTokenCount": used.output - used.reasoning,
            "thoughtsTokenCount": used.reasoning,
            "totalTokenCount": used.input + used.output,
        }
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": asked.model, "responseId": "r1"}


def gemini_server() -> AbstractContextManager[Gemini]:
    """A Gemini on a free port of this machine."""
    return serve(Gemini())


def _parts(say: Say) -> Iterator[dict[str, Any]]:
    if say.thought:
        yield {"text": say.thought, "thought": True}
    if say.text or not (say.calls or say.thought):
        yield {"text": say.text}
    for at, call in enumerate(say.calls):
        part: dict[str, Any] = {"functionCall": {"name": call.name, "args": json.loads(call.written)}}
        # Of calls in parallel only the first is signed.
        yield part | ({} if at else {"thoughtSignature": SIGNATURE})


def _declared(tool: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tool.get("functionDeclarations") or tool.get("function_declarations") or []
    return found


def _said(content: dict[str, Any]) -> list[Said]:
    found, words, calls, media = [], "", [], []
    for part in content["parts"]:
        words += part.get("text", "")
        if call := part.get("functionCall") or part.get("function_call"):
            calls.append(Call(call["name"], call.get("args", {})))
        if answer := part.get("functionResponse") or part.get("function_response"):
            response = answer["response"]
            text = response.get("content") if isinstance(response.get("content"), str) else json.dumps(response)
            found.append(Said("tool", text, call=answer["name"]))
        if data := part.get("inlineData") or part.get("inline_data"):
            media.append(data.get("mimeType") or data.get("mime_type"))
        if file := part.get("fileData") or part.get("file_data"):
            media.append(file.get("fileUri") or file.get("file_uri"))
    if words or calls or media:
        role = "assistant" if content.get("role") == "model" else "user"
        found.append(Said(role, words, tuple(calls), media=tuple(media)))
    return found


def _check_answers(contents: list[dict[str, Any]], *, is_strict: bool) -> None:
    for at, content in enumerate(contents):
        calls = [part for part in content["parts"] if "functionCall" in part or "function_call" in part]
        if not calls:
            continue
        if is_strict and "thoughtSignature" not in calls[0]:
            raise Refused(Fail.bad("Function call is missing a thought_signature in functionCall parts."))
        following = contents[at + 1]["parts"] if at + 1 < len(contents) else []
        answers = [part for part in following if "functionResponse" in part or "function_response" in part]
        if len(answers) != len(calls):
            message = (
                "The number of function response parts must equal the function call parts of the function call turn."
            )
            raise Refused(Fail.bad(message))


def _check_words(schema: Any, where: str) -> None:
    if isinstance(schema, list):
        for each in schema:
            _check_words(each, where)
    if not isinstance(schema, dict):
        return
    for name, value in schema.items():
        if name in _UNKNOWN:
            raise Refused(
                Fail.bad(f'Invalid JSON payload received. Unknown name "{name}" at "{where}": Cannot find field.')
            )
        if name == "properties":
            for inner in value.values():
                _check_words(inner, where)
        else:
            _check_words(value, where)
