"""A real engine inside the test's process, and definitions short enough to read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest

from apps.accounts.models import Workspace
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import payloads, selectors, services, store
from apps.executions.engine.states import TERMINAL
from apps.executions.models import Execution
from apps.executions.payloads.values import forget
from apps.executions.services import Origin
from apps.executions.worker.dispatcher import Dispatcher
from apps.workflows import graph
from apps.workflows.models import Version, Workflow
from tests.fakes.s3 import Bucket, bucket

Json = dict[str, Any]
T = TypeVar("T")


def node(node_id: str, kind: str, **params: Any) -> Json:
    """A node from `"ACTION.TRANSFORM"` and its parameters; keys after `_` are the node's own (`_on_error`)."""
    type_, subtype = kind.split(".")
    own = {key[1:]: params.pop(key) for key in list(params) if key.startswith("_")}
    return {"id": node_id, "name": node_id, "type": type_, "subtype": subtype, "params": params, **own}


def definition(nodes: list[Json], edges: list[str], **settings: Any) -> Json:
    """A definition from nodes and edges written `"a > b"` or `"a.true > b"`."""
    connections = []
    for edge in edges:
        source, _, target = (part.strip() for part in edge.partition(">"))
        name, _, port = source.partition(".")
        connections.append({"from": name, "port": port or "main", "to": target})
    return {"nodes": nodes, "connections": connections, "settings": settings}


def fields(**values: Any) -> list[Json]:
    """The `fields` of a TRANSFORM."""
    return [{"name": name, "value": value} for name, value in values.items()]


class Engine:
    """Starts workflows and waits for what becomes of them."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.dispatchers: list[Dispatcher] = []
        self._made: list[Dispatcher] = []

    def add_dispatcher(self, **options: Any) -> Dispatcher:
        """One more process's worth of engine."""
        usual: dict[str, Any] = {"queues": ["default", "ai"], "lease_seconds": 30.0, "sweeps": [store.let_in]}
        made = Dispatcher(worker_id=uuid7(), name="test", **(usual | options))
        made.start()
        self.dispatchers.append(made)
        self._made.append(made)
        return made

    def stop(self) -> None:
        """End every dispatcher, those that a test took out of `dispatchers` to lose them included: one that lives on
        claims what later tests start.
        """
        for each in self._made:
            each.stop()

    def publish(self, document: Json) -> Origin:
        """A version of a new workflow."""
        now = clock.now()
        compiled = graph.compile(document)
        with tenant(self.workspace.id):
            workflow = Workflow.objects.create(
                workspace=self.workspace, name="test", draft=document, created_at=now, updated_at=now
            )
            version = Version.objects.create(
                workspace=self.workspace,
                workflow=workflow,
                number=1,
                definition=document,
                digest="",
                published_by_label="test",
                published_at=now,
            )
        return Origin.of(
            workspace_id=self.workspace.id,
            workflow_id=workflow.id,
            version_id=version.id,
            queue="default",
            settings=compiled.settings,
        )

    def start(self, origin: Origin, given: Any = None, trigger: str = "t", **options: Any) -> UUID:
        """Start an execution and poke this process's engine."""
        started = services.execution_start(origin=origin, trigger_node=trigger, input=given, now=clock.now(), **options)
        self.poke()
        return started.id

    def poke(self) -> None:
        """What the Celery message does."""
        for each in self.dispatchers:
            each.poke()

    def snapshot(self, execution_id: UUID) -> Json:
        """The execution with all payloads, and every node run inside its containers."""
        with tenant(self.workspace.id):
            execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=execution_id)
            found = selectors.execution_snapshot(execution=execution, with_payloads=True, with_settled=True)
            return found | {"output": execution.output, "response": execution.response}

    def until(self, execution_id: UUID, *statuses: str, seconds: float = 10.0) -> Json:
        """Wait until it stands in one of `statuses` (any end, when none is named)."""
        wanted = set(statuses) or {str(status) for status in TERMINAL}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with tenant(self.workspace.id):
                status = Execution.objects.values_list("status", flat=True).get(id=execution_id)
            if status in wanted:
                return self.snapshot(execution_id)
            time.sleep(0.01)
        raise AssertionError(f"still {self.snapshot(execution_id)} after {seconds} s")

    def run(self, document: Json, given: Any = None, **options: Any) -> Json:
        """Publish, start, and wait for the end."""
        return self.until(self.start(self.publish(document), given, **options))


@pytest.fixture
def idle(committed_db: None, workspace: Workspace) -> Iterator[Engine]:
    """An engine in alice's workspace whose dispatchers are started by the test."""
    found = Engine(workspace)
    yield found
    found.stop()


@pytest.fixture
def engine(idle: Engine) -> Engine:
    """An engine with one dispatcher, in alice's workspace."""
    idle.add_dispatcher()
    return idle


def seconds_from_now(seconds: float) -> str:
    """A moment as a parameter."""
    return (clock.now() + timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def objects(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The folder that the product keeps its objects in during this test."""
    yield from _stored_in(settings, {"kind": "folder", "path": str(tmp_path / "objects")}, tmp_path / "objects")


@pytest.fixture
def pail(settings: Any) -> Iterator[Bucket]:
    """The bucket that the product keeps its objects in during this test."""
    with bucket() as found:
        yield from _stored_in(settings, found.settings, found)


def _stored_in(settings: Any, kept: dict[str, str], found: T) -> Iterator[T]:
    settings.OBJECT_STORAGE = kept
    payloads.storage.cache_clear()
    forget()
    yield found
    payloads.storage.cache_clear()
    forget()
