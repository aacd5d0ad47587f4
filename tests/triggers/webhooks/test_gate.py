"""What a webhook lets in, what it makes of it, and what it answers."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.executions.worker.dispatcher import Dispatcher
from apps.triggers import deliveries
from apps.triggers.models import Delivery
from tests.triggers.conftest import Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration
ECHO = node("echo", "ACTION.TRANSFORM", fields=[{"name": "seen", "value": "{{ $json }}"}])


@pytest.fixture(autouse=True)
def fresh() -> None:
    deliveries.forget()


def live(office: Office, **params: Any) -> None:
    office.activate(definition(hook(**({"respond": "immediately"} | params)), ECHO))


def inputs(office: Office) -> list[Any]:
    with tenant(office.workspace.id):
        return [each.input for each in Execution.objects.order_by("id")]


def test_addresses_networks_and_proxies(office: Office, caller: Caller, settings: Any) -> None:
    live(office, allowed_ips=["203.0.113.0/24", "2001:db8::/32", "127.0.0.1"])
    assert caller.post("/webhooks/acme/orders", {}).status_code == 202

    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    for forwarded, status in (
        ("203.0.113.7", 202),
        ("198.51.100.1", 403),
        ("203.0.113.7, 198.51.100.1", 403),  # what stands to the left of a stranger, the stranger made up
        ("198.51.100.1, 203.0.113.7", 202),
        ("2001:db8::1", 202),
        ("::ffff:203.0.113.9", 202),
    ):
        answer = caller.post("/webhooks/acme/orders", {}, x_forwarded_for=forwarded)
        assert answer.status_code == status, forwarded
    assert caller.post("/webhooks/acme/orders", {}, x_forwarded_for="198.51.100.1").json()["code"] == (
        "triggers.sender_refused"
    )


def test_required_headers_and_size(office: Office, caller: Caller) -> None:
    live(office, required_headers=[{"name": "X-Kind", "value": "order"}, {"name": "X-Any"}], max_bytes=50)

    assert caller.post("/webhooks/acme/orders", {}, x_kind="order", x_any="1").status_code == 202
    for headers in ({"x_kind": "order"}, {"x_kind": "orders", "x_any": "1"}, {"x_kind": "ördér", "x_any": "1"}):
        answer = caller.post("/webhooks/acme/orders", {}, **headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "triggers.header_missing")
    answer = caller.post("/webhooks/acme/orders", {"text": "x" * 50}, x_kind="order", x_any="1")
    assert (answer.status_code, answer.json()["code"]) == (413, "triggers.delivery_too_large")


def test_several_methods(office: Office, caller: Caller) -> None:
    live(office, other_methods=["PUT", "GET"])

    for method in ("POST", "PUT", "GET"):
        assert caller.post("/webhooks/acme/orders", None, method=method).status_code == 202
    refused = caller.post("/webhooks/acme/orders", None, method="PATCH")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, POST, PUT")


def test_a_rate_of_its_own(office: Office, caller: Caller) -> None:
    live(office, most_per_minute=3)

    answers = [caller.post("/webhooks/acme/orders", {}) for _ in range(5)]

    assert [each.status_code for each in answers] == [202, 202, 202, 429, 429]
    assert int(answers[3]["Retry-After"]) <= 60
    with tenant(office.workspace.id):
        kept = Delivery.objects.filter(verdict="limited")
        assert [(each.code, each.is_whole) for each in kept] == [("core.too_many_requests", True)] * 2


def test_an_id_in_a_header_of_the_senders_own(office: Office, caller: Caller) -> None:
    live(office, id_header="X-Event-Id")

    for number in (1, 1, 2):
        caller.post("/webhooks/acme/orders", {"n": number}, x_event_id=str(number), idempotency_key="same")
    assert [each["body"]["n"] for each in inputs(office)] == [1, 2]


def test_the_request_is_transformed_before_the_workflow_sees_it(office: Office, caller: Caller) -> None:
    live(
        office,
        transform={"order": "{{ $json.body.items.map(i => i).length }}", "from": "{{ $json.headers['x-shop'] }}"},
    )

    caller.post("/webhooks/acme/orders", {"items": [1, 2]}, x_shop="berlin")
    failed = caller.post("/webhooks/acme/orders", {"items": 5}, x_shop="berlin")

    assert inputs(office) == [{"order": 2, "from": "berlin"}]
    assert (failed.status_code, failed.json()["code"]) == (400, "triggers.transform_failed")


def test_the_answer_is_the_webhooks_own(office: Office, engine: Dispatcher, caller: Caller) -> None:
    reply = {"status": 201, "headers": {"X-Order": "{{ $json.body.id }}"}, "body": {"got": "{{ $json.body.id }}"}}
    live(office, reply=reply)
    answer = caller.post("/webhooks/acme/orders", {"id": "A-1"})
    assert (answer.status_code, answer.json(), answer["X-Order"]) == (201, {"got": "A-1"}, "A-1")

    result = {"status": "{{ $json.seen.body.id == 'A-1' ? 203 : 409 }}", "body": "{{ $trigger.method }} done"}
    live_with_result = hook(path="result", reply=result)
    office.activate(definition(live_with_result, ECHO), name="Result")
    answer = caller.post("/webhooks/acme/result", {"id": "A-1"})
    assert (answer.status_code, answer.content) == (203, b"POST done")
    assert answer["Content-Security-Policy"].startswith("sandbox")


def test_an_answer_that_cannot_be_made_says_so(office: Office, caller: Caller) -> None:
    live(office, reply={"status": "{{ $json.body.status }}"})

    answer = caller.post("/webhooks/acme/orders", {"status": "never"})
    assert (answer.status_code, answer.json()["code"]) == (500, "triggers.reply_failed")
    assert len(inputs(office)) == 1  # it was taken in all the same
