"""A real order, from the webhook to the shipment, watched and approved in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIRequestContext, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.canvas import is_marked, mark, node, sees
from tests.e2e.orders import place_order, read
from tests.e2e.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_an_order_is_approved_and_shipped_before_ones_eyes(
    running: Product, api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    page = tabs.open(storage_state=signed_in, permissions=["clipboard-read", "clipboard-write"])
    menu = page.get_by_role("navigation", name="Main")
    page.goto("/")
    expect(page).to_have_url(f"{running.url}/w/demo/")
    expect(page.get_by_label("Workspace Demo")).to_be_visible()

    menu.get_by_role("link", name="Workflows").click()
    page.get_by_placeholder("Search by name or tag").fill("Order approval")  # other stories have made many others
    page.get_by_role("link", name="Order approval").click()
    expect(page.locator(".react-flow__node")).to_have_count(9)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Triggers").click()
    page.get_by_role("button", name="Copy the address").click()
    webhook = page.evaluate("navigator.clipboard.readText()")
    assert webhook == f"{running.url}/webhooks/demo/orders"

    status, answer = place_order(webhook, "E2E-STORY")
    assert status == 202
    execution = answer["execution_id"]
    live = page.context.new_page()
    live.goto(answer["links"]["page"])
    done = dict.fromkeys(("hook", "total", "stock", "join", "big"), "COMPLETED")
    sees(live, "WAITING_FOR_HUMAN", **done, ask="WAITING_INPUT", ship="PENDING", yes="PENDING", no="PENDING")
    expect(node(live, "ask")).to_have_attribute("data-tone", "human")
    expect(live.locator(".island-connection")).to_have_count(0)
    mark(live)

    waiting = len(read(api, "interactions/?status=pending")["results"])
    page.get_by_role("link", name="Home").click()  # a workflow's pages have a bar of their own
    menu.get_by_role("link", name="Inbox").click()
    expect(menu.locator("#inbox-count")).to_have_text(re.compile(rf"^{waiting}\b"))
    page.get_by_role("link", name="Ship order E2E-STORY for 1470?").click()
    page.get_by_label("Comment").fill("A good customer.")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".question")).to_contain_text("A good customer.")
    expect(page.locator("#answer")).to_contain_text(re.compile("Approved by Demo Owner"))

    sees(live, "SUCCESS", **done, ask="COMPLETED", ship="COMPLETED", yes="COMPLETED", no="SKIPPED")
    expect(live.get_by_role("button", name="Cancel run")).to_have_count(0)
    assert is_marked(live), "the page was loaded anew"

    menu.get_by_role("link", name="Executions").click()
    row = page.get_by_role("row").filter(has=page.locator(f'a[href$="/executions/{execution}/"]'))
    expect(row).to_contain_text("Order approval")
    expect(row.locator("[data-status]")).to_have_attribute("data-status", "SUCCESS")
    assert read(api, f"executions/{execution}/response/")["body"] == {"order": "E2E-STORY", "shipped": True}
    assert [run["attempt"] for run in read(api, f"executions/{execution}/")["node_runs"] if run["attempt"]] == [1] * 8


def test_the_printed_link_signs_in_once(running: Product, signed_in: StorageState, tabs: Tabs) -> None:
    page = tabs.open()
    tabs.expected.append("404")
    page.goto(running.link)
    expect(page.get_by_role("button", name="Sign in")).to_have_count(0)
    page.goto("/w/demo/")
    expect(page).to_have_url(re.compile(r"/accounts/login/"))
