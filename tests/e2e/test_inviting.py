"""Inviting a colleague: from the form to their first run, and what a viewer may not do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Page, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.canvas import node, sees
from tests.e2e.orders import write
from tests.e2e.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PASSWORD = "correct horse battery staple"
GREETING: dict[str, Any] = {
    "nodes": [
        {"id": "start", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
        {
            "id": "note",
            "name": "Say hello",
            "type": "ACTION",
            "subtype": "TRANSFORM",
            "params": {"fields": [{"name": "hello", "value": "world"}]},
        },
    ],
    "connections": [{"from": "start", "port": "main", "to": "note"}],
    "settings": {},
}


def invited(page: Page, email: str, role: str) -> str:
    """Ask somebody in, and give the link to hand over."""
    page.goto("/w/demo/settings/members/")
    page.get_by_role("link", name="Invite people").click()
    page.get_by_label("E-mail addresses").fill(email)
    page.get_by_label("Role").select_option(label=role)
    page.get_by_label("Message").fill("We begin on Monday.")
    page.get_by_role("button", name="Invite").click()
    return page.locator("#join-1").inner_text()


def joined(tabs: Tabs, link: str, name: str) -> Page:
    """Somebody who follows a link in a browser of their own, and makes an account."""
    page = tabs.open()
    page.goto(link)
    expect(page.get_by_role("heading", name="Join Demo")).to_be_visible()
    expect(page.get_by_text("We begin on Monday.")).to_be_visible()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account and join").click()
    expect(page).to_have_url(re.compile("/w/demo/$"))
    return page


def test_a_colleague_joins_and_runs_a_workflow(
    running: Product, api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    workflow = write(api, "workflows/", {"name": "Greeting", "definition": GREETING})["id"]
    owner = tabs.open(storage_state=signed_in)
    link = invited(owner, "Carla Colleague <carla@example.com>", "Member")
    assert link.startswith(f"{running.url}/join/")

    carla = joined(tabs, link, "Carla Colleague")
    expect(carla.get_by_label("Workspace Demo")).to_be_visible()
    carla.goto("/w/demo/workflows/")
    carla.get_by_role("link", name="Greeting").click()
    carla.get_by_role("button", name="Test", exact=True).click()
    expect(node(carla, "note")).to_have_attribute("data-state", "COMPLETED")
    carla.get_by_role("link", name="Open").click()
    carla.wait_for_url("**/executions/*/")
    sees(carla, "SUCCESS", start="COMPLETED", note="COMPLETED")

    owner.goto("/w/demo/settings/members/")
    row = owner.get_by_role("row").filter(has_text="carla@example.com")
    expect(row).to_contain_text("Carla Colleague")
    expect(row).to_contain_text("invited by Demo Owner")

    tabs.expected.append("404")
    stranger = tabs.open()
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="This link no longer works")).to_be_visible()

    # The owner keeps it to herself: for Carla it is not there any more.
    owner.goto(f"/w/demo/workflows/{workflow}/sharing/")
    owner.get_by_label("Everybody else").select_option(label="may not see it")
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("Saved.")).to_be_visible()
    carla.goto("/w/demo/workflows/")
    expect(carla.get_by_role("link", name="Greeting")).to_have_count(0)
    response = carla.goto(f"/w/demo/workflows/{workflow}/")
    assert response is not None
    assert response.status == 404


def test_a_viewer_looks_and_cannot_edit(api: APIRequestContext, signed_in: StorageState, tabs: Tabs) -> None:
    workflow = write(api, "workflows/", {"name": "To look at", "definition": GREETING})["id"]
    viewer = joined(tabs, invited(tabs.open(storage_state=signed_in), "victor@example.com", "Viewer"), "Victor")
    viewer.goto(f"/w/demo/workflows/{workflow}/")
    expect(viewer.locator(".react-flow__node")).to_have_count(2)
    for button in ("Run", "Test", "Publish", "Activate"):
        expect(viewer.get_by_role("button", name=button)).to_have_count(0)
    viewer.get_by_role("link", name="Settings", exact=True).click()
    viewer.get_by_role("link", name="Definition").click()
    expect(viewer.get_by_role("button", name="Save")).to_have_count(0)
    refused = viewer.request.patch(
        f"/api/v1/app/workflows/{workflow}/",
        data={"name": "Mine"},
        headers={"X-CSRFToken": csrf(viewer), "X-Workspace": "demo"},
    )
    assert refused.status == 403
    viewer.goto("/w/demo/settings/members/")
    expect(viewer.get_by_role("link", name="Invite people")).to_have_count(0)


def csrf(page: Page) -> str:
    """The token that this page's forms send."""
    return str(page.locator("input[name=csrfmiddlewaretoken]").first.input_value())
