"""Every page, light and dark, wide and on a phone: nothing to complain about, no barriers, nothing cut off.

With E2E_SCREENSHOTS=<folder> each of them is photographed, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import APIRequestContext, Page, StorageState, expect

from tests.e2e.accessibility import barriers
from tests.e2e.browser import PHONE, WIDE, Tabs
from tests.e2e.orders import order_of, question_of, read, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PLACES: dict[str, Callable[[APIRequestContext], str]] = {
    "home": lambda api: "/w/demo/",
    "workflows": lambda api: "/w/demo/workflows/",
    "workflow": lambda api: f"/w/demo/workflows/{workflow_named(api, 'Order approval')}/",
    "workflow-new": lambda api: "/w/demo/workflows/new/",
    "triggers": lambda api: f"/w/demo/workflows/{workflow_named(api, 'Order approval')}/triggers/",
    "edit": lambda api: f"/w/demo/workflows/{workflow_named(api, 'Order approval')}/edit/",
    "history": lambda api: f"/w/demo/workflows/{workflow_named(api, 'Order approval')}/history/",
    "run": lambda api: f"/w/demo/workflows/{workflow_named(api, 'Order approval')}/run/",
    "executions": lambda api: "/w/demo/executions/",
    "execution": lambda api: f"/w/demo/executions/{waiting_execution(api)}/",
    "finished": lambda api: f"/w/demo/executions/{finished_execution(api)}/",
    "compare": lambda api: f"/w/demo/executions/compare/?a={finished_execution(api)}&b={waiting_execution(api)}",
    "still-failed": lambda api: "/w/demo/executions/?status=DEAD_LETTERS",
    "run-again": lambda api: f"/w/demo/executions/{finished_execution(api)}/rerun/",
    "redrives": lambda api: "/w/demo/executions/redrives/",
    "redrive-new": lambda api: f"/w/demo/executions/redrives/new/?ids={cancelled_execution(api)}",
    "redrive": lambda api: f"/w/demo/executions/redrives/{redrive(api)}/",
    "trial": lambda api: f"/w/demo/workflows/{workflow_named(api, 'Order approval')}/test/?node=total",
    "log": lambda api: f"/w/demo/executions/{waiting_execution(api)}/log/",
    "log-technical": lambda api: f"/w/demo/executions/{finished_execution(api)}/log/?view=technical",
    "logs": lambda api: "/w/demo/logs/",
    "inbox": lambda api: "/w/demo/inbox/",
    "question": lambda api: f"/w/demo/inbox/{question_of(api, waiting_execution(api))}/",
    "link": lambda api: link_to(api, question_of(api, waiting_execution(api))),
    "response-times": lambda api: "/w/demo/inbox/times/",
    "channels": lambda api: "/w/demo/settings/channels/",
    "working-hours": lambda api: "/w/demo/settings/working-hours/",
    "away": lambda api: "/w/demo/settings/away/",
    "keys": lambda api: "/w/demo/settings/keys/",
    "limits": lambda api: "/w/demo/settings/limits/",
    "members": lambda api: "/w/demo/settings/members/",
    "notifications": lambda api: "/w/demo/notifications/?show=all",
    "profile": lambda api: "/w/demo/settings/profile/",
    "security": lambda api: "/w/demo/settings/security/",
    "sign-in-rules": lambda api: "/w/demo/settings/sign-in/",
    "audit": lambda api: "/w/demo/settings/audit/?verify=1",
    "usage": lambda api: "/w/demo/settings/usage/",
    "models": lambda api: "/w/demo/settings/models/",
    "models-compare": lambda api: "/w/demo/settings/models/compare/",
    "ollama": lambda api: "/w/demo/settings/models/ollama/",
    "memories": lambda api: "/w/demo/settings/memories/",
    "ai-usage": lambda api: "/w/demo/settings/ai-usage/",
    "ai-budgets": lambda api: "/w/demo/settings/ai-budgets/",
    "values": lambda api: "/w/demo/settings/values/",
    "invite": lambda api: "/w/demo/settings/members/invite/",
    "join": lambda api: invitation(api),
    "roles": lambda api: "/w/demo/settings/roles/",
    "workspace": lambda api: "/w/demo/settings/workspace/",
    "sharing": lambda api: f"/w/demo/workflows/{workflow_named(api, 'Order approval')}/sharing/",
    "told": lambda api: "/w/demo/settings/notifications/",
    "sessions": lambda api: "/w/demo/settings/sessions/",
    "sign-in": lambda api: "/accounts/login/",
    "password": lambda api: "/accounts/password/reset/",
    "gone": lambda api: "/i/this-link-was-never-made/",
    "unknown": lambda api: "/w/demo/no-such-page/",
}
WITHOUT_SESSION = ("sign-in", "password", "link", "gone", "join")
STATUS = {"gone": 404, "unknown": 404}
WITH_CANVAS = ("workflow", "execution", "finished")
IS_CUT_OFF = "document.documentElement.scrollWidth > innerWidth"


def workflow_named(api: APIRequestContext, name: str) -> str:
    """The id of one of the demo's workflows."""
    return next(str(row["id"]) for row in read(api, "workflows/")["results"] if row["name"] == name)


def waiting_execution(api: APIRequestContext) -> str:
    """The demo's order that waits for a person from the first start."""
    return str(read(api, "executions/?status=WAITING_FOR_HUMAN")["results"][-1]["id"])


def cancelled_execution(api: APIRequestContext) -> str:
    """An execution that was cancelled."""
    workflow = workflow_named(api, "Order approval")
    found = write(api, f"workflows/{workflow}/execute/", {"input": order_of("E2E-AGAIN")})["id"]
    return str(write(api, f"executions/{found}/cancel/")["id"])


def redrive(api: APIRequestContext) -> str:
    """A job that redrives one execution."""
    return str(write(api, "redrives/", {"ids": [cancelled_execution(api)]})["id"])


def finished_execution(api: APIRequestContext) -> str:
    """The demo's comparison of suppliers."""
    suppliers = workflow_named(api, "Compare supplier prices")
    return str(read(api, f"executions/?status=SUCCESS&workflow={suppliers}")["results"][-1]["id"])


def invitation(api: APIRequestContext) -> str:
    """The link of somebody who is asked in."""
    asked = {"emails": ["greta@example.com"], "role": "member", "message": "We begin on Monday."}
    return str(write(api, "invitations/", asked)["results"][0]["url"])


def link_to(api: APIRequestContext, question: str) -> str:
    """A link for somebody without an account."""
    return str(write(api, f"interactions/{question}/link/", {"recipient": "Jonas Weber"})["url"])


@pytest.mark.parametrize("name", PLACES)
def test_page_is_sound(name: str, api: APIRequestContext, signed_in: StorageState, tabs: Tabs) -> None:
    address = PLACES[name](api)
    page = tabs.open(storage_state=None if name in WITHOUT_SESSION else signed_in)
    tabs.expected += [str(STATUS[name])] if name in STATUS else []
    response = page.goto(address)
    assert response is not None
    assert response.status == STATUS.get(name, 200)
    expect(page.get_by_role("main")).to_be_visible()
    if name in WITH_CANVAS:
        expect(page.locator(".react-flow__node").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    found: set[str] = set()
    for width, height in (WIDE, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            wear(page, theme)
            picture(page, f"{name}-{width}-{theme}")
            if page.evaluate(IS_CUT_OFF):
                found.add(f"scrolls sideways at {width} px")
            if width == WIDE[0] or theme == "light":
                found.update(f"{theme}, {width} px: {text}" for text in barriers(page))
    assert not found, "\n".join(sorted(found))


def wear(page: Page, theme: str) -> None:
    """Have the system prefer light or dark, and the page follow."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    expect(page.locator("html")).to_have_attribute("data-theme", theme)


def picture(page: Page, name: str) -> None:
    """A picture into the folder E2E_SCREENSHOTS, if it is set."""
    folder = os.environ.get("E2E_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_the_reference_of_the_api_tries_calls(signed_in: StorageState, tabs: Tabs) -> None:
    page = tabs.open(storage_state=signed_in)
    page.goto("/api/v1/docs/")
    page.locator("#operations-tag-me").click()
    me = page.locator(".opblock-get").filter(has_text="/api/v1/app/me/")
    me.locator(".opblock-summary-control").click()
    me.get_by_role("button", name="Execute").click()
    expect(me.locator(".live-responses-table .response-col_status").last).to_contain_text("200")


def test_complaints_are_heard(tabs: Tabs) -> None:
    page = tabs.open()
    page.goto("/accounts/login/")
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "1";
      document.head.append(script);
      setTimeout(() => { throw new Error("thrown on purpose"); });
      return fetch("/no-such-page/");
    }""")
    tabs.expected += ["Content Security Policy", "thrown on purpose", "404"]
    expect(page.get_by_role("main")).to_be_visible()
    assert not tabs.unexpected()
    for part in tabs.expected:
        assert any(part in text for text in tabs.complaints), part
