"""A delivery that came while a trigger was broken is found in the inbox, and replayed with what was mended."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.orders import await_status, write
from tests.e2e.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def doubling(expression: str) -> dict[str, Any]:
    """A webhook, and a step that computes something of what was sent."""
    fields = [{"name": "total", "value": expression}]
    hook = {"path": "replayed", "method": "POST"}
    return {
        "nodes": [
            {"id": "hook", "name": "Order received", "type": "TRIGGER", "subtype": "WEBHOOK", "params": hook},
            {"id": "total", "name": "Total", "type": "ACTION", "subtype": "TRANSFORM", "params": {"fields": fields}},
        ],
        "connections": [{"from": "hook", "port": "main", "to": "total"}],
        "settings": {},
    }


def test_a_delivery_is_replayed_with_the_mended_version(
    running: Product, api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    workflow = write(
        api, "workflows/", {"name": "Replayed orders", "definition": doubling("{{ $json.body.items.sum() }}")}
    )
    write(api, f"workflows/{workflow['id']}/activate/")
    hook = f"{running.url}/webhooks/demo/replayed"
    sent = api.post(hook, data={"amount": 21}, headers={"Idempotency-Key": "order-1"})
    failed = sent.json()["execution_id"]
    await_status(api, failed, "ERROR")

    page = tabs.open(storage_state=signed_in)
    page.goto("/w/demo/")
    page.get_by_role("link", name="Triggers").first.click()
    row = page.get_by_role("row").filter(has_text="Replayed orders")
    expect(row).to_contain_text("POST /replayed")
    row.get_by_role("link", name="Order received").click()
    expect(page.get_by_role("heading", name="Last deliveries")).to_be_visible()
    page.get_by_role("link", name="POST /replayed").click()
    expect(page.get_by_text("order-1").first).to_be_visible()
    expect(page.locator("#body")).to_contain_text('"amount": 21')

    mended = {"definition": doubling("{{ $json.body.amount * 2 }}")}
    assert api.patch(f"workflows/{workflow['id']}/", data=mended).ok
    write(api, f"workflows/{workflow['id']}/publish/")
    page.reload()
    page.get_by_role("button", name="Replay").click()
    dialog = page.get_by_role("dialog", name="Replay this delivery?")
    expect(dialog.get_by_label("The newest one")).to_be_checked()
    expect(dialog.get_by_label("Version 1, as then")).to_be_visible()
    dialog.get_by_role("button", name="Replay").click()
    page.wait_for_url(lambda url: "/executions/" in url and failed not in url)
    replayed = page.url.rstrip("/").rpartition("/")[2]
    await_status(api, replayed, "SUCCESS")
    found = api.get(f"executions/{replayed}/").json()
    assert found["output"] == {"total": 42}
    expect(page.get_by_text("A replay of")).to_be_visible()

    page.get_by_role("link", name="this delivery").click()
    expect(page.get_by_role("heading", name="Replays")).to_be_visible()
    expect(page.get_by_role("link", name=replayed[-6:]).first).to_be_visible()


def test_a_draft_hears_what_is_sent_while_its_page_is_open(
    running: Product, api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    document = doubling("{{ $json.body.amount * 2 }}")
    document["nodes"][0]["params"]["path"] = "heard"
    workflow = write(api, "workflows/", {"name": "Heard", "definition": document})["id"]

    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/triggers/{workflow}/hook/")
    page.get_by_role("link", name="Test address").click()
    page.get_by_role("button", name="Listen").click()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible()
    sent = api.post(f"{running.url}/webhooks-test/demo/heard", data={"amount": 21})
    assert sent.json()["status"] == "captured"
    expect(page.locator("#captured pre")).to_contain_text('"amount": 21')
    page.get_by_role("button", name="Test the workflow with it").click()
    page.wait_for_url("**/executions/**")
    tested = page.url.rstrip("/").rpartition("/")[2]
    await_status(api, tested, "SUCCESS")
    assert api.get(f"executions/{tested}/").json()["output"] == {"total": 42}
