"""The inbox over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.triggers import deliveries
from tests.triggers.conftest import Caller, Office, definition, hook, node

Api = Callable[..., Any]
pytestmark = pytest.mark.integration

ECHO = node("echo", "ACTION.TRANSFORM", fields=[{"name": "id", "value": "1"}])
SECRET = {"kind": "hmac", "preset": "generic", "secret": "correct horse"}
APP = "/api/v1/app"


@pytest.fixture(autouse=True)
def fresh() -> None:
    deliveries.forget()


def test_what_arrived_is_listed_filtered_shown_and_replayed(office: Office, api: Api, caller: Caller) -> None:
    workflow = office.activate(definition(hook(respond="immediately"), ECHO))
    caller.post("/webhooks/acme/orders?a=1", {"id": "A-1"}, idempotency_key="key-1", x_api_key="hidden away")
    caller.post("/webhooks/acme/orders", {"id": "A-1"}, idempotency_key="key-1")
    caller.post("/webhooks/acme/nothing", {"id": "A-1"})
    client = api(office.cast.bob)

    def listed(query: str = "") -> list[Any]:
        found: list[Any] = client.get(f"{APP}/deliveries/?{query}").json()["results"]
        return found

    assert [row["verdict"] for row in listed()] == ["refused", "duplicate", "accepted"]
    assert len(listed(f"workflow_id={workflow.id}")) == 2
    assert [row["verdict"] for row in listed("verdict=accepted")] == ["accepted"]
    assert len(listed("q=key-1")) == 2
    assert listed("source=schedule") == []
    assert client.get(f"{APP}/deliveries/?verdict=lost").status_code == 400

    (row,) = listed("verdict=accepted")
    shown = client.get(f"{APP}/deliveries/{row['id']}/").json()
    assert shown["content"]["body"] == {"id": "A-1"}
    assert shown["content"]["query"] == {"a": "1"}
    assert shown["content"]["headers"]["x-api-key"] == deliveries.HIDDEN
    assert (shown["execution_id"], shown["can_replay"], row["can_replay"]) == (row["id"], True, True)

    made = client.post(f"{APP}/deliveries/{row['id']}/replay/", {"version": "original"}, format="json")
    assert made.status_code == 201
    replayed = client.get(f"{APP}/deliveries/{made.json()['execution_id']}/").json()
    assert (replayed["replay_of"], replayed["external_id"]) == (row["id"], "key-1")
    execution = client.get(made.headers["Location"]).json()
    assert execution["input"]["body"] == {"id": "A-1"}
    unknown = next(each for each in listed() if each["workflow_id"] is None)
    refused = client.post(f"{APP}/deliveries/{unknown['id']}/replay/")
    assert (refused.status_code, refused.json()["code"]) == (409, "triggers.cannot_replay")


def test_a_job_over_http(office: Office, api: Api, caller: Caller) -> None:
    office.activate(definition(hook(respond="immediately"), ECHO))
    for number in range(3):
        caller.post("/webhooks/acme/orders", {"id": number})
    client = api(office.cast.bob)

    both = client.post(f"{APP}/replays/", {"ids": [], "verdict": "accepted"}, format="json")
    made = client.post(f"{APP}/replays/", {"source": "webhook"}, format="json")
    first = client.get(f"{APP}/deliveries/").json()["results"][0]["id"]
    named = client.post(f"{APP}/replays/", {"ids": [first], "verdict": "accepted"}, format="json")

    assert both.status_code == 201
    assert named.status_code == 400
    assert (made.status_code, made.json()["total"], made.json()["asked"]) == (201, 3, {"source": "webhook"})
    url = made.headers["Location"]
    assert client.get(url).json()["progress"]["pending"] == 3
    page = client.get(f"{url}items/?page_size=2").json()
    assert len(page["results"]) == 2
    assert len(client.get(page["next"]).json()["results"]) == 1
    assert client.post(f"{url}cancel/").json()["status"] == "canceled"
    assert client.post(f"{url}cancel/").status_code == 409


def test_nobody_sees_what_arrived_elsewhere(office: Office, api: Api, caller: Caller) -> None:
    office.activate(definition(hook(respond="immediately", secret=SECRET), ECHO))
    caller.post("/webhooks/acme/orders", {"id": "A-1"})
    (row,) = api(office.cast.bob).get(f"{APP}/deliveries/").json()["results"]

    outsider = api(office.cast.charlie)
    assert outsider.get(f"{APP}/deliveries/").json()["results"] == []
    assert outsider.get(f"{APP}/deliveries/{row['id']}/").status_code == 404
