"""A run that failed is mended and run again from the step that failed, on the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIRequestContext, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.canvas import node, sees
from tests.e2e.orders import await_status, write
from tests.e2e.product import Product
from tests.fakes.receiver import Receiver

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def charging(url: str) -> dict[str, object]:
    """A total, a charge that calls the vendor, a note of what came back."""
    return {
        "nodes": [
            {"id": "start", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
            {
                "id": "total",
                "name": "Work out the total",
                "type": "ACTION",
                "subtype": "TRANSFORM",
                "params": {"fields": [{"name": "total", "value": "{{ $json.number * 2 }}"}]},
            },
            {
                "id": "charge",
                "name": "Charge the card",
                "type": "ACTION",
                "subtype": "HTTP_REQUEST",
                "params": {"method": "POST", "url": f"{url}/charge", "json": "{{ $json }}"},
            },
        ],
        "connections": [
            {"from": "start", "port": "main", "to": "total"},
            {"from": "total", "port": "main", "to": "charge"},
        ],
        "settings": {},
    }


def test_a_failed_run_is_run_again_from_the_step_that_failed(
    running: Product, vendor: Receiver, api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    workflow = write(api, "workflows/", {"name": "Charge", "definition": charging(vendor.url)})["id"]
    write(api, f"workflows/{workflow}/publish/")
    vendor.says(404)
    failed = write(api, f"workflows/{workflow}/execute/", {"input": {"number": 21}})["id"]
    await_status(api, failed, "ERROR")
    before = len(vendor.seen)

    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/executions/{failed}/")
    sees(page, "ERROR", total="COMPLETED", charge="FAILED")
    page.get_by_role("button", name="Run again", exact=True).click()
    dialog = page.get_by_role("dialog", name="Run again")
    expect(dialog.get_by_label("Begin at")).to_have_value("failed")
    expect(dialog).to_contain_text("Kept: Start, Work out the total")
    dialog.get_by_label("Begin at").select_option("start")
    expect(dialog.get_by_label("Input")).to_have_value(re.compile('"number": 21'))
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()

    node(page, "charge").click()
    page.get_by_role("link", name="Run again from here").click()
    expect(page.get_by_label("What goes into this step")).to_have_value(re.compile('"total": 42'))
    page.get_by_role("button", name="Run again").click()
    page.wait_for_url(lambda url: "/executions/" in url and failed not in url)
    sees(page, "SUCCESS", total="COMPLETED", charge="COMPLETED")
    assert [seen["body"] for seen in vendor.seen[before:]] == [{"total": 42}]
    assert vendor.seen[before]["headers"]["idempotency-key"].endswith(":1")

    page.goto("/w/demo/executions/?status=DEAD_LETTERS")
    expect(page.get_by_role("heading", name="Executions")).to_be_visible()
    expect(page.locator(f'a[href$="/executions/{failed}/"]')).to_have_count(0)
