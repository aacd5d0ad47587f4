"""Replaying: one delivery or many, with which version, and what cannot be replayed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.triggers import deliveries, inbox, replays
from apps.triggers.errors import CannotReplay, NothingToReplay, ReplayEnded
from apps.triggers.inbox import Wanted
from apps.triggers.models import Delivery
from tests.triggers.conftest import Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration
SECRET = {"kind": "header", "header": "X-Token", "value": "correct horse"}


def echo(name: str = "id") -> dict[str, object]:
    return node("echo", "ACTION.TRANSFORM", fields=[{"name": name, "value": "{{ $json.body.id }}"}])


def executions(office: Office) -> list[Execution]:
    with tenant(office.workspace.id):
        return list(Execution.objects.select_related("version").order_by("id"))


def given(execution: Execution) -> Any:
    return execution.input


def starter(execution: Execution) -> Any:
    return execution.started_by


def arrived(office: Office, verdict: str) -> Delivery:
    with tenant(office.workspace.id):
        return Delivery.objects.filter(verdict=verdict).order_by("id")[0]


def replay(office: Office, found: Delivery, version: replays.Which = "newest") -> UUID:
    return replays.delivery_replay(
        workspace_id=office.workspace.id,
        delivery_id=found.id,
        actor=office.cast.owner,
        now=clock.now(),
        version=version,
    ).id


@pytest.fixture(autouse=True)
def fresh() -> None:
    deliveries.forget()


def test_a_replay_is_a_new_execution_that_names_its_original(office: Office, caller: Caller) -> None:
    workflow = office.activate(definition(hook(respond="immediately"), echo()))
    caller.post("/webhooks/acme/orders", {"id": "A-1"}, idempotency_key="key-1")
    office.republish(workflow, definition(hook(respond="immediately"), echo("order")))
    original = arrived(office, "accepted")

    newest, same = replay(office, original), replay(office, original, "original")

    first, second, third = executions(office)
    assert (second.id, third.id) == (newest, same)
    assert [each.version.number for each in (first, second, third)] == [1, 2, 1]
    assert first.input == second.input == third.input
    assert second.dedupe_key is None  # the sender's key does not keep it from starting
    assert starter(second)["replay_of"] == str(original.id)
    assert starter(second)["label"] == "alice@example.com"
    with tenant(office.workspace.id):
        made = inbox.delivery_get(office.workspace.id, newest)
        assert (made.replay_of, made.external_id, made.source) == (original.id, "key-1", "webhook")
        assert [each.id for each in inbox.replays_of(original)] == [same, newest]


def test_what_was_refused_for_now_can_be_replayed_and_what_nobody_proved_cannot(office: Office, caller: Caller) -> None:
    office.activate(definition(hook(respond="immediately", secret=SECRET, most_per_minute=1), echo()))
    for number in range(2):
        caller.post("/webhooks/acme/orders", {"id": f"A-{number}"}, x_token="correct horse")
    caller.post("/webhooks/acme/orders", {"id": "forged"}, x_token="wrong guess")
    caller.post("/webhooks/acme/nothing", {})

    replay(office, arrived(office, "limited"))

    assert [given(each)["body"] for each in executions(office)] == [{"id": "A-0"}, {"id": "A-1"}]
    with tenant(office.workspace.id):
        forged, unknown = Delivery.objects.filter(verdict="refused").order_by("id")
    with pytest.raises(CannotReplay, match="did not prove"):
        replay(office, forged)
    with pytest.raises(CannotReplay, match="Nobody listened"):
        replay(office, unknown)


def test_a_transformation_is_made_anew_from_what_was_sent(office: Office, caller: Caller) -> None:
    changed = hook(respond="immediately", transform={"body": {"id": "{{ $json.body.order.id + '!' }}"}})
    workflow = office.activate(definition(changed, echo()))
    caller.post("/webhooks/acme/orders", {"order": {"id": "A-1"}})
    again = hook(respond="immediately", transform={"body": {"id": "{{ $json.body.order.id + '?' }}"}})
    office.republish(workflow, definition(again, echo()))

    original = arrived(office, "accepted")
    assert original.request["body"] == {"order": {"id": "A-1"}}
    made = replay(office, original)
    replay(office, arrived(office, "accepted"), "original")
    with tenant(office.workspace.id):
        copy = inbox.delivery_get(office.workspace.id, made)
    replay(office, copy)

    assert [given(each)["body"]["id"] for each in executions(office)] == ["A-1!", "A-1?", "A-1!", "A-1?"]


def test_what_is_gone_says_so(office: Office, caller: Caller) -> None:
    office.activate(definition(hook(respond="immediately"), echo()))
    caller.post("/webhooks/acme/orders", {"id": "A-1"})
    with tenant(office.workspace.id):
        Execution.objects.all().delete()

    with pytest.raises(CannotReplay, match="deleted together with its execution"):
        replay(office, arrived(office, "accepted"))


def test_many_are_replayed_once_each_however_often_somebody_works_on_it(
    office: Office, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "BATCH", 5)
    office.activate(definition(hook(respond="immediately"), echo()))
    for number in range(8):
        caller.post("/webhooks/acme/orders", {"id": number})
    before = {each.id for each in executions(office)}
    wanted = Wanted(verdict="accepted")
    assert replays.replay_count(workspace_id=office.workspace.id, wanted=wanted) == 8

    job = replays.replay_start(
        workspace_id=office.workspace.id, actor=office.cast.owner, wanted=wanted, now=clock.now()
    )
    assert replays.replay_work(workspace_id=office.workspace.id, replay_id=job.id) == 5
    with tenant(office.workspace.id):
        half = replays.replay_progress(job)
    replays.replays_work()
    replays.replays_work()

    with tenant(office.workspace.id):
        done = inbox.replay_get(office.workspace.id, job.id)
        progress = replays.replay_progress(done)
        items = inbox.item_list(office.workspace.id, job.id)
    assert (half.started, half.pending) == (5, 3)
    assert (done.status, progress.started, progress.pending, progress.running) == ("done", 8, 0, 8)
    made = [each for each in executions(office) if each.id not in before]
    assert sorted(given(each)["body"]["id"] for each in made) == list(range(8))
    assert {each.queue for each in made} == {"bulk"}
    assert {item.execution_id for item in items} == {each.id for each in made}
    with pytest.raises(ReplayEnded):
        replays.replay_cancel(
            workspace_id=office.workspace.id, replay_id=job.id, actor=office.cast.owner, now=clock.now()
        )


def test_a_job_that_is_stopped_starts_nothing_more(office: Office, caller: Caller) -> None:
    office.activate(definition(hook(respond="immediately"), echo()))
    for number in range(3):
        caller.post("/webhooks/acme/orders", {"id": number})
    named: dict[str, Any] = {"workspace_id": office.workspace.id, "actor": office.cast.owner, "now": clock.now()}
    with pytest.raises(NothingToReplay):
        replays.replay_start(wanted=Wanted(verdict="limited"), **named)

    job = replays.replay_start(wanted=Wanted(), **named)
    replays.replay_cancel(replay_id=job.id, **named)
    replays.replays_work()

    assert len(executions(office)) == 3
    with tenant(office.workspace.id):
        assert replays.replay_progress(job).canceled == 3
