"""Loops in snapshots: what has settled inside them is counted, and the law of the live feed holds for the counts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import iterations, selectors, services
from apps.executions.iterations import Iteration
from apps.executions.models import Execution, NodeRun
from tests.executions.conftest import Engine, definition, fields, node
from tests.executions.reducer import apply, plain, plain_iteration

Json = dict[str, Any]
Api = Callable[..., APIClient]

DOCUMENT = definition(
    [node("t", "TRIGGER.MANUAL"), node("lines", "ACTION.TRANSFORM", fields=fields(a=1)), node("end", "FLOW.STOP")],
    ["t > lines", "lines > end"],
)


class Told:
    """An execution whose node runs are written by hand, each checkpoint with its message."""

    def __init__(self, workspace: Workspace) -> None:
        engine = Engine(workspace)
        self.workspace, self.id = workspace, engine.start(engine.publish(DOCUMENT))
        self.messages: list[Json] = []
        self.now: datetime = clock.now()

    def runs(self, *changes: str) -> None:
        """One checkpoint of node runs written `label lines[0] COMPLETED`, with `@` for the workflow's own level."""
        self.now += timedelta(seconds=1)
        told = []
        with tenant(self.workspace.id):
            for change in changes:
                node_id, path, state, *port = change.split()
                told.append(self._write(node_id, "" if path == "@" else path, state, port[0] if port else None))
        self._tell(told)

    def wait(self, node_id: str, path: str, wait_id: UUID | None = None) -> UUID:
        """A wait that opens, or the one named that is answered."""
        self.now += timedelta(seconds=1)
        told: Json
        with tenant(self.workspace.id), connection.cursor() as cursor:
            if wait_id:
                told = {"id": str(wait_id), "node_id": node_id, "kind": "human", "resolved_by": "Bob"}
                told["resolved_at"] = self.now.isoformat()
                cursor.execute(
                    "UPDATE executions_wait SET resolved_at = %s, resolved_by = 'Bob' WHERE id = %s",
                    [self.now, wait_id],
                )
            else:
                told = {"id": str(uuid7()), "node_id": node_id, "path": path, "kind": "human", "title": "?"}
                told |= {"opened_at": self.now.isoformat(), "wake_at": None, "resolved_at": None, "resolved_by": None}
                cursor.execute(
                    """INSERT INTO executions_wait
                       (id, workspace_id, execution_id, node_id, path, kind, title, opened_at)
                       VALUES (%s, %s, %s, %s, %s, 'human', '?', %s)""",
                    [told["id"], self.workspace.id, self.id, node_id, path, self.now],
                )
        self._tell([{"wait": told}])
        return UUID(told["id"])

    def _write(self, node_id: str, path: str, state: str, port: str | None) -> Json:
        is_over = state in iterations._SETTLED
        found, _ = NodeRun.objects.get_or_create(
            execution_id=self.id,
            node_id=node_id,
            path=path,
            defaults={"workspace": self.workspace, "state": "PENDING", "attempt": 1, "started_at": self.now},
        )
        given: Json = {"state": state, "port": port, "finished_at": self.now if is_over else None}
        NodeRun.objects.filter(execution_id=self.id, node_id=node_id, path=path).update(**given)
        return {
            "node_id": node_id,
            "path": path,
            "state": state,
            "attempt": 1,
            "port": port,
            "started_at": found.started_at and found.started_at.isoformat(),
            "finished_at": self.now.isoformat() if is_over else None,
        }

    def _tell(self, changes: list[Json]) -> None:
        self.messages.append({"seq": len(self.messages) + 1, "at": self.now.isoformat(), "changes": changes})
        with tenant(self.workspace.id):
            Execution.objects.filter(id=self.id).update(seq=len(self.messages))

    def snapshot(self) -> Json:
        """The whole as both sides can know it."""
        with tenant(self.workspace.id):
            execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=self.id)
            return plain(selectors.execution_snapshot(execution=execution))

    def iteration(self, path: str) -> Json:
        """One iteration likewise."""
        with tenant(self.workspace.id):
            execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=self.id)
            return plain_iteration(selectors.iteration_snapshot(execution=execution, path=path))

    def page(self, container: str, **asked: Any) -> list[Iteration]:
        """Iterations of a container."""
        with tenant(self.workspace.id):
            return iterations.iteration_list(
                workspace_id=self.workspace.id, execution_id=self.id, container=container, **asked
            )


@pytest.fixture
def told(committed_db: None, workspace: Workspace) -> Told:
    return Told(workspace)


def a_nested_loop(told: Told, look: Callable[[], None]) -> None:
    """Two lines; the second holds a loop of its own, in which a person is asked."""
    told.runs("t @ COMPLETED main", "lines @ RUNNING")
    look()
    told.runs("lines lines[0] RUNNING", "label lines[0] RUNNING", "lines lines[1] RUNNING")
    look()
    told.runs("label lines[0] COMPLETED main", "label lines[1] COMPLETED main", "sizes lines[1] RUNNING")
    told.runs("sizes lines[1]/sizes[0] RUNNING", "ask lines[1]/sizes[0] WAITING_INPUT")
    wait_id = told.wait("ask", "lines[1]/sizes[0]")
    look()
    told.runs("lines lines[0] FAILED", "sizes lines[1]/sizes[1] RUNNING", "ask lines[1]/sizes[1] SKIPPED")
    look()
    told.wait("ask", "lines[1]/sizes[0]", wait_id)
    told.runs("ask lines[1]/sizes[0] COMPLETED rejected", "sizes lines[1]/sizes[0] COMPLETED")
    look()
    told.runs("sizes lines[1]/sizes[1] COMPLETED", "sizes lines[1] COMPLETED main", "lines lines[1] COMPLETED")
    told.runs("lines @ COMPLETED main", "end @ COMPLETED main")
    look()


def test_the_law_holds_for_what_is_counted(told: Told) -> None:
    seen: list[Json] = [told.snapshot()]
    a_nested_loop(told, lambda: seen.append(told.snapshot()))
    for earlier in seen:
        reached = earlier
        for message in told.messages:
            reached = apply(reached, message)
        assert reached == seen[-1]
    assert {key[0] for key in seen[-1]["node_runs"]} == {"t", "lines", "end"}, "what has settled inside is only counted"
    assert seen[-1]["counts"] == {
        ("ask", False, "COMPLETED", "rejected"): 1,
        ("ask", False, "SKIPPED", None): 1,
        ("label", False, "COMPLETED", "main"): 2,
        ("lines", True, "COMPLETED", None): 1,
        ("lines", True, "FAILED", None): 1,
        ("sizes", False, "COMPLETED", "main"): 1,
        ("sizes", True, "COMPLETED", None): 2,
    }
    assert seen[-1]["waits"] == {}
    assert seen[-1]["remaining_nodes"] == []


def test_what_is_open_inside_is_shown_in_full(told: Told) -> None:
    seen: list[Json] = []
    a_nested_loop(told, lambda: seen.append(told.snapshot()))
    asking = seen[2]
    assert ("ask", "lines[1]/sizes[0]") in asking["node_runs"]
    assert [wait["path"] for wait in asking["waits"].values()] == ["lines[1]/sizes[0]"]
    assert "lines" in asking["remaining_nodes"], "an iteration that is over does not end its container"


@pytest.mark.parametrize("path", ["lines[0]", "lines[1]", "lines[1]/sizes[1]"])
def test_the_law_holds_for_one_iteration(told: Told, path: str) -> None:
    seen: list[Json] = [told.iteration(path)]
    a_nested_loop(told, lambda: seen.append(told.iteration(path)))
    for earlier in seen:
        reached = earlier
        for message in told.messages:
            reached = apply(reached, message)
        assert reached == seen[-1]


def test_an_iteration_shows_its_own_nodes_and_counts_deeper_ones(told: Told) -> None:
    a_nested_loop(told, lambda: None)
    outer = told.iteration("lines[1]")
    assert set(outer["node_runs"]) == {("lines", "lines[1]"), ("label", "lines[1]"), ("sizes", "lines[1]")}
    assert outer["counts"]["sizes", True, "COMPLETED", None] == 2
    assert told.iteration("lines[7]")["node_runs"] == {}


def test_iterations_come_in_order_and_in_parts(told: Told) -> None:
    told.runs(*[f"lines lines[{at}] {'FAILED' if at % 5 == 3 else 'COMPLETED'}" for at in range(12)])
    told.runs("lines lines[12] RUNNING", "ask lines[12]/sizes[2] WAITING_INPUT")
    assert [one.index for one in told.page("lines")] == list(range(13))
    assert [one.index for one in told.page("lines", after=8, limit=3)] == [9, 10, 11]
    assert [one.index for one in told.page("lines", states=["FAILED"])] == [3, 8]
    assert [one.path for one in told.page("lines", states=["WAITING_INPUT"])] == ["lines[12]"]
    assert [one.path for one in told.page("lines", states=["FAILED", "WAITING_INPUT"], after=3)] == [
        "lines[8]",
        "lines[12]",
    ]
    assert told.page("line") == []


def test_iterations_of_an_inner_loop_are_those_of_one_outer_iteration(told: Told) -> None:
    told.runs("sizes lines[1]/sizes[0] COMPLETED", "sizes lines[10]/sizes[0] COMPLETED", "sizes lines[1] RUNNING")
    assert [one.path for one in told.page("sizes", path="lines[1]")] == ["lines[1]/sizes[0]"]


def test_a_snapshot_of_fifty_thousand_node_runs_is_small_and_quick(told: Told) -> None:
    told.runs("lines @ RUNNING")
    with tenant(told.workspace.id), connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO executions_noderun (execution_id, workspace_id, node_id, path, state, attempt, port, output,
                   also, failures, attempts, logs, started_at, finished_at)
               SELECT %s, %s, node_id, 'lines[' || at || ']', 'COMPLETED', 1, 'main',
                      jsonb_build_object('text', repeat('x', 200)), '[]', 0, '[]', '[]', now(), now()
               FROM generate_series(0, 9999) AS at, unnest(ARRAY['lines', 'a', 'b', 'c', 'd']) AS node_id""",
            [told.id, told.workspace.id],
        )
    began = time.monotonic()
    with tenant(told.workspace.id):
        execution = selectors.execution_get(workspace_id=told.workspace.id, execution_id=told.id)
        found = selectors.execution_snapshot(execution=execution)
        took = time.monotonic() - began
        assert len(json.dumps(found)) < 10_000
        assert {row["count"] for row in found["counts"]} == {10_000}
        began = time.monotonic()
        page = told.page("lines", after=9_899)
        page_took = time.monotonic() - began
    assert [page[0].index, page[-1].index] == [9_900, 9_999]
    assert (took < 1.0, page_took < 0.5) == (True, True), (took, page_took)


def test_the_api_serves_iterations(told: Told, api: Api, alice: User) -> None:
    told.runs(*[f"lines lines[{at}] COMPLETED" for at in range(5)], "label lines[2] COMPLETED main")
    url = f"/api/v1/app/executions/{told.id}"
    client = api(alice)
    first = client.get(f"{url}/iterations?container=lines&page_size=2")
    assert first.status_code == 200, first.json()
    assert [row["index"] for row in first.json()["results"]] == [0, 1]
    second = client.get(first.json()["next"])
    assert [row["path"] for row in second.json()["results"]] == ["lines[2]", "lines[3]"]
    assert client.get(second.json()["next"]).json()["next"] is None
    whole = client.get(f"{url}/node-runs?path=lines[2]&node=label").json()
    assert {run["node_id"]: "output" in run for run in whole["node_runs"]} == {"lines": False, "label": True}
    for wrong in ("iterations", "iterations?container=lines&state=BROKEN", "node-runs", "node-runs?path=lines"):
        assert client.get(f"{url}/{wrong}").status_code == 400, wrong


def test_outsiders_see_no_iterations(told: Told, api: Api, charlie: User) -> None:
    for path in ("iterations?container=lines", "node-runs?path=lines[0]"):
        assert api(charlie).get(f"/api/v1/app/executions/{told.id}/{path}").status_code == 404


def test_cancelling_settles_what_was_open_inside(told: Told) -> None:
    told.runs("lines @ RUNNING", "lines lines[0] RUNNING", "ask lines[0] WAITING_INPUT")
    before = told.snapshot()
    services.execution_cancel(workspace_id=told.workspace.id, execution_id=told.id, now=clock.now(), by="bob")
    with tenant(told.workspace.id):
        (message,) = [
            {"seq": row.seq, "at": row.at.isoformat(), "changes": row.changes}
            for row in selectors.transition_list(workspace_id=told.workspace.id, execution_id=told.id)
        ]
    after = told.snapshot()
    assert apply(before, message) == after
    assert after["counts"]["ask", False, "CANCELED", None] == 1


LOOPS = definition(
    [
        node("t", "TRIGGER.MANUAL"),
        node("lines", "FLOW.LOOP", items="{{ $json.lines }}", parallelism=2, on_item_error="collect"),
        node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="{{ $json.sku }}?", timeout_seconds=60, _parent="lines"),
        node("sizes", "FLOW.WHILE", condition="{{ $index < 2 }}", _parent="lines"),
        node("label", "ACTION.TRANSFORM", fields=fields(n="{{ ($json.n || 0) + 1 }}"), _parent="sizes"),
        node("end", "ACTION.TRANSFORM", fields=fields(all="{{ $json }}")),
    ],
    ["t > lines", "ask.approved > sizes", "lines > end"],
    while_paused="allow",
)


def test_the_law_holds_in_a_real_engine(engine: Engine) -> None:
    """Questions in a loop, answered one by one; what each line and each step was given can be seen afterwards."""
    workspace = engine.workspace
    execution_id = engine.start(engine.publish(LOOPS), {"lines": [{"sku": "A"}, {"sku": "B"}, {"sku": "C"}]})

    def look(path: str = "", node_id: str | None = None) -> Json:
        with tenant(workspace.id):
            execution = selectors.execution_get(workspace_id=workspace.id, execution_id=execution_id)
            if path:
                return selectors.iteration_snapshot(execution=execution, path=path, node_id=node_id)
            return selectors.execution_snapshot(execution=execution)

    seen, inner = [plain(look())], [plain_iteration(look("lines[1]"))]
    for _ in range(3):
        engine.until(execution_id, "WAITING_FOR_HUMAN")
        seen.append(plain(look()))
        inner.append(plain_iteration(look("lines[1]")))
        (total,) = [run["total"] for run in look()["node_runs"] if (run["node_id"], run["path"]) == ("lines", "")]
        assert total == 3
        wait_id = next(iter(seen[-1]["waits"]))
        services.wait_resolve(
            workspace_id=workspace.id, wait_id=UUID(wait_id), answer={"outcome": "approved"}, by="Bob", now=clock.now()
        )
        engine.poke()
        engine.until(execution_id, "WAITING_FOR_HUMAN", "SUCCESS")
    engine.until(execution_id)
    seen.append(plain(look()))
    inner.append(plain_iteration(look("lines[1]")))
    with tenant(workspace.id):
        rows = selectors.transition_list(workspace_id=workspace.id, execution_id=execution_id)
    for history in (seen, inner):
        for earlier in history:
            reached = earlier
            for row in rows:
                reached = apply(reached, {"seq": row.seq, "at": row.at.isoformat(), "changes": row.changes})
            assert reached == history[-1]
    assert seen[-1]["counts"]["lines", True, "COMPLETED", "main"] == 3
    assert seen[-1]["counts"]["label", False, "COMPLETED", "main"] == 6
    given = {
        (path, name): {run["node_id"]: run for run in look(path, name)["node_runs"] if run["path"] == path}[name][
            "input"
        ]
        for path, name in [("lines[1]", "ask"), ("lines[1]", "lines"), ("lines[1]/sizes[1]", "label")]
    }
    assert given["lines[1]", "ask"] == given["lines[1]", "lines"] == {"sku": "B"}
    assert given["lines[1]/sizes[1]", "label"] == {"n": 1}, "the round before gave it"
