"""Values looked up by a path such as `customer.name`. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, Final, TypeAlias

from pydantic import Field

from apps.core.jsonkind import kind_of
from apps.nodes.contract import Json

_PATTERN: Final = r"[^.\s][^.]*(\.[^.]+)*"

Path: TypeAlias = Annotated[str, Field(pattern=rf"^{_PATTERN}$", max_length=200)]
"""A parameter that leads into objects by names with dots between, and into lists by numbers from 0."""
PathOrWhole: TypeAlias = Annotated[str, Field(pattern=rf"^({_PATTERN})?$", max_length=200)]
"""The same, where the empty text stands for the whole value."""


class PathBlocked(Exception):
    """A path leads through a value that has no members; the message names both."""


def look_up(value: Json, path: str) -> Json:
    """What stands at `path` in `value`; null where a member is missing.

    Raises `PathBlocked` where the path leads through a text, a number, or true or false.
    """
    if not path:
        return value
    here, passed = value, ""
    for name in path.split("."):
        if here is None:
            return None
        if isinstance(here, dict):
            here = here.get(name)
        elif isinstance(here, list) and name.isascii() and name.isdigit():
            here = here[int(name)] if len(name) < 10 and int(name) < len(here) else None
        else:
            raise PathBlocked(f"“{passed or 'it'}” is {kind_of(here)}, so it has no “{name}”")
        passed = f"{passed}.{name}" if passed else name
    return here


def put(target: dict[str, Json], path: str, value: Json) -> None:
    """Set `path` in `target`, making objects on the way. Objects that stand there already are copied, not changed."""
    *before, last = path.split(".")
    for name in before:
        inner = target.get(name)
        target[name] = dict(inner) if isinstance(inner, dict) else {}
        target = target[name]
    target[last] = value


def identity(value: Json) -> Hashable:
    """Something hashable that is equal for equal values: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(inner)) for name, inner in value.items()))
    if isinstance(value, list):
        return ("list", *map(identity, value))
    if isinstance(value, bool):
        return ("boolean", value)
    return value  # type: ignore[no-any-return]
