"""Definitions short enough to read: nodes by kind, connections as words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def node(node_id: str, kind: str, /, **params: Any) -> Json:
    """A node from `"FLOW.WAIT"` and its parameters; keys after `_` are the node's own (`_retry`)."""
    type_, subtype = kind.split(".")
    own = {name[1:]: params.pop(name) for name in list(params) if name.startswith("_")}
    return {"id": node_id, "name": node_id, "type": type_, "subtype": subtype, "params": params, **own}


def hook(path: str, **params: Any) -> Json:
    """The way in: a webhook that answers at once."""
    return node("hook", "TRIGGER.WEBHOOK", **({"path": path, "method": "POST", "respond": "immediately"} | params))


def effect(
    node_id: str, method: str, base: str, /, *, ms: int = 20, honours: bool = False, of: str = "", **own: Any
) -> Json:
    """A write to the receiver that says which node of which execution it is; `of` says it otherwise."""
    url = f"{base}/effect?ms={ms}" + ("&honours=1" if honours else "")
    said = {"execution": "{{ $execution.id }}", "node": of or node_id}
    return node(node_id, "ACTION.HTTP_REQUEST", method=method, url=url, json=said, receiver_honours_key=honours, **own)


def read(node_id: str, base: str, /, *, ms: int = 80, **own: Any) -> Json:
    """A call of the receiver that changes nothing."""
    return node(node_id, "ACTION.HTTP_REQUEST", method="GET", url=f"{base}/slow?ms={ms}&step={node_id}", **own)


def drawn(nodes: Sequence[Json], edges: str, **settings: Any) -> Json:
    """A definition; `edges` as in `"hook read, fork.true ask"`."""
    connections = []
    for edge in edges.split(","):
        source, target = edge.split()
        name, _, port = source.partition(".")
        connections.append({"from": name, "port": port or "main", "to": target})
    return {"nodes": list(nodes), "connections": connections, "settings": {"while_paused": "allow"} | settings}
