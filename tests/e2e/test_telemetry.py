"""One request, seen from outside: in the log, in the figures, and in its trace, through web server and worker."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from playwright.sync_api import APIRequestContext

from apps.core.telemetry import trace
from tests.e2e.conftest import METRICS_TOKEN
from tests.e2e.orders import await_status, write
from tests.e2e.product import Product
from tests.fakes.collector import Collector
from tests.fakes.receiver import Receiver

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_request_is_followed_from_the_caller_to_the_called(
    running: Product, vendor: Receiver, api: APIRequestContext, spans: Collector
) -> None:
    definition = {
        "nodes": [
            {
                "id": "hook",
                "name": "Hook",
                "type": "TRIGGER",
                "subtype": "WEBHOOK",
                "params": {"path": "followed", "respond": "result"},
            },
            {
                "id": "call",
                "name": "Call",
                "type": "ACTION",
                "subtype": "HTTP_REQUEST",
                "params": {"method": "GET", "url": f"{vendor.url}/followed"},
            },
        ],
        "connections": [{"from": "hook", "port": "main", "to": "call"}],
        "settings": {},
    }
    workflow = write(api, "workflows/", {"name": "Followed", "definition": definition})["id"]
    write(api, f"workflows/{workflow}/activate/", {})
    vendor.seen.clear()
    caller = trace.begun()
    answer = httpx2.post(f"{running.url}/webhooks/demo/followed", json={}, headers={"traceparent": caller.header})
    assert answer.headers["x-request-id"] == caller.trace_id

    names = ("HTTP POST", "execute_workflow", "node ACTION.HTTP_REQUEST", "HTTP GET")
    found = spans.of_trace(caller.trace_id, *names)
    server, execution, node, client = (found[name] for name in names)
    assert [each.parent_id for each in (server, execution, node, client)] == [
        caller.span_id,
        server.span_id,
        execution.span_id,
        node.span_id,
    ]
    assert server.attributes["http.route"] == "/webhooks/"
    (called,) = [seen for seen in vendor.seen if seen["path"] == "/followed"]
    assert called["headers"]["traceparent"] == f"00-{caller.trace_id}-{client.span_id}-01"
    execution_id = str(execution.attributes["execution.id"])
    await_status(api, execution_id, "SUCCESS")

    lines = [line for line in log_of(running) if line.get("trace_id") == caller.trace_id]
    said = {line["event"].split(" in ")[0].split(" after ")[0]: line for line in lines}
    assert set(said) == {
        "POST /webhooks/ answered 200",
        "GET to 127.0.0.1 was answered 200",
        "execution ended as SUCCESS",
    }
    assert said["GET to 127.0.0.1 was answered 200"]["node_id"] == "call"
    assert said["execution ended as SUCCESS"]["execution_id"] == execution_id


def log_of(product: Product) -> list[dict[str, Any]]:
    """The lines its processes wrote as JSON."""
    lines = [line.partition(" | ")[2] for line in product.output().splitlines()]
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_figures_of_web_server_and_worker_are_told_together(running: Product, api: APIRequestContext) -> None:
    assert httpx2.get(f"{running.url}/metrics").status_code == 401
    api.get("workflows/")
    headers = {"authorization": f"Bearer {METRICS_TOKEN}"}
    lines = httpx2.get(f"{running.url}/metrics", headers=headers).text.splitlines()
    figures = {
        name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    }
    assert figures['workflow_executions_total{mode="production",status="SUCCESS"}'] >= 1  # of the worker
    listed = 'api_request_duration_seconds_count{method="GET",route="/api/v1/app/workflows/",status="200"}'
    assert figures[listed] >= 1  # of the web server
    assert figures["workers"] == 1
