"""Getting around by keyboard, being told without asking, and the operators' pages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import StorageState, expect

from tests.e2e.accessibility import barriers
from tests.e2e.browser import PHONE, Tabs
from tests.e2e.orders import place_order
from tests.e2e.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_everything_is_found_without_a_pointer(signed_in: StorageState, tabs: Tabs) -> None:
    page = tabs.open(storage_state=signed_in)
    page.goto("/w/demo/")
    palette = page.get_by_role("dialog", name="Search and commands")
    field, options = palette.get_by_role("combobox"), palette.get_by_role("option")

    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type("ordap")
    expect(options.first).to_have_text(re.compile("^Order approval"))
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(palette.get_by_role("status")).to_have_text(re.compile(r"^\d+ results$"))
    assert barriers(page) == []
    page.keyboard.press("Tab")
    expect(field).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/w/demo/workflows/[0-9a-f-]+/$"))

    expect(page.locator(".react-flow__node").first).to_be_visible()
    page.goto("/w/demo/workflows/")  # the editor has keys of its own
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(r"/w/demo/executions/$"))
    page.keyboard.press("/")
    expect(page.get_by_role("main").get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("g w ?")
    expect(page.get_by_role("main").get_by_role("searchbox")).to_have_value("g w ?")

    page.keyboard.press("Control+k")
    expect(options.first).to_have_text(re.compile("^Order approval"))
    expect(palette.get_by_text("Recent")).to_be_visible()
    page.keyboard.type("run sup")
    expect(options.first).to_have_text("Run Compare supplier prices")
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()

    page.keyboard.press("Control+k")
    page.keyboard.type("dark theme")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Executions")
    expect(sheet).to_contain_text("Ctrl")
    assert barriers(page) == []


def test_what_waits_for_somebody_is_told_where_they_are(running: Product, signed_in: StorageState, tabs: Tabs) -> None:
    page = tabs.open(storage_state=signed_in)
    page.goto("/w/demo/workflows/")
    expect(page.locator("#bell")).to_have_attribute("hx-get", re.compile("count="))
    place_order(f"{running.url}/webhooks/demo/orders", "E2E-TOLD")
    toast = page.locator(".toast").filter(has_text=re.compile("E2E-TOLD|Order approval asked"))
    expect(toast).to_be_visible()
    toast.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/w/demo/inbox/"))
    page.goto("/w/demo/notifications/?show=all")
    expect(page.get_by_role("main")).to_contain_text(re.compile("E2E-TOLD|Order approval asked"))
    everything = page.get_by_role("button", name="Mark all as read")
    if everything.count():
        everything.click()
    expect(page.locator(".bell-count")).to_have_count(0)


def test_operators_look_into_a_workspace_and_leave_it(running: Product, signed_in: StorageState, tabs: Tabs) -> None:
    page = tabs.open(storage_state=signed_in)
    tabs.expected.append("404")
    page.goto("/admin/")
    expect(page.get_by_text("This installation")).to_have_count(0)
    running.manage("operator", "demo@example.com")
    try:
        page.goto("/admin/")
        page.get_by_role("button", name="Enter Demo").click()
        expect(page.get_by_text("You look into Demo")).to_be_visible()
        page.get_by_role("link", name="Executions").first.click()
        expect(page.get_by_text("Website check").or_(page.get_by_text("Order approval")).first).to_be_visible()
        page.locator("input.action-select").first.check()
        expect(page.locator("#changelist-actions")).to_be_visible()
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        page.goto("/admin/")
        page.get_by_role("button", name="Leave").click()
        expect(page.get_by_text("You look into Demo")).to_have_count(0)
    finally:
        running.manage("operator", "demo@example.com", "--revoke")
