"""Starters run, from their trigger to what they are for, in the real engine and against a system that answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.core.tenancy import tenant
from apps.executions.models import Value
from apps.workflows.starters import starter
from tests.executions.conftest import Engine, Json
from tests.fakes.receiver import Receiver, receiver


@dataclass(frozen=True)
class Case:
    """A starter, what starts it, what the system answers in turn, how it ends, and what it then shows."""

    slug: str
    trigger: str
    given: Any = None
    answers: tuple[tuple[int, Any], ...] = ()
    ends: str = "SUCCESS"
    shows: dict[str, Any] = field(default_factory=dict)
    keeps: dict[str, Any] = field(default_factory=dict)
    calls: int = 0


def request(body: Any) -> Json:
    """What a webhook delivers."""
    return {"body": body, "headers": {}, "query": {}, "method": "POST", "path": "x"}


FORECAST = {
    "daily": {"time": ["2026-11-20"], "temperature_2m_max": [9], "temperature_2m_min": [2], "precipitation_sum": [0]}
}
FAILED = {
    "workflow_id": "w",
    "workflow_name": "Orders",
    "status": "ERROR",
    "error": {"code": "x", "message": "No."},
    "url": "http://here/",
    "finished_at": "2026-11-20T09:00:00Z",
}
ORDER = {"id": "A-1", "items": [{"price": 5, "quantity": 2}]}
PAID = {"customer": "ada", "total": 129, "items": [{"sku": "oak", "quantity": 2}, {"sku": "ash", "quantity": 1}]}
CASES = [
    Case("order-approval", "hook", request(ORDER), shows={"yes": {"body": {"order": "A-1", "accepted": True}}}),
    Case(
        "order-approval",
        "hook",
        request({"id": "A-2", "items": [{"price": 2000, "quantity": 1}]}),
        ends="WAITING_FOR_HUMAN",
    ),
    Case("leave-request", "start", {"name": "Ada", "from": "2027-02-01", "to": "2027-02-05"}, ends="WAITING_FOR_HUMAN"),
    Case(
        "customer-details",
        "hook",
        request({"name": "Atelier", "vat": "FR1", "country": "FR"}),
        keeps={"customers/FR1": {"name": "Atelier", "vat": "FR1", "country": "FR"}},
    ),
    Case("customer-details", "hook", request({"name": "Atelier"}), ends="WAITING_FOR_HUMAN"),
    Case("text-review", "start", {"version": "1", "changes": ["A", "B"]}, ends="WAITING_FOR_HUMAN"),
    Case("ticket-triage", "hook", request({"id": 1, "subject": "Refund?"}), shows={"billing": {"length": 1}}),
    Case("ticket-triage", "hook", request({"id": 2, "subject": "Hello"}), ends="WAITING_FOR_HUMAN"),
    Case(
        "weather-report",
        "now",
        {},
        ((200, FORECAST),),
        shows={"say": {"report": "2026-11-20: 2 to 9 °C, it stays dry."}},
        calls=1,
    ),
    Case(
        "watch-for-changes", "now", {}, ((200, [{"name": "6.1"}]),), shows={"report": {"message": "New: 6.1"}}, calls=1
    ),
    Case("daily-digest", "event", {"data": {"kind": "sale"}}, shows={"add": {"length": 1}}),
    Case("daily-digest", "clock", {}),
    Case(
        "tell-several-systems",
        "hook",
        request({"name": "Ada", "email": "ada@example.com"}),
        shows={"answer": {"status": 200}},
        calls=3,
    ),
    Case(
        "paged-sync",
        "now",
        {},
        ((200, [{"state": "open", "updated_at": "2026-11-01T00:00:00Z"}, {"state": "open", "updated_at": "2025"}]),),
        shows={"done": {"by_state": [{"key": "open", "pulls": 1}], "until": "2026-11-01T00:00:00Z"}},
        calls=1,
    ),
    Case("supplier-callback", "start", {"part": "oak", "quantity": 2}, ends="WAITING", calls=1),
    Case("health-check", "now", {}, ((500, {}),), calls=1),
    Case("health-check", "now", {}, ((200, {}),), calls=1),
    Case("error-handler", "error", FAILED, shows={"tell": {"status": 200}}, calls=1),
    Case("after-each-run", "ended", FAILED, keeps={"ends/2026-11-20/ERROR": 1}),
    Case(
        "order-paid",
        "paid",
        {"data": PAID, "posted_at": "2026-11-20T09:00:00Z"},
        shows={"sum": {"points": 12, "revenue": 129, "positions": 2}},
        keeps={"stock/oak": -2},
    ),
    Case("debounced-rebuild", "hook", request({"site": "docs"}), shows={"build": {"site": "docs", "number": 1}}),
    Case(
        "loop-collect-errors",
        "start",
        {"invoices": [{"id": "R-1"}, {"id": "R-2"}]},
        shows={"sum": {"sent": ["R-1", "R-2"], "failed": []}},
        calls=2,
    ),
    Case(
        "clean-and-validate",
        "hook",
        request({"rows": [{"email": " ADA@x.org ", "name": "ada", "amount": "3"}, {"email": "no", "name": "b"}]}),
        shows={"sort": {"clean": [{"email": "ada@x.org", "name": "Ada", "amount": 3}]}},
    ),
    Case("workflow-per-item", "called", "ada", shows={"one": {"greeting": "Hello Ada"}}),
]


@pytest.fixture(scope="module")
def there() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.slug}-{case.trigger}-{case.ends}")
def test_it_runs(engine: Engine, there: Receiver, settings: Any, case: Case) -> None:
    settings.EGRESS_ALLOW = [there.host]
    there.answers.clear()
    there.seen.clear()
    for status, body in case.answers:
        there.says(status, body)
    found = starter(case.slug)
    assert found is not None
    document = json.loads(re.sub(r"https://[^/\"]+", there.url, json.dumps(found.definition)))
    document["settings"].pop("debounce", None)  # half a minute of quiet is not waited for here
    origin = engine.publish(document)
    execution_id = engine.start(origin, case.given, trigger=case.trigger)
    snapshot = engine.until(execution_id, *({case.ends, "ERROR"}))
    assert snapshot["status"] == case.ends, snapshot["error"]
    outputs = {run["node_id"]: run["output"] for run in snapshot["node_runs"] if run["path"] == ""}
    for node_id, wanted in case.shows.items():
        assert {name: outputs[node_id][name] for name in wanted} == wanted
    assert len(there.seen) == case.calls
    with tenant(engine.workspace.id):
        kept = dict(Value.objects.values_list("key", "value"))
    assert {key: kept.get(key) for key in case.keeps} == case.keeps


def test_a_job_is_asked_for_until_it_is_done(engine: Engine, there: Receiver, settings: Any) -> None:
    settings.EGRESS_ALLOW = [there.host]
    found = starter("poll-until-done")
    assert found is not None
    document = json.loads(re.sub(r"https://[^/\"]+", there.url, json.dumps(found.definition)))
    next(node for node in document["nodes"] if node["id"] == "pause")["params"]["duration"]["seconds"] = 0.01
    for state in ({"id": 7, "state": "queued"}, {"id": 7, "state": "running"}, {"id": 7, "state": "done", "result": 9}):
        there.says(200, state)
    snapshot = engine.run(document, {}, trigger="start")
    assert snapshot["output"] == {"result": 9}, snapshot["error"]
