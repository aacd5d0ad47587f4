"""Variables over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cast import Cast
from tests.workflows import definitions

URL = "/api/v1/app/variables/"

pytestmark = pytest.mark.django_db


def test_the_owner_changes_them_and_members_read_them(api: Callable[..., Any], cast: Cast) -> None:
    alice, bob = api(cast.alice), api(cast.bob)
    made = alice.post(URL, {"key": "region", "value": {"name": "eu"}, "note": "Where we are"}, format="json").json()
    assert (made["key"], made["value"], made["updated_by"]) == ("region", {"name": "eu"}, "alice@example.com")
    alice.post(URL, {"key": "is_live", "value": False}, format="json")

    assert [row["key"] for row in bob.get(URL).json()["results"]] == ["is_live", "region"]
    assert [row["key"] for row in bob.get(URL, {"q": "where"}).json()["results"]] == ["region"]
    assert bob.get(URL, {"query": "a"}).status_code == 400
    one = f"{URL}{made['id']}/"
    assert bob.get(one).json()["note"] == "Where we are"
    assert bob.patch(one, {"value": 1}, format="json").status_code == 403

    assert alice.patch(one, {"value": [1]}, format="json").json()["value"] == [1]
    assert alice.patch(one, {"note": ""}, format="json").json()["value"] == [1]
    assert alice.patch(one, {"value": None}, format="json").status_code == 400
    assert alice.patch(one, {"key": "other"}, format="json").status_code == 400
    assert alice.delete(one).status_code == 204
    assert alice.delete(one).json()["code"] == "workflows.variable_not_found"


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({"key": "region", "value": 1}, 409, "key"),
        ({"key": "a-b", "value": 1}, 400, "key"),
        ({"key": "a"}, 400, "value"),
        ({"key": "a", "value": None}, 400, "value"),
        ({"key": "a", "value": "x" * 40_000}, 413, "value"),
        ({"key": "a", "value": 1, "scope": "all"}, 400, "scope"),
    ],
)
def test_what_is_wrong_is_named(api: Callable[..., Any], cast: Cast, body: Any, status: int, path: str) -> None:
    alice = api(cast.alice)
    alice.post(URL, {"key": "region", "value": 1}, format="json")
    refused = alice.post(URL, body, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (status, path)


def test_the_lint_knows_them(api: Callable[..., Any], cast: Cast) -> None:
    alice = api(cast.alice)
    definition = definitions.small()
    definition["nodes"][1]["params"] = {"fields": [{"name": "r", "value": "{{ $vars.regoin }}"}]}

    def findings() -> list[Any]:
        answer = alice.post("/api/v1/app/workflows/validate/", {"definition": definition}, format="json").json()
        return [found for found in answer["findings"] if found["code"] == "reference.unknown_variable"]

    assert findings()[0]["fix"] == "Make it in the settings, under Variables."
    alice.post(URL, {"key": "region", "value": 1}, format="json")
    assert findings()[0]["fix"] == "Did you mean “region”?"
    assert findings()[0]["severity"] == "warning"
    alice.post(URL, {"key": "regoin", "value": 1}, format="json")
    assert findings() == []
