"""What somebody who watches sees of processes that are killed."""

from __future__ import annotations

import os
import signal
import time

import pytest
from playwright.sync_api import APIRequestContext, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.canvas import is_marked, mark, sees
from tests.e2e.orders import PATIENCE_SECONDS, await_status, place_order, question_of, write
from tests.e2e.product import Product
from tests.fakes.receiver import Receiver

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_an_execution_outlives_its_worker(
    running: Product, vendor: Receiver, api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    definition = {
        "nodes": [
            {"id": "start", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
            {
                "id": "ask",
                "name": "Ask the vendor",
                "type": "ACTION",
                "subtype": "HTTP_REQUEST",
                "params": {"method": "GET", "url": f"{vendor.url}/price"},
            },
            {
                "id": "note",
                "name": "Note",
                "type": "ACTION",
                "subtype": "TRANSFORM",
                "params": {"fields": [{"name": "price", "value": "{{ $json.body.price }}"}]},
            },
        ],
        "connections": [
            {"from": "start", "port": "main", "to": "ask"},
            {"from": "ask", "port": "main", "to": "note"},
        ],
        "settings": {},
    }
    workflow = write(api, "workflows/", {"name": "Ask for a price", "definition": definition})["id"]
    vendor.seen.clear()  # of tests before this one
    vendor.answers.clear()
    vendor.says(body={"price": 1}, delay=PATIENCE_SECONDS)  # whoever asks first is gone before it is answered
    vendor.says(body={"price": 2})

    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/workflows/{workflow}/")
    page.get_by_role("button", name="Test", exact=True).click()
    page.get_by_role("link", name="Open").click()
    page.wait_for_url("**/executions/*/")
    execution = page.url.rstrip("/").rpartition("/")[2]
    sees(page, "RUNNING", start="COMPLETED", ask="RUNNING", note="PENDING")
    mark(page)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not vendor.seen:
        assert time.monotonic() < deadline, "nobody asked the vendor"
        time.sleep(0.05)

    killed = running.child("celery", "worker")
    os.kill(killed, signal.SIGKILL)

    sees(page, "SUCCESS", start="COMPLETED", ask="COMPLETED", note="COMPLETED")
    assert is_marked(page), "the page was loaded anew"
    expect(page.locator(".island-connection")).to_have_count(0)
    assert await_status(api, execution, "SUCCESS")["output"] == {"price": 2}
    assert [call["path"] for call in vendor.seen] == ["/price", "/price"]
    assert running.child("celery", "worker") != killed
    assert "worker was killed by SIGKILL; starting it again now" in running.output()


def test_a_page_finds_its_way_back_to_a_web_server_that_was_killed(
    running: Product, api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    _, answer = place_order(f"{running.url}/webhooks/demo/orders", "E2E-KILLED")
    execution = answer["execution_id"]
    page = tabs.open(storage_state=signed_in)
    page.goto(answer["links"]["page"])
    sees(page, "WAITING_FOR_HUMAN", ask="WAITING_INPUT")
    expect(page.locator(".island-connection")).to_have_count(0)
    mark(page)

    tabs.expected += [
        "net::ERR_CONNECTION_REFUSED",
        "ERR_CONNECTION_RESET",
        "ERR_EMPTY_RESPONSE",
        "socket: ",
        "console: htmx:",
    ]
    os.kill(running.child("daphne"), signal.SIGKILL)
    expect(page.locator(".island-connection")).to_be_visible()
    expect(page.locator(".island-connection")).to_have_count(0)

    write(api, f"interactions/{question_of(api, execution)}/answer/", {"outcome": "approved"})
    sees(page, "SUCCESS", ask="COMPLETED", ship="COMPLETED", yes="COMPLETED")
    assert is_marked(page), "the page was loaded anew"
