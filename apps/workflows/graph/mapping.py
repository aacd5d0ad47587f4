"""What a connection makes of the value it carries: the four shapes of `mapping`, and what is wrong with one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from apps.core import jsonshape
from apps.core.suggest import nearest, shown
from apps.nodes import expressions
from apps.nodes.paths import Path, PathOrWhole
from apps.workflows.graph.findings import Finding, error, warning

Json = Any
MAX_FIELDS = 200


class _Mapping(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, populate_by_name=True)

    result_schema: Json = None
    """JSON Schema the result must fit. Empty: any result."""


class FieldMapping(BaseModel):
    """One member of what arrives."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, populate_by_name=True)

    source: Annotated[PathOrWhole, Field(alias="from")] = ""
    """Where it stands in what the first node gives: names with dots between, numbers in lists. Empty: all of it."""
    target: Annotated[Path, Field(alias="to")]
    """Where it is put; dots make objects."""
    required: bool = False
    """Whether the second node fails when nothing (or null) comes out."""
    default: Json = None
    """What is put there when nothing (or null) comes out; expressions allowed."""
    transform: Annotated[str, Field(max_length=10_000)] | None = None
    """Text with an expression that makes the value anew; `$json` is what was found. Not asked when that is null."""


class DirectMapping(_Mapping):
    """The value as it is."""

    mode: Literal["direct"] = "direct"


class FieldsMapping(_Mapping):
    """An object, put together member by member."""

    mode: Literal["fields"]
    fields: Annotated[tuple[FieldMapping, ...], Field(min_length=1, max_length=MAX_FIELDS)]
    """Its members."""


class TemplateMapping(_Mapping):
    """Any JSON with expressions in its texts."""

    mode: Literal["template"]
    template: Json
    """The JSON; `$json` in its expressions is what the first node gives."""


class ExpressionMapping(_Mapping):
    """What one expression comes to."""

    mode: Literal["expression"]
    expression: Annotated[str, Field(min_length=1, max_length=10_000)]
    """Exactly one `{{ … }}`; `$json` in it is what the first node gives."""


Mapping: TypeAlias = Annotated[
    DirectMapping | FieldsMapping | TemplateMapping | ExpressionMapping, Field(discriminator="mode")
]


def changes(mapping: _Mapping | None) -> bool:
    """Whether a connection with this mapping does anything but pass the value on."""
    return mapping is not None and not (isinstance(mapping, DirectMapping) and mapping.result_schema is None)


def texts_of(mapping: _Mapping) -> Iterator[tuple[str, str]]:
    """Every text in which expressions may stand, with its path."""
    match mapping:
        case FieldsMapping(fields=fields):
            for at, each in enumerate(fields):
                if each.transform is not None:
                    yield f"fields[{at}].transform", each.transform
                yield from _leaves(each.default, f"fields[{at}].default")
        case TemplateMapping(template=template):
            yield from _leaves(template, "template")
        case ExpressionMapping(expression=expression):
            yield "expression", expression


def _leaves(value: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{at}]")


def given_keys(mapping: _Mapping | None) -> frozenset[str] | None:
    """The members of what arrives; None where that is not known beforehand."""
    match mapping:
        case FieldsMapping(fields=fields):
            return frozenset(each.target.partition(".")[0] for each in fields)
        case TemplateMapping(template=dict() as template):
            return frozenset(template)
        case _:
            return None


def findings_of(mapping: _Mapping, path: str, node_id: str, known: frozenset[str]) -> Iterator[Finding]:
    """What is wrong with a mapping by itself; `known` are the members its source is known to give, if any are."""
    if mapping.result_schema is not None:
        try:
            jsonshape.check(mapping.result_schema)
        except jsonshape.ShapeInvalid as refused:
            yield error("mapping.schema_invalid", f"{path}.result_schema", str(refused), node_id=node_id)
    match mapping:
        case FieldsMapping():
            yield from _targets(mapping, path, node_id)
            for at, each in enumerate(mapping.fields):
                first = each.source.partition(".")[0]
                if known and first and first not in known:
                    message = f"Nothing is known to come as “{shown(first)}”."
                    place = f"{path}.fields[{at}].from"
                    yield warning("mapping.unknown_source", place, message, nearest(first, known), node_id=node_id)
        case ExpressionMapping() if not expressions.check(mapping.expression):
            if not expressions.compile_template(mapping.expression).is_expression:
                yield error(
                    "mapping.text_outside",
                    f"{path}.expression",
                    "This mapping is exactly one expression; this has text outside of the braces, or none at all.",
                    "Put all of it between one pair of {{ and }}, or use the mode template.",
                    node_id=node_id,
                )
        case TemplateMapping() if not expressions.references(mapping.template):
            message = "This template gives the same whatever comes: no expression stands in it."
            fix = "Write one, as in {{ $json.id }}."
            yield warning("mapping.is_fixed", f"{path}.template", message, fix, node_id=node_id)


def _targets(mapping: FieldsMapping, path: str, node_id: str) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for at, each in enumerate(mapping.fields):
        for other, first in seen.items():
            if each.target == other or f"{each.target}.".startswith(f"{other}.") or other.startswith(f"{each.target}."):
                yield error(
                    "mapping.same_target",
                    f"{path}.fields[{at}].to",
                    f"“{shown(each.target)}” is set by fields[{first}] already, as “{shown(other)}”.",
                    "Choose another name, or remove one of the two.",
                    node_id=node_id,
                )
                break
        seen.setdefault(each.target, at)
