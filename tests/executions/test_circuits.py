"""Systems that keep failing are left alone: by every worker, for a while, with one trial at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User, Workspace
from apps.core import clock
from apps.core.egress import CircuitOpen, EgressError
from apps.core.tenancy import tenant
from apps.executions import circuits, store
from apps.executions.models import Circuit
from apps.executions.worker import outward
from tests.executions.conftest import Engine
from tests.executions.worker.test_calls import calling
from tests.fakes.receiver import Receiver, receiver

pytestmark = pytest.mark.integration


@pytest.fixture
def there(settings: Settings, committed_db: None) -> Iterator[Receiver]:
    circuits.forget()
    with receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


def fail(there: Receiver, workspace: Workspace, times: int = 5, **answer: Any) -> None:
    for _ in range(times):
        there.says(**(answer or {"status": 503}))
        outward.door(workspace.id).request("GET", there.url)


def over(workspace: Workspace) -> None:
    """Let the pause be over."""
    with tenant(workspace.id):
        Circuit.objects.update(until=clock.now() - timedelta(seconds=1))
    circuits.forget()


def test_after_five_failures_nothing_is_sent_any_more(there: Receiver, workspace: Workspace) -> None:
    fail(there, workspace)
    with pytest.raises(CircuitOpen) as refused:
        outward.door(workspace.id).request("GET", there.url)
    assert len(there.seen) == 5
    assert 5 < (refused.value.retry_after or 0) <= 13
    assert (refused.value.code, refused.value.sent, refused.value.is_passing) == ("egress.circuit_open", False, True)
    assert "Status 503" in refused.value.message


@pytest.mark.parametrize("answer", [{"status": 404}, {"status": 401}, {"status": 200}])
def test_what_the_other_side_is_not_to_blame_for_does_not_count(
    there: Receiver, workspace: Workspace, answer: dict[str, Any]
) -> None:
    fail(there, workspace, 8, **answer)
    assert len(there.seen) == 8
    with tenant(workspace.id):
        assert not Circuit.objects.exists()


@pytest.mark.parametrize("answer", [{"hang_up": True}, {"delay": 0.4}])
def test_silence_counts(there: Receiver, workspace: Workspace, answer: dict[str, Any]) -> None:
    for _ in range(5):
        there.says(**answer)
        with pytest.raises(EgressError):
            outward.door(workspace.id).request("GET", there.url, timeout=0.2)
    with pytest.raises(CircuitOpen):
        outward.door(workspace.id).request("GET", there.url)


def test_other_workspaces_are_not_concerned(there: Receiver, workspace: Workspace, other_workspace: Workspace) -> None:
    fail(there, workspace)
    assert outward.door(other_workspace.id).request("GET", there.url).status == 200


def test_calls_of_one_credential_fail_together(there: Receiver, workspace: Workspace) -> None:
    for _ in range(5):
        there.says(status=429)
        outward.door(workspace.id, signed_by="key:1").request("GET", there.url)
    with pytest.raises(CircuitOpen):
        outward.door(workspace.id, signed_by="key:1").request("GET", "http://elsewhere.example")
    assert outward.door(workspace.id).request("GET", there.url).status == 200


def test_other_processes_know_within_a_second(there: Receiver, workspace: Workspace) -> None:
    fail(there, workspace)
    circuits.forget()  # as in a process that has seen none of it
    with pytest.raises(CircuitOpen):
        outward.door(workspace.id).request("GET", there.url)


def test_one_of_many_tries_again_and_its_success_opens_the_way(there: Receiver, workspace: Workspace) -> None:
    fail(there, workspace)
    over(workspace)
    there.says(delay=0.5)
    refused: list[CircuitOpen] = []

    def call() -> None:
        try:
            outward.door(workspace.id).request("GET", there.url)
        except CircuitOpen as error:
            refused.append(error)
        connection.close()

    callers = [threading.Thread(target=call) for _ in range(12)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert (len(there.seen), len(refused)) == (6, 11)
    assert outward.door(workspace.id).request("GET", there.url).status == 200
    with tenant(workspace.id):
        row = Circuit.objects.get()
    assert (row.state, row.failures) == ("closed", 0)


def test_a_trial_that_fails_waits_twice_as_long(there: Receiver, workspace: Workspace) -> None:
    fail(there, workspace)
    over(workspace)
    fail(there, workspace, 1)
    with pytest.raises(CircuitOpen) as refused:
        outward.door(workspace.id).request("GET", there.url)
    assert 15 < (refused.value.retry_after or 0) <= 25


def test_a_node_that_meets_an_open_circuit_is_tried_again_after_the_pause(engine: Engine, there: Receiver) -> None:
    fail(there, engine.workspace)
    with tenant(engine.workspace.id):
        Circuit.objects.update(until=clock.now() + timedelta(seconds=1.5))
    circuits.forget()
    began = time.monotonic()
    found = engine.run(calling(there, own={"retry": {"attempts": 2, "delay_seconds": 0.01}}))
    assert found["status"] == "SUCCESS"
    assert 1 < time.monotonic() - began < 6
    call = next(run for run in found["node_runs"] if run["node_id"] == "call")
    assert call["attempts"][0]["error"]["code"] == "egress.circuit_open"


def test_a_database_that_is_away_stops_no_call(
    there: Receiver, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(circuits, "tenant", away)
    there.says(status=503)
    assert outward.door(workspace.id).request("GET", there.url).status == 503


def test_a_system_that_works_costs_no_statement(
    there: Receiver, workspace: Workspace, django_assert_num_queries: Callable[..., Any]
) -> None:
    outward.door(workspace.id).request("GET", there.url)
    with django_assert_num_queries(0):
        for _ in range(20):
            outward.door(workspace.id).request("GET", there.url)


def test_old_ones_are_forgotten(there: Receiver, workspace: Workspace) -> None:
    fail(there, workspace, 1)
    store.let_in()
    with tenant(workspace.id):
        assert Circuit.objects.count() == 1
        Circuit.objects.update(failed_at=clock.now() - timedelta(days=2))
    store.let_in()
    with tenant(workspace.id):
        assert not Circuit.objects.exists()


# ── For people ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_is_shown_and_reset_by_api(
    there: Receiver, workspace: Workspace, api: Callable[..., APIClient], bob: User, charlie: User
) -> None:
    fail(there, workspace)
    (shown,) = api(bob).get("/api/v1/app/circuits/").json()["results"]
    assert (shown["target"], shown["state"], shown["failures"]) == (there.host, "open", 5)
    assert shown["last_error"] == "Status 503."
    assert api(charlie).get("/api/v1/app/circuits/").json()["results"] == []
    assert api(charlie).post(f"/api/v1/app/circuits/{shown['id']}/reset/").status_code == 404
    assert api(bob).post(f"/api/v1/app/circuits/{shown['id']}/reset/").json()["state"] == "closed"
    assert outward.door(workspace.id).request("GET", there.url).status == 200
    with tenant(workspace.id):
        event = AuditEvent.objects.get(action="circuit.reset")
    assert (event.target, event.actor_label) == (there.host, bob.email)


def test_it_is_shown_and_reset_on_the_page(there: Receiver, workspace: Workspace, bob: User, client: Client) -> None:
    fail(there, workspace)
    client.force_login(bob)
    page = client.get("/w/acme/settings/limits/").content.decode()
    assert there.host in page
    assert "Left alone" in page
    with tenant(workspace.id):
        row = Circuit.objects.get()
    answer = client.post(f"/w/acme/settings/limits/circuits/{row.id}/reset/", follow=True)
    assert "is called again" in answer.content.decode()
    assert "Left alone" not in answer.content.decode()
