"""Where a definition names credentials, and what becomes of them when it travels. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.nodes.contract import CredentialRef
from apps.nodes.params import Slot, credential_slots
from apps.workflows.graph import GraphNode, draft_of

Json = Any
NOWHERE = UUID(int=0)
"""The id of a credential that somebody still has to choose."""
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a definition where a credential may be named."""

    node: GraphNode
    slot: Slot

    @property
    def path(self) -> str:
        """Where it is, as in `nodes[2].params.auth`."""
        return self.slot.path

    @property
    def reference(self) -> CredentialRef | None:
        """The credential that is named there."""
        return self.slot.reference


def places(definition: Json) -> list[Place]:
    """Every place where a credential may be named, in the order of the document. Never raises."""
    draft, _ = draft_of(definition)
    return [
        Place(node, slot)
        for node in draft.nodes.values()
        for slot in credential_slots(node.cls, node.params, f"nodes[{draft.places[node.id]}].params")
    ]


def references(definition: Json) -> list[Place]:
    """Those where one is named."""
    return [place for place in places(definition) if place.reference is not None]


def unbound(definition: Json) -> Json:
    """The definition as it comes from elsewhere: every credential keeps its name and type, and stands for none here.

    Whatever looks like one counts, wherever it stands.
    """
    if isinstance(definition, Mapping):
        if definition.get("kind") == "credential" and "credential" in definition:
            return {**definition, "credential": str(NOWHERE)}
        return {key: unbound(inner) for key, inner in definition.items()}
    if isinstance(definition, list):
        return [unbound(inner) for inner in definition]
    return definition


def named(definition: Json, known: Mapping[UUID, tuple[str, str]]) -> Json:
    """The definition with the present name and type of each credential that is known."""
    found = definition
    for place in references(definition):
        reference = place.reference
        assert reference is not None
        if reference.credential in known and at(found, place.path) is not None:
            name, type_ = known[reference.credential]
            found = replaced(found, place.path, as_json(reference.model_copy(update={"name": name, "type": type_})))
    return found


def as_json(reference: CredentialRef) -> dict[str, Json]:
    """A reference as it stands in a definition."""
    return reference.model_dump(mode="json")


def at(definition: Json, path: str) -> Json:
    """What stands at a path; None when nothing does."""
    here = definition
    for part in steps(path):
        if isinstance(part, int):
            here = here[part] if isinstance(here, list) and part < len(here) else None
        else:
            here = here.get(part) if isinstance(here, Mapping) else None
    return here


def replaced(definition: Json, path: str, value: Json) -> Json:
    """A copy of the definition with this value at a path; None takes away what stands there.

    Raises `LookupError` when the path leads nowhere.
    """
    made = copy.deepcopy(definition)
    *before, last = steps(path)
    here = made
    for part in before:
        here = here[part]
    if value is None and isinstance(here, dict):
        here.pop(last, None)
    else:
        here[last] = value
    return made


def steps(path: str) -> list[int | str]:
    """The members and indices a path names, in order."""
    return [int(found[1]) if found[1] else found[2] for found in _STEP.finditer(path)]
