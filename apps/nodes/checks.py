"""System checks: a node type that says too little about itself does not get in."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register
from pydantic import BaseModel

from apps.nodes.contract import Node
from apps.nodes.registry import node_types

_KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SUBTYPE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


@register()
def node_types_describe_themselves(**kwargs: Any) -> list[CheckMessage]:
    """Every node type has a docstring, described fields, an example, an icon and distinct migrations."""
    return [
        Error(message, obj=cls, id=f"nodes.E{code:03}") for cls in node_types().values() for code, message in _of(cls)
    ]


def objections(cls: type[Node]) -> list[str]:
    """What keeps a node type out, in words. Empty for a good one."""
    return [message for _, message in _of(cls)]


def _of(cls: type[Node]) -> Iterator[tuple[int, str]]:
    label = f"{cls.type}/{cls.subtype}"
    if not (vars(cls).get("__doc__") or "").strip():
        yield 1, f"{label} has no docstring: its first line is the text in the palette."
    if not _SUBTYPE.fullmatch(cls.subtype):
        yield 2, f"{label}: a subtype is written like HTTP_REQUEST."
    if not _KEBAB.fullmatch(getattr(cls, "icon", "")):
        yield 3, f"{label} has no icon: name one of Lucide's, as in “calendar-clock”."
    if not cls.examples:
        yield 4, f"{label} has no example: one is its test and the first thing people read."
    for field in undescribed(cls.Params):
        yield 5, f"{label}: the parameter “{field}” has no docstring, so its form field has no help."
    names = [migration.name for migration in cls.migrations]
    if len(set(names)) < len(names):
        yield 6, f"{label}: two migrations have the same name."
    for example in cls.examples:
        if example.port not in (*cls.ports_of(example.params), "main"):
            yield 7, f"{label}: the example “{example.title}” leaves by a port the node does not have."


def undescribed(model: type[BaseModel], seen: Sequence[type[BaseModel]] = ()) -> list[str]:
    """The fields of a model, and of the models inside it, that no docstring describes."""
    found = []
    for name, field in model.model_fields.items():
        if not field.description:
            found.append(name)
        for inner in _models(field.annotation):
            if inner not in seen and inner is not model:
                found += [f"{name}.{deeper}" for deeper in undescribed(inner, (*seen, model))]
    return found


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)
