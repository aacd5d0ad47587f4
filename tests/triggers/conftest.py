"""Real workflows with real triggers, a real engine, and clients that call from outside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.test import AsyncClient

from apps.core.ids import uuid7
from apps.executions.worker.dispatcher import Dispatcher
from apps.workflows import services as workflows
from apps.workflows.models import Workflow
from tests.cast import Cast

Json = dict[str, Any]


def node(node_id: str, kind: str, **params: Any) -> Json:
    """A node from `"ACTION.TRANSFORM"` and its parameters."""
    type_, subtype = kind.split(".")
    return {"id": node_id, "name": node_id, "type": type_, "subtype": subtype, "params": params}


def definition(*nodes: Json, edges: str = "", **settings: Any) -> Json:
    """A definition; `edges` is written `"a > b, b.true > c"`, and without it the nodes are a chain."""
    pairs = [edge.split(">") for edge in edges.split(",")] if edges else []
    if not edges:
        pairs = [[one["id"], two["id"]] for one, two in pairwise(nodes)]
    connections = []
    for source, target in pairs:
        name, _, port = source.strip().partition(".")
        connections.append({"from": name, "port": port or "main", "to": target.strip()})
    return {"nodes": list(nodes), "connections": connections, "settings": settings}


def hook(**params: Any) -> Json:
    """A webhook node at POST /orders that answers with the result."""
    return node("hook", "TRIGGER.WEBHOOK", **({"path": "orders", "method": "POST", "respond": "result"} | params))


class Office:
    """Where workflows are drawn and switched on, by alice in her workspace."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.workspace = cast, cast.workspace

    def activate(self, document: Json, *, name: str = "Orders") -> Workflow:
        """A new, active workflow."""
        with_owner: Json = {"workspace_id": self.workspace.id, "actor": self.cast.owner}
        workflow = workflows.workflow_create(name=name, definition=document, **with_owner)
        return workflows.workflow_activate(workflow_id=workflow.id, **with_owner)

    def republish(self, workflow: Workflow, document: Json) -> None:
        """Change an active workflow."""
        with_owner: Json = {"workspace_id": self.workspace.id, "actor": self.cast.owner, "workflow_id": workflow.id}
        workflows.workflow_update(definition=document, **with_owner)
        workflows.workflow_publish(**with_owner)

    def pause(self, workflow: Workflow) -> None:
        """Switch its triggers off."""
        workflows.workflow_pause(workspace_id=self.workspace.id, workflow_id=workflow.id, actor=self.cast.owner)

    def resume(self, workflow: Workflow) -> None:
        """Switch them on again."""
        workflows.workflow_activate(workspace_id=self.workspace.id, workflow_id=workflow.id, actor=self.cast.owner)


@pytest.fixture
def office(committed_db: None, cast: Cast) -> Office:
    """Alice's workspace, committed."""
    return Office(cast)


@pytest.fixture
def engine(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dispatcher]:
    """A dispatcher of this process; pokes go straight to it instead of through Celery."""
    dispatcher = Dispatcher(worker_id=uuid7(), name="test", queues=["default", "ai"])
    dispatcher.start()
    monkeypatch.setattr("apps.executions.poke._Poker.poke", lambda self, queue: dispatcher.poke())
    yield dispatcher
    dispatcher.stop()


class Caller:
    """Another system that calls webhooks."""

    def post(self, path: str, body: Any = None, *, method: str = "POST", **headers: str) -> Any:
        """One call; keyword arguments are headers with `_` for `-`. A body that is no bytes is sent as JSON."""
        return self.together(lambda client: self._send(client, path, body, method, headers))[0]

    def together(self, *calls: Callable[[AsyncClient], Any]) -> list[Any]:
        """Several calls at once, on one event loop."""

        async def run() -> list[Any]:
            client = AsyncClient(raise_request_exception=False)
            return list(await asyncio.gather(*(call(client) for call in calls)))

        return asyncio.run(run())

    def _send(self, client: AsyncClient, path: str, body: Any, method: str, headers: dict[str, str]) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = named.pop("content-type", "application/json")
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return client.generic(method, path, raw, content_type=kind if raw else "", headers=named)


@pytest.fixture
def caller() -> Caller:
    """A client for webhooks."""
    return Caller()
