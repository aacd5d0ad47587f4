"""Doing executions again over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import launch, services
from apps.executions.launch import Start
from apps.executions.models import Execution
from tests.cast import Cast
from tests.executions.api.conftest import Make

Api = Callable[..., APIClient]
LIST = "/api/v1/app/executions"


@pytest.fixture
def ended(cast: Cast, make: Make) -> UUID:
    """A cancelled execution."""
    start = Start(workflow_id=make().id, given={"number": 2})
    found = launch.execution_launch(workspace_id=cast.workspace.id, actor=cast.owner, start=start, now=clock.now()).id
    services.execution_cancel(workspace_id=cast.workspace.id, execution_id=found, now=clock.now(), by="alice")
    return found


def test_an_empty_request_does_it_again_from_the_start(api: Api, bob: User, cast: Cast, ended: UUID) -> None:
    answer = api(bob).post(f"{LIST}/{ended}/rerun/", {}, format="json")
    assert answer.status_code == 201, answer.json()
    assert answer["Location"] == f"{LIST}/{answer.json()['id']}/"
    with tenant(cast.workspace.id):
        found = Execution.objects.get(id=answer.json()["id"])
    assert (found.rerun_of, found.input, found.seq, found.mode) == (ended, {"number": 2}, 0, "production")
    assert found.started_by == {
        "kind": "user",
        "id": str(bob.id),
        "label": "bob@example.com",
        "rerun_of": str(ended),
    }
    assert api(bob).get(f"{LIST}/{found.id}/").json()["rerun_of"] == str(ended)


def test_another_input_may_be_null_and_must_fit(api: Api, alice: User, cast: Cast, ended: UUID) -> None:
    answer = api(alice).post(f"{LIST}/{ended}/rerun/", {"input": None}, format="json")
    assert answer.status_code == 201, answer.json()
    with tenant(cast.workspace.id):
        assert Execution.objects.get(id=answer.json()["id"]).input == {}


def test_the_draft_makes_it_a_test(api: Api, alice: User, ended: UUID) -> None:
    answer = api(alice).post(f"{LIST}/{ended}/rerun/", {"version": "draft"}, format="json")
    assert (answer.status_code, answer.json()["mode"], answer.json()["version"]) == (201, "test", None)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"from": "double"}, 409, "executions.rerun_does_not_fit"),
        ({"from": "node:start"}, 409, "executions.rerun_does_not_fit"),
        ({"from": "failed", "input": 1}, 400, "core.invalid"),
        ({"from": 5}, 400, "core.invalid"),
        ({"form": "start"}, 400, "core.invalid"),
        ({"version": "oldest"}, 400, "core.invalid"),
        ([], 400, "core.invalid"),
    ],
)
def test_what_cannot_be_done_is_refused(api: Api, alice: User, ended: UUID, body: Any, status: int, code: str) -> None:
    answer = api(alice).post(f"{LIST}/{ended}/rerun/", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    assert answer.json()["errors"]


def test_outsiders_and_viewers_do_nothing_again(api: Api, cast: Cast, charlie: User, ended: UUID) -> None:
    assert api(charlie).post(f"{LIST}/{ended}/rerun/", {}, format="json").status_code == 404
