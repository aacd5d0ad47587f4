"""Somebody without an account answers on a phone, by a link, without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import APIRequestContext, Page, expect

from tests.e2e.browser import PHONE, Tabs
from tests.e2e.orders import await_status, place_order, question_of, read, write
from tests.e2e.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def is_too_wide(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_a_link_asks_without_changing_anything_and_takes_one_answer(
    running: Product, api: APIRequestContext, tabs: Tabs
) -> None:
    status, answer = place_order(f"{running.url}/webhooks/demo/orders", "E2E-LINK")
    assert status == 202
    execution = answer["execution_id"]
    question = question_of(api, execution)
    link = write(api, f"interactions/{question}/link/", {"recipient": "Jonas Weber"})["url"]
    before = read(api, f"executions/{execution}/"), read(api, f"interactions/{question}/")

    tabs.expected.append(".js: csp")  # how the browser says that scripts are switched off
    page = tabs.open(size=PHONE, java_script_enabled=False, has_touch=True)
    page.goto(link)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ship order E2E-LINK for 1470?")
    expect(page.locator("body")).to_contain_text("Jonas Weber")
    assert (read(api, f"executions/{execution}/"), read(api, f"interactions/{question}/")) == before

    other = page.context.new_page()
    other.goto(link)
    page.get_by_label("Comment").fill("The customer called it off.")
    page.get_by_role("button", name="Reject").tap()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Ship order E2E-LINK for 1470?")
    finished = await_status(api, execution, "SUCCESS")
    states = {run["node_id"]: run["state"] for run in finished["node_runs"]}
    assert states["ship"] == "SKIPPED"
    assert read(api, f"executions/{execution}/response/")["body"] == {"order": "E2E-LINK", "shipped": False}
    answered = read(api, f"interactions/{question}/")
    assert (answered["outcome"], answered["comment"]) == ("rejected", "The customer called it off.")

    tabs.expected.append("409")
    other.get_by_role("button", name="Approve").tap()
    expect(other.get_by_role("heading", level=1)).to_have_text("You have answered this")
    assert read(api, f"interactions/{question}/") == answered
    assert read(api, f"executions/{execution}/") == finished
