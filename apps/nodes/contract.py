"""What a node type is, what it may ask for, and what it may answer. Free of Django and of every other app.

One node type is one class in one file: its docstring is the palette text and reference page, `Params` its form,
`Output` its promise, `examples` its tests. See `docs/guides/add-a-node.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field

Json: TypeAlias = Any
Level: TypeAlias = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)
T = TypeVar("T")


class NodeType(StrEnum):
    """The eight kinds of node."""

    TRIGGER = "TRIGGER"
    AI_AGENT = "AI_AGENT"
    ACTION = "ACTION"
    EXTERNAL_ACTION = "EXTERNAL_ACTION"
    FLOW = "FLOW"
    HUMAN_IN_THE_LOOP = "HUMAN_IN_THE_LOOP"
    TOOL = "TOOL"
    MEMORY = "MEMORY"


class Effect(StrEnum):
    """What running a node does to the world, for its resolved parameters.

    `PURE`: no I/O; may run again at will. `READ`: asks others, changes nothing; may run again. `WRITE`: changes
    something elsewhere; never runs again by itself when its outcome is unknown.
    """

    PURE = "pure"
    READ = "read"
    WRITE = "write"


class OnUnknown(StrEnum):
    """What happens to a write whose outcome nobody saw: a person decides, it runs again, or it fails."""

    ASK = "ask"
    RETRY = "retry"
    FAIL = "fail"


class NodeParams(BaseModel):
    """Base of a node's parameters. Attribute docstrings become the help text of the form."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True, frozen=True, populate_by_name=True, coerce_numbers_to_str=True
    )


class NodeOutput(BaseModel):
    """Base of what a node returns on its main port; gives later nodes their completions."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


Expr = Annotated[T, Field(json_schema_extra={"x-expression": True})]
"""A parameter that may hold `{{ … }}`; what it resolves to must be a `T`. Other parameters are taken as written."""

Inner = Annotated[T, Field(json_schema_extra={"x-expression": True, "x-inner": True})]
"""A container's parameter whose expressions are evaluated once per round, among its children's outputs."""


@dataclass(frozen=True, slots=True)
class Example:
    """A use of the node that its reference page shows and its test runs.

    `answers` are canned HTTP answers in call order for nodes that call out (dicts of `status`, `json`, `headers`), for
    nodes that wait for a person what the person answers, for containers what each round gives (`result`).
    """

    title: str
    params: dict[str, Json]
    returns: Json = None
    input: Json = None
    port: str = "main"
    answers: Sequence[dict[str, Json]] = ()


@dataclass(frozen=True, slots=True)
class Migration:
    """One step that upgrades stored parameters: `up(params) -> params`, run on every opened document, in order.

    It recognises the old shape and returns anything else as it was, so running it again changes nothing.
    """

    name: str
    up: Any  # Callable[[dict[str, Json]], dict[str, Json]]


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a retryable failure is tried again: exponential back-off with full jitter.

    The n-th pause is random between 0 and `min(max_delay_seconds, delay_seconds · 2ⁿ⁻¹)`, never less than a
    `Retry-After` the receiver sent.
    """

    attempts: int = 1
    delay_seconds: float = 1.0
    max_delay_seconds: float = 900.0


# ── Answers of a node ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Response:
    """What a caller that waits for the execution gets."""

    status: int = 200
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """The node is finished. `output` leaves by `port`; `also` names further ports that deliver the same value."""

    output: Json = None
    port: str = "main"
    also: tuple[str, ...] = ()
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The node ends the whole execution, with success or with an error of this message."""

    success: bool
    output: Json = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Suspend:
    """The node waits. Nothing is held meanwhile; later its `resume` is called with `state` and the answer."""

    wait: Wait
    state: Json = None


@dataclass(frozen=True, slots=True)
class Rounds:
    """The node is a container: its children run once per round.

    Loops over `items`, up to `parallelism` at a time; None: one after the other while the parameter `condition` holds,
    each seeing the result of the one before, and `most` rounds at most. `collects_errors`: a failed round does not
    stop the others.
    """

    items: Sequence[Json] | None
    parallelism: int = 1
    collects_errors: bool = False
    most: int = 10_000


@dataclass(frozen=True, slots=True)
class Leave:
    """The node ends the round it stands in, and with `whole` the whole container. `results`: what the round gives."""

    whole: bool
    results: tuple[Json, ...] = ()


Result: TypeAlias = Done | Stop | Suspend | Rounds | Leave


class NodeError(Exception):
    """A node could not do its work; the execution's error handling takes over.

    `retryable`: trying again may help and does no harm. `is_unknown`: a write was sent and its outcome was not seen.
    `retry_after`: seconds the receiver asked to wait. `details` is shown with the run, so it holds no secret.
    `is_afresh`: after a wait, the next attempt begins with `run` and waits anew, instead of with the same answer.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        retryable: bool = False,
        is_unknown: bool = False,
        retry_after: float | None = None,
        is_afresh: bool = False,
        details: Json = None,
    ) -> None:
        self.code, self.message, self.hint = code, message, hint
        self.retryable, self.is_unknown = retryable, is_unknown
        self.retry_after, self.is_afresh, self.details = retry_after, is_afresh, details
        super().__init__(message)


# ── Waits: what a node may wait for ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Timer:
    """Wait until a moment. `resume` gets `None` as its answer."""

    kind: ClassVar[str] = "timer"
    until: datetime

    @property
    def wakes_at(self) -> datetime | None:
        """When it ends by itself."""
        return self.until


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way a question can be answered: it is a port, a button and an API value at once."""

    name: str
    label: str
    style: str = "secondary"  # primary | secondary | danger


@dataclass(frozen=True, slots=True)
class AskHuman:
    """Wait for a person. `resume` gets `{"outcome", "comment", "data", "answered_by", "answered_at"}`.

    `deadline`: when nobody has answered by then, the outcome is `timeout`. `data` is shown with the question.
    """

    kind: ClassVar[str] = "human"
    question: str  # CONFIRMATION | INPUT | DECISION | REVIEW
    title: str
    outcomes: tuple[Outcome, ...]
    message: str = ""
    data: Json = None
    deadline: datetime | None = None
    priority: str = "normal"

    @property
    def wakes_at(self) -> datetime | None:
        """When nobody is asked any more."""
        return self.deadline


@dataclass(frozen=True, slots=True)
class Callback:
    """Wait for a call of the node's own address, which exists from the start of the execution: see `callback_method`.

    `resume` gets `{"id", "method", "headers", "query", "body", "received_at"}`, or `None` when nobody had called by
    `deadline`. A call that came before the node waited counts.
    """

    kind: ClassVar[str] = "callback"
    deadline: datetime | None = None
    title: str = ""

    @property
    def wakes_at(self) -> datetime | None:
        """When a call comes too late."""
        return self.deadline


@dataclass(frozen=True, slots=True)
class Event:
    """Wait for an event of this name in the workspace, posted from a minute before on.

    `match`: the value (text, number, truth value) that must stand at each dotted path of the event's data. `resume`
    gets `{"id", "name", "data", "posted_at"}`, or `None` when there was none by `deadline`.
    """

    kind: ClassVar[str] = "event"
    name: str
    match: Mapping[str, Json] = field(default_factory=dict)
    deadline: datetime | None = None

    @property
    def wakes_at(self) -> datetime | None:
        """When nothing is waited for any more."""
        return self.deadline

    @property
    def title(self) -> str:
        """What is waited for, in one line."""
        where = ", ".join(f"{path} = {value}" for path, value in self.match.items())
        return f"{self.name} where {where}" if where else self.name


@dataclass(frozen=True, slots=True)
class RunChild:
    """Run another workflow once per input, `parallelism` at a time across all workers, and wait until all have ended.

    `workflow`: its id or its name. `resume` gets `{"children": […]}` in the order of the inputs, each with
    `execution_id`, `status`, `output` and `error` (None when it succeeded); with `stops` it gets only the first that
    failed, with its `index`, and the others are cancelled. Without `waits` it gets `{"started": [ids]}` at once. When
    nothing could be started it gets `{"refused": {"code", "message", "hint"}}`, and None past the deadline.
    """

    kind: ClassVar[str] = "child"
    workflow: str
    inputs: tuple[Json, ...]
    parallelism: int = 1
    waits: bool = True
    stops: bool = True
    deadline: datetime | None = None

    @property
    def wakes_at(self) -> datetime | None:
        """When nothing is waited for any more."""
        return self.deadline


Wait: TypeAlias = Timer | AskHuman | Callback | Event | RunChild


# ── What a node may touch ────────────────────────────────────────────────────────────────────────────────────────────


class HttpAnswer(Protocol):
    """An answer that came in through the egress door, read completely. Header names are in lower case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...
    @property
    def url(self) -> str: ...


class Http(Protocol):
    """Guarded HTTP: the only way out of a node."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Json] | None = None,
        json: Json = None,
        content: bytes | None = None,
        timeout: float = 30.0,
        follow_redirects: bool = True,
        max_bytes: int = 10_000_000,
    ) -> HttpAnswer:
        """Send and read the answer. `timeout` in seconds. Raises `EgressError` when refused or failed."""
        ...


class Artifacts(Protocol):
    """Files of a workspace, kept outside of the data that flows between nodes. Not for pure nodes: it is I/O."""

    def put(
        self, content: bytes | Iterable[bytes], *, name: str, content_type: str = "application/octet-stream"
    ) -> dict[str, Json]:
        """Keep a file (at most 100 MB) and return what stands for it in the data.

        That is `{"id", "name", "content_type", "size", "sha256", "url"}`. The same content under the same name of the
        same node run is kept once. Raises `NodeError`.
        """
        ...

    def get(self, artifact: str | Mapping[str, Json]) -> bytes:
        """The content of a file by its id, or by what `put` returned. Raises `NodeError` when there is none."""
        ...


ValueScope: TypeAlias = Literal["workspace", "workflow"]


class Values(Protocol):
    """What workflows keep under a key, for the whole workspace or for one workflow. Not for pure nodes: it is I/O.

    Each answer holds `found` (whether something stood there before), `revision`, `expires_at`, and what the method
    says. Changes are atomic, and made once however often the node runs again with an unknown outcome, provided that it
    makes the same changes in the same order. All raise `NodeError`.
    """

    def get(self, key: str, *, scope: ValueScope = "workspace") -> dict[str, Json]:
        """`value`: what stands there, or null."""
        ...

    def set(
        self, key: str, value: Json, *, ttl_seconds: float | None = None, scope: ValueScope = "workspace"
    ) -> dict[str, Json]:
        """Put `value` there, for so many seconds or for good."""
        ...

    def delete(self, key: str, *, scope: ValueScope = "workspace") -> dict[str, Json]:
        """Leave nothing there."""
        ...

    def increment(
        self, key: str, by: float = 1, *, ttl_seconds: float | None = None, scope: ValueScope = "workspace"
    ) -> dict[str, Json]:
        """Add to the number there (0 at first); `value`: the sum. The time to live counts from the first one."""
        ...

    def append(
        self,
        key: str,
        value: Json,
        *,
        keep_last: int | None = None,
        ttl_seconds: float | None = None,
        scope: ValueScope = "workspace",
    ) -> dict[str, Json]:
        """Add to the list there (empty at first); `length`: how long it is now. The time counts from the first one."""
        ...

    def compare_and_set(
        self,
        key: str,
        expected: Json,
        value: Json,
        *,
        ttl_seconds: float | None = None,
        scope: ValueScope = "workspace",
    ) -> dict[str, Json]:
        """Put `value` there if `expected` stands there (null: nothing). `changed` says so, `value` what stands now."""
        ...


class Context(Protocol):
    """What a running node may ask for, and nothing else."""

    @property
    def inputs(self) -> Mapping[str, Json]:
        """The value that came in on each input port, `main` first."""
        ...

    @property
    def json(self) -> Json:
        """The value on the main input."""
        ...

    @property
    def sources(self) -> Mapping[str, Json]:
        """The delivered values by the id of the node they came from, in the order of the connections."""
        ...

    @property
    def now(self) -> datetime:
        """The moment this run of the node began; the same on every look."""
        ...

    @property
    def trigger_input(self) -> Json:
        """What the trigger delivered."""
        ...

    @property
    def http(self) -> Http:
        """The door to other systems."""
        ...

    @property
    def values(self) -> Values:
        """What workflows keep under a key."""
        ...

    @property
    def artifacts(self) -> Artifacts:
        """The files of the workspace."""
        ...

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt whose outcome is unknown; send it with each write."""
        ...

    @property
    def timeout_seconds(self) -> float:
        """How long the node may still take."""
        ...

    def log(self, message: str, *, level: Level = "info", data: Json = None) -> None:
        """Say something a person reads in the run's log, at once. `debug` lines stand in the technical view only.

        Write no secrets. Of very many lines the later ones are dropped, and long ones are cut.
        """
        ...

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Say how far the node is; drawn as a bar when `total` is known. Only the last word counts: call it freely."""
        ...

    def metric(self, name: str, value: float, unit: str = "") -> None:
        """Give a figure about this run, such as `rows` or `tokens`. The last value of a name counts."""
        ...

    def step(
        self, key: str, call: Callable[[str], Json], *, effect: Effect = Effect.READ, honours_key: bool = False
    ) -> Json:
        """Do a part of the work once: its result is kept, and given back when the node runs again (crash, retry, wait).

        `key` names the part, unique in the node and the same each time: `turn:4/tool:1`.

        `call` gets the step's idempotency key. A node that works in steps declares the effect `READ`, since it may run
        again; its steps say for themselves what they do. A `WRITE` whose outcome was not seen is not repeated unless
        `honours_key`: a `NodeError` with `is_unknown` then follows the node's `on_unknown`. Raises what `call` raises.
        """
        ...


# ── The node itself ──────────────────────────────────────────────────────────────────────────────────────────────────


class Node:
    """Base of every node type. Subclass it in a file of its own inside a `nodes` (or `nodes/builtin`) folder."""

    type: ClassVar[NodeType]
    subtype: ClassVar[str]
    icon: ClassVar[str]
    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""  # second line of the card, with parameters in braces: "{method} {url}"
    keywords: ClassVar[tuple[str, ...]] = ()
    ports: ClassVar[tuple[str, ...]] = ("main",)
    is_container: ClassVar[bool] = False  # whether other nodes may stand inside it
    is_inner: ClassVar[bool] = False  # whether it can only stand inside a container
    on_unknown: ClassVar[OnUnknown] = OnUnknown.ASK
    retry: ClassVar[Retry] = Retry()
    timeout_seconds: ClassVar[float] = 300.0
    examples: ClassVar[Sequence[Example]] = ()
    migrations: ClassVar[Sequence[Migration]] = ()

    class Params(NodeParams):
        """No parameters."""

    class Output(NodeOutput):
        """Anything."""

    @classmethod
    def ports_of(cls, params: Mapping[str, Json]) -> tuple[str, ...]:
        """The output ports for these stored (unresolved) parameters."""
        return cls.ports

    @classmethod
    def needs_of(cls, params: Mapping[str, Json]) -> int | None:
        """How many deliveries are enough to run, for these stored parameters. None: every branch still alive."""
        return None

    @classmethod
    def callback_method(cls, params: Mapping[str, Json]) -> str | None:
        """By which HTTP method the node's own address is called, for these stored parameters. None: it has none.

        For nodes that suspend with `Callback`. Expressions see the address as `$execution.callback_url["Node name"]`.
        """
        return None

    @classmethod
    def cancels_others(cls, params: Mapping[str, Json]) -> bool:
        """Whether, once it runs, the branches that lead here alone and have not arrived are ended."""
        return False

    def effect(self, params: Any) -> Effect:
        """What running with these resolved parameters does to the world. Must not do anything itself."""
        return Effect.PURE

    def honours_key(self, params: Any) -> bool:
        """Whether the receiver of this write makes a repeat with the same key (or the same call) harmless."""
        return False

    def run(self, params: Any, ctx: Context) -> Result:
        """Do the work. Raises `NodeError` when it cannot be done."""
        raise TypeError(f"{type(self).__name__} does not say what it does: write its run().")

    def resume(self, params: Any, ctx: Context, state: Json, answer: Json) -> Result:
        """Go on after a wait. Only for nodes that suspend."""
        raise TypeError(f"{type(self).__name__} suspends but cannot go on: write its resume().")


class Container(Node):
    """Base of nodes that have children: their `run` answers with `Rounds`."""

    is_container: ClassVar[bool] = True

    def collect(self, params: Any, results: Sequence[Json]) -> Json:
        """The output, from what the rounds gave, in their order."""
        return list(results)


class Trigger(Node):
    """Base of trigger nodes: how an execution starts. Its run delivers what came in."""

    type: ClassVar[NodeType] = NodeType.TRIGGER

    @classmethod
    def address(cls, params: Mapping[str, Json], *, node_id: str) -> str | None:
        """What this trigger listens to while its workflow is active, unique in the workspace for its subtype.

        None: it listens to nothing (started by hand only).
        """
        return None

    @classmethod
    def accept(cls, params: Mapping[str, Json], given: Json) -> Json:
        """What the trigger delivers when someone starts it by hand or API with `given` as input."""
        return given

    def run(self, params: Any, ctx: Context) -> Result:
        """Hand on what came in."""
        return Done(ctx.trigger_input)
