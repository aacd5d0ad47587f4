"""The stored shape of a definition: `nodes`, `connections`, `settings`, `annotations`, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from apps.core import jsonclean
from apps.core.errors import DomainError
from apps.core.signing import key_of
from apps.core.suggest import shown
from apps.nodes.params import faults
from apps.workflows.graph.findings import Finding, error
from apps.workflows.graph.mapping import Mapping as DataMapping

MAX_NODES = 500
MAX_CONNECTIONS = 2_000
MAX_ANNOTATIONS = 200
MAX_BYTES = 1_000_000
MAX_DEPTH = 60

NO_IDS = frozenset(
    {"__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "constructor"}
    | {"hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf"}
)
"""What every object of JavaScript has: whoever keeps things by their ids there would find these without having any."""

Json = Any
Ending = Literal["SUCCESS", "ERROR", "CANCELED", "TIMED_OUT"]
_Model = TypeVar("_Model", bound=BaseModel)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # an unknown key, a path outside the zone folder, a folder's name
        raise ValueError(f"“{shown(name)}” is no time zone; use a name such as Europe/Berlin.") from None
    return name


def _own_id(name: str) -> str:
    if name in NO_IDS:
        raise ValueError(f"“{name}” cannot be an id: in JavaScript every object has it. Use another one.")
    return name


Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$"), AfterValidator(_own_id)]
"""Of a node or annotation, within its definition."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _signing_secret(secret: str) -> str:
    key_of(secret)
    return secret


class Completion(_Document):
    """An outgoing webhook that tells of an execution's end, in the form of Standard Webhooks."""

    url: Annotated[str, Field(max_length=2_000, pattern=r"^https?://[^\s/]")]
    """Where it is posted to."""
    secret: Annotated[str, AfterValidator(_signing_secret)] | None = None
    """With what it is signed: `whsec_` and base64 of 24 to 64 bytes. Empty: it is not signed."""
    statuses: Annotated[tuple[Ending, ...], Field(min_length=1)] = ("SUCCESS", "ERROR", "CANCELED", "TIMED_OUT")
    """Which ends are told."""


class Concurrency(_Document):
    """At most so many executions with the same key, such as one per customer."""

    key: Annotated[str, Field(min_length=1, max_length=2_000)]
    """Text with an expression over what the trigger delivered. Where it gives null or nothing, there is no limit."""
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many with one key; further ones wait in line."""
    counts: Literal["running", "unfinished"] = "unfinished"
    """Whether one that waits (for a person, a moment, an answer) keeps its place."""


class Rate(_Document):
    """At most so many executions begin in any period of this length."""

    count: Annotated[int, Field(ge=1, le=10_000)]
    """How many may begin."""
    per_seconds: Annotated[float, Field(gt=0, le=2_678_400, allow_inf_nan=False)]
    """Length of the period."""
    on_excess: Literal["queue", "refuse"] = "queue"
    """What a start beyond it does: wait for its turn, or be refused with 429."""


class Debounce(_Document):
    """Starts that come in a burst become one, which begins when the burst is over and sees the last input."""

    seconds: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
    """How long it must have been quiet."""
    max_wait_seconds: Annotated[float, Field(gt=0, le=604_800, allow_inf_nan=False)] | None = None
    """So long after the first start it begins even when it has not been quiet. Empty: ten times that."""
    key: Annotated[str, Field(max_length=2_000)] = ""
    """Text with an expression over what the trigger delivered: only starts with the same key are one. Empty: all."""


class Settings(_Document):
    """How executions of a workflow are run."""

    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """Zone in which schedules and dates of expressions are meant."""
    timeout_seconds: Annotated[int, Field(ge=1, le=31_536_000)] | None = None
    """An execution still unfinished after so many seconds is TIMED_OUT. Empty: 30 days."""
    while_paused: Literal["block", "queue", "allow"] = "block"
    """What a start does while another execution waits for a person: be refused, queue up, or run beside it."""
    max_data_mb: Annotated[int, Field(ge=1, le=4_096)] = 256
    """An execution whose steps have written more than this many megabytes ends as failed."""
    max_concurrent: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """At most so many executions of this workflow run at once; others queue. Empty: no limit."""
    concurrency: Concurrency | None = None
    """At most so many executions with the same key; others queue. Empty: no limit."""
    rate: Rate | None = None
    """At most so many executions begin in a period. Empty: no limit."""
    debounce: Debounce | None = None
    """A burst of starts becomes one execution. Empty: each start is one."""
    priority: Literal["low", "normal", "high"] = "normal"
    """Who goes first when executions of the workspace queue. Age counts as well: one step is worth five minutes."""
    error_workflow: UUID | None = None
    """The workflow, by its id, whose ERROR trigger starts when an execution ends as ERROR or TIMED_OUT, tests aside."""
    completion: Completion | None = None
    """Who is told when an execution has ended, by a signed webhook. Tests aside."""

    @property
    def tells_end(self) -> bool:
        """Whether somebody named here wants to know of an execution's end."""
        return self.error_workflow is not None or self.completion is not None


class Position(_Document):
    """Where a node's card stands on the canvas."""

    x: Annotated[float, Field(allow_inf_nan=False)] = 0
    y: Annotated[float, Field(allow_inf_nan=False)] = 0


class RetryDocument(_Document):
    """How often a failure that may pass is tried again. What is left out follows the node type."""

    attempts: Annotated[int, Field(ge=1, le=50)] | None = None
    delay_seconds: Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)] | None = None
    max_delay_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None = None


class NodeDocument(_Document):
    """One node as stored."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    type: str
    subtype: str
    params: dict[str, Json] = {}
    parent: Annotated[str, Field(max_length=100)] | None = None
    """The container it stands in."""
    attached: tuple[Annotated[str, Field(max_length=100)], ...] = ()
    """Ids of the TOOL and MEMORY nodes an AI_AGENT uses. They have no connection and no node run of their own."""
    position: Position | None = None
    on_error: Literal["stop", "continue", "route"] = "stop"
    retry: RetryDocument | None = None
    on_unknown: Literal["ask", "retry", "fail"] | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] | None = None
    disabled: bool = False
    notes: Annotated[str, Field(max_length=10_000)] = ""
    milestone: bool = False
    pinned_output: Json = None


class ConnectionDocument(_Document):
    """One connection as stored."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    source: Annotated[str, Field(alias="from", max_length=100)]
    port: Annotated[str, Field(min_length=1, max_length=100)] = "main"
    to: Annotated[str, Field(max_length=100)]
    input: Annotated[str, Field(min_length=1, max_length=100)] = "main"
    condition: Annotated[str, Field(max_length=10_000)] | None = None
    mapping: DataMapping | None = None


class AnnotationDocument(_Document):
    """Something on the canvas for people alone: a note, or a frame around nodes. It changes nothing that runs."""

    id: Id
    kind: Literal["note", "frame"] = "note"
    text: Annotated[str, Field(max_length=10_000)] = ""
    """What it says; of a frame, its title."""
    position: Position
    width: Annotated[float, Field(ge=40, le=20_000, allow_inf_nan=False)] = 240
    height: Annotated[float, Field(ge=24, le=20_000, allow_inf_nan=False)] = 96
    color: Literal["yellow", "blue", "green", "red", "violet", "grey"] = "yellow"
    author: Annotated[str, Field(max_length=200)] = ""
    """Who wrote it, as people are shown."""
    written_at: Annotated[str, Field(max_length=40)] = ""
    """When, in ISO 8601."""


@dataclass(frozen=True, slots=True)
class Document:
    """What could be read of a definition. Nodes and connections that could not keep their place as None."""

    nodes: tuple[NodeDocument | None, ...] = ()
    connections: tuple[ConnectionDocument | None, ...] = ()
    settings: Settings = field(default_factory=Settings)
    ids: frozenset[str] = frozenset()
    """Every id that is written anywhere, also of nodes that could not be read."""


def read(definition: Json) -> tuple[Document, tuple[Finding, ...]]:
    """The definition's parts and what is wrong with its shape. Never raises, whatever JSON it is given."""
    found: list[Finding] = []
    if not isinstance(definition, Mapping):
        kind = type(definition).__name__
        found.append(
            error(
                "definition.not_object",
                "",
                f"A definition is an object with nodes, connections and settings; this is a {kind}.",
                'Send {"nodes": […], "connections": […], "settings": {…}}.',
            )
        )
        return Document(), tuple(found)
    too_large = _size(definition)
    if too_large:
        return Document(), (too_large,)
    for key in definition:
        if key not in ("nodes", "connections", "settings", "annotations"):
            found.append(
                error(
                    "definition.unknown_key",
                    shown(key),
                    f"“{shown(key)}” is no part of a definition.",
                    "A definition has nodes, connections, settings and annotations. Remove it.",
                )
            )
    rows = _rows(definition, "nodes", MAX_NODES, found)
    nodes = tuple(_read(NodeDocument, raw, f"nodes[{at}]", found) for at, raw in enumerate(rows))
    links = _rows(definition, "connections", MAX_CONNECTIONS, found)
    connections = tuple(_read(ConnectionDocument, raw, f"connections[{at}]", found) for at, raw in enumerate(links))
    notes = _rows(definition, "annotations", MAX_ANNOTATIONS, found)
    for at, raw in enumerate(notes):
        _read(AnnotationDocument, raw, f"annotations[{at}]", found)
    if "nodes" not in definition:
        found.append(error("definition.missing", "nodes", "A definition needs nodes.", 'Add "nodes": […].'))
    settings = _read(Settings, definition.get("settings", {}), "settings", found) or Settings()
    ids = frozenset(raw["id"] for raw in rows if isinstance(raw, Mapping) and isinstance(raw.get("id"), str))
    return Document(nodes, connections, settings, ids), tuple(found)


def _size(definition: Mapping[str, Json]) -> Finding | None:
    if _depth(definition) > MAX_DEPTH:
        return error(
            "definition.too_deep", "", f"The definition is nested more than {MAX_DEPTH} levels deep.", "Flatten it."
        )
    try:
        jsonclean.check(definition if type(definition) is dict else dict(definition))
        size = len(json.dumps(definition, ensure_ascii=False).encode())
    except DomainError as refused:
        return error("definition.not_json", "", refused.message, refused.hint)
    except (TypeError, ValueError) as refused:
        return error("definition.not_json", "", f"The definition is not JSON: {refused}.")
    if size > MAX_BYTES:
        return error(
            "definition.too_large",
            "",
            f"The definition has {size:,} bytes; at most {MAX_BYTES:,} are accepted.",
            "Move large data out of the parameters, or split the workflow.",
        )
    return None


def _depth(value: Json) -> int:
    """How deep a value is nested; counts no further than one past the limit."""
    level: Sequence[Json] = (value,)
    for depth in range(MAX_DEPTH + 2):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return depth
    return MAX_DEPTH + 1


def _children(value: Json) -> Iterator[Json]:
    if isinstance(value, Mapping):
        yield from (child for child in value.values() if isinstance(child, Mapping | list))
    elif isinstance(value, list):
        yield from (child for child in value if isinstance(child, Mapping | list))


def _rows(definition: Mapping[str, Json], key: str, limit: int, found: list[Finding]) -> list[Json]:
    rows = definition.get(key, [])
    if not isinstance(rows, list):
        found.append(error("definition.wrong_type", key, f"“{key}” is a list; this is a {type(rows).__name__}."))
        return []
    if len(rows) > limit:
        found.append(
            error(
                "definition.too_many",
                key,
                f"There are {len(rows):,} {key}; at most {limit:,} are accepted.",
                "Split the workflow.",
            )
        )
        return []
    return rows


def _read(model: type[_Model], raw: Json, path: str, found: list[Finding]) -> _Model | None:
    node_id = raw["id"] if isinstance(raw, Mapping) and isinstance(raw.get("id"), str) else ""
    try:
        return model.model_validate(raw)
    except ValidationError as refused:
        for fault in faults(model, refused, raw, path):
            found.append(error(f"definition.{fault.code}", fault.path, fault.message, fault.hint, node_id=node_id))
        return None
