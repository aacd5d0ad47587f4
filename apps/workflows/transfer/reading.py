"""From a file to a workflow of ours: whose form it has, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.core import jsonclean
from apps.core.errors import FieldError, Invalid
from apps.core.suggest import shown
from apps.workflows.credentials import references, unbound
from apps.workflows.transfer import forms, n8n
from apps.workflows.transfer.drawing import Drawing
from apps.workflows.transfer.parcel import FORMAT, Parcel, Remark, ordered

Json = Any
MOST_PARTS = 5_000
"""Nodes and connections of a foreign file that are looked at, far more than a workflow can have."""
_AROUND = ("workflow", "workflow_data", "workflow_definition", "data")


def import_document(document: Json, *, name: str = "") -> Parcel:
    """What a file holds: an export, a bare definition, or a workflow in the form of another product.

    `name` replaces the file's. What cannot be carried over is among the `remarks`. Raises `Invalid` when it is no
    workflow at all, or nothing of it can be carried over. The definition itself is judged by the lint.
    """
    if not isinstance(document, Mapping):
        raise _refused("", "This is no workflow: an export is a JSON object.")
    if "format" in document and document["format"] != FORMAT:
        raise _refused("format", f"This format is not known here; this product reads “{FORMAT}”.")
    given = _unwrapped(document)
    texts = {key: given.get(key, document.get(key)) or "" for key in ("name", "description")}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise _refused(key, f"The {key} is not a text.")
    called = name or texts["name"].strip()[:200] or "Imported workflow"
    source, drawing = _drawn(given)
    if drawing is None:
        return _without_credentials(_ours(document, called, name))
    definition = drawing.definition()
    remarks = tuple(dict.fromkeys(drawing.remarks))
    if not definition["nodes"]:
        raise Invalid(
            f"Nothing of this workflow ({source}) can be carried over.",
            hint="Each node is listed with the reason.",
            errors=[FieldError(remark.path, f"{remark.node}: {remark.message}".strip(": ")) for remark in remarks],
        )
    return Parcel(called, texts["description"][:10_000], ordered(definition), source, remarks)


def normalised(definition: Json) -> tuple[Json, tuple[Remark, ...]]:
    """A definition in our own form, whose ever it came in, and what became of the rest."""
    if not isinstance(definition, Mapping):
        return definition, ()
    _, drawing = _drawn(definition)
    if drawing is None:
        return definition, ()
    made = drawing.definition()
    return ordered(made), tuple(dict.fromkeys(drawing.remarks))


def _ours(document: Mapping[str, Json], called: str, name: str) -> Parcel:
    if "nodes" in document and "definition" not in document:
        kept = {key: value for key, value in document.items() if key not in ("name", "description")}
        return Parcel(called, str(document.get("description") or ""), kept)
    if "definition" not in document:
        raise _refused("definition", "This is no workflow: it holds neither a definition nor nodes.")
    return Parcel(called, str(document.get("description") or ""), document["definition"])


def _without_credentials(parcel: Parcel) -> Parcel:
    """Credentials are not bound by a file: somebody has to choose them here."""
    remarks = tuple(
        Remark(
            "check",
            place.node.name,
            place.path,
            f"It needs a credential{f' “{shown(place.reference.name)}”' if place.reference.name else ''}.",
            "Choose it on the page “Credentials” of the workflow.",
        )
        for place in references(parcel.definition)
        if place.reference
    )
    return replace(parcel, definition=unbound(parcel.definition), remarks=(*parcel.remarks, *remarks))


def _unwrapped(document: Mapping[str, Json]) -> Mapping[str, Json]:
    """What stands inside of what others wrap around a workflow."""
    for key in ("definition", *_AROUND):
        inner = document.get(key)
        if isinstance(inner, Mapping) and {"nodes", "agents"} & inner.keys():
            beside = {name: document[name] for name in ("triggers",) if name in document and name not in inner}
            return {**inner, **beside}
    return document


def _drawn(given: Mapping[str, Json]) -> tuple[str, Drawing | None]:
    is_n8n, is_foreign = n8n.is_n8n(given), forms.is_foreign(given) or isinstance(given.get("triggers"), list)
    if not is_n8n and not is_foreign:
        return "AgentFlow", None
    jsonclean.check(dict(given))
    parts = sum(
        len(given[key]) for key in ("nodes", "agents", "connections", "edges", "triggers") if _is_sized(given, key)
    )
    if parts > MOST_PARTS:
        raise _refused("nodes", f"The file has {parts:,} nodes and connections; at most {MOST_PARTS:,} are read.")
    return ("n8n", n8n.drawing_of(given)) if is_n8n else (_form(given), forms.drawing_of(given))


def _form(given: Mapping[str, Json]) -> str:
    if "agents" in given:
        return "agents"
    if "edges" in given:
        return "React Flow"
    return "ConnectionsMap" if isinstance(given.get("connections"), Mapping) else "other"


def _is_sized(given: Mapping[str, Json], key: str) -> bool:
    return isinstance(given.get(key), list | dict)


def _refused(path: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(path=path, message=message)])
