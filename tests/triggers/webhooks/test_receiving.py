"""A webhook call, from the request to the answer, with the real engine in between."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from typing import Any

import pytest
from django.db import OperationalError

from apps.core.errors import Unavailable
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.executions.worker.dispatcher import Dispatcher
from apps.triggers.webhooks import front
from apps.triggers.webhooks.delivery import Delivery
from tests.triggers.conftest import Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration

TOTAL = node(
    "total",
    "ACTION.TRANSFORM",
    fields=[{"name": "total", "value": "{{ $json.body.items.map(i => i.price * i.quantity).sum() }}"}],
)
ASK = node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship?", timeout_seconds=3600)
FAIL = node("stop", "FLOW.STOP", outcome="error", message="No stock.")
ORDER = {"id": "A-1", "items": [{"price": 5, "quantity": 2}, {"price": 1, "quantity": 3}]}


def respond(**params: Any) -> dict[str, Any]:
    return node("answer", "FLOW.RESPOND", **params)


def executions(office: Office) -> list[Execution]:
    with tenant(office.workspace.id):
        return list(Execution.objects.filter(workspace_id=office.workspace.id).order_by("id"))


def test_the_caller_gets_what_respond_says(office: Office, engine: Dispatcher, caller: Caller) -> None:
    answer = respond(status=201, body={"order": "{{ $json.total }}"}, headers={"X-Order": "A-1"})
    office.activate(definition(hook(), TOTAL, answer))

    response = caller.post("/webhooks/acme/orders", ORDER)

    assert (response.status_code, json.loads(response.content)) == (201, {"order": 13})
    assert response["Content-Type"] == "application/json"
    assert response["X-Order"] == "A-1"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_without_respond_the_output_is_the_answer_with_and_without_final_slash(
    office: Office, engine: Dispatcher, caller: Caller
) -> None:
    office.activate(definition(hook(), TOTAL))

    for path in ("/webhooks/acme/orders", "/webhooks/acme/orders/"):
        response = caller.post(path, ORDER)
        assert (response.status_code, json.loads(response.content)) == (200, {"total": 13})


def test_a_text_is_sent_as_text(office: Office, engine: Dispatcher, caller: Caller) -> None:
    office.activate(definition(hook(), respond(body="Thank you, {{ $json.body.name }}.")))

    response = caller.post("/webhooks/acme/orders", {"name": "Zoë"})

    assert response.content.decode() == "Thank you, Zoë."
    assert response["Content-Type"] == "text/plain; charset=utf-8"


def test_respond_immediately_says_where_to_look(office: Office, caller: Caller) -> None:
    office.activate(definition(hook(respond="immediately"), TOTAL))

    response = caller.post("/webhooks/acme/orders", ORDER)

    found = json.loads(response.content)
    (execution,) = executions(office)
    assert response.status_code == 202
    assert (found["execution_id"], found["status"]) == (str(execution.id), "NEW")
    assert found["links"]["page"].endswith(f"/w/acme/executions/{execution.id}/")
    assert found["links"]["execution"].endswith(f"/api/v1/app/executions/{execution.id}")
    assert execution.reply_to is None


def test_the_workflow_sees_the_whole_delivery_but_no_credentials(
    office: Office, engine: Dispatcher, caller: Caller
) -> None:
    office.activate(definition(hook(secret={"kind": "header", "header": "X-Token", "value": "open sesame"})))

    response = caller.post(
        "/webhooks/acme/orders/?tag=a&tag=b&page=2",
        ORDER,
        x_token="open sesame",
        authorization="Bearer secret",
        cookie="a=secret",
        x_source="shop",
    )

    found = json.loads(response.content)
    assert found["body"] == ORDER
    assert found["query"] == {"tag": ["a", "b"], "page": "2"}
    assert (found["method"], found["path"]) == ("POST", "orders")
    assert found["headers"]["x-source"] == "shop"
    assert "secret" not in response.content.decode()
    assert "sesame" not in json.dumps(executions(office)[0].input)


def test_a_recorded_delivery_cannot_start_again_under_another_name(
    office: Office, engine: Dispatcher, caller: Caller
) -> None:
    key = b"a secret of ours"
    secret = {"kind": "hmac", "preset": "standard", "secret": "whsec_" + base64.b64encode(key).decode()}
    office.activate(definition(hook(secret=secret), TOTAL))
    sent_at, raw = str(int(time.time())), json.dumps(ORDER).encode()
    signature = base64.b64encode(hmac.digest(key, f"msg_1.{sent_at}.".encode() + raw, "sha256")).decode()
    signed = {"webhook_id": "msg_1", "webhook_timestamp": sent_at, "webhook_signature": f"v1,{signature}"}

    for name in ("one", "two"):
        assert caller.post("/webhooks/acme/orders", raw, idempotency_key=name, **signed).status_code == 200

    assert len(executions(office)) == 1


def test_when_a_person_is_asked_the_caller_is_sent_away(office: Office, engine: Dispatcher, caller: Caller) -> None:
    office.activate(definition(hook(), ASK, respond(body="done"), edges="hook > ask, ask.approved > answer"))

    response = caller.post("/webhooks/acme/orders", ORDER)

    found = json.loads(response.content)
    assert (response.status_code, found["status"]) == (202, "WAITING_FOR_HUMAN")
    assert response["Location"] == found["links"]["execution"]


def test_a_caller_waits_no_longer_than_the_webhook_says(office: Office, engine: Dispatcher, caller: Caller) -> None:
    wait = node("wait", "FLOW.WAIT", duration=30)
    office.activate(definition(hook(respond_timeout_seconds=0.5), wait))

    began = time.monotonic()
    response = caller.post("/webhooks/acme/orders", ORDER)

    assert response.status_code == 202
    assert time.monotonic() - began < 5


def test_a_failed_execution_is_a_500_with_the_node_and_the_reason(
    office: Office, engine: Dispatcher, caller: Caller
) -> None:
    office.activate(definition(hook(), FAIL))

    response = caller.post("/webhooks/acme/orders", ORDER)

    found = json.loads(response.content)
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert (found["code"], found["node"]) == ("executions.failed", "stop")
    assert found["error"]["message"] == "No stock."
    assert found["execution_id"] == str(executions(office)[0].id)


def test_a_delivery_sent_again_gets_the_first_answer_and_starts_nothing(
    office: Office, engine: Dispatcher, caller: Caller
) -> None:
    office.activate(definition(hook(), TOTAL, respond(status=201, body={"total": "{{ $json.total }}"})))
    again = {"idempotency_key": "order-1"}

    first = caller.post("/webhooks/acme/orders", ORDER, **again)
    second = caller.post("/webhooks/acme/orders", {"items": []}, **again)
    other = caller.post("/webhooks/acme/orders", {"items": []}, x_github_delivery="order-1")

    assert (second.status_code, second.content) == (first.status_code, first.content) == (201, b'{"total":13}')
    assert other.content == first.content
    assert len(executions(office)) == 1


def test_of_the_same_delivery_sent_ten_times_at_once_one_starts(
    office: Office, engine: Dispatcher, caller: Caller
) -> None:
    office.activate(definition(hook(), TOTAL))

    responses = caller.post_at_once(10, "/webhooks/acme/orders", ORDER, webhook_id="msg_1")

    assert {response.content for response in responses} == {b'{"total":13}'}
    assert len(executions(office)) == 1


def test_while_a_person_is_asked_a_blocking_workflow_refuses(
    office: Office, engine: Dispatcher, caller: Caller
) -> None:
    office.activate(definition(hook(), ASK, while_paused="block"))
    assert caller.post("/webhooks/acme/orders", ORDER).status_code == 202

    response = caller.post("/webhooks/acme/orders", ORDER)

    assert response.status_code == 409
    assert json.loads(response.content)["code"] == "executions.blocked_by_pause"
    assert len(executions(office)) == 1


def test_where_nobody_listens_is_404_and_another_method_405(office: Office, caller: Caller) -> None:
    workflow = office.activate(definition(hook(), TOTAL))

    missing = caller.post("/webhooks/acme/invoices", ORDER)
    stranger = caller.post("/webhooks/umbrella/orders", ORDER)
    wrong = caller.post("/webhooks/acme/orders", method="GET")
    office.pause(workflow)
    paused = caller.post("/webhooks/acme/orders", ORDER)

    assert [response.status_code for response in (missing, stranger, paused)] == [404, 404, 404]
    assert json.loads(missing.content)["code"] == "triggers.no_listener"
    assert "POST /webhooks/acme/invoices" in json.loads(missing.content)["detail"]
    assert (wrong.status_code, wrong["Allow"]) == (405, "POST")
    assert "POST" in json.loads(wrong.content)["detail"]


def test_a_change_of_the_webhook_counts_from_the_moment_it_is_published(office: Office, caller: Caller) -> None:
    workflow = office.activate(definition(hook(respond="immediately")))
    assert caller.post("/webhooks/acme/orders", ORDER).status_code == 202

    secret = {"kind": "header", "value": "open sesame"}
    office.republish(workflow, definition(hook(respond="immediately", path="bestellungen", secret=secret)))

    assert caller.post("/webhooks/acme/orders", ORDER).status_code == 404
    assert caller.post("/webhooks/acme/bestellungen", ORDER).status_code == 401
    right = caller.post("/webhooks/acme/bestellungen", ORDER, x_webhook_secret="open sesame")
    assert right.status_code == 202


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b'{"a": ', "application/json", 400, "core.not_json"),
        (b'{"a": NaN}', "application/json", 400, "core.not_json"),
        (b'{"a": "\\u0000"}', "application/json", 400, "core.not_json"),
        (b'"\xff"', "application/json", 400, "core.not_json"),
        (b"[" * 200 + b"]" * 200, "application/json", 400, "core.json_too_deep"),
        (b"a=%00", "application/x-www-form-urlencoded", 400, "core.not_json"),
        (b"a=%ff", "application/x-www-form-urlencoded", 400, "core.invalid"),
        (b"\xff\xfe", "text/plain", 415, "triggers.not_text"),
        (b"\x89PNG", "image/png", 415, "triggers.not_text"),
        (b"x" * 5_000_000, "application/json", 413, "triggers.delivery_too_large"),
    ],
)
def test_what_cannot_be_understood_is_refused_and_starts_nothing(
    office: Office, caller: Caller, body: bytes, kind: str, status: int, code: str
) -> None:
    office.activate(definition(hook(respond="immediately")))

    response = caller.post("/webhooks/acme/orders", body, content_type=kind)

    assert (response.status_code, json.loads(response.content)["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert executions(office) == []


def test_while_the_database_is_away_the_sender_is_asked_to_come_again(
    office: Office, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused")

    office.activate(definition(hook()))
    monkeypatch.setattr("apps.triggers.webhooks.receiver.PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr("apps.triggers.selectors.webhook_find", away)

    response = caller.post("/webhooks/acme/orders", ORDER)

    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert json.loads(response.content)["code"] == "core.unavailable"


def test_the_view_behind_the_url_configuration_does_the_same(
    office: Office, engine: Dispatcher, django_asgi_caller: Caller
) -> None:
    office.activate(definition(hook(), TOTAL))

    right = django_asgi_caller.post("/webhooks/acme/orders/", ORDER)
    missing = django_asgi_caller.post("/webhooks/acme/invoices", ORDER)
    large = django_asgi_caller.post("/webhooks/acme/orders", b"x" * 1_000_001)

    assert (right.status_code, right.json()) == (200, {"total": 13})
    assert (missing.status_code, missing.json()["code"]) == (404, "triggers.no_listener")
    assert (large.status_code, large.json()["code"]) == (413, "triggers.delivery_too_large")


def test_an_address_without_a_path_is_404(caller: Caller) -> None:
    for path in ("/webhooks/", "/webhooks/acme", "/webhooks/acme/", "/webhooks//orders"):
        assert caller.post(path).status_code == 404


def test_an_address_with_a_nul_is_refused(committed_db: None, caller: Caller) -> None:
    response = caller.post("/webhooks/acme/\x00")
    assert (response.status_code, response.json()["code"]) == (400, "core.invalid")


def test_nobody_stands_in_line_for_a_database_that_is_away(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        time.sleep(0.4)
        raise OperationalError("connection refused")

    monkeypatch.setattr("apps.triggers.selectors.webhook_find", away)
    monkeypatch.setattr("apps.triggers.webhooks.receiver.PATIENCE_SECONDS", 0.2)
    delivery = Delivery(workspace="acme", path="orders", method="POST", headers={}, query="", body=b"")

    async def all_at_once() -> list[object]:
        return await asyncio.gather(*(front.respond(delivery) for _ in range(60)), return_exceptions=True)

    began = time.monotonic()
    assert {type(each) for each in asyncio.run(all_at_once())} == {Unavailable}
    assert time.monotonic() - began < 1.8
