"""Test runs over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from tests.executions.api.conftest import Make
from tests.executions.conftest import Engine, definition, fields, node

Api = Callable[..., APIClient]


def url(workflow: Any) -> str:
    return f"/api/v1/app/workflows/{workflow.id}/test/"


def test_a_node_is_tested_and_its_end_waited_for(engine: Engine, api: Api, bob: User, make: Make) -> None:
    body = {"scope": "node", "node": "double", "input": {"number": 21}, "wait": 10}
    answer = api(bob).post(url(make()), body, format="json")
    assert answer.status_code == 201, answer.json()
    found = answer.json()
    assert (found["status"], found["mode"], found["version"], found["output"]) == (
        "SUCCESS",
        "test",
        None,
        {"twice": 42},
    )
    detail = api(bob).get(answer["Location"]).json()
    assert {run["node_id"]: run.get("kept_from") for run in detail["node_runs"]} == {"t": found["id"], "double": None}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"scope": "node", "node": "double"}, 409, "executions.no_data_for_node"),
        ({"scope": "node"}, 400, "core.invalid"),
        ({"scope": "some"}, 400, "core.invalid"),
        ({"pinned": [1]}, 400, "core.invalid"),
        ({"pins": {}}, 400, "core.invalid"),
        ({"version": "published", "node": 5}, 400, "core.invalid"),
        ({"wait": 31}, 400, "core.invalid"),
    ],
)
def test_what_cannot_be_tested_is_refused(api: Api, alice: User, make: Make, body: Any, status: int, code: str) -> None:
    answer = api(alice).post(url(make()), body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()


def test_what_is_not_published_has_no_published_version(api: Api, alice: User, make: Make) -> None:
    answer = api(alice).post(url(make(is_draft=True)), {"version": "published"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "executions.no_version")


def test_outsiders_test_nothing(api: Api, charlie: User, make: Make) -> None:
    assert api(charlie).post(url(make()), {}, format="json").status_code == 404


def test_it_pauses_at_a_breakpoint_and_is_stepped_on(engine: Engine, api: Api, bob: User, make: Make) -> None:
    answer = api(bob).post(url(make()), {"breakpoints": ["double"], "input": {"number": 4}}, format="json")
    assert answer.status_code == 201, answer.json()
    engine.poke()
    at = answer["Location"]
    found = engine.until(UUID(answer.json()["id"]), "PAUSED")
    assert api(bob).get(at).json()["hold"]["nodes"] == [["", "double"]]
    assert found["hold"]["by"] == "breakpoint"
    assert api(bob).post(f"{at}continue/", {"how": "step"}, format="json").status_code == 200
    engine.poke()
    assert engine.until(UUID(answer.json()["id"]))["output"] == {"twice": 8}
    assert api(bob).post(f"{at}hold/", {}, format="json").status_code == 409


def test_a_breakpoint_is_a_node(api: Api, alice: User, make: Make) -> None:
    answer = api(alice).post(url(make()), {"breakpoints": ["gone"]}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "breakpoints[0]")


def test_what_it_can_be_tested_with(engine: Engine, api: Api, bob: User, charlie: User, make: Make) -> None:
    workflow = make()
    for number in (21, 21, 4):
        api(bob).post(url(workflow), {"input": {"number": number}}, format="json")
    at = f"/api/v1/app/workflows/{workflow.id}/test-data/"
    found = api(bob).get(at).json()
    assert [(one["node_id"], one["example"]) for one in found] == [("t", {"number": "…"})]
    assert [one["input"] for one in found[0]["recorded"]] == [{"number": 4}, {"number": 21}]
    assert {one["mode"] for one in found[0]["recorded"]} == {"test"}
    assert api(charlie).get(at).status_code == 404


def test_of_a_webhook_the_body_is_given(api: Api, alice: User, make: Make) -> None:
    document = definition(
        [
            node("hook", "TRIGGER.WEBHOOK", path="orders"),
            node("a", "ACTION.TRANSFORM", fields=fields(b="{{ $json.body.id }}")),
        ],
        ["hook > a"],
    )
    workflow = make(document, is_draft=True)
    api(alice).post(url(workflow), {"input": {"id": 7}}, format="json")
    (found,) = api(alice).get(f"/api/v1/app/workflows/{workflow.id}/test-data/").json()
    assert (found["example"], found["recorded"][0]["input"]) == ({"id": "…"}, {"id": 7})
