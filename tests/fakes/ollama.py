"""Ollama in a thread: chat as lines of JSON, embeddings, and the models on its disk: listed, pulled, deleted.

See `tests.fakes.scripted` for what it is told and what it remembers. It asks for no key. A model that was not pulled
is refused, as there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from tests.fakes.scripted import Asked, Call, Fail, Model, Refused, Said, Say, serve, vector

VERSION = "0.13.1"
_AT = "2026-11-20T10:00:00.000000Z"


class Ollama(Model):
    """The wire protocol of Ollama."""

    stream_type: ClassVar[str] = "application/x-ndjson"

    def __init__(self) -> None:
        super().__init__()
        self.key = ""
        self.known = ["llama3.2:3b", "nomic-embed-text:latest"]
        self.library = ["llama3.2:3b", "nomic-embed-text:latest", "qwen3:8b", "gemma3:4b"]
        """What can be pulled."""
        self.abilities = ["completion", "tools", "vision"]
        self.pull_steps = 5
        """In how many parts a model's file comes."""
        self.pull_pauses: list[Any] = []
        """Called before each part; a test waits in it, or breaks off."""

    def key_of(self, headers: dict[str, str], query: str) -> str:
        """From the Authorization header, for those who put something in front of it."""
        return headers.get("authorization", "").removeprefix("Bearer ")

    def is_chat(self, path: str) -> bool:
        """Chat."""
        return path == "/api/chat"

    def is_embedding(self, path: str) -> bool:
        """Embeddings."""
        return path == "/api/embed"

    def next_step(self, asked: Asked) -> Any:
        """A name without a tag means `latest`."""
        if self.known is not None and f"{asked.model}:latest" in self.known:
            with self.lock:
                self.known.append(asked.model)
                try:
                    return super().next_step(asked)
                finally:
                    self.known.remove(asked.model)
        return super().next_step(asked)

    def read(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What was asked."""
        if self.is_embedding(path):
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            return {"model": body["model"], "texts": tuple(texts)}
        form = body.get("format")
        return {
            "model": body["model"],
            "said": tuple(_said(message) for message in body["messages"]),
            "tools": tuple(tool["function"]["name"] for tool in body.get("tools") or ()),
            "choice": "auto",
            "schema": form if isinstance(form, dict) else None,
            "is_stream": body.get("stream", True),
        }

    def plain(self, asked: Asked, say: Say) -> Any:
        """A whole answer."""
        return self._line(asked, say, say.text, calls=say.calls, thought=say.thought, is_last=True)

    def stream(self, asked: Asked, say: Say) -> Iterator[bytes]:
        """Lines of JSON."""
        if say.thought:
            yield _written(self._line(asked, say, "", thought=say.thought))
        for piece in say.pieces:
            yield _written(self._line(asked, say, piece))
        if say.calls:
            yield _written(self._line(asked, say, "", calls=say.calls))
        yield _written(self._line(asked, say, "", is_last=True))

    def vectors(self, asked: Asked) -> Any:
        """One vector per text."""
        words = sum(len(text.split()) for text in asked.texts)
        found = [vector(text) for text in asked.texts]
        return {"model": asked.model, "embeddings": found, "total_duration": 14_143_917, "prompt_eval_count": words}

    def failure(self, fail: Fail) -> Any:
        """An error."""
        if fail.kind == "too_long":
            return {"error": "the input length exceeds the context length"}
        if fail.kind == "model":
            return {"error": f'model "{fail.message}" not found, try pulling it first'}
        return {"error": "unauthorized" if fail.kind == "key" else fail.message}

    def other(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Version, models, pulling and deleting."""
        name = body.get("model") or body.get("name") or ""
        assert self.known is not None
        if (method, path) == ("GET", "/api/version"):
            return {"version": VERSION}
        if (method, path) == ("GET", "/api/tags"):
            return {"models": [_model(each) for each in self.known]}
        if (method, path) == ("POST", "/api/show"):
            self._there(name)
            return {"capabilities": self.abilities, "details": _details(), "model_info": {"llama.context_length": 8192}}
        if (method, path) == ("POST", "/api/pull"):
            return self._pulled(name)
        if (method, path) == ("DELETE", "/api/delete"):
            self.known.remove(self._there(name))
            return {}
        return None

    def _there(self, name: str) -> str:
        assert self.known is not None
        found = next((each for each in self.known if each in (name, f"{name}:latest")), None)
        if found is None:
            raise Refused(Fail(404, name, "model"))
        return found

    def _pulled(self, name: str) -> Iterator[bytes]:
        yield _written({"status": "pulling manifest"})
        whole = name if ":" in name else f"{name}:latest"
        if whole not in self.library:
            yield _written({"error": "pull model manifest: file does not exist"})
            return
        digest, total = "sha256:" + "ab" * 32, 2_000_000_000
        for at in range(self.pull_steps + 1):
            for pause in self.pull_pauses:
                pause()
            said = {"status": f"pulling {digest[7:19]}", "digest": digest, "total": total}
            yield _written(said | {"completed": total * at // self.pull_steps})
        for status in ("verifying sha256 digest", "writing manifest"):
            yield _written({"status": status})
        assert self.known is not None
        if whole not in self.known:
            self.known.append(whole)
        yield _written({"status": "success"})

    def _line(
        self,
        asked: Asked,
        say: Say,
        text: str,
        *,
        calls: tuple[Call, ...] = (),
        thought: str = "",
        is_last: bool = False,
    ) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if thought:
            message["thinking"] = thought
        if calls:
            message["tool_calls"] = [
                {"function": {"index": at, "name": call.name, "arguments": json.loads(call.written)}}
                for at, call in enumerate(calls)
            ]
        line = {"model": asked.model, "created_at": _AT, "message": message, "done": is_last}
        if not is_last:
            return line
        used = self.used(asked, say)
        ended = {"done_reason": "length" if say.finish == "length" else "stop", "total_duration": 5_000_000_000}
        return line | ended | {"prompt_eval_count": used.input, "eval_count": used.output}


def ollama_server() -> AbstractContextManager[Ollama]:
    """An Ollama on a free port of this machine."""
    return serve(Ollama())


def _written(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _details() -> dict[str, Any]:
    return {"format": "gguf", "family": "llama", "parameter_size": "3.2B", "quantization_level": "Q4_K_M"}


def _model(name: str) -> dict[str, Any]:
    known = {"name": name, "model": name, "modified_at": _AT, "size": 2_019_393_189, "digest": "ab" * 32}
    return known | {"details": _details()}


def _said(message: dict[str, Any]) -> Said:
    calls = tuple(
        Call(each["function"]["name"], each["function"]["arguments"]) for each in message.get("tool_calls") or ()
    )
    media = tuple("image" for _ in message.get("images") or ())
    call = message.get("tool_name") or message.get("tool_call_id") or ""
    return Said(message["role"], message.get("content") or "", calls, call, media)
