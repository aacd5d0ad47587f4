"""A workflow drawn by mouse on an empty canvas, taken back to nothing and done again."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Locator, Page, StorageState, expect

from tests.e2e.accessibility import barriers
from tests.e2e.browser import PHONE, Tabs
from tests.e2e.canvas import rests
from tests.e2e.orders import read, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

EMPTY: dict[str, Any] = {"nodes": [], "connections": [], "settings": {}}


def test_a_workflow_is_drawn_by_mouse_undone_and_redone(
    api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    workflow = str(write(api, "workflows/", {"name": "Drawn", "definition": EMPTY})["id"])
    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/workflows/{workflow}/")
    page.get_by_role("button", name="Add the first step").click()
    _choose(page, "Start by hand")
    expect(_card(page, "Start by hand")).to_be_visible()
    _close_panel(page)
    # By the + of an outcome that leads nowhere.
    page.locator(".open-port").click()
    _choose(page, "Loop")
    loop = _card(page, "Loop")
    expect(loop).to_be_visible()
    _close_panel(page)
    # By drawing a connection that ends on nothing.
    start = _box(page.locator(".react-flow__node-card .react-flow__handle.source"))
    below = (start["x"] + 60, start["y"] + 220)
    _drag(page, (start["x"] + 4, start["y"] + 4), below)
    _choose(page, "Text")
    _close_panel(page)
    expect(page.locator(".react-flow__edge")).to_have_count(2)
    # Into the loop: its connection cannot cross the border and goes, with a word about it.
    text, around = _box(_card(page, "Text")), _box(loop)
    grip = (text["x"] + 60, text["y"] + 20)
    _drag(page, grip, (around["x"] + 90, around["y"] + 90))
    expect(page.get_by_text("none can cross a loop’s border")).to_be_visible()
    expect(page.locator(".react-flow__edge")).to_have_count(1)
    expect(loop).to_have_class(re.compile(r"\bparent\b"))
    # Between two, from the connection itself; what comes after makes room.
    rests(page)
    before = _box(loop)["x"]
    start = _box(_card(page, "Start by hand"))
    page.mouse.move((start["x"] + start["width"] + before) / 2, start["y"] + start["height"] / 2)
    page.get_by_role("button", name="Put a step in between").click()
    _choose(page, "Wait")
    expect(page.locator(".react-flow__edge")).to_have_count(2)
    _close_panel(page)
    assert _box(loop)["x"] > before
    drawn = _drawn(page)
    assert not barriers(page)
    # All of it back, and again.
    undo, redo = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Redo")
    steps = 0
    while undo.is_enabled():
        undo.click()
        steps += 1
    expect(page.get_by_role("button", name="Add the first step")).to_be_visible()
    for _ in range(steps):
        redo.click()
    assert steps == 5
    assert _drawn(page) == drawn
    # What is drawn is kept, and only looked at on a phone.
    _await_saved(api, workflow, steps=4)
    phone = tabs.open(size=PHONE, storage_state=signed_in)
    phone.goto(f"/w/demo/workflows/{workflow}/")
    expect(_card(phone, "Start by hand")).to_be_visible()
    expect(phone.locator(".open-port")).to_have_count(0)


def _card(page: Page, name: str) -> Locator:
    return page.locator(".react-flow__node").filter(has=page.locator(".card-node-name", has_text=name)).first


def _choose(page: Page, name: str) -> None:
    """The type that is called so, from the quick list that is open."""
    page.get_by_role("combobox", name="Find a node type").fill(name)
    page.locator(".node-adder").get_by_role("option", name=name).first.click()


def _close_panel(page: Page) -> None:
    """By a click on the empty canvas."""
    panel = page.locator(".editor-panel")
    expect(panel).to_be_visible()
    rests(page)
    pane = _box(page.locator(".react-flow__pane"))
    page.mouse.click(pane["x"] + pane["width"] - 24, pane["y"] + 60)
    expect(panel).to_have_count(0)
    rests(page)


def _drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 6, start[1] + 6, steps=2)
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def _box(locator: Locator) -> dict[str, float]:
    box = locator.bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}


def _drawn(page: Page) -> list[list[str]]:
    """What stands where."""
    found: list[list[str]] = page.locator(".react-flow__node").evaluate_all(
        "all => all.map(one => [one.dataset.id, one.style.transform]).sort()"
    )
    return found


def _await_saved(api: APIRequestContext, workflow: str, *, steps: int) -> None:
    """Until the server keeps so many steps, each in its place."""
    deadline = time.monotonic() + 30
    while len(nodes := read(api, f"workflows/{workflow}/")["definition"]["nodes"]) != steps:
        assert time.monotonic() < deadline, nodes
        time.sleep(0.1)
    assert all(node["position"] for node in nodes)
