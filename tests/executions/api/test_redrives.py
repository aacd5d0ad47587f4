"""Redriving many over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.core import clock
from apps.executions import launch, redrives, services
from apps.executions.launch import Start
from tests.cast import Cast
from tests.executions.api.conftest import Make

Api = Callable[..., APIClient]
LIST = "/api/v1/app/redrives/"
CANCELED = {"status": ["CANCELED"]}


@pytest.fixture
def ended(cast: Cast, make: Make) -> list[UUID]:
    """Three cancelled executions."""
    workflow, found = make(), []
    for number in range(3):
        start = Start(workflow_id=workflow.id, given={"number": number})
        common: Any = {"workspace_id": cast.workspace.id, "now": clock.now()}
        found.append(launch.execution_launch(actor=cast.owner, start=start, **common).id)
        services.execution_cancel(execution_id=found[-1], by="alice", **common)
    return found


def work(cast: Cast, redrive_id: str) -> None:
    while redrives.redrive_work(workspace_id=cast.workspace.id, redrive_id=UUID(redrive_id)):
        pass


def test_all_that_fit_are_redriven_and_counted(api: Api, bob: User, cast: Cast, ended: list[UUID]) -> None:
    client = api(bob)
    answer = client.post(LIST, CANCELED, format="json")
    assert answer.status_code == 201, answer.json()
    found = answer.json()
    assert (found["status"], found["total"], found["progress"]["pending"]) == ("running", 3, 3)
    assert found["asked"] == {"status": ["CANCELED"]}
    assert found["started_by"]["label"] == "bob@example.com"
    assert answer["Location"] == f"{LIST}{found['id']}/"

    work(cast, found["id"])

    found = client.get(answer["Location"]).json()
    assert (found["status"], found["progress"]["started"], found["progress"]["running"]) == ("done", 3, 3)
    first = client.get(f"{answer['Location']}items/?page_size=2").json()
    second = client.get(first["next"]).json()
    assert [row["source_id"] for row in first["results"] + second["results"]] == [str(each) for each in ended]
    assert second["next"] is None
    assert {row["state"] for row in first["results"]} == {"started"}
    assert [row["id"] for row in client.get(LIST).json()["results"]] == [found["id"]]
    assert client.get(f"{answer['Location']}items/?state=refused").json()["results"] == []


def test_some_are_named_by_their_ids(api: Api, alice: User, ended: list[UUID]) -> None:
    found = api(alice).post(LIST, {"ids": [str(ended[0]), str(ended[2])]}, format="json").json()
    assert (found["total"], found["asked"]) == (2, {"count": 2})


def test_the_filter_narrows(api: Api, alice: User, cast: Cast, ended: list[UUID]) -> None:
    def total(**given: Any) -> Any:
        return api(alice).post(LIST, CANCELED | given, format="json").json().get("total")

    assert total(error_code="executions.canceled") == 3
    assert total(error_code="http.status") is None
    later = (clock.now() + timedelta(minutes=1)).isoformat()
    assert total(since=later) is None
    assert total(until=later) == 3
    assert total(workflow_id=str(cast.workspace.id)) is None


def test_a_redrive_is_cancelled_once(api: Api, alice: User, ended: list[UUID]) -> None:
    client = api(alice)
    made = client.post(LIST, CANCELED, format="json")["Location"]
    answer = client.post(f"{made}cancel/")
    assert (answer.status_code, answer.json()["status"], answer.json()["progress"]["canceled"]) == (200, "canceled", 3)
    answer = client.post(f"{made}cancel/")
    assert (answer.status_code, answer.json()["code"]) == (409, "executions.redrive_ended")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 409, "executions.nothing_to_redrive"),
        ({"status": ["SUCCESS"]}, 400, "core.invalid"),
        ({"status": "ERROR"}, 400, "core.invalid"),
        ({"ids": ["x"]}, 400, "core.invalid"),
        ({"ids": [], "error_code": "x"}, 400, "core.invalid"),
        ({"version": "draft"}, 400, "core.invalid"),
        ({"workflow": "x"}, 400, "core.invalid"),
        ({"since": "yesterday"}, 400, "core.invalid"),
    ],
)
def test_what_cannot_be_redriven_is_refused(
    api: Api, alice: User, ended: list[UUID], body: Any, status: int, code: str
) -> None:
    answer = api(alice).post(LIST, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()


def test_outsiders_see_nothing_of_it(api: Api, alice: User, charlie: User, ended: list[UUID]) -> None:
    made = api(alice).post(LIST, CANCELED, format="json")["Location"]
    client = api(charlie)
    assert client.get(made).status_code == 404
    assert client.get(f"{made}items/").status_code == 404
    assert client.post(f"{made}cancel/").status_code == 404
    assert client.get(LIST).json()["results"] == []
