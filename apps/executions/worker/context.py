"""What a running node gets to see: the engine's side of `nodes.contract.Context`."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from apps.core import clock, jsonclean
from apps.executions.worker.code import NodeCode
from apps.executions.worker.credentials import NodeCredentials
from apps.executions.worker.stepping import Steps
from apps.nodes.contract import (
    LEVELS,
    Artifacts,
    Attached,
    Context,
    Effect,
    Http,
    Level,
    Models,
    NodeError,
    Place,
    Values,
)
from apps.nodes.expressions import ExprError, Scope, resolve

MAX_LOG_LINES = 200
MAX_LOG_CHARACTERS = 100_000
LONGEST_LINE = 2_000
LONGEST_DATA = 8_000
LONGEST_NAME = 100
MAX_METRICS = 50
LARGEST = 1e18


class NodeContext:
    """One attempt of one node. Holds no database connection, and secrets only behind `credentials`: what is said here
    is free of them.
    """

    __slots__ = (
        "_attached",
        "_budget",
        "_count",
        "_figures",
        "_lines",
        "_lock",
        "_scope",
        "_stream",
        "artifacts",
        "credentials",
        "http",
        "idempotency_key",
        "inputs",
        "models",
        "now",
        "place",
        "sources",
        "steps",
        "timeout_seconds",
        "trigger_input",
        "values",
    )

    def __init__(
        self,
        *,
        inputs: Mapping[str, Any],
        sources: Mapping[str, Any],
        trigger_input: Any,
        now: datetime,
        http: Http,
        credentials: NodeCredentials,
        artifacts: Artifacts,
        values: Values,
        models: Models,
        place: Place,
        idempotency_key: str,
        timeout_seconds: float,
        steps: Steps,
        scope: Callable[[Mapping[str, Any]], Scope],
        attached: Callable[[], tuple[Attached, ...]],
        stream: Callable[[str, str], None],
    ) -> None:
        self.inputs = inputs
        self.sources = sources
        self.trigger_input = trigger_input
        self.now = now
        self.http = http
        self.credentials = credentials
        self.artifacts = artifacts
        self.values = values
        self.models = models
        self.place = place
        self.idempotency_key = idempotency_key
        self.timeout_seconds = timeout_seconds
        self.steps = steps
        self._scope = scope
        self._attached: Callable[[], tuple[Attached, ...]] | tuple[Attached, ...] = attached
        self._stream = stream
        self._lock = threading.Lock()
        self._lines: list[dict[str, Any]] = []
        self._figures: dict[str, dict[str, Any]] = {}
        self._count, self._budget = 0, MAX_LOG_CHARACTERS

    @property
    def json(self) -> Any:
        """The value on the main input."""
        return self.inputs.get("main")

    @property
    def code(self) -> NodeCode:
        """Where code that people wrote is run."""
        return NodeCode(self.log, self.timeout_seconds)

    @property
    def attached(self) -> tuple[Attached, ...]:
        """The tools and memories of an agent, see `nodes.contract.Context.attached`."""
        if not isinstance(self._attached, tuple):
            self._attached = self._attached()
        return self._attached

    def stream(self, text: str, *, part: str = "") -> None:
        """Show a piece of text to those who watch."""
        self._stream(part, self.credentials.clean(text))

    def resolve(self, value: Any, *, given: Any = None, item: Any = None, index: int | None = None) -> Any:
        """A late parameter, see `nodes.contract.Context.resolve`."""
        scope = self._scope(self.inputs if given is None else {**self.inputs, "main": given})
        if index is not None:
            scope = scope.for_item(item, index)
        try:
            return resolve(value, scope)
        except ExprError as error:
            raise NodeError(
                "expressions.failed",
                f"{error.path or 'A parameter'}: {error.message}",
                error.hint or "Open the node and correct the expression.",
                details={"path": error.path, "column": error.column},
            ) from None

    def log(self, message: str, *, level: Level = "info", data: Any = None) -> None:
        """Keep a line for the run's log. Past 200 lines or 100,000 characters of one attempt the rest is dropped."""
        message, data = self.credentials.clean(str(message)), self.credentials.clean(data)
        line = {"at": _now(), "level": level if level in LEVELS else "info", "message": _text(message, LONGEST_LINE)}
        if data is not None:
            line["data"] = _bounded(data)
        size = len(line["message"]) + (len(json.dumps(line["data"])) if "data" in line else 0)
        with self._lock:
            if self._count < MAX_LOG_LINES and size <= self._budget:
                self._lines.append(line)
            elif self._count <= MAX_LOG_LINES:
                self._lines.append(line | {"level": "warning", "message": _DROPPED, "data": None})
                self._count = MAX_LOG_LINES
            self._count += 1
            self._budget -= size

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Say how far the node is; the last word counts."""
        message = _text(self.credentials.clean(str(message)), LONGEST_LINE)
        told = {"kind": "progress", "at": _now(), "done": _number(done), "message": message}
        self._tell("", told | {"total": None if total is None else _number(total)})

    def metric(self, name: str, value: float, unit: str = "") -> None:
        """Give a figure; the last value of a name counts. Past 50 names new ones are dropped."""
        name = _text(self.credentials.clean(str(name)), LONGEST_NAME)
        told = {"kind": "metric", "at": _now(), "name": name, "value": _number(value)}
        if name and (name in self._figures or len(self._figures) <= MAX_METRICS):
            self._tell(name, told | {"unit": _text(unit, 20)})

    def step(
        self, key: str, call: Callable[[str], Any], *, effect: Effect = Effect.READ, honours_key: bool = False
    ) -> Any:
        """Do a part of the work once, see `nodes.contract.Context.step`."""
        return self.steps.do(key, lambda own: self.credentials.clean(call(own)), effect, honours_key=honours_key)

    def is_done(self, key: str) -> bool:
        """Whether this step was done before."""
        return self.steps.is_done(key)

    def within(self, key: str, own: str) -> Context:
        """The same for a part of the work, see `nodes.contract.Context.within`."""
        return cast(Context, _Part(self, key, own))

    @property
    def has_news(self) -> bool:
        """Whether something was said that nobody has taken yet."""
        return bool(self._lines or self._figures)

    def take(self) -> list[dict[str, Any]]:
        """What was said since it was last taken, ready to be stored. Another thread may be talking meanwhile."""
        if not self.has_news:
            return []
        with self._lock:
            said = [*self._lines, *self._figures.values()]
            self._lines, self._figures = [], {}
        return said

    def repeat(self, said: list[dict[str, Any]]) -> None:
        """Take over what was said in another process."""
        with self._lock:
            self._lines += said

    def _tell(self, name: str, told: dict[str, Any]) -> None:
        with self._lock:
            self._figures[name] = told


class _Part:
    """What a part of a node's work sees: everything its node sees, under names and keys of its own."""

    def __init__(self, whole: Any, key: str, own: str) -> None:
        self._whole, self._key = whole, key
        self.idempotency_key, self.values = own, whole.values.under(own)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def stream(self, text: str, *, part: str = "") -> None:
        self._whole.stream(text, part=self._named(part))

    def step(
        self, key: str, call: Callable[[str], Any], *, effect: Effect = Effect.READ, honours_key: bool = False
    ) -> Any:
        return self._whole.step(self._named(key), call, effect=effect, honours_key=honours_key)

    def is_done(self, key: str) -> bool:
        return bool(self._whole.is_done(self._named(key)))

    def within(self, key: str, own: str) -> Context:
        return cast(Context, _Part(self._whole, self._named(key), own))

    def _named(self, key: str) -> str:
        return f"{self._key}/{key}" if key else self._key


_DROPPED = "Further log lines of this node were dropped."


def _now() -> str:
    return clock.now().isoformat()


def _text(value: Any, limit: int) -> str:
    text: str = jsonclean.cleaned(value if isinstance(value, str) else str(value))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _number(value: Any) -> float | int:
    """A number that can be stored and drawn; anything else is 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < LARGEST else 0


def _bounded(data: Any) -> Any:
    """Data short enough to stand beside a line; of more its beginning, as text."""
    clean = jsonclean.cleaned(data)
    text = json.dumps(clean, ensure_ascii=False)
    return clean if len(text) <= LONGEST_DATA else f"{text[: LONGEST_DATA - 1]}…"


def idempotency_key(*, lineage_id: UUID, node_id: str, path: str, failures: int) -> str:
    """The key a receiver can recognise a repeat by.

    The same while the outcome is unknown, also across re-runs of one lineage; a new one after each received failure.
    """
    digest = hashlib.sha256(f"{lineage_id}\0{node_id}\0{path}".encode()).hexdigest()[:40]
    return f"{digest}:{failures}" if failures else digest
