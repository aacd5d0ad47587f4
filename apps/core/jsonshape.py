"""Whether a value has the shape that a JSON Schema written by a user asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import re2
from jsonschema import Draft202012Validator, SchemaError, ValidationError  # type: ignore[import-untyped]
from jsonschema.validators import extend  # type: ignore[import-untyped]
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from apps.core.errors import FieldError

MAX_FAULTS = 20
MAX_STEPS = 500_000
"""How many rules are looked at for one value, a few seconds' worth: references can make a short schema endless."""

_steps: ContextVar[int] = ContextVar("steps")


class ShapeInvalid(Exception):
    """The schema itself is none; the message says why."""


def faults(value: Any, schema: Any, *, path: str = "") -> list[FieldError]:
    """What about `value` does not fit the schema, at most 20 findings; empty when it fits.

    References lead nowhere outside of the schema, and patterns are matched in linear time. Raises `ShapeInvalid`, also
    when there is too much to look at.
    """
    _steps.set(0)
    with _refusals():
        Draft202012Validator.check_schema(schema)
        validator = _validator()(schema, registry=Registry())
        found = []
        for error in validator.iter_errors(value):
            found.append(FieldError(path=_path(path, error.absolute_path), message=_message(error)))
            if len(found) >= MAX_FAULTS:
                break
        return found


def check(schema: Any) -> None:
    """Raise `ShapeInvalid` for what is no schema `faults` can work with, as far as that shows without a value.

    Looks at keywords, patterns, and where references lead.
    """
    with _refusals():
        Draft202012Validator.check_schema(schema)
        options = re2.Options()
        options.log_errors = False
        parts = list(_parts(schema))
        for part in parts:
            if "unevaluatedProperties" in part:
                _refuse_unevaluated()
            for pattern in (part.get("pattern", ""), *part.get("patternProperties", {})):
                re2.compile(pattern, options)
        if any("$id" in part for part in parts):
            return  # what a reference means then depends on where it stands
        resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
        for part in parts:
            if "$ref" in part:
                try:
                    resolver.lookup(part["$ref"])
                except Unresolvable:
                    raise ShapeInvalid(f"The reference {part['$ref']!r} leads nowhere in the schema.") from None


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except SchemaError as error:
        raise ShapeInvalid(f"{_path('', error.absolute_path) or 'The schema'}: {error.message}") from None
    except Unresolvable as error:
        raise ShapeInvalid(f"The reference {error.ref!r} leads nowhere in the schema.") from None
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args and isinstance(error.args[0], bytes) else error
        raise ShapeInvalid(f"A pattern in it does not work: {reason}.") from None
    except (RecursionError, ArithmeticError) as error:  # a giant number is no multiple that could be computed
        raise ShapeInvalid(str(error)) from None


_ONE = ("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else", "unevaluatedItems")
_SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema within a schema that its metaschema accepted, itself included."""
    todo = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            yield part
            todo += [part[name] for name in _ONE if name in part]
            todo += [inner for name in _SEVERAL for inner in part.get(name, ())]
            todo += [inner for name in _NAMED for inner in part.get(name, {}).values()]


@cache
def _validator() -> Any:
    # jsonschema matches with Python's engine, which some patterns keep busy for ever, and compares every two items.
    ours = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "unevaluatedProperties": _unsupported,
        "uniqueItems": _unique_items,
    }
    rules = Draft202012Validator.VALIDATORS | ours
    return extend(Draft202012Validator, {name: _counted(rule) for name, rule in rules.items()})


def _counted(rule: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def counted(validator: Any, expected: Any, instance: Any, schema: Any) -> Iterator[Any]:
        steps = _steps.get() + (len(expected) + 1 if isinstance(expected, list) else 1)
        if steps > MAX_STEPS:
            raise ShapeInvalid(f"it needs more than {MAX_STEPS:,} steps for this input.")
        _steps.set(steps)
        yield from rule(validator, expected, instance, schema) or ()

    return counted


def _unique_items(validator: Any, is_wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if is_wanted and validator.is_type(instance, "array") and len({_frozen(item) for item in instance}) < len(instance):
        yield ValidationError("the items are not all different")


def is_same(one: Any, other: Any) -> bool:
    """Whether JSON Schema holds two values for equal: 1 and 1.0 are, 1 and true are not."""
    return bool(_frozen(one) == _frozen(other))


def _frozen(value: Any) -> Any:
    """Something hashable, equal for values that JSON Schema holds for equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, dict):
        return ("object", frozenset((key, _frozen(inner)) for key, inner in value.items()))
    if isinstance(value, list):
        return ("array", *(_frozen(inner) for inner in value))
    return ("boolean", value) if isinstance(value, bool) else value


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "string") and not re2.search(pattern, instance):
        yield ValidationError(f"{instance[:80]!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "object"):
        for pattern, inner in patterns.items():
            for key, value in instance.items():
                if re2.search(pattern, key):
                    yield from validator.descend(value, inner, path=key, schema_path=pattern)


def _additional_properties(validator: Any, rest: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extras = [key for key in instance if key not in known and not any(re2.search(each, key) for each in patterns)]
    for key in extras:
        if rest is False:
            yield ValidationError(f"{key[:80]!r} is unknown here", path=[key])
        elif rest is not True:
            yield from validator.descend(instance[key], rest, path=key)


def _unsupported(validator: Any, rest: Any, instance: Any, schema: Any) -> Iterator[Any]:
    _refuse_unevaluated()
    yield


def _refuse_unevaluated() -> None:
    raise ShapeInvalid("unevaluatedProperties is not supported; use additionalProperties.")


def _path(base: str, parts: Any) -> str:
    text = base
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _message(error: Any) -> str:
    message = str(error.message)
    return message if len(message) <= 300 else f"{message[:299]}…"
