"""Real workflows with real triggers, a real engine, and clients that call from outside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.utils.module_loading import import_string

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


@dataclass
class Answered:
    """What came back."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    def __getitem__(self, name: str) -> str:
        return self.headers[name.lower()]

    def json(self) -> Any:
        """The content as JSON."""
        return json.loads(self.content)


class Caller:
    """Another system that calls webhooks, through the ASGI application that the web server serves."""

    def __init__(self, door: str = "config.asgi.application") -> None:
        self.door = door

    def post(self, path: str, body: Any = None, *, method: str = "POST", **headers: str) -> Answered:
        """One call; keyword arguments are headers with `_` for `-`. A body that is no bytes is sent as JSON."""
        return self.post_at_once(1, path, body, method=method, **headers)[0]

    def post_at_once(
        self, times: int, path: str, body: Any = None, *, method: str = "POST", **headers: str
    ) -> list[Answered]:
        """The same call several times at the same moment."""

        async def run() -> list[Answered]:
            return list(await asyncio.gather(*(self._send(path, body, method, headers) for _ in range(times))))

        return asyncio.run(run())

    async def _send(self, path: str, body: Any, method: str, given: dict[str, str]) -> Answered:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"host": "testserver"} | {name.replace("_", "-"): value for name, value in given.items()}
        if raw:
            headers = {"content-type": "application/json", "content-length": str(len(raw))} | headers
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        half = len(raw) // 2
        parts = iter(
            [
                {"type": "http.request", "body": raw[:half], "more_body": True},
                {"type": "http.request", "body": raw[half:], "more_body": False},
            ]
        )
        sent: list[Any] = []

        async def receive() -> Any:
            part = next(parts, None)
            if part is None:
                await asyncio.sleep(3600)
            return part

        async def send(message: Any) -> None:
            sent.append(message)

        await import_string(self.door)(scope, receive, send)
        start, *chunks = sent
        return Answered(
            status_code=start["status"],
            headers={name.decode().lower(): value.decode() for name, value in start["headers"]},
            content=b"".join(chunk.get("body", b"") for chunk in chunks),
        )


@pytest.fixture
def caller() -> Caller:
    """A client for webhooks."""
    return Caller()


@pytest.fixture
def django_asgi_caller() -> Caller:
    """A client that goes through Django's URL configuration and middleware."""
    return Caller("tests.triggers.conftest.django_asgi")


async def django_asgi(scope: Any, receive: Any, send: Any) -> None:
    """Django's own ASGI handler."""
    await ASGIHandler()(scope, receive, send)
