"""Passkeys, from making one to signing in with it, with an authenticator that Chromium plays itself."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import barriers
from tests.e2e.browser import Tabs
from tests.e2e.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def authenticator(page: Page, **options: Any) -> Any:
    """A device that holds passkeys, as the DevTools protocol plays it: its session."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
            | options
        },
    )
    return session


def test_a_passkey_is_made_and_signs_in_by_itself(tabs: Tabs, running: Product) -> None:
    """By the name of the host: browsers bind no passkey to an address that is a number."""
    here = running.url.replace("127.0.0.1", "localhost")
    link = running.manage("sign_in_link", "--workspace", "demo").strip().replace("127.0.0.1", "localhost")
    page = tabs.open()
    authenticator(page)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/demo/")

    page.goto(f"{here}/w/demo/settings/security/")
    page.get_by_role("link", name="New passkey").click()
    page.get_by_label("Name").fill("Test laptop")
    assert barriers(page) == []
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert len(page.locator("#recovery-codes").inner_text().split()) == 10
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Test laptop")).to_be_visible()

    page.get_by_text("Account of").locator("..").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/w/demo/")

    # The link alone is not enough any more: the passkey is asked for, too.
    page.context.clear_cookies()
    page.goto(running.manage("sign_in_link", "--workspace", "demo").strip().replace("127.0.0.1", "localhost"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/accounts/2fa/authenticate/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/w/demo/")

    # Who it is is asked once more before it is removed; afterwards the others of this folder sign in as before.
    page.goto(f"{here}/w/demo/settings/security/")
    page.get_by_role("link", name="Remove Test laptop").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Test laptop")).to_have_count(0)
    page.goto(f"{here}/w/demo/settings/audit/?action=factor")
    expect(page.get_by_role("table").get_by_text("Factor removed")).to_be_visible()


def test_somebody_who_cancels_is_told_so(tabs: Tabs, running: Product) -> None:
    page = tabs.open()
    authenticator(page, isUserVerified=False, automaticPresenceSimulation=False)
    page.goto(running.url.replace("127.0.0.1", "localhost") + "/accounts/login/")
    page.evaluate("() => { navigator.credentials.get = async () => { throw new DOMException('', 'NotAllowedError') } }")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("It was cancelled, or took too long. Nothing has changed.")).to_be_visible()
