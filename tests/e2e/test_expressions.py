"""An expression is written with the help of what the last run gave, looked at, and kept."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.orders import await_status, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ORDER = {"total": 1284.5, "total_tax": 256.9, "customer": {"name": "Lindqvist Möbel AB"}}


def asking() -> dict[str, Any]:
    """A question about what somebody gives by hand."""
    ask = {"title": "Ship it?"}
    return {
        "nodes": [
            {"id": "start", "name": "Order", "type": "TRIGGER", "subtype": "MANUAL"},
            {"id": "ask", "name": "Manager", "type": "HUMAN_IN_THE_LOOP", "subtype": "CONFIRMATION", "params": ask},
        ],
        "connections": [{"from": "start", "port": "main", "to": "ask"}],
        "settings": {},
    }


def test_an_expression_is_completed_previewed_and_kept(
    api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    workflow = write(api, "workflows/", {"name": "Written orders", "definition": asking()})
    started = write(api, f"workflows/{workflow['id']}/execute/", {"input": ORDER})
    await_status(api, started["id"], "WAITING_FOR_HUMAN")

    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/workflows/{workflow['id']}/")
    page.locator(".react-flow__node", has_text="Manager").click()
    field = page.locator(".expression").filter(has_text="Title").first
    text = field.get_by_role("textbox")
    expect(field.locator(".cm-content")).to_have_text("Ship it?")
    text.click()
    text.press("End")
    text.press_sequentially(" {{$json.to")
    rows = page.locator(".expr-list li")
    expect(rows.first).to_contain_text("$json.total")
    expect(rows.first).to_contain_text("1284.5")
    expect(page.locator(".expr-list .expr-by")).to_have_text("Set by Order")
    text.press("Enter")
    expect(field.locator(".expression-preview")).to_contain_text("Ship it? 1284.5")

    text.press_sequentially(" +")
    expect(field.locator(".expression-preview")).to_contain_text("The expression ends too early. Column")
    expect(text).to_have_attribute("aria-invalid", "true")
    text.press("Control+z")
    text.press("Tab")
    expect(text).not_to_be_focused()

    # A field of the input is dropped behind it, as the input column would give it.
    data = page.evaluate_handle(
        """() => { const data = new DataTransfer();
                   data.setData('application/x-agentflow-path', '$json.customer.name'); return data; }"""
    )
    box = field.locator(".cm-line").bounding_box()
    assert box is not None
    place = {"clientX": box["x"] + box["width"] - 2, "clientY": box["y"] + box["height"] / 2}
    field.locator(".cm-content").dispatch_event("drop", {"dataTransfer": data, "bubbles": True, **place})
    expect(field.locator(".expression-preview")).to_contain_text("Ship it? 1284.5Lindqvist Möbel AB")

    expect(page.get_by_text("Draft saved")).to_be_visible()
    kept = ""
    for _ in range(40):
        kept = api.get(f"workflows/{workflow['id']}/").json()["definition"]["nodes"][1]["params"]["title"]
        if kept.endswith("{{ $json.customer.name }}"):
            break
        page.wait_for_timeout(100)
    assert kept == "Ship it? {{ $json.total }}{{ $json.customer.name }}"
