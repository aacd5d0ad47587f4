"""What the product says of itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.test import Client
from django.test.utils import override_settings

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.services import pulse_beat
from apps.executions.models import Worker
from apps.insights import health as health_module
from apps.insights.health import look
from apps.insights.revision import revision

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "_kept", None)


def worker(alive_for: float) -> None:
    now = clock.now()
    Worker.objects.create(id=uuid7(), name="w", started_at=now, alive_until=now + timedelta(seconds=alive_for))


def test_all_is_well(committed_db: None, client: Client) -> None:
    worker(30)
    pulse_beat(name="beat", at=clock.now())

    response = client.get("/api/v1/public/health")

    found = response.json()
    assert (response.status_code, found["status"]) == (200, "ok")
    assert {name: found[name]["ok"] for name in ("database", "broker", "workers", "beat")} == {
        "database": True,
        "broker": True,
        "workers": True,
        "beat": True,
    }
    assert found["revision"] == revision()
    assert found["database"]["latency_ms"] >= 0
    assert response["Cache-Control"] == "no-store"


def test_without_a_worker_it_is_down_and_says_why(committed_db: None, client: Client) -> None:
    worker(-1)
    pulse_beat(name="beat", at=clock.now())

    response = client.get("/api/v1/public/health/")

    assert (response.status_code, response.json()["status"]) == (503, "down")
    assert "No worker" in response.json()["workers"]["detail"]


def test_without_beat_it_is_degraded_but_works(committed_db: None, client: Client) -> None:
    worker(30)
    pulse_beat(name="beat", at=clock.now() - timedelta(minutes=5))

    response = client.get("/api/v1/public/health")

    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert "300 s ago" in response.json()["beat"]["detail"]


def test_what_cannot_be_reached_is_said_without_secrets(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise OSError("redis://user:hunter2@broker refused")

    monkeypatch.setattr(health_module, "check_broker", refuse)

    found = asyncio.run(look())

    assert found.word == "down"
    assert "hunter2" not in found.parts["broker"].detail


def test_health_is_only_read(db: None, client: Client) -> None:
    response = client.post("/api/v1/public/health")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def test_the_revision_is_the_setting_or_the_commit() -> None:
    revision.cache_clear()
    with override_settings(REVISION="2026.11"):
        assert revision() == "2026.11"
    revision.cache_clear()
    assert revision() == "unknown" or len(revision()) == 40
