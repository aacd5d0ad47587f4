"""What a running node may touch, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, get_args
from uuid import UUID

from apps.nodes.contract.declare import Effect, Json

if TYPE_CHECKING:
    from apps.nodes.contract.code import Code
    from apps.nodes.contract.credentials import Credentials
    from apps.nodes.contract.models import Models
    from apps.nodes.contract.tools import Attached

Level: TypeAlias = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)
ValueScope: TypeAlias = Literal["workspace", "workflow"]


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node runs."""

    workspace_id: UUID
    workflow_id: UUID
    execution_id: UUID
    node_id: str
    path: str
    is_test: bool = False
    node_name: str = ""


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
    def credentials(self) -> Credentials:
        """What proves to other systems who calls."""
        ...

    @property
    def values(self) -> Values:
        """What workflows keep under a key."""
        ...

    @property
    def code(self) -> Code:
        """Where code that people wrote is run."""
        ...

    @property
    def artifacts(self) -> Artifacts:
        """The files of the workspace."""
        ...

    @property
    def models(self) -> Models:
        """Language models."""
        ...

    @property
    def attached(self) -> tuple[Attached, ...]:
        """The tools and memories of an agent, in the order of the definition, without those that are switched off.

        Raises `NodeError` when parameters of one cannot be resolved.
        """
        ...

    @property
    def place(self) -> Place:
        """Where this runs: for what is written down about it."""
        ...

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt whose outcome is unknown; send it with each write."""
        ...

    @property
    def timeout_seconds(self) -> float:
        """How long the node may still take."""
        ...

    def resolve(self, value: Json, *, given: Json = None, item: Json = None, index: int | None = None) -> Json:
        """A late parameter (see `Node.late_of`) with its expressions evaluated, as often as the node likes.

        `$json` is `given` (None: what arrived on the main input), `$item` and `$index` are those given here, everything
        else is as in other parameters. Raises `NodeError` with the expression's path.
        """
        ...

    def log(self, message: str, *, level: Level = "info", data: Json = None) -> None:
        """Say something a person reads in the run's log, at once. `debug` lines stand in the technical view only.

        Write no secrets. Of very many lines the later ones are dropped, and long ones are cut.
        """
        ...

    def stream(self, text: str, *, part: str = "") -> None:
        """Show a piece of text that is coming into being to those who watch. Nothing of it is kept; pieces may be lost.

        `part` names the step it will be the result of. An empty text says that what was shown of the part is void.
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

    def is_done(self, key: str) -> bool:
        """Whether this step was done before: its result is there, and nothing is called for it."""
        ...

    def within(self, key: str, own: str) -> Context:
        """The same for a part of the work: its steps stand under `key`, and what it writes under the idempotency key
        `own`. For what a node has others do inside of a step of its own.
        """
        ...
