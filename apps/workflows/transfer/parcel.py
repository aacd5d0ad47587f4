"""What travels of a workflow, and its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apps.nodes.registry import node_type
from apps.workflows.graph import Settings
from apps.workflows.graph.document import AnnotationDocument, ConnectionDocument, NodeDocument

FORMAT = "agentflow/workflow@1"
Json = Any
Kind = Literal["left_out", "changed", "check"]


@dataclass(frozen=True, slots=True)
class Remark:
    """What an import did with one part of a file, where that is not the same here as there.

    `left_out`: it is not in the workflow. `changed`: it is, in another form. `check`: it is, and somebody must look.
    `node` is its name in the file, empty for the workflow as a whole; `path` points into the file.
    """

    kind: Kind
    node: str
    path: str
    message: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        """The remark as JSON."""
        names = ("kind", "node", "path", "message", "hint")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Parcel:
    """What travels of a workflow. `source`: in whose form it came; `remarks`: what became of what is not the same."""

    name: str
    description: str
    definition: Json
    source: str = "AgentFlow"
    remarks: tuple[Remark, ...] = ()


def export_document(parcel: Parcel) -> dict[str, Json]:
    """The file of a workflow. Importing it makes the same workflow again."""
    return {
        "format": FORMAT,
        "name": parcel.name,
        "description": parcel.description,
        "definition": ordered(parcel.definition),
    }


_TOP = ("nodes", "connections", "settings", "annotations")
_NODE = tuple(field.alias or name for name, field in NodeDocument.model_fields.items())
_CONNECTION = tuple(field.alias or name for name, field in ConnectionDocument.model_fields.items())
_SETTINGS = tuple(Settings.model_fields)
_ANNOTATION = tuple(AnnotationDocument.model_fields)


def ordered(definition: Json) -> Json:
    """The same definition with its members in the order of the documentation; the database keeps them by length.

    What stands in parameters is the node type's, and follows its declaration as far as that goes.
    """
    if not isinstance(definition, Mapping):
        return definition
    found = _in_order(definition, _TOP)
    for key, order in (("nodes", _NODE), ("connections", _CONNECTION), ("annotations", _ANNOTATION)):
        rows = definition.get(key)
        if isinstance(rows, list):
            found[key] = [_in_order(row, order) if isinstance(row, Mapping) else row for row in rows]
    for row in found["nodes"] if isinstance(found.get("nodes"), list) else ():
        if isinstance(row, dict) and isinstance(row.get("params"), Mapping):
            row["params"] = _in_order(row["params"], _declared(row.get("type"), row.get("subtype")))
    if isinstance(found.get("settings"), Mapping):
        found["settings"] = _in_order(found["settings"], _SETTINGS)
    return found


def _declared(type_: Json, subtype: Json) -> Sequence[str]:
    cls = node_type(type_, subtype) if isinstance(type_, str) and isinstance(subtype, str) else None
    return [field.alias or name for name, field in cls.Params.model_fields.items()] if cls else ()


def _in_order(given: Mapping[str, Json], order: Sequence[str]) -> dict[str, Json]:
    return {key: given[key] for key in [*(key for key in order if key in given), *(k for k in given if k not in order)]}
