"""Holding a run on its page, and its steps where there are no scripts."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import launch
from apps.executions.launch import Start
from apps.executions.models import Execution
from apps.executions.web.rows import steps
from tests.cast import Cast
from tests.executions.api.conftest import ASKING, Make
from tests.executions.conftest import Engine, node


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Bob's browser."""
    client = Client()
    client.force_login(cast.bob)
    return client


def started(cast: Cast, make: Make) -> str:
    begun = launch.execution_launch(
        workspace_id=cast.workspace.id, actor=cast.owner, start=Start(make(ASKING).id, {"order": 1}), now=clock.now()
    )
    return f"/w/acme/executions/{begun.id}/"


def test_a_run_is_held_and_released(engine: Engine, browser: Client, cast: Cast, make: Make) -> None:
    page = started(cast, make)
    engine.until(UUID(page.split("/")[-2]), "WAITING_FOR_HUMAN")
    assert f"{page}hold/" in browser.get(page).content.decode()
    assert browser.post(f"{page}hold/", {"reason": "The price list is wrong"}).status_code == 302
    held = browser.get(page)
    assert "Held by bob@example.com since" in text(held)
    assert "The price list is wrong" in text(held)
    assert f"{page}release/" in held.content.decode()
    assert 'commandfor="hold-run"' not in held.content.decode().split('id="execution-actions"')[1].split("</div>")[0]
    assert "already" in text(browser.post(f"{page}hold/", follow=True))
    browser.post(f"{page}release/")
    assert "Held by" not in text(browser.get(page))
    assert "not paused" in text(browser.post(f"{page}release/", follow=True))


def test_a_breakpoint_offers_to_step_and_to_go_on(browser: Client, cast: Cast, make: Make) -> None:
    page = started(cast, make)
    with tenant(cast.workspace.id):
        Execution.objects.filter(id=page.split("/")[-2]).update(
            status="PAUSED",
            debug={"breakpoints": ["boss"]},
            hold={"by": "breakpoint", "at": clock.now().isoformat(), "nodes": [["", "boss"]]},
        )
    found = browser.get(page)
    assert "It stands before “boss”." in text(found)
    assert 'value="step"' in found.content.decode()
    assert f"{page}release/" not in found.content.decode()
    assert browser.post(f"{page}continue/", {"how": "step"}).status_code == 302
    with tenant(cast.workspace.id):
        execution = Execution.objects.get(id=page.split("/")[-2])
    assert execution.hold is None
    assert execution.debug["is_stepping"] is True


def test_the_steps_of_a_loop_are_one_line_each() -> None:
    def run(node_id: str, path: str, state: str) -> dict[str, Any]:
        return {"node_id": node_id, "path": path, "state": state, "attempt": 1, "started_at": None, "finished_at": None}

    def count(node_id: str, state: str, number: int, *, is_iteration: bool = False) -> dict[str, Any]:
        return {"node_id": node_id, "is_iteration": is_iteration, "state": state, "port": None, "count": number}

    found = steps(
        {
            "definition": {
                "nodes": [
                    node("t", "TRIGGER.MANUAL"),
                    node("lines", "FLOW.LOOP", items="{{ $json }}"),
                    node("price", "ACTION.TRANSFORM", _parent="lines"),
                    node("never", "ACTION.TRANSFORM", _parent="lines"),
                    node("end", "FLOW.STOP"),
                ]
            },
            "node_runs": [
                run("t", "", "COMPLETED"),
                run("lines", "", "RUNNING"),
                run("lines", "lines[1400]", "RUNNING"),
                run("price", "lines[1400]", "WAITING_INPUT"),
            ],
            "counts": [
                count("lines", "COMPLETED", 1398, is_iteration=True),
                count("lines", "FAILED", 2, is_iteration=True),
                count("price", "COMPLETED", 1400),
            ],
        }
    )
    assert [(step.name, step.depth, step.state, step.tally) for step in found] == [
        ("t", 0, "COMPLETED", ""),
        ("lines", 0, "RUNNING", "1,398 done, 2 failed, 1 running"),
        ("price", 1, "WAITING_INPUT", "1,400 done, 1 waiting"),
        ("never", 1, "PENDING", ""),
        ("end", 0, "PENDING", ""),
    ]
