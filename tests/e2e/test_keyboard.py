"""The order approval is built on an empty canvas, taken back, done again and published without ever pointing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Locator, Page, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.orders import await_status, read, write
from tests.fakes.receiver import Receiver

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

EMPTY: dict[str, Any] = {"nodes": [], "connections": [], "settings": {}}
WAYS = {
    "Webhook main Total",
    "Webhook main Stock",
    "Total main Merge",
    "Stock main Merge",
    "Merge main If",
    "If true Manager",
    "If false Ship",
    "Manager approved Ship",
    "Manager rejected Refused",
    "Manager timeout Refused",
    "Ship main Shipped",
}
SMALL = {"id": "K-7", "items": [{"name": "Oak chair", "price": 145, "quantity": 2}]}


def test_the_order_approval_is_built_and_published_by_keyboard_only(
    api: APIRequestContext, signed_in: StorageState, vendor: Receiver, tabs: Tabs
) -> None:
    workflow = str(write(api, "workflows/", {"name": "Built by keys", "definition": EMPTY})["id"])
    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/workflows/{workflow}/")
    keys, panel = page.keyboard, page.locator(".node-panel")
    expect(page.get_by_role("button", name="Add the first step")).to_be_visible()

    _add(page, "Webhook", key="+")
    _open(page)
    keys.type("by-keys")
    _leave(page)

    # The sum of what was ordered, by what the webhook's example offers to complete.
    _add(page, "Transform")
    _rename(page, "Total")
    expect(panel.get_by_role("tree", name="Input")).to_contain_text("items")
    for number, (name, begin, rest) in enumerate(
        (("total", "items", ".map(i => i.price * i.quantity).sum()"), ("order", "id", ""))
    ):
        _tab_to(page, panel.get_by_role("button", name="Add field"))
        keys.press("Enter")
        row = panel.locator(f'[data-path="params.fields[{number}]"]')
        expect(row.locator("input").first).to_be_focused()
        keys.type(name)
        _tab_to(page, row.get_by_role("button", name="Expression"))
        keys.press("Enter")
        expect(row.locator(".cm-content")).to_be_focused()
        _complete(page, "$json.bo", "$json.body")
        keys.type(f".{begin}{rest}")
        expect(row.locator(".cm-content")).to_have_text(f"{{{{ $json.body.{begin}{rest} }}}}")
    _leave(page)

    # Beside it, from the same outcome of the step before; both lead on to one.
    keys.press("ArrowLeft")
    _add(page, "HTTP request")
    _rename(page, "Stock")
    _tab_to(page, panel.get_by_role("textbox", name="Address"))
    keys.type(f"{vendor.url}/stock")
    _leave(page)
    _add(page, "Merge")
    _go(page, "Total")
    _connect(page, "Merge")

    _go(page, "Merge")
    _add(page, "If")
    _open(page)
    expect(panel.locator(".cm-content:focus")).to_have_text("{{  }}")  # a condition begins as an expression
    keys.type('$node["Total"].total > 1000')
    _leave(page)

    _add(page, "Confirmation")
    _rename(page, "Manager")
    _tab_to(page, panel.get_by_role("textbox", name="Title"))
    keys.type("Ship it?")
    _leave(page)

    _add(page, "HTTP request")
    _rename(page, "Ship")
    _tab_to(page, panel.get_by_role("textbox", name="Address"))
    keys.type(f'{vendor.url}/shipments/{{{{ $node["Total"].order }}}}')
    _leave(page)
    _open(page)
    _tab_to(page, panel.get_by_label("Method", exact=True))
    keys.type("PO")
    expect(panel.get_by_label("Method", exact=True)).to_have_value('"POST"')
    _leave(page)
    _add(page, "Respond")
    _rename(page, "Shipped")
    _leave(page)

    # What was decided otherwise; the dialog offers the outcomes that lead nowhere yet.
    _go(page, "Manager")
    _add(page, "Respond")
    _rename(page, "Refused")
    _leave(page)
    _go(page, "Manager")
    _connect(page, "Refused")
    _go(page, "If")
    _connect(page, "Ship")
    saved = _saved(api, page, workflow)
    assert _ways(saved) == WAYS

    # All of it back, and again.
    steps = 0
    undo, redo = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Redo")
    while undo.is_enabled():
        keys.press("Control+z")
        steps += 1
    expect(page.get_by_role("button", name="Add the first step")).to_be_visible()
    for _ in range(steps):
        keys.press("Control+Shift+z")
    expect(redo).to_be_disabled()
    assert _saved(api, page, workflow) == saved

    # One key leads to the first thing the lint has to say.
    keys.press(".")
    expect(page.locator(".node-panel")).to_contain_text("further starts are refused")

    keys.press("Control+Shift+p")
    dialog = page.get_by_role("dialog", name="Publish this workflow")
    _tab_to(page, dialog.get_by_label("What changed"))
    keys.type("By keys")
    _tab_to(page, dialog.get_by_role("button", name="Publish and activate"))
    keys.press("Enter")
    expect(page.locator(".workflow-bar .badge").first).to_contain_text("v1 live")
    run = write(api, f"workflows/{workflow}/execute/", {"input": {"body": SMALL}})
    await_status(api, run["id"], "SUCCESS")
    assert ("POST", "/shipments/K-7") in {(seen["method"], seen["path"]) for seen in vendor.seen}


def _card(page: Page, name: str) -> Locator:
    return page.locator(".react-flow__node").filter(has=page.locator(".card-node-name", has_text=name)).first


def _add(page: Page, kind: str, *, key: str = "Tab") -> None:
    """A step behind the one that has the focus, which the new one has then."""
    page.keyboard.press(key)
    expect(page.get_by_role("combobox", name="Find a node type")).to_be_focused()
    page.keyboard.type(kind)
    expect(page.locator('.node-adder [aria-selected="true"] b')).to_have_text(kind)
    page.keyboard.press("Enter")
    expect(page.locator(".react-flow__node:focus .card-node-name")).to_contain_text(kind)


def _go(page: Page, name: str) -> None:
    """To a step, as one looks for it on the canvas."""
    page.keyboard.press("Control+f")
    field = page.get_by_role("textbox", name="Find a step")
    expect(field).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Escape")
    expect(_card(page, name)).to_be_focused()


def _connect(page: Page, name: str) -> None:
    """The step that has the focus with another one, by its first outcome that leads nowhere."""
    page.keyboard.press("c")
    expect(page.get_by_role("combobox", name="To which step")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


def _open(page: Page) -> None:
    """The step that has the focus, which is in its first field then."""
    page.keyboard.press("Enter")
    expect(page.locator(".node-panel-form :focus")).to_have_count(1)


def _leave(page: Page) -> None:
    """Back to the step; what is offered to complete something closes first."""
    for _ in range(3):
        if page.locator(".node-panel :focus").count() == 0:
            break
        page.keyboard.press("Escape")
    expect(page.locator(".react-flow__node:focus")).to_have_count(1)


def _rename(page: Page, name: str) -> None:
    """The step that has the focus, whose panel has it then."""
    _open(page)
    _tab_to(page, page.get_by_role("textbox", name="Name of the node"), key="Shift+Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    expect(page.get_by_role("region", name=name, exact=True)).to_be_visible()


def _complete(page: Page, typed: str, offered: str) -> None:
    page.keyboard.type(typed)
    expect(page.locator(".expr-list li").first).to_contain_text(offered)
    page.keyboard.press("Enter")


def _tab_to(page: Page, target: Locator, *, key: str = "Tab") -> None:
    """As often as it takes, which is not too often."""
    for _ in range(25):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    expect(target).to_be_focused()


def _saved(api: APIRequestContext, page: Page, workflow: str) -> dict[str, Any]:
    expect(page.locator(".workflow-saved")).to_contain_text("Draft saved")
    definition: dict[str, Any] = read(api, f"workflows/{workflow}/")["definition"]
    return definition


def _ways(definition: dict[str, Any]) -> set[str]:
    names = {node["id"]: node["name"] for node in definition["nodes"]}
    return {f"{names[way['from']]} {way['port']} {names[way['to']]}" for way in definition["connections"]}
