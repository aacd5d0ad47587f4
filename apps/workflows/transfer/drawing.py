"""A workflow while it is put together from somebody else's: nodes, connections, and what became of the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.core.suggest import shown
from apps.nodes.contract import NodeType
from apps.nodes.registry import node_type, node_types
from apps.workflows.graph.attaching import ATTACHABLE
from apps.workflows.graph.document import MAX_ANNOTATIONS, NO_IDS
from apps.workflows.transfer.kinds import ATTACHES, FLOWS, SETS_UP, missing_types
from apps.workflows.transfer.parcel import Kind, Remark

Json = Any
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


@dataclass(slots=True)
class Piece:
    """A node of the file, in our terms. `type` empty: it has no equivalent, and is left out."""

    name: str
    path: str
    key: str = ""
    type: str = ""
    subtype: str = ""
    params: dict[str, Json] = field(default_factory=dict)
    own: dict[str, Json] = field(default_factory=dict)
    """Further members of the node."""
    ports: tuple[str, ...] = ()
    """Our ports in the order of the file's outputs."""
    mapping: Json = None
    """What its connections make of what it gives, so that later nodes find what they are used to."""
    is_passed: bool = False
    """It does nothing: what leads to it leads to what follows."""
    id: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether it becomes a node."""
        return bool(self.type) and not self.is_passed


@dataclass(frozen=True, slots=True)
class Link:
    """A connection of the file, by keys or names of its nodes."""

    source: str
    target: str
    path: str
    kind: str = "MAIN"
    port: str | int = "main"
    input: str = "main"
    condition: str | None = None
    mapping: Json = None


@dataclass(slots=True)
class Drawing:
    """What has been read so far."""

    pieces: list[Piece] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    settings: dict[str, Json] = field(default_factory=dict)
    annotations: list[dict[str, Json]] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def say(self, kind: Kind, piece: Piece | None, message: str, hint: str = "", *, path: str = "") -> None:
        """Tell the person who imports."""
        self.remarks.append(
            Remark(kind, piece.name if piece else "", path or (piece.path if piece else ""), message, hint)
        )

    def definition(self) -> dict[str, Json]:
        """The workflow. Adds a remark for each connection that is not in it."""
        self._name()
        self._refuse_unknown_types()
        edges: list[dict[str, Json]] = []
        found = {**{p.name: p for p in reversed(self.pieces)}, **{p.key: p for p in reversed(self.pieces) if p.key}}
        for link in self._bridged(found):
            source, target = found.get(link.source), found.get(link.target)
            if source is None or target is None:
                gone = link.source if source is None else link.target
                message = f"A connection names “{shown(gone)}”, and there is no such node."
                self.say("left_out", source or target, message, path=link.path)
            elif link.kind in FLOWS:
                self._edge(link, source, target, edges)
            else:
                self._attach(link, source, target)
        nodes = [_document(piece) for piece in self.pieces if piece.is_kept]
        beside = {"annotations": self.annotations[:MAX_ANNOTATIONS]} if self.annotations else {}
        return {"nodes": nodes, "connections": edges, "settings": self.settings, **beside}

    def _name(self) -> None:
        ids: set[str] = set()
        names: set[str] = set()
        for piece in self.pieces:
            name = " ".join(piece.name.split())[:90] or piece.subtype or "Node"
            ours = _free(name, names, " ")
            if ours != piece.name and piece.is_kept:
                self.say("changed", piece, f"It is called “{ours}” here.", "Every node has a name of its own.")
            names.add(ours)
            piece.own["name"] = ours
            given = (
                piece.key if _ID.fullmatch(piece.key) and not re.fullmatch(r"[0-9a-fA-F-]{32,36}", piece.key) else ""
            )
            slug = given or re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40] or "node"
            piece.id = _free(slug, ids | NO_IDS, "_")
            ids.add(piece.id)

    def _refuse_unknown_types(self) -> None:
        for piece in self.pieces:
            if piece.is_kept and node_type(piece.type, piece.subtype) is None:
                what = " ".join(shown(part) for part in (piece.type, piece.subtype) if part)
                hint = "Its connections are left out, too."
                self.say("left_out", piece, f"There is no node of type {what} here yet.", hint)
                piece.type = ""

    def _bridged(self, found: Mapping[str, Piece]) -> list[Link]:
        """The connections, those over nodes that do nothing drawn through."""
        links = list(self.links)
        for piece in self.pieces:
            if not piece.is_passed:
                continue
            before = [link for link in links if found.get(link.target) is piece and link.kind in FLOWS]
            after = [link for link in links if found.get(link.source) is piece and link.kind in FLOWS]
            if len(before) * len(after) > 2_000:
                continue
            links = [link for link in links if link not in before and link not in after]
            links += [
                Link(
                    one.source, two.target, two.path, port=one.port, input=two.input,
                    condition=one.condition or two.condition, mapping=one.mapping or two.mapping,
                )
                for one in before for two in after
            ]  # fmt: skip
        return links

    def _edge(self, link: Link, source: Piece, target: Piece, edges: list[dict[str, Json]]) -> None:
        lost = [piece for piece in (source, target) if not piece.is_kept]
        if lost:
            if source.is_kept or target.is_kept:
                way = f"“{source.name}” → “{target.name}”"
                message = f"The connection {way} is left out with “{lost[0].name}”."
                self.say("left_out", source if source.is_kept else target, message, path=link.path)
            return
        edge: dict[str, Json] = {"from": source.id, "port": _port(link.port, source), "to": target.id}
        if link.input != "main":
            edge["input"] = link.input
        if link.condition:
            edge["condition"] = link.condition
        mapping = link.mapping or (source.mapping if edge["port"] != "error" else None)
        if mapping:
            edge["mapping"] = mapping
        if edge not in edges:
            edges.append(edge)

    def _attach(self, link: Link, source: Piece, target: Piece) -> None:
        missing = missing_types(link.kind, {type_ for type_, _ in node_types()})
        way = f"“{source.name}” – “{target.name}” ({link.kind})"
        if missing:
            message = f"{way} needs nodes of type {' and '.join(missing)}, and there are none yet."
            self.say("left_out", target, message, "It comes with AI agents.", path=link.path)
            return
        if link.kind in SETS_UP:
            message = f"{way} says {SETS_UP[link.kind][0]}, which stands in the parameters of that node here."
            self.say("left_out", target, message, "Set it there.", path=link.path)
            return
        agents = [piece for piece in (source, target) if piece.type == NodeType.AI_AGENT]
        others = [piece for piece in (source, target) if piece.type in ATTACHABLE]
        if link.kind in ATTACHES and len(agents) == len(others) == 1:
            attached = agents[0].own.setdefault("attached", [])
            if others[0].id not in attached:
                attached.append(others[0].id)
        elif source.type and target.type:
            message = f"{way} attaches a TOOL or MEMORY node to an AI_AGENT, and these two are none."
            self.say("left_out", target, message, "Use a connection of kind MAIN.", path=link.path)


def _port(port: str | int, source: Piece) -> str:
    if isinstance(port, str):
        return port
    return source.ports[port] if 0 <= port < len(source.ports) else "main"


def _free(name: str, taken: set[str], between: str) -> str:
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}{between}{count}"
    return found


def _document(piece: Piece) -> dict[str, Json]:
    own = dict(piece.own)
    name = own.pop("name")
    return {
        "id": piece.id,
        "name": name,
        "type": piece.type,
        "subtype": piece.subtype,
        "params": piece.params,
        **own,
    }
