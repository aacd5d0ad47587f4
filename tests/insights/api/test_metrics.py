"""Who may read the figures, and what stands in them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.core.telemetry import asgi
from tests.cast import Cast

TOKEN = {"authorization": "Bearer figures"}


@pytest.fixture
def told(settings: Any) -> None:
    settings.METRICS_TOKEN = "figures"


@pytest.mark.django_db
def test_without_a_token_there_is_no_such_page(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers=TOKEN).status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    "header", ["", "figures", "Bearer", "Bearer figure", "Bearer figures2", "Basic figures", "Bearer é"]
)
def test_another_token_is_refused(client: Client, header: str) -> None:
    response = client.get("/metrics", headers={"authorization": header})
    assert response.status_code == 401
    assert response.json()["code"] == "core.unauthenticated"
    assert b"queue_depth" not in response.content


@pytest.mark.usefixtures("told")
def test_members_are_nobody_here(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    assert client.get("/metrics").status_code == 401


@pytest.mark.usefixtures("told")
@pytest.mark.django_db
def test_what_is_told(client: Client) -> None:
    response = client.get("/metrics", headers=TOKEN)
    text = response.content.decode()
    assert asgi.REQUEST_SECONDS is not None
    assert response["Content-Type"].startswith("text/plain")
    for name in (
        "workflow_executions_total",
        "workflow_execution_duration_seconds",
        "node_run_duration_seconds",
        "api_request_duration_seconds",
        'workflow_executions_unfinished{status="RUNNING"}',
        "queue_depth",
        "workers 0.0",
    ):
        assert name in text, name
