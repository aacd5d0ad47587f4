"""The rest of an order's way by mouse: a part is pasted, mended, tested, published, called, watched and run again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Locator, Page, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.canvas import is_marked, mark, node, sees
from tests.e2e.orders import place_order, question_of, read, write
from tests.e2e.product import Product
from tests.fakes.receiver import Receiver

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def step(node_id: str, name: str, kind: str, at: int, **params: Any) -> dict[str, Any]:
    type_, _, subtype = kind.partition(".")
    place = {"x": 240 * at, "y": 0}
    return {"id": node_id, "name": name, "type": type_, "subtype": subtype, "params": params, "position": place}


def hook() -> dict[str, Any]:
    start = step("hook", "Order received", "TRIGGER.WEBHOOK", 0, path="pasted", method="POST")
    return {"nodes": [start], "connections": [], "settings": {}}


def shipping(url: str) -> dict[str, Any]:
    """What another workflow does with an order: works out the total, asks, ships."""
    total = [
        {"name": "total", "value": "{{ $trigger.body.items.map(i => i.price * i.quantity).sum() }}"},
        {"name": "order", "value": "{{ $trigger.body.id }}"},
    ]
    order = '{{ $node["Total"].order }}'
    return {
        "nodes": [
            step("total", "Total", "ACTION.TRANSFORM", 0, fields=total),
            step("manager", "Manager", "HUMAN_IN_THE_LOOP.CONFIRMATION", 1, title=f"Ship {order}?"),
            step("ship", "Ship", "ACTION.HTTP_REQUEST", 2, method="POST", url=f"{url}/pasted/{order}"),
        ],
        "connections": [
            {"from": "total", "port": "main", "to": "manager"},
            {"from": "manager", "port": "approved", "to": "ship"},
        ],
        "settings": {},
    }


def test_a_part_is_pasted_mended_tested_published_watched_and_run_again(
    running: Product, api: APIRequestContext, vendor: Receiver, signed_in: StorageState, tabs: Tabs
) -> None:
    other = write(api, "workflows/", {"name": "Shipping of old", "definition": shipping(vendor.url)})["id"]
    workflow = write(api, "workflows/", {"name": "Shipping", "definition": hook()})["id"]
    write(api, f"workflows/{workflow}/publish/", {"note": "Only listens"})
    page = tabs.open(storage_state=signed_in, permissions=["clipboard-read", "clipboard-write"])
    panel, bar = page.locator(".node-panel"), page.locator(".run-bar")

    # From one workflow to the other, where the pasted part is led to by hand.
    page.goto(f"/w/demo/workflows/{other}/")
    expect(card(page, "ship")).to_be_visible()
    page.locator(".react-flow__pane").click(button="right", position={"x": 40, "y": 40})
    page.get_by_role("menuitem", name="Select all").click()
    card(page, "ship").click(button="right")
    page.get_by_role("menuitem", name="Copy").click()
    expect(page.get_by_text("Copied 3 nodes")).to_be_visible()
    page.goto(f"/w/demo/workflows/{workflow}/")
    expect(card(page, "hook")).to_be_visible()
    page.locator(".react-flow__pane").click(button="right", position={"x": 40, "y": 40})
    page.get_by_role("menuitem", name="Paste").click()
    expect(page.locator(".react-flow__node")).to_have_count(4)
    card(page, "hook").locator(".react-flow__handle.source").drag_to(card(page, "total"))
    expect(page.locator(".react-flow__edge")).to_have_count(3)

    # What a step is called is what others call it, too; what nobody is called is found and mended.
    card(page, "total").click()
    panel.get_by_role("textbox", name="Name of the node").fill("Sum")
    card(page, "manager").click()
    title = panel.locator('[data-path="params.title"]').locator(".cm-content")
    expect(title).to_have_text('Ship {{ $node["Sum"].order }}?')
    title.fill('Ship {{ $node["Smu"].order }} now?')
    expect(page.locator(".lint-line")).to_contain_text("1 error")
    page.locator(".lint-line").click()
    page.get_by_role("button", name="Change it to “Sum”").click()
    expect(title).to_have_text('Ship {{ $node["Sum"].order }} now?')
    expect(page.locator(".lint-list")).not_to_contain_text("“Smu”")
    page.locator(".lint-line").click()

    # A test asks nobody whose answer is pinned.
    panel.get_by_role("button", name="Pin", exact=True).click()
    expect(panel).to_contain_text("Pinned: test runs take this")
    page.get_by_role("button", name="Test", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("delivers").fill('{"body": {"id": "T-1", "items": []}}')
    dialog.get_by_role("button", name="Test", exact=True).click()
    expect(bar).to_contain_text("Success")
    expect(node(page, "manager")).to_have_attribute("data-state", "COMPLETED")
    assert shipped(vendor) == ["T-1"]
    bar.get_by_role("button", name="Stop showing the run").click()

    page.get_by_role("button", name="Publish", exact=True).click()
    dialog.get_by_label("What changed").fill("Ships what the manager approves")
    dialog.get_by_role("button", name="Publish and activate").click()
    expect(page.locator(".workflow-bar .badge").first).to_contain_text("v2 live")

    # Called for real, it asks for real; the editor shows it live while the answer is given elsewhere.
    execution = place_order(f"{running.url}/webhooks/demo/pasted", "R-1")[1]["execution_id"]
    page.get_by_label("Other ways to run it").click()
    page.locator(".recent-runs .menu-item").filter(has_text="v2").click()
    expect(bar).to_contain_text("Waiting for a person")
    expect(node(page, "manager")).to_have_attribute("data-state", "WAITING_INPUT")
    mark(page)
    inbox = page.context.new_page()
    question = question_of(api, execution)
    inbox.goto("/w/demo/inbox/")
    inbox.locator(f'a[href$="/inbox/{question}/"]').click()
    expect(inbox.get_by_role("heading", name="Ship R-1 now?")).to_be_visible()
    inbox.get_by_role("button", name="Approve").click()
    expect(inbox.locator("#answer")).to_contain_text("Approved by Demo Owner")
    inbox.close()
    expect(bar).to_contain_text("Success")
    expect(node(page, "ship")).to_have_attribute("data-state", "COMPLETED")
    assert is_marked(page), "the page was loaded anew"
    assert shipped(vendor) == ["T-1", "R-1"]

    # Again from one step, with what came before it kept.
    node(page, "ship").click()
    panel.get_by_role("tab", name="Run").click()
    panel.get_by_role("link", name="Run again from here").click()
    page.get_by_role("button", name="Run again").click()
    page.wait_for_url(lambda url: "/executions/" in url and execution not in url)
    sees(page, "SUCCESS", manager="COMPLETED", ship="COMPLETED")
    assert shipped(vendor) == ["T-1", "R-1", "R-1"]

    # And all as it was before.
    page.goto(f"/w/demo/workflows/{workflow}/")
    page.get_by_role("link", name="History").click()
    history = page.get_by_role("complementary", name="History")
    history.get_by_role("button", name=re.compile("^Version 1")).first.click()
    history.get_by_role("button", name="Restore version 1").click()
    expect(history).to_have_count(0)
    expect(page.locator(".react-flow__node")).to_have_count(1)
    assert [one["name"] for one in read(api, f"workflows/{workflow}/")["definition"]["nodes"]] == ["Order received"]


def card(page: Page, node_id: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{node_id}"]')


def shipped(vendor: Receiver) -> list[str]:
    """The orders that were shipped, by their number."""
    return [seen["path"].removeprefix("/pasted/") for seen in vendor.seen if seen["path"].startswith("/pasted/")]
