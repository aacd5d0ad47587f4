"""Every kind of question in a browser: on the pages, on a phone, and by a link that looking at does not answer."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Page, StorageState, expect

from tests.e2e.browser import PHONE, Tabs
from tests.e2e.orders import await_status, read, write
from tests.e2e.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FORM = {
    "type": "object",
    "required": ["carrier", "boxes"],
    "properties": {"carrier": {"enum": ["DHL", "UPS"]}, "boxes": {"type": "integer", "minimum": 1}},
}
OPTIONS = [{"name": "oak", "label": "Solid oak"}, {"name": "pine", "label": "Pine"}, {"name": "ash", "label": "Ash"}]
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "approve": ("CONFIRMATION", {"title": "Pay 1,200 to Lindqvist?", "comment": "to_reject"}),
    "fill": ("INPUT", {"title": "How is it sent?", "form": FORM, "initial": {"boxes": 2}}),
    "choose": ("DECISION", {"title": "Which wood?", "options": OPTIONS}),
    "several": ("DECISION", {"title": "Which samples?", "options": OPTIONS, "choose": "several", "most": 2}),
    "review": ("REVIEW", {"title": "Publish this?", "content": "Imports are fastr."}),
}


def asked(api: APIRequestContext) -> tuple[str, dict[str, str]]:
    """A run that asks all of them at once, and where each question is, by its node."""
    nodes = [{"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}}]
    nodes += [
        {"id": name, "name": name, "type": "HUMAN_IN_THE_LOOP", "subtype": subtype, "params": params}
        for name, (subtype, params) in QUESTIONS.items()
    ]
    definition = {
        "nodes": nodes,
        "connections": [{"from": "t", "port": "main", "to": name} for name in QUESTIONS],
        "settings": {},
    }
    workflow = write(api, "workflows/", {"name": "Asks it all", "definition": definition})["id"]
    write(api, f"workflows/{workflow}/publish/")
    execution = write(api, f"workflows/{workflow}/execute/", {"input": {}})["execution_id"]
    await_status(api, execution, "WAITING_FOR_HUMAN")
    rows = read(api, f"interactions/?execution_id={execution}")["results"]
    return execution, {row["node_id"]: row["id"] for row in rows}


def test_each_kind_is_answered_in_a_browser(
    running: Product, api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    execution, questions = asked(api)
    tabs.expected += ["422", "405"]  # a comment that is missing, and a method that links do not have

    desk = tabs.open(storage_state=signed_in)
    desk.goto("/w/demo/inbox/")
    desk.locator(f'a[href*="/inbox/{questions["approve"]}/"]').click()
    desk.get_by_role("button", name="Reject").click()
    expect(desk.get_by_role("alert")).to_contain_text("needs a comment")
    desk.get_by_label("Comment").fill("Paid already.")
    desk.get_by_role("button", name="Reject").click()
    expect(desk.locator("#answer")).to_contain_text("Rejected by Demo Owner")

    desk.goto(f"/w/demo/inbox/{questions['review']}/")
    desk.get_by_label("Content").fill("Imports are twice as fast.")
    desk.get_by_role("button", name="Approve").click()
    expect(desk.locator("#answer")).to_contain_text("Edited by Demo Owner")

    phone = tabs.open(storage_state=signed_in, size=PHONE, has_touch=True)
    phone.goto(f"/w/demo/inbox/{questions['choose']}/")
    phone.get_by_role("button", name="Pine").tap()
    expect(phone.locator("#answer")).to_contain_text("Pine by Demo Owner")
    phone.goto(f"/w/demo/inbox/{questions['several']}/")
    for label in ("Solid oak", "Ash"):
        phone.get_by_label(label).check()
    phone.get_by_role("button", name="Choose").tap()
    expect(phone.locator("#answer")).to_contain_text("Answered by Demo Owner")

    link = write(api, f"interactions/{questions['fill']}/link/", {"recipient": "Jonas Weber"})["url"]
    looked_at_by_machines(tabs, link)
    assert read(api, f"interactions/{questions['fill']}/")["status"] == "pending"
    guest = tabs.open()
    guest.goto(link)
    guest.get_by_label("Carrier").select_option("UPS")
    guest.get_by_label("Boxes").fill("3")
    guest.get_by_role("button", name="Send").click()
    expect(guest.get_by_role("heading", level=1)).to_contain_text("Thank you")

    assert link.rstrip("/").rpartition("/")[2] not in running.output()  # what all processes log

    runs = {run["node_id"]: run for run in await_status(api, execution, "SUCCESS")["node_runs"]}
    said = {name: (runs[name]["port"], runs[name]["output"]["data"]) for name in QUESTIONS}
    assert said == {
        "approve": ("rejected", None),
        "fill": ("answered", {"carrier": "UPS", "boxes": 3}),
        "choose": ("pine", None),
        "several": ("answered", ["oak", "ash"]),
        "review": ("edited", {"content": "Imports are twice as fast."}),
    }


def looked_at_by_machines(tabs: Tabs, link: str) -> None:
    """What scanners with a browser of their own, previews and prefetching mail programs do with a link."""
    scanner = tabs.open()
    told: list[str] = []
    scanner.on("request", lambda request: told.append(request.headers.get("referer", "")))
    scanner.goto(link, wait_until="networkidle")
    scanner.mouse.move(200, 300)
    scanner.mouse.wheel(0, 2_000)
    scanner.keyboard.press("Tab")
    scanner.reload(wait_until="networkidle")
    assert told
    assert [each for each in told if link.rstrip("/").rpartition("/")[2] in each] == []
    program = scanner.context.new_page()
    program.goto(link.partition("/i/")[0] + "/accounts/login/")
    answers = prefetched(program, link)
    assert answers == {"GET": 200, "HEAD": 200, "OPTIONS": 405}
    program.close()


def prefetched(page: Page, link: str) -> dict[str, int]:
    """A page that prefetches and prerenders the link, and asks for it in every way that changes nothing."""
    script = """async (link) => {
        for (const rel of ["prefetch", "prerender"]) {
            const hint = Object.assign(document.createElement("link"), {rel, href: link});
            document.head.append(hint);
        }
        const found = {};
        for (const method of ["GET", "HEAD", "OPTIONS"])
            found[method] = (await fetch(link, {method, credentials: "include"})).status;
        return found;
    }"""
    return dict(page.evaluate(script, link))
