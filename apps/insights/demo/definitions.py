"""What the demo workspace holds, as definitions. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

ORDER: Json = {
    "id": "A-10482",
    "customer": "Nordhaus Interiors",
    "items": [
        {"name": "Oak table", "price": 890, "quantity": 1},
        {"name": "Oak chair", "price": 145, "quantity": 4},
    ],
}
SMALL_ORDER: Json = {
    "id": "A-10481",
    "customer": "Petit Atelier",
    "items": [{"name": "Oak chair", "price": 145, "quantity": 2}],
}

# The demo starts everything at once: its workflows may run before the web server, which they call, listens.
_PATIENT = {"attempts": 12, "delay_seconds": 2, "max_delay_seconds": 5}


@dataclass(frozen=True, slots=True)
class Demo:
    """A workflow of the demo."""

    name: str
    description: str
    definition: Json


def demos(base_url: str) -> tuple[Demo, Demo, Demo]:
    """The three workflows, calling the small systems below `base_url`."""
    return _order_approval(base_url), _website_check(base_url), _suppliers(base_url)


def _order_approval(base_url: str) -> Demo:
    total, order = '{{ $node["Total"].total }}', '{{ $node["Total"].order }}'
    nodes = [
        _node("hook", "Order received", "TRIGGER.WEBHOOK", 0, 1, path="orders", method="POST", respond="result"),
        _node(
            "total",
            "Total",
            "ACTION.TRANSFORM",
            1,
            0,
            fields=[
                {"name": "total", "value": "{{ $json.body.items.map(i => i.price * i.quantity).sum() }}"},
                {"name": "order", "value": "{{ $json.body.id }}"},
            ],
        ),
        _node("stock", "Stock", "ACTION.HTTP_REQUEST", 1, 2, method="GET", url=f"{base_url}/demo/stock")
        | {"retry": _PATIENT},
        _node("join", "Both known", "FLOW.MERGE", 2, 1, mode="all"),
        _node("big", "Over 1000?", "FLOW.IF", 3, 1, condition='{{ $node["Total"].total > 1000 }}'),
        _node(
            "ask",
            "Manager",
            "HUMAN_IN_THE_LOOP.CONFIRMATION",
            4,
            0,
            title=f"Ship order {order} for {total}?",
            timeout_seconds=3600,
        ),
        _node(
            "ship",
            "Ship",
            "ACTION.HTTP_REQUEST",
            5,
            1,
            method="POST",
            url=f"{base_url}/demo/shipments",
            json={"order": order},
        ),
        _node("yes", "Shipped", "FLOW.RESPOND", 6, 1, status=200, body={"order": order, "shipped": True}),
        _node("no", "Refused", "FLOW.RESPOND", 5, 2, status=200, body={"order": order, "shipped": False}),
    ]
    edges = [
        "hook.main total",
        "hook.main stock",
        "total.main join",
        "stock.main join",
        "join.main big",
        "big.true ask",
        "big.false ship",
        "ask.approved ship",
        "ask.rejected no",
        "ask.timeout no",
        "ship.main yes",
    ]
    settings = {"timezone": "Europe/Berlin", "timeout_seconds": 86_400, "while_paused": "allow"}
    return Demo(
        "Order approval",
        "An order comes in by webhook. Small ones are shipped at once; for large ones a person is asked first.",
        _definition(nodes, edges, settings),
    )


def _website_check(base_url: str) -> Demo:
    nodes = [
        _node("clock", "Every five minutes", "TRIGGER.CRON", 0, 0, expression="*/5 * * * *", missed="skip"),
        _node(
            "get",
            "Ask the website",
            "ACTION.HTTP_REQUEST",
            1,
            0,
            method="GET",
            url=f"{base_url}/api/v1/public/health",
            fail_on_status=False,
            timeout_seconds=10,
        )
        | {"retry": _PATIENT},
        _node("ok", "Is it well?", "FLOW.IF", 2, 0, condition="{{ $json.status == 200 }}"),
        _node(
            "note",
            "Note it",
            "ACTION.TRANSFORM",
            3,
            0,
            fields=[
                {"name": "website", "value": "{{ $json.body.status }}"},
                {"name": "revision", "value": "{{ $json.body.revision }}"},
            ],
        ),
        _node(
            "alarm",
            "Raise the alarm",
            "FLOW.STOP",
            3,
            1,
            outcome="error",
            message="The website answered {{ $json.status }}.",
        ),
    ]
    edges = ["clock.main get", "get.main ok", "ok.true note", "ok.false alarm"]
    return Demo(
        "Website check",
        "Every five minutes this product's own health address is asked; anything but 200 is a failed execution.",
        _definition(nodes, edges, {"timezone": "Europe/Berlin"}),
    )


def _suppliers(base_url: str) -> Demo:
    names = ["Nordic Oak", "Holz & Sohn", "Baltic Timber", "Atelier Rhône", "Silva"]
    nodes = [_node("start", "Compare prices", "TRIGGER.MANUAL", 0, 2)]
    edges = []
    for row, (name, milliseconds) in enumerate(zip(names, (200, 350, 500, 650, 800), strict=True)):
        node_id = f"supplier_{row + 1}"
        query = {"ms": milliseconds, "supplier": name}
        nodes.append(
            _node(node_id, name, "ACTION.HTTP_REQUEST", 1, row, method="GET", url=f"{base_url}/demo/slow", query=query)
            | {"retry": _PATIENT}
        )
        edges += [f"start.main {node_id}", f"{node_id}.main all"]
    nodes += [
        _node("all", "All answered", "FLOW.MERGE", 2, 2, mode="all", combine="list"),
        _node(
            "best",
            "Best price",
            "ACTION.TRANSFORM",
            3,
            2,
            fields=[
                {"name": "best", "value": "{{ $json.map(a => a.body).sortBy(b => b.price).first() }}"},
                {"name": "average", "value": "{{ $json.map(a => a.body.price).average() }}"},
                {"name": "suppliers", "value": "{{ $json.length() }}"},
            ],
        ),
    ]
    edges.append("all.main best")
    return Demo(
        "Compare supplier prices",
        "Five suppliers are asked at the same time; the slowest of them sets how long it takes.",
        _definition(nodes, edges, {}),
    )


def _node(node_id: str, name: str, kind: str, column: int, row: int, **params: Any) -> Json:
    type_, subtype = kind.split(".")
    position = {"x": column * 280, "y": row * 130}
    return {"id": node_id, "name": name, "type": type_, "subtype": subtype, "params": params, "position": position}


def _definition(nodes: list[Json], edges: list[str], settings: Json) -> Json:
    connections = []
    for edge in edges:
        source, target = edge.split()
        node_id, port = source.split(".")
        connections.append({"from": node_id, "port": port, "to": target})
    return {"nodes": nodes, "connections": connections, "settings": settings}
