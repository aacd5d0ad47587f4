"""Run a node without an engine: its parameters resolved from an input, HTTP answered from a list."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID, uuid4

from apps.core.egress import Answer, EgressError
from apps.executions.worker.code import NodeCode
from apps.nodes.contract import (
    Attached,
    Attempt,
    ChatReply,
    ChatRequest,
    Container,
    CredentialRef,
    Done,
    Effect,
    Embedded,
    Example,
    HttpAnswer,
    Json,
    Leave,
    Level,
    Memory,
    Message,
    ModelRef,
    NoAuth,
    Node,
    NodeError,
    Place,
    Result,
    Rounds,
    Stop,
    Suspend,
    Tool,
    ToolCall,
    Trigger,
    Usage,
)
from apps.nodes.expressions import Scope, resolve
from apps.nodes.params import inner_names, upgraded, validated

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class FakeHttp:
    """Answers in order: dicts of status, json, text, content, headers, or an `EgressError` to raise."""

    answers: list[Any]
    seen: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, **given: Any) -> HttpAnswer:
        self.seen.append({"method": method, "url": url, **given})
        answer = self.answers.pop(0)
        if isinstance(answer, EgressError):
            raise answer
        headers, content = dict(answer.get("headers", {})), answer.get("content", b"")
        if "json" in answer:
            headers.setdefault("content-type", "application/json")
            content = json.dumps(answer["json"]).encode()
        elif "text" in answer:
            headers.setdefault("content-type", "text/plain")
            content = answer["text"].encode()
        return Answer(answer.get("status", 200), headers, content, url)


@dataclass
class FakeArtifacts:
    """Files in memory."""

    files: dict[str, bytes] = field(default_factory=dict)

    def put(
        self, content: bytes | Iterable[bytes], *, name: str, content_type: str = "application/octet-stream"
    ) -> dict[str, Json]:
        body = content if isinstance(content, bytes) else b"".join(content)
        digest = hashlib.sha256(body).hexdigest()
        self.files[digest] = body
        return {"id": digest, "name": name, "content_type": content_type, "size": len(body), "sha256": digest}

    def get(self, artifact: str | Mapping[str, Json]) -> bytes:
        return self.files[artifact if isinstance(artifact, str) else artifact["id"]]


@dataclass
class FakeValues:
    """Keys and values in memory, of one scope."""

    kept: dict[str, Json] = field(default_factory=dict)

    def under(self, idempotency_key: str) -> FakeValues:
        return self

    def get(self, key: str, *, scope: str = "workspace") -> dict[str, Json]:
        found = key in self.kept
        return {"found": found, "value": self.kept.get(key), "revision": int(found), "expires_at": None}

    def set(
        self, key: str, value: Json, *, ttl_seconds: float | None = None, scope: str = "workspace"
    ) -> dict[str, Json]:
        found = key in self.kept
        self.kept[key] = value
        expires_at = None if ttl_seconds is None else (NOW + timedelta(seconds=ttl_seconds)).isoformat()
        return {"found": found, "changed": True, "value": value, "revision": 1 + found, "expires_at": expires_at}

    def delete(self, key: str, *, scope: str = "workspace") -> dict[str, Json]:
        found = self.kept.pop(key, self) is not self
        return {"found": found, "changed": found, "value": None, "revision": 0, "expires_at": None}

    def increment(
        self, key: str, by: float = 1, *, ttl_seconds: float | None = None, scope: str = "workspace"
    ) -> dict[str, Json]:
        return self.set(key, self.kept.get(key, 0) + by, ttl_seconds=ttl_seconds)

    def append(
        self,
        key: str,
        value: Json,
        *,
        keep_last: int | None = None,
        ttl_seconds: float | None = None,
        scope: str = "workspace",
    ) -> dict[str, Json]:
        done = self.set(key, [*self.kept.get(key, []), value], ttl_seconds=ttl_seconds)
        return done | {"value": value, "length": len(done["value"])}

    def compare_and_set(
        self,
        key: str,
        expected: Json,
        value: Json,
        *,
        ttl_seconds: float | None = None,
        scope: str = "workspace",
    ) -> dict[str, Json]:
        if self.kept.get(key) == expected:
            return self.set(key, value, ttl_seconds=ttl_seconds)
        return self.get(key) | {"changed": False}


@dataclass
class FakeCredentials:
    """Credentials by their id: their fields in plain text. Requests made with one go through the same fake door."""

    http_: FakeHttp
    known: dict[UUID, dict[str, Json]] = field(default_factory=dict)
    asked: list[UUID] = field(default_factory=list)

    def http(self, auth: NoAuth | CredentialRef) -> FakeHttp:
        if isinstance(auth, CredentialRef):
            self.values(auth)
        return self.http_

    def values(self, ref: CredentialRef) -> dict[str, Json]:
        self.asked.append(ref.credential)
        if ref.credential not in self.known:
            raise NodeError("integrations.credential_missing", "The credential is not in this workspace.")
        return self.known[ref.credential]


@dataclass
class FakeContext:
    """What a node gets to see."""

    json: Json = None
    sources: Mapping[str, Json] = field(default_factory=dict)
    http: FakeHttp = field(default_factory=lambda: FakeHttp([]))
    known: dict[UUID, dict[str, Json]] = field(default_factory=dict)
    artifacts: FakeArtifacts = field(default_factory=FakeArtifacts)
    values: FakeValues = field(default_factory=FakeValues)
    trigger_input: Json = None
    now: datetime = NOW
    idempotency_key: str = "key-1"
    timeout_seconds: float = 300.0
    logs: list[str] = field(default_factory=list)
    told: list[tuple[float, float | None, str]] = field(default_factory=list)
    metrics: dict[str, tuple[float, str]] = field(default_factory=dict)
    done: dict[str, Json] = field(default_factory=dict)
    """The steps that were done, also in an earlier run of the node."""

    models: Any = None
    attached: tuple[Attached, ...] = ()
    place: Place = field(default_factory=lambda: Place(uuid4(), uuid4(), uuid4(), "node", ""))
    streamed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def code(self) -> NodeCode:
        """The real one: examples run their code in the sandbox of this machine."""
        return NodeCode(self.log, self.timeout_seconds)

    def __post_init__(self) -> None:
        self.credentials = FakeCredentials(self.http, self.known)

    @property
    def inputs(self) -> Mapping[str, Json]:
        return {"main": self.json}

    def step(
        self, key: str, call: Callable[[str], Json], *, effect: Effect = Effect.READ, honours_key: bool = False
    ) -> Json:
        if key not in self.done:
            self.done[key] = call(f"{self.idempotency_key}:{key}")
        return self.done[key]

    def is_done(self, key: str) -> bool:
        return key in self.done

    def within(self, key: str, own: str) -> FakeContext:
        return cast(FakeContext, FakePart(self, key, own))

    def resolve(self, value: Json, *, given: Json = None, item: Json = None, index: int | None = None) -> Json:
        json = self.json if given is None else given
        return resolve(value, Scope(json=json, input=self.inputs, item=item, index=index, now=self.now))

    def log(self, message: str, *, level: Level = "info", data: Json = None) -> None:
        self.logs.append(message)

    def stream(self, text: str, *, part: str = "") -> None:
        self.streamed.append((part, text))

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        self.told.append((done, total, message))

    def metric(self, name: str, value: float, unit: str = "") -> None:
        self.metrics[name] = (value, unit)


class FakePart:
    """What a part of a node's work sees."""

    def __init__(self, whole: FakeContext, key: str, own: str) -> None:
        self._whole, self._key, self.idempotency_key = whole, key, own

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def step(self, key: str, call: Callable[[str], Json], **more: Any) -> Json:
        return self._whole.step(f"{self._key}/{key}", call, **more)

    def is_done(self, key: str) -> bool:
        return self._whole.is_done(f"{self._key}/{key}")

    def within(self, key: str, own: str) -> FakeContext:
        return self._whole.within(f"{self._key}/{key}", own)


@dataclass
class FakeModels:
    """A model that says what it was told to: `{"text", "calls": [{"name", "arguments"}], "finish", …}`, or an error.

    Texts become the `{"vectors"}` that come next.
    """

    answers: list[Any]
    asked: list[ChatRequest] = field(default_factory=list)
    allowed: dict[str, dict[str, Json]] = field(default_factory=dict)
    defaults: tuple[ModelRef, ...] = (ModelRef(provider="custom", model="small"),)

    def chat(
        self,
        request: ChatRequest,
        *,
        step: str = "",
        purpose: str = "agent",
        on_text: Callable[[str], None] | None = None,
    ) -> ChatReply:
        self.asked.append(request)
        say = self.answers.pop(0)
        if callable(say):
            say = say(request)
        if isinstance(say, NodeError):
            raise say
        calls = tuple(
            ToolCall(
                id=f"call-{at}", name=each["name"], arguments=each.get("arguments", {}), wrong=each.get("wrong", "")
            )
            for at, each in enumerate(say.get("calls", ()))
        )
        if on_text and say.get("text"):
            for word in re.findall(r"\S+\s*", say["text"]):
                on_text(word)
        usage, cost = Usage(input=10, output=5), Decimal("0.001")
        used = request.models[0]
        return ChatReply(
            message=Message.of("assistant", say.get("text", ""), calls=calls),
            finish=say.get("finish", "tools" if calls else "stop"),
            provider=used.provider,
            model=used.model,
            usage=usage,
            cost=cost,
            attempts=(Attempt(provider=used.provider, model=used.model, outcome="answered", usage=usage, cost=cost),),
        )

    def embed(self, texts: Sequence[str], *, model: ModelRef | None = None, step: str = "") -> Embedded:
        vectors = tuple(tuple(each) for each in self.answers.pop(0)["vectors"])
        return Embedded(vectors=vectors, model="small", usage=Usage(input=5), cost=None)

    def allow(self, budget: str, *, key: str, by: str, usd: float = 0, tokens: int = 0) -> None:
        self.allowed[key] = {"budget": budget, "by": by, "usd": usd, "tokens": tokens}

    def default_chain(self) -> tuple[ModelRef, ...]:
        return self.defaults


def params_of(cls: type[Node], params: Mapping[str, Json], given: Json = None) -> Any:
    """Stored parameters as the node gets them."""
    stored = upgraded(cls, params)
    later = inner_names(cls) | cls.late_of(stored)
    inner = {name: value for name, value in stored.items() if name in later}
    outer: Any = {name: value for name, value in stored.items() if name not in inner}
    resolved: Any = resolve(outer, Scope(json=given, now=NOW))
    return validated(cls, resolved | inner)


def run(cls: type[Node], params: Mapping[str, Json], given: Json = None, **more: Any) -> Result:
    """What the node answers."""
    return cls().run(params_of(cls, params, given), FakeContext(json=given, **more))


def credentials_in(params: Json) -> dict[UUID, dict[str, Json]]:
    """The credentials that parameters name, for a context that knows them."""
    if isinstance(params, list):
        params = dict(enumerate(params))
    if not isinstance(params, dict):
        return {}
    found: dict[UUID, dict[str, Json]] = {}
    for value in params.values():
        found |= credentials_in(value)
    return found | ({UUID(params["credential"]): {}} if params.get("kind") == "credential" else {})


def run_example(cls: type[Node], example: Example, workspace_id: UUID | None = None) -> tuple[Json, str]:
    """The output and port an example leads to, waits answered (and rounds of loops given) by its `answers`.

    Of a memory: what it knows after a run in which its input was said. It needs a workspace in the database.
    """
    params = params_of(cls, example.params, example.input)
    answers: Sequence[Any] = list(example.answers)
    sources = example.input if isinstance(example.input, dict) else {}
    known = credentials_in(example.params)
    context = FakeContext(json=example.input, sources=sources, http=FakeHttp(list(answers)), known=known)
    context.models = FakeModels(list(answers))
    if workspace_id is not None:
        context.place = Place(workspace_id, uuid4(), uuid4(), "agent", "")
    if issubclass(cls, Memory) and not issubclass(cls, Tool):
        memory = cls()
        memory.save(params, context, [Message.of(each["role"], each["text"]) for each in example.input])
        found = memory.load(params, context, example.input[0]["text"])
        return [{"role": message.role, "text": message.text} for message in found], "main"
    if issubclass(cls, Trigger):
        context.trigger_input = cls.accept(example.params, example.input)
    if issubclass(cls, Tool):
        return _called(cls(), params, context, example)
    result = cls().run(params, context)
    if isinstance(result, Suspend):
        answer = answers[0] if answers else None
        result = cls().resume(params, context, result.state, answer)
    if isinstance(result, Stop):
        return result.output, "main"
    if isinstance(result, Leave):
        return list(result.results), "main"
    if isinstance(result, Rounds):
        node = cls()
        assert isinstance(node, Container)
        given = [each["result"] for each in answers] if answers else list(result.items or ())
        return node.collect(params, given), "main"
    assert isinstance(result, Done)
    return result.output, result.port


def _called(tool: Tool, params: Any, context: FakeContext, example: Example) -> tuple[Json, str]:
    """A tool called by a model: the example's input are the arguments it gives."""
    offer, arguments = tool.offers(params, context)[0], example.input or {}
    name = offer.own or offer.function.name
    result = tool.call(params, context, name, arguments)
    if isinstance(result, Suspend):
        result = tool.answered(params, context, name, arguments, result.state, example.answers[0])
    assert isinstance(result, Done)
    return result.output, result.port
