"""The editor tests, mends, publishes and restores: one story on one workflow."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Page, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.canvas import node
from tests.e2e.orders import read, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def step(node_id: str, name: str, at: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": node_id,
        "name": name,
        "type": "ACTION",
        "subtype": "TRANSFORM",
        "params": {"fields": [{"name": key, "value": value} for key, value in fields.items()]},
        "position": {"x": 240 * at, "y": 0},
    }


DEFINITION: dict[str, Any] = {
    "nodes": [
        {
            "id": "start",
            "name": "Start",
            "type": "TRIGGER",
            "subtype": "MANUAL",
            "params": {},
            "position": {"x": 0, "y": 0},
        },
        step("price", "Price", 1, amount=1) | {"pinned_output": {"amount": 40}},
        step("total", "Total", 2, total="{{ $json.amount * 2 }}"),
        step("last", "Last", 3, all='{{ $node["Total"].total + 1 }}'),
    ],
    "connections": [
        {"from": "start", "port": "main", "to": "price"},
        {"from": "price", "port": "main", "to": "total"},
        {"from": "total", "port": "main", "to": "last"},
    ],
    "settings": {},
}


def shows(page: Page, **states: str) -> None:
    for node_id, state in states.items():
        expect(node(page, node_id)).to_have_attribute("data-state", state)


def test_a_draft_is_tested_mended_published_and_restored(
    api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    made = write(api, "workflows/", {"name": "Prices", "definition": DEFINITION})
    url = f"workflows/{made['id']}/"
    write(api, f"{url}publish/", {"note": "As it was"})
    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/{url}")
    bar = page.locator(".run-bar")

    # With pinned data, up to a breakpoint, by one step, to the end.
    page.locator('.react-flow__node[data-id="total"]').click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(bar).to_contain_text("Stopped before “Total”")
    shows(page, start="COMPLETED", price="COMPLETED")
    bar.get_by_role("button", name="Step", exact=True).click()
    expect(bar).to_contain_text("Stopped before “Last”")
    shows(page, total="COMPLETED")
    bar.get_by_role("button", name="Continue").click()
    expect(bar).to_contain_text("Success")
    shows(page, last="COMPLETED")
    page.locator('.react-flow__node[data-id="total"]').click()
    page.get_by_role("tab", name="Run").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("value: 80")
    page.get_by_role("button", name="Stop showing the run").click()
    shows(page, total="IDLE")

    # Somebody broke it; the lint mends it, and what changed is published with a note.
    broken = read(api, url)
    broken["definition"]["nodes"][3]["params"]["fields"][0]["value"] = '{{ $node["Totl"].total + 2 }}'
    written = api.patch(url, data={"definition": broken["definition"]})
    assert written.ok, written.text()
    expect(page.locator(".lint-line")).to_contain_text("1 error")
    page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("There is no node named “Totl”.")
    expect(dialog.get_by_role("button", name="Publish and activate")).to_be_disabled()
    page.keyboard.press("Escape")
    page.locator(".lint-line").click()
    page.get_by_role("button", name="Change it to “Total”").click()
    expect(page.locator(".workflow-saved")).to_contain_text("Draft saved, 1 change")
    expect(page.locator(".lint-list")).to_contain_text("Nothing is wrong")
    page.get_by_role("button", name="Publish").click()
    expect(dialog).to_contain_text('{{ $node["Total"].total + 2 }}')
    dialog.get_by_label("What changed").fill("Two more")
    dialog.get_by_role("button", name="Publish and activate").click()
    expect(page.locator(".workflow-bar .badge").first).to_contain_text("v2 live")

    # What differs stands on the canvas; the old one becomes the draft again, and that can be undone.
    page.get_by_role("link", name="History").click()
    history = page.get_by_role("complementary", name="History")
    expect(history).to_contain_text("Two more")
    history.get_by_role("button", name="Version 1", exact=False).first.click()
    expect(node(page, "last")).to_have_attribute("data-change", "changed")
    history.get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_text("The draft is version 1 again.")).to_be_visible()
    value = ["definition", "nodes", 3, "params", "fields", 0, "value"]
    expect(history).to_have_count(0)
    assert at(read(api, url), value) == '{{ $node["Total"].total + 1 }}'
    page.keyboard.press("Control+z")
    expect(page.locator(".workflow-saved")).to_have_text("Draft saved")
    assert at(read(api, url), value) == '{{ $node["Total"].total + 2 }}'


def at(found: Any, path: list[Any]) -> Any:
    for part in path:
        found = found[part]
    return found
