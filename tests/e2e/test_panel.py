"""A node is set up in its panel, by mouse and keyboard, and what was asked for is what the server has."""

from __future__ import annotations

import pytest
from playwright.sync_api import APIRequestContext, Locator, Page, StorageState, expect

from tests.e2e.accessibility import barriers
from tests.e2e.browser import Tabs
from tests.e2e.canvas import node
from tests.e2e.orders import read, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

DRAFT = {
    "nodes": [
        {"id": "t", "name": "Order", "type": "TRIGGER", "subtype": "MANUAL", "position": {"x": 0, "y": 0}},
        {"id": "call", "name": "Stock", "type": "ACTION", "subtype": "HTTP_REQUEST", "position": {"x": 240, "y": 0}},
        {
            "id": "way",
            "name": "Country",
            "type": "FLOW",
            "subtype": "SWITCH",
            "params": {"cases": [{"name": "germany", "condition": "{{ $node['Stock'].status == 200 }}"}]},
            "position": {"x": 480, "y": 0},
        },
    ],
    "connections": [{"from": "t", "to": "call"}, {"from": "call", "to": "way"}],
    "settings": {},
}


def test_a_call_and_a_switch_are_set_up_and_saved(api: APIRequestContext, signed_in: StorageState, tabs: Tabs) -> None:
    workflow = str(write(api, "workflows/", {"name": "Set up in the panel", "definition": DRAFT})["id"])
    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/workflows/{workflow}/")

    # By keyboard: from the card into the first field of its form, and back.
    card = page.locator('.react-flow__node[data-id="call"]')
    card.focus()
    page.keyboard.press("Enter")
    panel = page.locator(".node-panel")
    address = panel.get_by_role("textbox", name="Address")
    expect(address).to_be_focused()
    expect(panel.get_by_role("tab", name="Parameters")).to_contain_text("1")  # the address is missing
    page.keyboard.type("https://api.example.com/stock")
    page.keyboard.press("Escape")  # closes what is offered to complete it
    page.keyboard.press("Escape")
    expect(address).not_to_be_focused()

    panel.get_by_label("Method", exact=True).select_option(label="POST")
    panel.get_by_role("button", name="Add query parameter").click()
    expect(panel.get_by_label("Name of query parameter 1")).to_be_focused()
    page.keyboard.type("limit")
    panel.get_by_label("Value of limit: kind").select_option("number")
    panel.get_by_label("Value of limit", exact=True).fill("25")
    panel.get_by_label("Body", exact=True).select_option(label="JSON")
    panel.get_by_role("button", name="More of the request").click()
    panel.get_by_label("Time limit").fill("60")
    expect(panel.get_by_role("tab", name="Parameters")).not_to_contain_text("1")
    panel.get_by_role("tab", name="Settings").click()
    panel.get_by_label("When it fails").select_option(label="Go on with the error as output")
    panel.get_by_role("textbox", name="Name of the node").fill("Left in stock")
    page.keyboard.press("Enter")
    assert barriers(page) == []

    node(page, "way").click(position={"x": 60, "y": 14})
    expect(panel.get_by_role("textbox", name="Condition")).to_contain_text("Left in stock")
    _add_case(page, panel, "france", "$json.status == 201")
    panel.get_by_role("button", name="Move case 2 of 2").focus()
    page.keyboard.press("ArrowUp")
    panel.get_by_role("switch", name="Leave by every case").check()
    assert barriers(page) == []

    expect(page.locator(".editor-bar")).to_contain_text("Draft saved")
    saved = {each["id"]: each for each in read(api, f"workflows/{workflow}/")["definition"]["nodes"]}
    assert saved["call"]["name"] == "Left in stock"
    assert saved["call"]["on_error"] == "continue"
    assert saved["call"]["params"] == {
        "url": "https://api.example.com/stock",
        "method": "POST",
        "query": {"limit": 25},
        "timeout_seconds": 60,
    }
    assert saved["way"]["params"] == {
        "cases": [
            {"name": "france", "condition": "{{ $json.status == 201 }}"},
            {"name": "germany", "condition": "{{ $node['Left in stock'].status == 200 }}"},
        ],
        "all_matches": True,
    }


def _add_case(page: Page, panel: Locator, name: str, condition: str) -> None:
    panel.get_by_role("button", name="Add case").click()
    expect(panel.locator('[data-path="params.cases[1]"] :focus')).to_have_count(1)
    page.keyboard.type(name)
    # An empty condition begins as an expression: what is typed stands between its braces.
    field = panel.get_by_role("textbox", name="Condition").nth(1)
    field.click()
    expect(field).to_have_text("{{  }}")
    page.keyboard.type(condition)
