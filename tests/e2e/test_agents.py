"""An agent is built by mouse, asks a person before it pays, and is watched while it writes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Locator, StorageState, expect

from tests.e2e.accessibility import barriers
from tests.e2e.browser import Tabs
from tests.e2e.canvas import sees
from tests.e2e.orders import await_status, read, write
from tests.fakes.mcp import McpServer, Scripted
from tests.fakes.openai import OpenAI
from tests.fakes.scripted import KEY, Call, Say

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

START = {
    "nodes": [{"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "position": {"x": 0, "y": 0}}],
    "connections": [],
    "settings": {},
}
REFUND = {
    "type": "object",
    "required": ["order", "amount"],
    "properties": {"order": {"type": "string"}, "amount": {"type": "integer"}},
}
LETTER = "Dear Ada, 40 euros are on their way to you, with our apologies for the lamp that flickers."


def test_an_agent_is_built_asks_and_is_watched(
    api: APIRequestContext,
    signed_in: StorageState,
    tabs: Tabs,
    language_model: OpenAI,
    tool_server: McpServer,
) -> None:
    workflow = str(write(api, "workflows/", {"name": "Refunds", "definition": START})["id"])
    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/workflows/{workflow}/")
    page.locator('.react-flow__node[data-id="t"]').click()
    page.locator(".node-row", has_text="OpenAI").click()
    panel = page.locator(".node-panel")
    write_into(panel, "Prompt", "The lamp of order A-1 flickers. Write to Ada.")

    # Nothing is connected yet: it says so, and where to.
    page.get_by_role("button", name="Test", exact=True).click()
    panel.get_by_role("tab", name="Run").click()
    expect(panel.locator(".error-view")).to_contain_text("ai.no_credential")
    expect(panel.locator(".error-view").get_by_role("link")).to_have_attribute("href", re.compile(r"/w/demo/.+"))

    # A key, without leaving the page.
    panel.get_by_role("tab", name="Parameters").click()
    panel.get_by_role("button", name="New").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Base URL").fill(language_model.base)
    dialog.get_by_label("API key").fill(KEY)
    dialog.get_by_role("button", name="Test and save").click()
    expect(dialog).to_have_count(0)
    panel.get_by_role("combobox", name="Model", exact=True).fill("gpt-4.1-mini")
    expect(panel).to_contain_text("for a million")  # tokens, and what they cost

    # A tool, on the slot of the agent's card.
    tool_server.offer(Scripted("refund", lambda given: {"paid": given["amount"]}, "Pays money back.", REFUND))
    agent = page.locator(".react-flow__node-card", has_text="OpenAI")
    agent.get_by_role("button", name="Add a tool").click()
    page.locator(".node-adder").get_by_role("option", name="MCP server").click()
    write_into(panel, "Address", tool_server.url)
    chip = page.locator(".react-flow__node-chip", has_text="MCP server")
    expect(chip).to_be_visible()
    assert below(agent, chip)
    expect(panel.get_by_role("button", name="Test node")).to_have_count(0)
    assert barriers(page) == []

    # It thinks, and asks before it pays.
    language_model.says(Say("I will pay it back.", calls=(Call("refund", {"order": "A-1", "amount": 70}),)))
    language_model.says(Say(LETTER, slow=0.3))
    page.get_by_role("button", name="Test", exact=True).click()
    agent.click(position={"x": 40, "y": 20})
    panel.get_by_role("tab", name="Run").click()
    expect(panel.locator(".trace-call")).to_contain_text("Waits for a person")
    assert tool_server.called == []
    execution = read(api, f"executions/?workflow_id={workflow}")["results"][0]["id"]

    watcher = tabs.open(storage_state=signed_in)
    watcher.goto(f"/w/demo/executions/{execution}/")
    sees(watcher, "WAITING_FOR_HUMAN", openai="WAITING_INPUT")
    watcher.locator('.react-flow__node[data-id="openai"]').click(position={"x": 40, "y": 20})

    # A person agrees to less.
    question = read(api, f"interactions/?execution_id={execution}")["results"][0]["id"]
    desk = tabs.open(storage_state=signed_in)
    desk.goto(f"/w/demo/inbox/{question}/")
    desk.get_by_label("Amount").fill("40")
    desk.get_by_role("button", name="Approve").click()
    expect(desk.locator("#answer")).to_contain_text("Demo Owner")

    # Who watches sees it being written, then what it came to.
    writing = watcher.locator(".trace-text[data-open]")
    expect(writing).to_contain_text("Dear Ada")
    assert len(writing.inner_text()) < len(LETTER)
    sees(watcher, "SUCCESS", openai="COMPLETED")
    expect(watcher.locator(".trace-turn").last).to_contain_text(LETTER)
    expect(writing).to_have_count(0)
    call = watcher.locator(".trace-call")
    expect(call).to_contain_text("agreed by Demo Owner, who changed it")
    call.locator("summary").click()
    expect(call).to_contain_text("40")
    expect(watcher.locator(".trace-totals")).to_contain_text(re.compile(r"\$0\.\d+"))
    expect(watcher.locator(".trace-totals")).to_contain_text("2 model, 1 tool")
    assert barriers(watcher) == []
    assert tool_server.called == [("refund", {"order": "A-1", "amount": 40})]
    found: Any = await_status(api, execution, "SUCCESS")
    assert {run["node_id"]: run["output"] for run in found["node_runs"]}["openai"]["text"] == LETTER


def write_into(panel: Locator, name: str, text: str) -> None:
    """A field that takes expressions."""
    panel.get_by_role("textbox", name=re.compile(f"^{name}( required)?$")).click()
    panel.page.keyboard.type(text)
    panel.page.keyboard.press("Escape")


def below(agent: Locator, chip: Locator) -> bool:
    """Whether it hangs under the card."""
    upper, lower = agent.bounding_box(), chip.bounding_box()
    return upper is not None and lower is not None and lower["y"] > upper["y"] + upper["height"]
