"""Carrying a value along a connection that makes another one of it. Pure: what expressions see is passed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.core import jsonclean, jsonshape
from apps.core.suggest import shown
from apps.nodes.expressions import ExprError, Scope, compile_template, resolve
from apps.nodes.expressions.budget import MAX_RESOLVE_FUEL, Budget
from apps.nodes.paths import PathBlocked, look_up, put
from apps.workflows.graph.mapping import (
    DirectMapping,
    ExpressionMapping,
    FieldMapping,
    FieldsMapping,
    Mapping,
    TemplateMapping,
)

Json = Any
ScopeOf = Callable[[Json], Scope]
"""The scope in which `$json` is this value."""


class MappingFailed(Exception):
    """A value could not be carried: `path` says which part of the mapping failed."""

    def __init__(self, code: str, path: str, message: str, hint: str = "") -> None:
        super().__init__(f"{path}: {message}")
        self.code, self.path, self.message, self.hint = code, path, message, hint


def mapped(mapping: Mapping, value: Json, scope_of: ScopeOf) -> Json:
    """What arrives of `value`. Raises `MappingFailed`."""
    found = jsonclean.cleaned(_made(mapping, value, scope_of))
    if mapping.result_schema is not None:
        try:
            faults = jsonshape.faults(found, mapping.result_schema, path="result")
        except jsonshape.ShapeInvalid as invalid:
            raise MappingFailed("mapping.schema_invalid", "result_schema", str(invalid)) from None
        if faults:
            first = faults[0]
            more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
            message = f"what it makes does not fit: {first.path}: {first.message}{more}"
            raise MappingFailed("mapping.result_invalid", "result_schema", message, "Change the mapping or its schema.")
    return found


def _made(mapping: Mapping, value: Json, scope_of: ScopeOf) -> Json:
    match mapping:
        case DirectMapping():
            return value
        case FieldsMapping(fields=fields):
            result: dict[str, Json] = {}
            budget = Budget(MAX_RESOLVE_FUEL)
            for at, each in enumerate(fields):
                put(result, each.target, _field(each, f"fields[{at}]", value, scope_of, budget))
            return result
        case TemplateMapping(template=template):
            try:
                return resolve(template, scope_of(value))
            except ExprError as error:
                place = f"template{error.path if error.path.startswith('[') else error.path and f'.{error.path}'}"
                raise _failed(error, place) from None
        case ExpressionMapping(expression=expression):
            try:
                return compile_template(expression).evaluate(scope_of(value))
            except ExprError as error:
                raise _failed(error, "expression") from None


def _field(each: FieldMapping, path: str, value: Json, scope_of: ScopeOf, budget: Budget) -> Json:
    try:
        found = look_up(value, each.source)
    except PathBlocked as blocked:
        hint = "Look at what the node before gives back."
        raise MappingFailed("mapping.path_blocked", f"{path}.from", f"{blocked}.", hint) from None
    if found is not None and each.transform is not None:
        try:
            found = compile_template(each.transform).evaluate(scope_of(found), budget)
        except ExprError as error:
            raise _failed(error, f"{path}.transform") from None
    if found is None and each.default is not None:
        try:
            found = resolve(each.default, scope_of(value))
        except ExprError as error:
            raise _failed(error, f"{path}.default") from None
    if found is None and each.required:
        what = f"“{shown(each.source)}” is missing or null" if each.source else "there is nothing"
        raise MappingFailed(
            "mapping.required_missing",
            f"{path}.from",
            f"{what}, and “{shown(each.target)}” is required.",
            "Look at what the node before gives back, give a default, or do not require it.",
        )
    return found


def _failed(error: ExprError, path: str) -> MappingFailed:
    place = f" (column {error.column})" if error.column is not None else ""
    return MappingFailed("expressions.failed", path, f"{error.message}{place}.", error.hint)
