"""A loop in the browser: drawn as a container, counted while it runs, and looked at item by item."""

from __future__ import annotations

import pytest
from playwright.sync_api import APIRequestContext, StorageState, expect

from tests.e2e.accessibility import barriers
from tests.e2e.browser import PHONE, Tabs
from tests.e2e.canvas import node, sees
from tests.e2e.orders import await_status, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LINES = {
    "nodes": [
        {"id": "t", "name": "Order", "type": "TRIGGER", "subtype": "MANUAL"},
        {
            "id": "lines",
            "name": "Lines",
            "type": "FLOW",
            "subtype": "LOOP",
            "params": {"items": "{{ $json.lines }}", "parallelism": 5, "on_item_error": "collect"},
        },
        {
            "id": "price",
            "name": "Price",
            "type": "ACTION",
            "subtype": "TRANSFORM",
            "parent": "lines",
            "params": {"fields": [{"name": "gross", "value": "{{ $json.net * 1.2 }}"}]},
        },
        {
            "id": "ask",
            "name": "Large order?",
            "type": "HUMAN_IN_THE_LOOP",
            "subtype": "CONFIRMATION",
            "parent": "lines",
            "params": {"title": "Is {{ $json.gross }} right?", "timeout_seconds": 3600},
        },
    ],
    "connections": [
        {"from": "t", "to": "lines"},
        {"from": "price", "to": "ask", "condition": "{{ $json.gross > 100 }}"},
    ],
    "settings": {"while_paused": "allow"},
}
# The third has no price, the fourth is asked about.
GIVEN = {"lines": [{"net": 1}, {"net": 2}, {"net": [3]}, {"net": 1000}]}


def test_a_loop_is_watched_and_looked_at_item_by_item(
    api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    workflow = str(write(api, "workflows/", {"name": "Lines", "definition": LINES})["id"])
    write(api, f"workflows/{workflow}/publish/")
    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/workflows/{workflow}/")
    expect(page.locator(".react-flow__node-loop .loop-head")).to_contain_text("Over lines, 5 at a time")
    expect(node(page, "price")).to_be_visible()
    page.get_by_label("Steps inside Lines").click()
    expect(node(page, "price")).to_have_count(0)

    execution = str(write(api, f"workflows/{workflow}/execute/", {"input": GIVEN})["id"])
    await_status(api, execution, "WAITING_FOR_HUMAN")
    page.goto(f"/w/demo/executions/{execution}/")
    loop = page.locator('.react-flow__node[data-id="lines"]')
    expect(loop.locator(".loop-counts")).to_have_text("3 / 41 asked1 failed")
    sees(page, "WAITING_FOR_HUMAN", t="COMPLETED", price="FAILED", ask="WAITING_INPUT")
    expect(node(page, "price")).to_contain_text("1 failed")
    assert barriers(page) == []

    loop.get_by_role("button", name="1 failed").click()
    expect(loop.locator(".picker")).to_contain_text("3 of 4")
    node(page, "price").click()
    detail = page.locator(".detail")
    expect(detail.get_by_role("tab", name="Error")).to_have_attribute("aria-selected", "true")
    detail.get_by_role("tab", name="Input").click()
    expect(detail.locator(".tree")).to_contain_text("net")
    loop.get_by_role("button", name="Next item").click()
    sees(page, "WAITING_FOR_HUMAN", price="COMPLETED", ask="WAITING_INPUT")
    expect(detail.locator(".tree")).to_contain_text("1000")

    row = page.locator(".timeline-row", has_text="Lines")
    row.click()
    expect(page.locator(".timeline-row", has_text="Item 4")).to_have_attribute("aria-pressed", "true")
    assert barriers(page) == []

    write(api, f"executions/{execution}/cancel/")
    sees(page, "CANCELED", ask="CANCELED")
    loop.get_by_role("button", name="4 of 4").click()
    expect(loop.locator(".loop-counts")).to_contain_text("2 done")


def test_a_run_is_held_and_released(api: APIRequestContext, signed_in: StorageState, tabs: Tabs) -> None:
    workflow = str(write(api, "workflows/", {"name": "Held", "definition": LINES})["id"])
    write(api, f"workflows/{workflow}/publish/")
    execution = str(write(api, f"workflows/{workflow}/execute/", {"input": GIVEN})["id"])
    await_status(api, execution, "WAITING_FOR_HUMAN")
    page = tabs.open(size=PHONE, storage_state=signed_in)
    page.goto(f"/w/demo/executions/{execution}/")
    page.get_by_role("button", name="Hold").first.click()
    page.get_by_label("Why, for the others").fill("The price list is wrong")
    page.locator("#hold-run").get_by_role("button", name="Hold").click()
    expect(page.locator("#execution-notice")).to_contain_text("The price list is wrong")
    sees(page, "PAUSED")
    assert barriers(page) == []
    page.get_by_role("button", name="Release").click()
    expect(page.locator("#execution-notice")).not_to_contain_text("The price list is wrong")
    write(api, f"executions/{execution}/cancel/")
