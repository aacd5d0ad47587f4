"""Definitions that several tests use."""

from __future__ import annotations

from itertools import pairwise
from typing import Any


def node(node_id: str, type_: str, subtype: str, name: str = "", **more: Any) -> dict[str, Any]:
    """A stored node; its name is its id with a capital unless given. `params` and other keys as in the document."""
    return {"id": node_id, "name": name or node_id.capitalize(), "type": type_, "subtype": subtype, **more}


def hook(path: str = "orders", **params: Any) -> dict[str, Any]:
    """A webhook node."""
    return node("hook", "TRIGGER", "WEBHOOK", params={"path": path, **params})


def transform(node_id: str, value: Any = 1, **more: Any) -> dict[str, Any]:
    """A node that sets one field."""
    return node(node_id, "ACTION", "TRANSFORM", params={"fields": [{"name": "value", "value": value}]}, **more)


def link(source: str, target: str, port: str = "main", **more: Any) -> dict[str, Any]:
    """A stored connection."""
    return {"from": source, "port": port, "to": target, **more}


def definition(*nodes: dict[str, Any], links: list[dict[str, Any]] | None = None, **settings: Any) -> dict[str, Any]:
    """A definition; without links its nodes stand in a row."""
    if links is None:
        links = [link(before["id"], after["id"]) for before, after in pairwise(nodes)]
    return {"nodes": list(nodes), "connections": links, "settings": settings}


def small(path: str = "orders") -> dict[str, Any]:
    """A webhook and a transform."""
    return definition(hook(path), transform("total", "{{ $json.body.amount * 2 }}"))


def order_approval() -> dict[str, Any]:
    """The story of the product: total and stock in parallel, a person for large orders, a shipment, an answer."""
    total = '{{ $node["Total"].total }}'
    order = '{{ $node["Total"].order }}'
    fields = [
        {"name": "total", "value": "{{ $json.body.items.map(i => i.price * i.quantity).sum() }}"},
        {"name": "order", "value": "{{ $json.body.id }}"},
    ]
    return definition(
        node("hook", "TRIGGER", "WEBHOOK", "Order received", params={"path": "orders", "respond": "result"}),
        node("total", "ACTION", "TRANSFORM", "Total", params={"fields": fields}),
        node("stock", "ACTION", "HTTP_REQUEST", "Stock", params={"url": "https://api.example.com/stock"}),
        node("join", "FLOW", "MERGE", "Both known", params={"mode": "all"}),
        node("big", "FLOW", "IF", "Over 1000?", params={"condition": '{{ $node["Total"].total > 1000 }}'}),
        node(
            "ask",
            "HUMAN_IN_THE_LOOP",
            "CONFIRMATION",
            "Manager",
            params={"title": f"Ship order {order} for {total}?", "timeout_seconds": 3600},
        ),
        node(
            "ship",
            "ACTION",
            "HTTP_REQUEST",
            "Ship",
            params={"method": "POST", "url": "https://api.example.com/shipments", "json": {"order": order}},
        ),
        node("yes", "FLOW", "RESPOND", "Shipped", params={"body": {"order": order, "shipped": True}}),
        node("no", "FLOW", "RESPOND", "Refused", params={"body": {"order": order, "shipped": False}}),
        links=[
            link("hook", "total"),
            link("hook", "stock"),
            link("total", "join"),
            link("stock", "join"),
            link("join", "big"),
            link("big", "ask", "true"),
            link("big", "ship", "false"),
            link("ask", "ship", "approved"),
            link("ask", "no", "rejected"),
            link("ask", "no", "timeout"),
            link("ship", "yes"),
        ],
        timezone="Europe/Berlin",
        timeout_seconds=86400,
        while_paused="allow",
    )
