"""Workflows that call each other, on the whole product: across a killed worker, and as people see them."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, StorageState, expect

from tests.e2e.browser import Tabs
from tests.e2e.orders import PATIENCE_SECONDS, await_status, read, write
from tests.e2e.product import Product
from tests.fakes.receiver import Receiver

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ITEMS = 6


def node(node_id: str, kind: str, **params: Any) -> dict[str, Any]:
    type_, subtype = kind.split(".")
    return {"id": node_id, "name": node_id, "type": type_, "subtype": subtype, "params": params}


def drawn(api: APIRequestContext, name: str, *nodes: dict[str, Any], **settings: Any) -> str:
    """A published workflow that is a chain."""
    links = [{"from": one["id"], "to": two["id"]} for one, two in pairwise(nodes)]
    definition = {"nodes": list(nodes), "connections": links, "settings": settings}
    workflow = write(api, "workflows/", {"name": name, "definition": definition})["id"]
    write(api, f"workflows/{workflow}/publish/")
    return str(workflow)


def test_calls_outlive_the_worker_and_the_page_shows_them(
    running: Product, vendor: Receiver, api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    drawn(
        api,
        "Price of one",
        node("called", "TRIGGER.SUB_WORKFLOW"),
        node("price", "ACTION.HTTP_REQUEST", method="GET", url=f"{vendor.url}/price/{{{{ $json.sku }}}}"),
        node("sku", "ACTION.TRANSFORM", fields=[{"name": "sku", "value": "{{ $trigger.sku }}"}]),
    )
    every = node("every", "FLOW.SUB_WORKFLOW", workflow="Price of one", for_each="{{ $json }}", parallelism=2)
    told = {"url": f"{vendor.url}/done", "statuses": ["SUCCESS"]}
    parent = drawn(api, "Prices", node("start", "TRIGGER.MANUAL"), every, completion=told)
    vendor.seen.clear()
    vendor.says(delay=PATIENCE_SECONDS)  # whoever asks first is gone before it is answered
    given = [{"sku": f"A-{number}"} for number in range(ITEMS)]
    execution = write(api, f"workflows/{parent}/execute/", {"input": given})["execution_id"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not vendor.seen:
        assert time.monotonic() < deadline, "nobody asked the vendor"
        time.sleep(0.05)

    os.kill(running.child("celery", "worker"), signal.SIGKILL)

    found = await_status(api, execution, "SUCCESS")
    assert found["output"] == given
    assert (found["children"]["count"], found["children"]["statuses"]) == (ITEMS, {"SUCCESS": ITEMS})
    asked = Counter(call["path"] for call in vendor.seen if call["path"] != "/done")
    assert set(asked) == {f"/price/A-{number}" for number in range(ITEMS)}

    while not (sent := read(api, f"executions/{execution}/deliveries/")) or sent[0]["state"] != "delivered":
        assert time.monotonic() < deadline + PATIENCE_SECONDS, sent
        time.sleep(0.1)
    assert [call["path"] for call in vendor.seen].count("/done") == 1

    page = tabs.open(storage_state=signed_in)
    page.goto(f"/w/demo/executions/{execution}/")
    calls = page.locator("#execution-links")
    expect(calls).to_contain_text(f"Called {ITEMS} runs")
    expect(calls).to_contain_text(f"Told {vendor.url}/done")
    calls.get_by_text(f"Called {ITEMS} runs").click()
    calls.get_by_role("link", name="Price of one").first.click()
    expect(page.locator("header.topbar")).to_contain_text("called by")
