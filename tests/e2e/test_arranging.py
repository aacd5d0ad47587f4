"""The list of workflows by keyboard, a starter and the tour, and two runs compared."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIRequestContext, StorageState, expect

from tests.e2e.accessibility import barriers
from tests.e2e.browser import Tabs
from tests.e2e.orders import read

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_starter_is_opened_toured_tagged_and_found(
    api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    page = tabs.open(storage_state=signed_in)
    page.goto("/w/demo/workflows/new/?kind=data")
    page.get_by_role("searchbox", name="Search starters").press_sequentially("clean")
    expect(page.locator(".starter")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"kind=data&q=clean$|q=clean&kind=data$"))
    page.get_by_role("button", name="Clean and check data").click()
    expect(page).to_have_url(re.compile(r"/workflows/[0-9a-f-]+/$"))

    page.get_by_role("button", name="Show me").click()
    tour = page.get_by_role("dialog", name="What a workflow can do")
    expect(tour).to_be_visible()
    assert barriers(page) == []
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="The canvas")).to_be_visible()
    with page.expect_response(re.compile("/tours/editor/seen/")) as seen:
        page.keyboard.press("Escape")
    assert seen.value.status == 204
    page.reload()
    expect(page.locator(".react-flow__node").first).to_be_visible()
    expect(page.locator("#tour")).to_have_count(0)

    page.goto("/w/demo/workflows/")
    field = page.get_by_role("main").get_by_role("searchbox")
    field.press_sequentially("clean che")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(field).to_be_focused()
    field.blur()
    for key in ("j", "x"):
        page.keyboard.press(key)
    bar = page.get_by_role("form", name="The chosen workflows")
    expect(bar).to_contain_text("1 chosen")
    assert barriers(page) == []
    bar.get_by_role("button", name="Move").click()
    page.get_by_label("Folder").fill("Data/Incoming")
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("1 workflow is moved")).to_be_visible()
    assert read(api, "workflows/?folder=Data")["results"][0]["folder"] == "Data/Incoming"


def test_two_runs_are_ticked_and_compared(signed_in: StorageState, tabs: Tabs) -> None:
    page = tabs.open(storage_state=signed_in)
    page.goto("/w/demo/executions/?status=SUCCESS")
    boxes, compare = page.locator("tbody .pick > input"), page.get_by_role("button", name="Compare two")
    boxes.nth(0).check()
    expect(compare).to_be_disabled()
    boxes.nth(1).check()
    compare.click()
    expect(page.get_by_role("heading", name="Two runs compared")).to_be_visible()
