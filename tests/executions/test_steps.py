"""What a node did in parts, as it is looked at: in order, by pages that stay small, large results by reference."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import payloads, steps
from apps.executions.models import Step
from tests.executions.conftest import Engine, definition, fields, node

DOCUMENT = definition([node("t", "TRIGGER.MANUAL"), node("a", "ACTION.TRANSFORM", fields=fields(a=1))], ["t > a"])


@pytest.fixture
def execution_id(workspace: Workspace) -> UUID:
    engine = Engine(workspace)
    return engine.start(engine.publish(DOCUMENT))


def write(workspace: Workspace, execution_id: UUID, *results: Any, path: str = "") -> None:
    """One step per result, a second apart, written in the reverse order."""
    began = clock.now()
    with tenant(workspace.id):
        for at, result in reversed(list(enumerate(results))):
            _, references = payloads.taken_out(workspace.id, {"result": result})
            Step.objects.create(
                execution_id=execution_id,
                node_id="a",
                path=path,
                key=f"turn:{at}",
                workspace_id=workspace.id,
                state="DONE",
                effect="read",
                result=None if references else result,
                by_reference=references or None,
                started_at=began + timedelta(seconds=at),
                finished_at=began + timedelta(seconds=at + 1),
            )


def test_they_are_told_in_order_by_pages(
    workspace: Workspace, execution_id: UUID, api: Callable[..., APIClient], alice: User, charlie: User
) -> None:
    large = "x" * 100_000
    write(workspace, execution_id, *range(10), large)
    write(workspace, execution_id, "elsewhere", path="lines[0]")
    url = f"/api/v1/app/executions/{execution_id}/steps/"
    client = api(alice)
    first = client.get(f"{url}?node=a&page_size=8").json()
    assert [row["key"] for row in first["results"]] == [f"turn:{at}" for at in range(8)]
    assert [row["result"] for row in first["results"]] == list(range(8))
    rest = client.get(first["next"]).json()
    assert [(row["key"], row["result"]) for row in rest["results"]] == [("turn:8", 8), ("turn:9", 9), ("turn:10", None)]
    assert rest["next"] is None
    reference = rest["results"][-1]["large"]
    assert (reference["size"], reference["head"][:3]) == (100_002, '"xx')
    assert [row["result"] for row in client.get(f"{url}?node=a&path=lines[0]").json()["results"]] == ["elsewhere"]
    assert client.get(f"{url}?node=nobody").json()["results"] == []
    for wrong in ("", "?node=a&path=lines", "?node=a&page_size=0", "?node=a&what=1"):
        assert client.get(f"{url}{wrong}").status_code == 400, wrong
    assert api(charlie).get(f"{url}?node=a").status_code == 404


def test_a_page_ends_before_it_is_too_much(
    workspace: Workspace, execution_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "MOST_TOGETHER", 100)
    write(workspace, execution_id, "x" * 200, *["y" * 40] * 4)

    def page(after: int) -> tuple[int, bool]:
        with tenant(workspace.id):
            found, more = steps.step_list(
                workspace_id=workspace.id, execution_id=execution_id, node_id="a", after=after
            )
        return len(found), more

    assert [page(0), page(1), page(3)] == [(1, True), (2, True), (2, False)]
