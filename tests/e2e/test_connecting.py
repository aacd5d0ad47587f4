"""Somebody connects an account at a provider, without JavaScript, and a workflow uses it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import APIRequestContext, Page, StorageState, expect

from tests.e2e.accessibility import barriers
from tests.e2e.browser import PHONE, WIDE, Tabs
from tests.e2e.orders import await_status, read, write
from tests.e2e.product import Product
from tests.fakes.oauth import ACCOUNT, OAuthServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def fill(page: Page, provider: OAuthServer, name: str) -> None:
    """Enter an app of one's own at the provider, and save."""
    page.goto("/w/demo/integrations/new/oauth2/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_text("Advanced", exact=True).click()
    for name in ("authorize_url", "token_url", "client_id", "client_secret", "scopes", "revoke_url", "account_url"):
        page.locator(f"[name=field_{name}]").fill(provider.fields[name])
    page.get_by_role("button", name="Save").click()


def photograph(page: Page, name: str) -> None:
    """Keep what the page looks like, in every shape, where E2E_SCREENSHOTS says."""
    folder = os.environ.get("E2E_SCREENSHOTS")
    if not folder:
        return
    for width, height in (WIDE, PHONE):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)


def orders_by(credential: str, provider: OAuthServer) -> dict[str, object]:
    """A workflow that reads the provider's orders with the credential."""
    auth = {"kind": "credential", "credential": credential}
    return {
        "nodes": [
            {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
            {
                "id": "orders",
                "name": "Orders",
                "type": "ACTION",
                "subtype": "HTTP_REQUEST",
                "params": {"url": f"{provider.url}/orders", "auth": auth, "returns": "body"},
            },
        ],
        "connections": [{"from": "t", "to": "orders"}],
    }


def test_an_account_is_connected_and_a_workflow_uses_it(
    running: Product, api: APIRequestContext, provider: OAuthServer, signed_in: StorageState, tabs: Tabs
) -> None:
    tabs.expected.append(".js: csp")  # how the browser says that scripts are switched off
    page = tabs.open(storage_state=signed_in, java_script_enabled=False)
    provider.redirect_uris = {f"{running.url}/integrations/oauth/callback"}
    fill(page, provider, "Orders of Ada")
    expect(page.locator("#redirect-address")).to_have_text(next(iter(provider.redirect_uris)))

    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Allow agentflow-test?")
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders of Ada")
    expect(page.locator("#toasts")).to_contain_text("was not allowed to give access")
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders of Ada")
    expect(page.locator("#connection")).to_contain_text(ACCOUNT)

    credential = page.url.rstrip("/").rpartition("/")[2]
    workflow = write(api, "workflows/", {"name": "Read orders", "definition": orders_by(credential, provider)})["id"]
    write(api, f"workflows/{workflow}/publish/")
    provider.expire()  # the workflow finds out, and renews
    execution = write(api, f"workflows/{workflow}/execute/", {})["id"]
    await_status(api, execution, "SUCCESS")
    assert provider.asked("refresh_token") == 1
    (run,) = [run for run in read(api, f"executions/{execution}/")["node_runs"] if run["node_id"] == "orders"]
    assert run["output"] == {"orders": [{"id": 1}, {"id": 2}]}

    provider.grants[-1].is_revoked = True
    execution = write(api, f"workflows/{workflow}/execute/", {})["id"]
    error = await_status(api, execution, "ERROR")["error"]
    assert error["code"] == "integrations.needs_reconnecting"
    assert page.url in error["hint"]
    page.reload()
    expect(page.locator("#connection")).to_contain_text("It must be connected again")
    page.get_by_role("button", name="Connect again").click()
    page.get_by_role("button", name="Allow").click()
    execution = write(api, f"workflows/{workflow}/execute/", {})["id"]
    await_status(api, execution, "SUCCESS")


def test_the_page_of_a_connection_has_no_barriers(provider: OAuthServer, signed_in: StorageState, tabs: Tabs) -> None:
    page = tabs.open(storage_state=signed_in)
    page.goto("/w/demo/integrations/new/oauth2/")
    photograph(page, "new")
    assert not barriers(page)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    fill(page, provider, "Orders of Bea")
    photograph(page, "fresh")
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").click()
    expect(page.locator("#connection")).to_contain_text(ACCOUNT)
    photograph(page, "connected")
    assert not barriers(page)
    provider.grants[-1].is_revoked = True
    provider.expire()
    page.get_by_role("button", name="Test").click()
    expect(page.locator("#connection")).to_contain_text("It must be connected again")
    photograph(page, "broken")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
