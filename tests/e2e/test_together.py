"""Two browsers on one draft: both edit, both see it, and nothing of either is lost."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Page, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.orders import write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

TOTAL = {
    "nodes": [
        {"id": "t", "name": "Order", "type": "TRIGGER", "subtype": "MANUAL", "position": {"x": 0, "y": 0}},
        {
            "id": "total",
            "name": "Total",
            "type": "ACTION",
            "subtype": "TRANSFORM",
            "params": {"fields": [{"name": "sum", "value": "at first"}]},
            "position": {"x": 220, "y": 0},
        },
    ],
    "connections": [{"from": "t", "port": "main", "to": "total"}],
    "settings": {},
}


def draft_of(api: APIRequestContext, workflow: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"workflows/{workflow}/").json()
    return found


def add(page: Page, name: str) -> None:
    page.get_by_role("searchbox", name="Find a node type").fill(name)
    page.keyboard.press("Enter")


def test_two_people_draw_at_once_and_choose_where_they_collide(
    api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    workflow = str(write(api, "workflows/", {"name": "Together", "definition": TOTAL})["id"])
    mine, theirs = tabs.open(storage_state=signed_in), tabs.open(storage_state=signed_in)
    # Both save at once, and one of them is cut off for a while.
    tabs.expected += ["409", "INTERNET_DISCONNECTED"]
    for page in (mine, theirs):
        page.goto(f"/w/demo/workflows/{workflow}/")
        expect(page.locator('[data-id="total"]')).to_be_visible()
    for page in (mine, theirs):
        expect(page.locator("#editor-presence li")).to_have_count(1)

    mine.locator('[data-id="total"]').click()
    expect(theirs.locator(".presence-choice")).to_be_visible()
    # One behind the chosen node, one by itself: by what they are called they would be the same.
    add(mine, "validate")
    add(theirs, "validate")
    for page in (mine, theirs):
        expect(page.locator(".react-flow__node")).to_have_count(4)
        expect(page.get_by_text("Draft saved")).to_be_visible()
    names = sorted(node["name"] for node in draft_of(api, workflow)["definition"]["nodes"])
    assert names == ["Order", "Total", "Validate", "Validate 2"]

    mine.keyboard.press("Escape")
    mine.locator('[data-id="total"]').click()
    field = mine.locator(".editor-panel").get_by_role("textbox", name="Value")
    expect(field).to_have_value("at first")
    mine.context.set_offline(True)
    field.fill("mine")
    expect(mine.get_by_text("Not saved: no connection").first).to_be_visible()
    found = draft_of(api, workflow)
    for node in found["definition"]["nodes"]:
        if node["id"] == "total":
            node |= {"notes": "Looked at", "params": {"fields": [{"name": "sum", "value": "theirs"}]}}
    saved = api.put(
        f"workflows/{workflow}/draft/",
        data={"definition": found["definition"], "draft_revision": found["draft_revision"]},
    )
    assert saved.ok, saved.text()
    mine.context.set_offline(False)

    choice = mine.get_by_role("region", name="Changes to choose from")
    expect(choice).to_contain_text("Total")
    expect(choice).to_contain_text("mine")
    expect(choice).to_contain_text("theirs")
    choice.get_by_role("button", name="Keep mine").click()
    expect(mine.get_by_text("Draft saved")).to_be_visible()
    total = next(node for node in draft_of(api, workflow)["definition"]["nodes"] if node["id"] == "total")
    assert (total["params"]["fields"][0]["value"], total["notes"]) == ("mine", "Looked at")
    theirs.locator('[data-id="total"]').click()
    expect(theirs.locator(".editor-panel").get_by_role("textbox", name="Value")).to_have_value("mine")
