"""What a node type declares: its kind, its parameters, how it is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Json: TypeAlias = Any
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
