"""What goes on while things break: orders come in, branches call out, timers run, people answer."""

from __future__ import annotations

import threading
import time
from typing import Any

from tests.chaos.world import World


def _node(node_id: str, kind: str, params: dict[str, Any], **own: Any) -> dict[str, Any]:
    type_, subtype = kind.split(".")
    return {"id": node_id, "name": node_id, "type": type_, "subtype": subtype, "params": params, **own}


def _call(node_id: str, method: str, url: str, **params: Any) -> dict[str, Any]:
    given = {"method": method, "url": url} | params
    if method != "GET":
        given["json"] = {"execution": "{{ $execution.id }}", "node": node_id}
    retry = {"attempts": 8, "delay_seconds": 0.3, "max_delay_seconds": 2}
    return _node(node_id, "ACTION.HTTP_REQUEST", given, retry=retry)


def definition(world: World) -> dict[str, Any]:
    """Two branches that call out, a join, a timer, a write that must not be doubled, and for every fourth a person."""
    base = f"http://127.0.0.1:{world.receiver_port}"
    nodes = [
        _node("hook", "TRIGGER.WEBHOOK", {"path": "orders", "method": "POST", "respond": "immediately"}),
        _call("read", "GET", f"{base}/slow?ms=80"),
        _call("put", "PUT", f"{base}/effect?ms=40"),
        _node("join", "FLOW.MERGE", {"mode": "all", "combine": "list"}),
        _node("nap", "FLOW.WAIT", {"duration": {"seconds": 1}}),
        _call("post", "POST", f"{base}/effect?ms=60"),
        _node("fourth", "FLOW.IF", {"condition": '{{ $node["hook"].body.n % 4 == 0 }}'}),
        _node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", {"title": 'Go on with {{ $node["hook"].body.n }}?'}),
        _call("last", "PUT", f"{base}/effect?ms=20"),
    ]
    edges = ["hook.main read", "hook.main put", "read.main join", "put.main join", "join.main nap", "nap.main post"]
    edges += ["post.main fourth", "fourth.true ask", "fourth.false last", "ask.approved last"]
    connections = []
    for edge in edges:
        source, target = edge.split()
        connections.append({"from": source.split(".")[0], "port": source.split(".")[1], "to": target})
    return {"nodes": nodes, "connections": connections, "settings": {"while_paused": "allow"}}


class Story:
    """Sends orders at a steady pace, each until it was accepted, and answers every question it is asked."""

    def __init__(self, world: World, *, orders: int, seconds: float) -> None:
        self.world, self.orders, self.seconds = world, orders, seconds
        self.accepted: dict[int, str] = {}
        self.reviewed: set[str] = set()
        self.failures: list[str] = []
        self._is_over = threading.Event()

    def begin(self) -> None:
        """Publish the workflow and let senders and the one who answers start."""
        status, made = self.world.insist(
            "POST", "/api/v1/app/workflows", {"name": "Chaos", "definition": definition(self.world)}
        )
        assert status == 201, made
        status, found = self.world.insist("POST", f"/api/v1/app/workflows/{made['id']}/activate")
        assert status == 200, found
        self._senders = [threading.Thread(target=self._send, args=(at, 4), daemon=True) for at in range(4)]
        self._answerer = threading.Thread(target=self._answer, daemon=True)
        for thread in (*self._senders, self._answerer):
            thread.start()

    def finish(self) -> None:
        """Wait until every order was accepted."""
        for thread in self._senders:
            thread.join(timeout=90)
        assert not any(thread.is_alive() for thread in self._senders), "orders are still not accepted"

    def end(self) -> None:
        """Let the one who answers go home."""
        self._is_over.set()
        self._answerer.join(timeout=10)

    def _send(self, first: int, step: int) -> None:
        pause = self.seconds / self.orders * step
        for n in range(first, self.orders, step):
            began = time.monotonic()
            try:
                status, found = self.world.insist(
                    "POST", "/webhooks/acme/orders", {"n": n}, {"Idempotency-Key": f"order-{n}"}
                )
                if status != 202:
                    self.failures.append(f"order {n}: {status} {found}")
                else:
                    self.accepted[n] = found["execution_id"]
            except AssertionError as error:
                self.failures.append(str(error))
            time.sleep(max(0.0, pause - (time.monotonic() - began)))

    def _answer(self) -> None:
        while not self._is_over.is_set():
            status, found = self.world.call("GET", "/api/v1/app/interactions?status=pending&page_size=100")
            for row in found["results"] if status == 200 else []:
                names = {outcome["name"] for outcome in row.get("outcomes", [])} or self._outcomes(row["id"])
                if "happened" in names:
                    self.reviewed.add(row["execution_id"])
                outcome = "happened" if "happened" in names else "approved"
                self.world.call("POST", f"/api/v1/app/interactions/{row['id']}/answer", {"outcome": outcome})
            time.sleep(0.3)

    def _outcomes(self, interaction_id: str) -> set[str]:
        status, found = self.world.call("GET", f"/api/v1/app/interactions/{interaction_id}")
        return {outcome["name"] for outcome in found["outcomes"]} if status == 200 else set()
