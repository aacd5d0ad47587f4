"""Workflows as files: what an export holds and what an import takes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.core.errors import FieldError, Invalid

FORMAT = "agentflow/workflow@1"
Json = Any


@dataclass(frozen=True, slots=True)
class Parcel:
    """What travels of a workflow."""

    name: str
    description: str
    definition: Json


def export_document(parcel: Parcel) -> dict[str, Json]:
    """The file of a workflow. Importing it makes the same workflow again."""
    return {
        "format": FORMAT,
        "name": parcel.name,
        "description": parcel.description,
        "definition": ordered(parcel.definition),
    }


def ordered(definition: Json) -> Json:
    """The same definition with its members in the order people expect; the database keeps them by length."""
    if not isinstance(definition, Mapping):
        return definition
    found = _in_order(definition, _TOP)
    for key, order in (("nodes", _NODE), ("connections", _CONNECTION)):
        rows = definition.get(key)
        if isinstance(rows, list):
            found[key] = [_in_order(row, order) if isinstance(row, Mapping) else row for row in rows]
    return found


_TOP = ("nodes", "connections", "settings")
_NODE = ("id", "name", "type", "subtype", "params", "position", "notes", "disabled", "on_error", "retry", "on_unknown")
_CONNECTION = ("from", "port", "to", "input", "condition")


def _in_order(given: Mapping[str, Json], order: Sequence[str]) -> dict[str, Json]:
    return {key: given[key] for key in [*(key for key in order if key in given), *(k for k in given if k not in order)]}


def import_document(document: Json, *, name: str = "") -> Parcel:
    """What a file holds: an export, or a bare definition. `name` replaces the file's.

    Raises `Invalid` when it is neither. The definition itself is judged by the lint.
    """
    if not isinstance(document, Mapping):
        raise _refused("", "This is no workflow: an export is a JSON object.")
    if "format" in document and document["format"] != FORMAT:
        raise _refused("format", f"This format is not known here; this product reads “{FORMAT}”.")
    if "nodes" in document and "definition" not in document:
        return Parcel(name or "Imported workflow", "", dict(document))
    if "definition" not in document:
        raise _refused("definition", "This is no workflow: it holds neither a definition nor nodes.")
    given = {key: document.get(key, "") for key in ("name", "description")}
    for key, value in given.items():
        if not isinstance(value, str):
            raise _refused(key, f"The {key} is not a text.")
    return Parcel(name or given["name"] or "Imported workflow", given["description"], document["definition"])


def _refused(path: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(path=path, message=message)])
