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
        _node("hook", "Order received", "TRIGGER.WEBHOOK", path="orders", method="POST", respond="result"),
        _node(
            "total",
            "Total",
            "ACTION.TRANSFORM",
            fields=[
                {"name": "total", "value": "{{ $json.body.items.map(i => i.price * i.quantity).sum() }}"},
                {"name": "order", "value": "{{ $json.body.id }}"},
            ],
        ),
        _node("stock", "Stock", "ACTION.HTTP_REQUEST", method="GET", url=f"{base_url}/demo/stock")
        | {"retry": _PATIENT},
        _node("join", "Both known", "FLOW.MERGE", mode="all"),
        _node("big", "Over 1000?", "FLOW.IF", condition='{{ $node["Total"].total > 1000 }}'),
        _node(
            "ask",
            "Manager",
            "HUMAN_IN_THE_LOOP.CONFIRMATION",
            title=f"Ship order {order} for {total}?",
            message="{{ $trigger.body.customer ?? 'A customer' }} wants to buy for more than 1000.",
            data={"items": "{{ $trigger.body.items }}", "in_stock": '{{ $node["Stock"].body }}', "total": total},
            timeout_seconds=259_200,
        ),
        _node(
            "ship",
            "Ship",
            "ACTION.HTTP_REQUEST",
            method="POST",
            url=f"{base_url}/demo/shipments",
            json={"order": order},
        ),
        _node("yes", "Shipped", "FLOW.RESPOND", status=200, body={"order": order, "shipped": True}),
        _node("no", "Refused", "FLOW.RESPOND", status=200, body={"order": order, "shipped": False}),
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
    settings = {"timezone": "Europe/Berlin", "timeout_seconds": 604_800, "while_paused": "allow"}
    return Demo(
        "Order approval",
        "An order comes in by webhook. Small ones are shipped at once; for large ones a person is asked first.",
        _definition(nodes, edges, settings),
    )


def _website_check(base_url: str) -> Demo:
    nodes = [
        _node("clock", "Every five minutes", "TRIGGER.CRON", expression="*/5 * * * *", missed="skip"),
        _node(
            "get",
            "Ask the website",
            "ACTION.HTTP_REQUEST",
            method="GET",
            url=f"{base_url}/api/v1/public/health",
            fail_on_status=False,
            timeout_seconds=10,
        )
        | {"retry": _PATIENT},
        _node("ok", "Is it well?", "FLOW.IF", condition="{{ $json.status == 200 }}"),
        _node(
            "note",
            "Note it",
            "ACTION.TRANSFORM",
            fields=[
                {"name": "website", "value": "{{ $json.body.status }}"},
                {"name": "revision", "value": "{{ $json.body.revision }}"},
            ],
        ),
        _node(
            "alarm",
            "Raise the alarm",
            "FLOW.STOP",
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
    nodes = [_node("start", "Compare prices", "TRIGGER.MANUAL")]
    edges = []
    for number, (name, milliseconds) in enumerate(zip(names, (200, 350, 500, 650, 800), strict=True), start=1):
        node_id = f"supplier_{number}"
        query = {"ms": milliseconds, "supplier": name}
        nodes.append(
            _node(node_id, name, "ACTION.HTTP_REQUEST", method="GET", url=f"{base_url}/demo/slow", query=query)
            | {"retry": _PATIENT}
        )
        edges += [f"start.main {node_id}", f"{node_id}.main all"]
    nodes += [
        _node("all", "All answered", "FLOW.MERGE", mode="all", combine="list"),
        _node(
            "best",
            "Best price",
            "ACTION.TRANSFORM",
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


def _node(node_id: str, name: str, kind: str, **params: Any) -> Json:
    # Without positions: the canvas lays them out itself.
    type_, subtype = kind.split(".")
    return {"id": node_id, "name": name, "type": type_, "subtype": subtype, "params": params}


def _definition(nodes: list[Json], edges: list[str], settings: Json) -> Json:
    connections = []
    for edge in edges:
        source, target = edge.split()
        node_id, port = source.split(".")
        connections.append({"from": node_id, "port": port, "to": target})
    return {"nodes": nodes, "connections": connections, "settings": settings}
