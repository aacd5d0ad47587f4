"""Secrets that stand in a definition as plain text, where everybody who may read the workflow reads them. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.core.redaction import SHORTEST
from apps.core.suggest import shown
from apps.nodes.params import OPENING, credential_slots
from apps.workflows.graph import Finding, GraphNode
from apps.workflows.graph.build import Draft
from apps.workflows.graph.findings import warning

_NAMES = re.compile(
    r"(^|[-_.\[])(authorization|api[-_]?key|apikey|token|access[-_]?token|secret|client[-_]?secret|password|passwd|"
    r"private[-_]?token|auth[-_]?token|signature[-_]?key)\]?$",
    re.IGNORECASE,
)
_SPLITS = re.compile(r"[.\[\]]")  # a path could not be read back
# Tokens from where a word begins: from within, long texts would be walked again and again.
_KEYS = re.compile(
    r"(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|sk-[A-Za-z0-9_-]{20,}|glpat-[\w-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|(?<![\w-])eyJ[\w-]{10,}+\.eyJ[\w-]{10,}+\.[\w-]{10,}"
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A secret in plain text: where, and the credential it would make, if it can be moved into one.

    `goes_to`: where that credential would then be named. Its repr shows no secret.
    """

    node: GraphNode = field(repr=False)
    path: str
    type: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    goes_to: str = ""

    @property
    def is_movable(self) -> bool:
        """Whether it can be moved into a credential by itself."""
        return bool(self.type)


def literals(draft: Draft) -> list[Literal]:
    """Every text that looks like a secret, in the order of the document."""
    return [
        found for node in draft.nodes.values() for found in _in_node(node, f"nodes[{draft.places[node.id]}].params")
    ]


def findings(draft: Draft) -> Iterator[Finding]:
    """What the lint says of them."""
    for found in literals(draft):
        yield warning(
            "secret.in_definition",
            found.path,
            f"What stands here in “{shown(found.node.name)}” looks like a secret; everybody who may read the workflow "
            "reads it.",
            "Move it into a credential: the page “Credentials” of the workflow does it."
            if found.is_movable
            else "Keep it as a credential, and name that here.",
            node_id=found.node.id,
        )


def _in_node(node: GraphNode, base: str) -> Iterator[Literal]:
    seen = set()
    for slot in credential_slots(node.cls, node.params, base):
        is_text = isinstance(slot.value, str) and len(slot.value) >= SHORTEST and OPENING not in slot.value
        if slot.use == "webhook" and is_text:
            seen.add(slot.path)
            yield Literal(node, slot.path, "webhook_secret", {"secret": slot.value}, goes_to=slot.path)
    has_auth = "auth" in node.cls.Params.model_fields
    taken = isinstance(node.params.get("auth"), Mapping) and node.params["auth"].get("kind") == "credential"
    for part, make in (("headers", _of_header), ("query", _of_query)):
        given = node.params.get(part)
        for name, value in given.items() if isinstance(given, Mapping) else ():
            path = f"{base}.{part}.{name}"
            if not _is_secret(str(name), value):
                continue
            seen.add(path)
            made = make(str(name), value) if has_auth and not taken and not _SPLITS.search(str(name)) else None
            if made is None:
                yield Literal(node, path)
            else:
                yield Literal(node, path, *made, goes_to=f"{base}.auth")
    for path, name, value in _texts(node.params, base):
        if path not in seen and not path.startswith(f"{base}.auth.") and _is_secret(name, value):
            yield Literal(node, path)


def _texts(value: Any, path: str, name: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield path, name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}", str(key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{at}]", name)


def _is_secret(name: str, value: Any) -> bool:
    """Whether a text looks like a secret: by what it is called, or by its own shape. Expressions are none."""
    if not isinstance(value, str) or len(value.strip()) < SHORTEST or OPENING in value:
        return False
    return bool(_KEYS.search(value) or (_NAMES.search(name) and not value.strip().startswith("$")))


def _of_header(name: str, value: str) -> tuple[str, dict[str, str]] | None:
    scheme, _, rest = value.strip().partition(" ")
    if name.lower() == "authorization" and scheme.lower() == "bearer" and rest:
        return "bearer", {"token": rest.strip()}
    if name.lower() == "authorization" and scheme.lower() == "basic" and rest:
        try:
            user, colon, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return ("http_basic", {"username": user, "password": password}) if colon else None
    return "header", {"header": name, "value": value.strip()}


def _of_query(name: str, value: str) -> tuple[str, dict[str, str]] | None:
    return "query", {"parameter": name, "value": value.strip()}
