"""The pages of triggers, deliveries and replays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.triggers import deliveries
from apps.triggers.models import Delivery, Replay
from apps.triggers.services import schedules_fire
from apps.workflows import selectors as workflows
from tests.triggers.conftest import Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration
ECHO = node("echo", "ACTION.TRANSFORM", fields=[{"name": "id", "value": "{{ $json.body.id }}"}])
W = "/w/acme"


@pytest.fixture
def page(office: Office) -> Client:
    """Bob's browser."""
    deliveries.forget()
    client = Client()
    client.force_login(office.cast.bob)
    return client


def text(page: Client, path: str, status: int = 200) -> str:
    answer = page.get(f"{W}{path}")
    assert answer.status_code == status, answer.content[:500]
    return " ".join(answer.content.decode().split())


def both(office: Office, **params: Any) -> Any:
    clock_node = node("clock", "TRIGGER.CRON", expression="every weekday at 9:00", timezone="Europe/Berlin")
    document = definition(hook(respond="immediately", **params), clock_node, ECHO, edges="hook > echo, clock > echo")
    return office.activate(document)


def test_triggers_with_their_health(office: Office, page: Client, caller: Caller) -> None:
    workflow = both(office, secret={"kind": "hmac", "preset": "generic", "secret": "correct horse"})
    schedules_fire(now=clock.now())
    caller.post("/webhooks/acme/orders", {"id": "<b>1"}, x_signature="00")

    listed = text(page, "/triggers/")
    health = text(page, f"/triggers/{workflow.id}/hook/")
    times = text(page, f"/triggers/{workflow.id}/clock/")

    assert listed.count("Live") == 2
    assert "every weekday at 9:00" in listed
    assert "/webhooks/acme/orders" in health
    assert "the signature does not match" in health
    assert times.count(" 09:00:00 CET") + times.count(" 09:00:00 CEST") == 10
    text(page, f"/triggers/{workflow.id}/nothing/", 404)
    page.post(f"{W}/triggers/{workflow.id}/hook/try/")
    assert "The self-test passed. A signed delivery was let in, and a forged one refused." in text(
        page, f"/triggers/{workflow.id}/hook/"
    )


def test_switching_one_off_and_on(office: Office, page: Client, caller: Caller) -> None:
    workflow = both(office)
    page.post(f"{W}/triggers/{workflow.id}/hook/switch/", {"to": "off", "reason": "Sends nonsense"})
    assert caller.post("/webhooks/acme/orders", {}).status_code == 503
    assert "Switched off by bob@example.com: Sends nonsense" in text(page, f"/triggers/{workflow.id}/hook/")

    page.post(f"{W}/triggers/{workflow.id}/hook/switch/", {"to": "on"})
    assert caller.post("/webhooks/acme/orders", {}).status_code == 202


def test_a_delivery_is_shown_escaped_and_replayed(office: Office, page: Client, caller: Caller) -> None:
    both(office)
    caller.post("/webhooks/acme/orders", {"id": "<img src=x>"}, authorization="Bearer canary-1", x_api_key="canary-2")
    with tenant(office.workspace.id):
        found = Delivery.objects.get()

    shown = text(page, f"/deliveries/{found.id}/")
    assert "&lt;img src=x&gt;" in shown
    assert "canary" not in shown
    answer = page.post(f"{W}/deliveries/{found.id}/replay/", {"version": "original"})
    with tenant(office.workspace.id):
        made = Execution.objects.order_by("-id")[0]
    assert answer.headers["Location"] == f"{W}/executions/{made.id}/"
    assert str(made.id)[-6:] in text(page, f"/deliveries/{found.id}/")
    assert "POST /orders" in text(page, "/deliveries/?verdict=accepted&source=webhook&q=orders&workflow=nonsense")
    assert "No delivery fits" in text(page, "/deliveries/?verdict=limited")


def test_many_are_asked_for_once_more_and_have_a_page(office: Office, page: Client, caller: Caller) -> None:
    both(office)
    for number in range(3):
        caller.post("/webhooks/acme/orders", {"id": number})

    assert "Replay 3 deliveries?" in text(page, "/replays/new/?all=1&verdict=accepted")
    assert page.get(f"{W}/replays/new/").status_code == 302
    answer = page.post(f"{W}/replays/", {"all": "1", "verdict": "accepted", "version": "newest"})
    with tenant(office.workspace.id):
        job = Replay.objects.get()
    assert answer.headers["Location"] == f"{W}/replays/{job.id}/"
    assert "0 of 3" in text(page, f"/replays/{job.id}/?part=progress")
    page.post(f"{W}/replays/{job.id}/cancel/")
    assert "3 never begun" in text(page, f"/replays/{job.id}/")
    assert str(job.id) in text(page, "/replays/")


def test_what_is_captured_tests_the_draft_or_is_pinned(office: Office, page: Client, caller: Caller) -> None:
    workflow = both(office)
    url = f"/triggers/{workflow.id}/hook/test/"
    page.post(f"{W}{url}", {"to": "listen"})
    caller.post("/webhooks-test/acme/orders", {"id": "A-1"})
    with tenant(office.workspace.id):
        found = Delivery.objects.get(source="test")

    live = text(page, f"{url}?part=live")
    assert "&quot;A-1&quot;" in live
    assert "hx-get" in live
    started = page.post(f"{W}{url}use/", {"to": "run", "delivery": str(found.id)})
    pinned = page.post(f"{W}{url}use/", {"to": "pin", "delivery": str(found.id)})

    with tenant(office.workspace.id):
        run = Execution.objects.get()
        given: Any = run.input
        draft = workflows.workflow_get(office.workspace.id, workflow.id).draft
    assert (run.mode, given["body"]) == ("test", {"id": "A-1"})
    assert started.headers["Location"] == f"{W}/executions/{run.id}/"
    assert pinned.status_code == 302
    assert draft["nodes"][0]["pinned_output"]["body"] == {"id": "A-1"}
    page.post(f"{W}{url}", {"to": "stop"})
    assert "hx-get" not in text(page, f"{url}?part=live")


def test_lists_ask_few_queries(
    office: Office, page: Client, caller: Caller, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(6):
        office.activate(definition(hook(path=f"p{number}", respond="immediately"), ECHO), name=f"W{number}")
        caller.post(f"/webhooks/acme/p{number}", {})
    for path in ("/triggers/", "/deliveries/", "/replays/"):
        page.get(f"{W}{path}")  # the first visit writes down who came
        with django_assert_max_num_queries(16):  # sign-in, tenant and shell among them
            page.get(f"{W}{path}")
