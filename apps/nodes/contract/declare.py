"""What a node type declares: its kind, its parameters, how it is tried again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

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


_UNITS = re.compile(r"_(seconds|bytes)$")
_SHORT = re.compile(r"\b(url|http|html|json|id|ip|api|ttl|csv|xml)(?=s?\b)", re.IGNORECASE)


def _label(name: str, _: Any) -> str:
    """The words of a field: its name as a sentence, without the unit that stands behind the field."""
    words = _UNITS.sub("", name).replace("_", " ")
    return _SHORT.sub(lambda found: found[0].upper(), words[:1].upper() + words[1:])


def _with_units(schema: dict[str, Json]) -> None:
    for name, member in schema.get("properties", {}).items():
        if found := _UNITS.search(name):
            member.setdefault("x-unit", found[1])


class NodeParams(BaseModel):
    """Base of a node's parameters.

    Their names, or `asked(label)`, become the labels of the form, attribute docstrings its help texts.
    """

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        frozen=True,
        populate_by_name=True,
        coerce_numbers_to_str=True,
        field_title_generator=_label,
        json_schema_extra=_with_units,
    )


def asked(
    label: str = "",
    *,
    group: str = "",
    when: Mapping[str, Sequence[Json]] | None = None,
    one_of: str = "",
    widget: Literal["", "lines", "workflow", "timezone", "code", "model", "node", "node_params"] = "",
    words: Mapping[str, str] | None = None,
) -> Any:
    """How a parameter stands in the form of its node: `Annotated[str, asked("Address", group="Request")]`.

    `group`: parameters with the same one are folded together under it. `when`: it is asked for only where other
    parameters of the same object have one of these values, as in `{"mode": ["event"]}`. `one_of`: of those with the
    same one at most one is set; the form asks which. `widget`: `lines` for texts of several lines, `workflow` for the
    id of a workflow, `timezone` for a zone, `model` for the name of a language model, `code` for code in the language
    that the parameter `language` beside it names: `{{` means nothing there, `node` for a node type by its name
    (`ACTION.HTTP_REQUEST`), `node_params` for the parameters of the type that the parameter `node` beside it names, of
    which a model fills in those that `fills` beside it tells of. `words`: what its values are called, such as the kinds
    of a union.
    """
    hints = {"x-group": group, "x-one-of": one_of, "x-widget": widget}
    extra: dict[str, Json] = {key: value for key, value in hints.items() if value}
    if when:
        extra["x-when"] = {name: list(values) for name, values in when.items()}
    if words:
        extra["x-words"] = dict(words)
    given: dict[str, Any] = {"title": label} if label else {}
    return Field(**given, json_schema_extra=extra) if extra else Field(**given)


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
