"""Events over HTTP: who may post, what comes back, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.access.resolve import member_actor
from apps.accounts.services import api_key_create
from tests.cast import Cast

URL = "/api/v1/app/events/"
Api = Callable[..., Any]

pytestmark = pytest.mark.integration


def test_an_event_is_posted_once_and_found_again(committed_db: None, api: Api, cast: Cast) -> None:
    client = api(cast.bob)
    first = client.post(URL, {"name": "order.paid", "data": {"id": 7}, "id": "pay-1"}, format="json")
    again = client.post(URL, {"name": "order.paid", "data": {"id": 8}, "id": "pay-1"}, format="json")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert first.json() | {"id": "", "posted_at": "", "delivered_at": ""} == {
        "id": "",
        "external_id": "pay-1",
        "name": "order.paid",
        "data": {"id": 7},
        "posted_at": "",
        "posted_by": "bob@example.com",
        "delivered_at": "",
        "resolved_count": 0,
        "started": [],
        "refused": [],
    }
    assert client.get(first.headers["Location"]).json() == first.json()
    assert [each["external_id"] for each in client.get(URL, {"name": "order.paid"}).json()["results"]] == ["pay-1"]
    assert client.get(URL, {"name": "order"}).json()["results"] == []
    outsider = api(cast.charlie)
    assert outsider.get(URL).json()["results"] == []
    assert outsider.get(first.headers["Location"]).status_code == 404


def test_a_key_needs_the_scope(committed_db: None, api: Api, cast: Cast) -> None:
    actor = member_actor(cast.alice, "owner")
    for scope, status in (("event:post", 201), ("workflow:execute", 403)):
        key = api_key_create(workspace=cast.workspace, name=scope, scopes=[scope], actor=actor)
        assert api(key.secret).post(URL, {"name": "a"}, format="json").status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": "has spaces"}, 400),
        ({"name": "x" * 101}, 400),
        ({"name": 5}, 400),
        ({"name": "a", "nme": 1}, 400),
        ({"name": "a", "id": "x" * 201}, 400),
        ({"name": "a", "id": 5}, 400),
        ([], 400),
        ({"name": "a", "data": "x" * 70_000}, 413),
    ],
)
def test_what_is_no_event(committed_db: None, api: Api, cast: Cast, body: Any, status: int) -> None:
    assert api(cast.bob).post(URL, body, format="json").status_code == status
