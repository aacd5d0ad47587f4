"""The demo's order approval, as a shop and a program with an API key meet it."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from playwright.sync_api import APIRequestContext

PATIENCE_SECONDS = 60


def order_of(number: str) -> dict[str, Any]:
    """An order worth 1,470: more than ships without being asked."""
    items = [{"name": "Oak table", "price": 890, "quantity": 1}, {"name": "Oak chair", "price": 145, "quantity": 4}]
    return {"id": number, "customer": "Lindqvist Möbel", "items": items}


def place_order(webhook: str, number: str) -> tuple[int, dict[str, Any]]:
    """Post an order to the webhook, as a shop's server does: the status and the document that came back."""
    request = urllib.request.Request(
        webhook, data=json.dumps(order_of(number)).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return response.status, json.loads(response.read())


def read(api: APIRequestContext, path: str) -> Any:
    """What the API says at `path`."""
    response = api.get(path)
    assert response.ok, f"GET {path}: {response.status} {response.text()[:500]}"
    return response.json()


def write(api: APIRequestContext, path: str, data: Any = None) -> Any:
    """What the API answers to a POST."""
    response = api.post(path, data=data if data is not None else {})
    assert response.ok, f"POST {path}: {response.status} {response.text()[:500]}"
    return response.json() if response.body() else None


def question_of(api: APIRequestContext, execution: str) -> str:
    """The id of the one question that an execution waits for."""
    found = read(api, f"interactions/?execution_id={execution}&status=pending")["results"]
    assert len(found) == 1, found
    return str(found[0]["id"])


def await_status(api: APIRequestContext, execution: str, status: str) -> dict[str, Any]:
    """The execution, once it has this status."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := read(api, f"executions/{execution}/"))["status"] != status:
        assert time.monotonic() < deadline, f"{found['status']}, and not {status} after {PATIENCE_SECONDS} s: {found}"
        time.sleep(0.1)
    assert isinstance(found, dict)
    return found
