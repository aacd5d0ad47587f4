"""The demo workspace, and the small systems behind it."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from apps.accounts import selectors as accounts
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.insights.demo.definitions import demos
from apps.insights.demo.services import demo_seed
from apps.workflows import graph
from apps.workflows.lint import lint
from apps.workflows.models import ActiveTrigger, Workflow

BASE = "http://127.0.0.1:8000"


@pytest.fixture
def enabled() -> Iterator[None]:
    with override_settings(DEMO_ENABLED=True):
        yield


@pytest.mark.parametrize("demo", demos(BASE), ids=lambda demo: demo.name)
def test_the_definitions_are_sound(demo: Any) -> None:
    assert [finding for finding in lint(demo.definition) if finding.severity == "error"] == []
    assert graph.compile(demo.definition).triggers


def test_seeding_makes_everything_once(db: None, enabled: None) -> None:
    out = StringIO()
    call_command("demo_seed", stdout=out)
    call_command("demo_seed", stdout=out)

    workspace = accounts.workspace_by_slug("demo")
    assert workspace is not None
    with tenant(workspace.id):
        assert sorted(Workflow.objects.values_list("name", "status")) == [
            ("Compare supplier prices", "active"),
            ("Order approval", "active"),
            ("Website check", "active"),
        ]
        assert sorted(ActiveTrigger.objects.values_list("subtype", flat=True)) == ["CRON", "WEBHOOK"]
        assert Execution.objects.filter(status="NEW").count() == 3
        assert accounts.first_owner(workspace.id) is not None
    assert out.getvalue().count("Made the workspace") == 1


def test_seeding_again_is_one_query(db: None) -> None:
    demo_seed(now=clock.now())
    with CaptureQueriesContext(connection) as queries:
        assert demo_seed(now=clock.now()) is False
    assert len(queries) == 1


def test_the_demo_is_for_the_local_shape(db: None, client: Client) -> None:
    call_command("demo_seed", stdout=StringIO())
    assert accounts.workspace_by_slug("demo") is None
    assert client.get("/demo/stock").status_code == 404


def test_a_shipment_is_the_same_for_the_same_key(db: None, enabled: None, client: Client) -> None:
    def ship(key: str) -> Any:
        return client.post(
            "/demo/shipments", {"order": "A-1"}, content_type="application/json", headers={"Idempotency-Key": key}
        )

    first, again, other = ship("k1"), ship("k1"), ship("k2")
    assert first.status_code == 201
    assert first.json() == again.json()
    assert first.json()["shipment"] != other.json()["shipment"]


@pytest.mark.parametrize("body", ["", "[]", '{"order": 5}', '{"order": ""}', "{"])
def test_a_shipment_without_an_order_is_refused(db: None, enabled: None, client: Client, body: str) -> None:
    response = client.post("/demo/shipments", body, content_type="application/json")
    assert response.status_code == 400


def test_a_supplier_takes_its_time_but_not_for_ever(db: None, enabled: None, client: Client) -> None:
    assert client.get("/demo/slow?ms=1&supplier=Silva").json()["supplier"] == "Silva"
    for nonsense in ("99999", "-1", "²", "x", "00000000099999", "0" * 5000):
        assert client.get("/demo/slow", {"ms": nonsense}).status_code == 400
