"""A language model in a thread that says what a test wants, and remembers what it was asked.

The four servers `openai_server`, `anthropic_server`, `gemini_server` and `ollama_server` (in the modules of these
names) speak their vendor's wire protocol over loopback HTTP. What they answer is written in one small language, so one
scenario runs on all of them:

    with openai_server() as model:
        model.says("Hello.")                                          # one answer of words
        model.says(Say(calls=(Call("look_up", {"city": "Rome"}),)))   # a call of a tool; several: in parallel
        model.says(Fail.rate_limited(after=2), Say("There.", thought="Let me see."))   # first 429, then an answer
        model.answers(lambda asked: Say(f"You said {asked.text}"))    # whatever is asked once the queue is empty
        ...
        assert [each.key for each in model.asked] == ["sk-fake", "sk-fake"]

With nothing left to say it says "Fine.". Requests that the real vendor would refuse (an unknown key, a call of a tool
that nobody answered, a schema it does not take) are refused here as there. `obedient` is a model that does whatever the
text it is shown tells it to.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self, TypeAlias

KEY = "sk-fake-0123456789"


@dataclass(frozen=True)
class Call:
    """A call of a tool. Arguments given as a text are sent as they are, so that they need not be JSON."""

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)
    id: str = ""

    @property
    def written(self) -> str:
        """The arguments as JSON, or what stands in for it."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True)
class Used:
    """What an answer cost, in tokens. `cached` and `written` are part of `input`, `reasoning` is part of `output`."""

    input: int
    output: int
    cached: int = 0
    written: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Say:
    """An answer. `finish` is `stop`, `length` or `refused`; with calls it is what the vendor says of calls.

    `delay`: seconds before the first byte. `slow`: seconds between the pieces of a stream, which are words, or have
    `letters` characters each. `breaks_after`: so many pieces of a stream are sent, then the connection breaks; 0 breaks
    it before the answer.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    thought: str = ""
    finish: str = "stop"
    used: Used | None = None
    delay: float = 0.0
    slow: float = 0.0
    letters: int = 0
    breaks_after: int | None = None

    @property
    def pieces(self) -> list[str]:
        """The text as a stream brings it."""
        if self.letters:
            return [self.text[at : at + self.letters] for at in range(0, len(self.text), self.letters)]
        return re.findall(r"\s*\S+\s*$|\s*\S+", self.text) or ([self.text] if self.text else [])


@dataclass(frozen=True)
class Fail:
    """An error, in the vendor's own form. `kind` is one of those below, or empty for a bare status."""

    status: int
    message: str
    kind: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0

    @classmethod
    def rate_limited(cls, after: float | None = None) -> Self:
        """429, with a Retry-After in seconds."""
        return cls(429, "Too many requests.", "rate", {} if after is None else {"Retry-After": f"{after:g}"})

    @classmethod
    def broken(cls, status: int = 500) -> Self:
        """Something is wrong on their side."""
        return cls(status, "The server had an error.", "server")

    @classmethod
    def too_long(cls) -> Self:
        """More was sent than the model can read."""
        return cls(400, "", "too_long")

    @classmethod
    def bad(cls, message: str = "That is no request.") -> Self:
        """They do not take the request."""
        return cls(400, message, "bad")


@dataclass(frozen=True)
class Raw:
    """Bytes instead of an answer, with status 200: broken JSON, a page of a proxy."""

    content: bytes
    media_type: str = "application/json"


@dataclass(frozen=True)
class Hang:
    """No answer for so long, then none at all."""

    seconds: float = 30.0


Step: TypeAlias = Say | Fail | Raw | Hang


@dataclass(frozen=True)
class Said:
    """One message that the model was shown. Of a tool's answer `call` is the call it answers."""

    role: str
    text: str = ""
    calls: tuple[Call, ...] = ()
    call: str = ""
    media: tuple[str, ...] = ()
    """What pictures and files were with it: their types or addresses."""


@dataclass(frozen=True)
class Asked:
    """One request, whoever's wire it came over: what a test asserts, and what an answering function reads."""

    path: str
    key: str
    model: str = ""
    said: tuple[Said, ...] = ()
    tools: tuple[str, ...] = ()
    choice: str = ""
    """`auto`, `none`, `required`, or the name of the tool that must be called."""
    schema: dict[str, Any] | None = None
    """What the answer has to keep to, where the vendor's own means was used."""
    is_stream: bool = False
    signed: tuple[str, ...] = ()
    """The signatures of thoughts that came back."""
    texts: tuple[str, ...] = ()
    """What is to be embedded."""
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    at: float = field(default_factory=time.monotonic)

    @property
    def text(self) -> str:
        """The words of the last message."""
        return self.said[-1].text if self.said else ""

    @property
    def system(self) -> str:
        """The system prompt."""
        return "\n".join(each.text for each in self.said if each.role == "system")

    @property
    def results(self) -> tuple[Said, ...]:
        """The answers of tools since the model spoke last."""
        found: list[Said] = []
        for each in reversed(self.said):
            if each.role != "tool":
                break
            found.insert(0, each)
        return tuple(found)


class Refused(Exception):
    """The vendor would not take this request."""

    def __init__(self, fail: Fail) -> None:
        self.fail = fail


class Model:
    """What it will say, what it was asked, how it behaves. One subclass per vendor says it in that vendor's words."""

    root: ClassVar[str] = ""
    """The path below which its interface stands."""

    def __init__(self) -> None:
        self.url = ""
        self.key = KEY
        """What is accepted; empty: everybody is."""
        self.known: list[str] | None = None
        """The models there are; None: any name is one."""
        self.asked: list[Asked] = []
        """Every chat and embedding request, those that were refused included."""
        self.seen: list[tuple[str, str]] = []
        """Method and path of every request."""
        self.connections = 0
        """How many were made: those that are kept alive count once."""
        self.hung_up = 0
        """How many callers left before they had their answer."""
        self.lock = threading.RLock()
        self._queue: deque[Step] = deque()
        self._function: Callable[[Asked], Step | str] = lambda asked: Say("Fine.")

    @property
    def host(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return self.url.removeprefix("http://")

    @property
    def base(self) -> str:
        """The address a credential names."""
        return self.url + self.root

    def says(self, *steps: Step | str) -> None:
        """Queue answers; each is given once."""
        with self.lock:
            self._queue.extend(Say(step) if isinstance(step, str) else step for step in steps)

    def answers(self, function: Callable[[Asked], Step | str]) -> None:
        """Whenever the queue is empty this says what to answer."""
        self._function = function

    def next_step(self, asked: Asked) -> Step:
        """What comes now."""
        with self.lock:
            self.asked.append(asked)
            if self.known is not None and asked.model not in self.known:
                return Fail(404, asked.model, "model")
            if self._queue:
                return self._queue.popleft()
        found = self._function(asked)
        return Say(found) if isinstance(found, str) else found

    def used(self, asked: Asked, say: Say) -> Used:
        """As the answer says, else a token per word."""
        thought = len(say.thought.split())
        read = sum(len(each.text.split()) for each in asked.said) or 1
        return say.used or Used(read, len(say.text.split()) + len(say.calls) + thought, reasoning=thought)

    # ── What a vendor says in its own words ──

    def key_of(self, headers: dict[str, str], query: str) -> str:
        """The key that came along."""
        raise NotImplementedError

    def is_chat(self, path: str) -> bool:
        """Whether a POST there asks the model."""
        raise NotImplementedError

    def is_embedding(self, path: str) -> bool:
        """Whether a POST there asks for vectors."""
        raise NotImplementedError

    def read(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The fields of `Asked`. Raises `Refused`."""
        raise NotImplementedError

    def plain(self, asked: Asked, say: Say) -> Any:
        """The whole answer as JSON."""
        raise NotImplementedError

    def stream(self, asked: Asked, say: Say) -> Iterator[bytes]:
        """The answer in pieces."""
        raise NotImplementedError

    stream_type: ClassVar[str] = "text/event-stream"

    def vectors(self, asked: Asked) -> Any:
        """The answer to a request for vectors."""
        raise NotImplementedError

    def failure(self, fail: Fail) -> Any:
        """The body of an error."""
        raise NotImplementedError

    def other(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Everything else: JSON, or an iterator of pieces, or None where there is nothing. Raises `Refused`."""
        return None


def vector(text: str, dimensions: int = 8) -> list[float]:
    """A point for a text: texts that share words are near each other."""
    found = [0.01] * dimensions
    for word in re.findall(r"\w+", text.lower()):
        found[sum(word.encode()) % dimensions] += 1.0
    length = sum(each * each for each in found) ** 0.5
    return [each / length for each in found]


_ORDER = re.compile(r"CALL ([A-Za-z0-9_-]+) (\{.*?\})(?=\s|$)")


def obedient(asked: Asked) -> Say:
    """A model that does whatever any text it is shown says: `CALL tool {"argument": 1}` wherever it stands, whether
    there is such a tool or not; each order once. Then it repeats all it was shown last.
    """
    done = {(call.name, call.written) for each in asked.said for call in each.calls}
    calls = []
    for each in asked.said:
        for name, raw in _ORDER.findall(each.text) if each.role != "assistant" else ():
            with suppress(ValueError):
                call = Call(name, json.loads(raw))
                if (call.name, call.written) not in done:
                    done.add((call.name, call.written))
                    calls.append(call)
    return Say(calls=tuple(calls)) if calls else Say(f"Done. {asked.text}")


class _Broke(Exception):
    """The connection is to break now."""


@contextmanager
def serve(model: Model) -> Iterator[Any]:
    """The model on a free port of this machine."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            model.connections += 1

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            model.seen.append((self.command, path))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                self._route(path, query, headers, json.loads(raw) if raw else {})
            except Refused as refused:
                self._fail(refused.fail)
            except _Broke:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                model.hung_up += 1
                self.close_connection = True

        def _route(self, path: str, query: str, headers: dict[str, str], body: dict[str, Any]) -> None:
            key = model.key_of(headers, query)
            is_chat, is_embedding = model.is_chat(path), model.is_embedding(path)
            asked = Asked(path, key, body=body, headers=headers)
            if model.key and key != model.key:
                if is_chat or is_embedding:
                    model.asked.append(asked)
                raise Refused(Fail(401, f"Incorrect API key provided: {key}.", "key"))
            if not (is_chat or is_embedding):
                self._other(model.other(self.command, path, body))
                return
            try:
                asked = Asked(path, key, body=body, headers=headers, **model.read(path, body))
            except Refused:
                model.asked.append(asked)
                raise
            step = model.next_step(asked)
            if isinstance(step, Hang):
                self._wait(step.seconds)
                raise _Broke
            if isinstance(step, Raw):
                self._say(200, step.content, {}, step.media_type)
                return
            if isinstance(step, Fail):
                self._wait(step.delay)
                raise Refused(step)
            self._wait(step.delay)
            if step.breaks_after == 0:
                raise _Broke
            if is_embedding:
                self._json(200, model.vectors(asked))
            elif asked.is_stream:
                self._stream(model.stream(asked, step), model.stream_type, step.slow, step.breaks_after)
            else:
                self._wait(step.slow * len(step.pieces))
                self._json(200, model.plain(asked, step))

        def _wait(self, seconds: float) -> None:
            """Sleep, unless the caller leaves or the test ends."""
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0 and not ended.is_set():
                time.sleep(min(left, 0.05))
                if left > 0.05:
                    self.connection.setblocking(False)
                    try:
                        if self.connection.recv(1, socket.MSG_PEEK) == b"":
                            raise ConnectionResetError
                    except BlockingIOError:
                        pass
                    finally:
                        self.connection.setblocking(True)

        def _other(self, found: Any) -> None:
            if found is None:
                self._json(404, {"error": f"404 page not found: {self.path}"})
            elif isinstance(found, Iterator):
                self._stream(found, "application/x-ndjson", 0.0, None)
            else:
                self._json(200, found)

        def _fail(self, fail: Fail) -> None:
            self._json(fail.status, model.failure(fail), fail.headers)

        def _json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            self._say(status, json.dumps(body).encode(), headers or {}, "application/json")

        def _say(self, status: int, content: bytes, headers: dict[str, str], media_type: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": media_type, "Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, pieces: Iterator[bytes], media_type: str, slow: float, breaks_after: int | None) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at, piece in enumerate(pieces):
                if at == breaks_after:
                    raise _Broke
                self._wait(slow if at else 0.0)
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    server = Server(("127.0.0.1", 0), Handler)
    model.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield model
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
