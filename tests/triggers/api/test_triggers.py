"""Triggers over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.triggers import deliveries
from tests.triggers.conftest import Caller, Office, definition, hook, node

Api = Callable[..., Any]
pytestmark = pytest.mark.integration

ECHO = node("echo", "ACTION.TRANSFORM", fields=[{"name": "id", "value": "1"}])
APP = "/api/v1/app"


@pytest.fixture(autouse=True)
def fresh() -> None:
    deliveries.forget()


def test_triggers_are_added_changed_and_removed_in_the_draft(office: Office, api: Api) -> None:
    workflow = office.activate(definition(hook(), ECHO))
    client, url = api(office.cast.bob), f"{APP}/workflows/{workflow.id}/triggers/"

    made = client.post(url, {"subtype": "CRON", "params": {"expression": "every day at 9"}}, format="json")
    changed = client.patch(f"{url}cron/", {"params": {"timezone": "Europe/Berlin"}, "name": "Nine"}, format="json")
    listed = client.get(url).json()
    detail = client.get(f"{url}cron/").json()

    assert (made.status_code, made.json()["node_id"], made.json()["state"]) == (201, "cron", "draft")
    assert changed.json()["name"] == "Nine"
    assert [(row["node_id"], row["state"], row["is_published"]) for row in listed] == [
        ("hook", "active", True),
        ("cron", "draft", False),
    ]
    assert len(detail["next_times"]) == 10
    document = client.get(f"{APP}/workflows/{workflow.id}/").json()["definition"]
    added = next(each for each in document["nodes"] if each["id"] == "cron")
    assert added["params"] == {"expression": "every day at 9", "timezone": "Europe/Berlin"}
    assert {"from": "cron", "port": "main", "to": "echo"} in document["connections"]

    assert client.delete(f"{url}cron/").status_code == 204
    assert client.patch(f"{url}cron/", {"name": "x"}, format="json").status_code == 404
    wrong = client.post(url, {"subtype": "CRN"}, format="json")
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (400, "subtype")


def test_is_active_switches_the_live_trigger_at_once(office: Office, api: Api, caller: Caller) -> None:
    workflow = office.activate(definition(hook(respond="immediately"), ECHO))
    client, url = api(office.cast.bob), f"{APP}/workflows/{workflow.id}/triggers/hook/"

    off = client.patch(url, {"is_active": False}, format="json").json()
    assert caller.post("/webhooks/acme/orders", {}).status_code == 503
    on = client.post(f"{url}resume/").json()
    assert caller.post("/webhooks/acme/orders", {}).status_code == 202

    assert (off["state"], off["is_active"], on["state"], on["is_active"]) == ("paused", False, "active", True)
    assert client.get(f"{APP}/workflows/{workflow.id}/").json()["has_unpublished_changes"] is False


def test_the_webhooks_of_the_workspace(office: Office, api: Api) -> None:
    office.activate(definition(hook(other_methods=["PUT"]), ECHO))
    office.activate(definition(node("clock", "TRIGGER.CRON", expression="every day at 9"), ECHO), name="Clock")

    (found,) = api(office.cast.bob).get(f"{APP}/webhooks/").json()["results"]

    assert (found["methods"], found["workflow_name"]) == (["POST", "PUT"], "Orders")
    assert found["url"].endswith("/webhooks/acme/orders")


@pytest.mark.parametrize(
    "secret",
    [
        {"kind": "none"},
        {"kind": "header", "header": "X-Token", "value": "correct horse"},
        {"kind": "hmac", "preset": "github", "secret": "correct horse"},
        {"kind": "hmac", "preset": "slack", "secret": "correct horse"},
        {"kind": "hmac", "preset": "stripe", "secret": "correct horse"},
        {"kind": "hmac", "preset": "standard", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {
            "kind": "own",
            "secret": "correct horse",
            "header": "X-Sign",
            "algorithm": "sha512",
            "encoding": "base64",
            "prefix": "s1:",
            "signed": "{id}.{timestamp}.{body}",
            "timestamp_header": "X-Time",
            "id_header": "X-Id",
        },
    ],
)
def test_a_webhook_tries_itself_through_its_own_door(office: Office, api: Api, secret: dict[str, Any]) -> None:
    params = {
        "secret": secret,
        "allowed_ips": ["203.0.113.0/24"],
        "required_headers": [{"name": "X-Kind", "value": "order"}],
    }
    workflow = office.activate(definition(hook(respond="immediately", **params), ECHO))
    client = api(office.cast.bob)

    found = client.post(f"{APP}/workflows/{workflow.id}/triggers/hook/try/").json()

    assert (found["is_right"], found["status"]) == (True, 200), found
    assert found["proves"] is (secret["kind"] != "none")
    assert client.get(f"{APP}/executions/").json()["results"] == []
    client.post(f"{APP}/workflows/{workflow.id}/triggers/hook/pause/")
    off = client.post(f"{APP}/workflows/{workflow.id}/triggers/hook/try/").json()
    assert (off["is_right"], off["code"]) == (False, "triggers.trigger_paused")


def test_a_schedule_is_looked_at_before_it_is_saved(office: Office, api: Api) -> None:
    client, url = api(office.cast.bob), f"{APP}/schedules/preview/"

    right = client.post(url, {"expression": "every weekday at 9:00", "timezone": "Europe/Berlin"}, format="json")
    wrong = client.post(url, {"expression": "every noww and then"}, format="json")
    closed = client.post(
        url, {"expression": "every day at 3:00", "windows": [{"begins": "09:00", "ends": "17:00"}]}, format="json"
    )

    assert len(right.json()["next_times"]) == 10
    assert wrong.status_code == closed.status_code == 400
    assert "is not understood" in wrong.json()["errors"][0]["message"]
    assert "never comes due inside its windows" in closed.json()["errors"][0]["message"]
