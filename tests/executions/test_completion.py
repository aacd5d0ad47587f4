"""The webhook that tells of an execution's end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from apps.core import clock, events, outbox, relay
from apps.core.models import Event, Message
from apps.core.tenancy import tenant
from apps.executions import completion, selectors
from tests.executions.conftest import Engine, Json, definition, fields, node
from tests.fakes.receiver import Receiver, receiver
from tests.fakes.webhooks import SECRET, Flaky, flaky_receiver, is_genuine

pytestmark = pytest.mark.integration


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    with receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        settings.OUTBOX_DELAYS = [0, 5, 300]
        yield found


@pytest.fixture
def flaky(settings: Settings) -> Iterator[Flaky]:
    with flaky_receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        settings.OUTBOX_DELAYS = [0, 0.05, 0.1, 0.1]
        yield found


def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.02)


def telling(url: str, *, fails: bool = False, **completion: Any) -> Json:
    step = node("s", "FLOW.STOP", outcome="error", message="No") if fails else None
    step = step or node("s", "ACTION.TRANSFORM", fields=fields(total=12))
    wanted = {"url": f"{url}/done?token=hidden", "secret": SECRET} | completion
    return definition([node("t", "TRIGGER.MANUAL"), step], ["t > s"], completion=wanted)


def messages(engine: Engine) -> list[Message]:
    with tenant(engine.workspace.id):
        return list(Message.objects.order_by("id"))


def test_it_is_signed_and_says_what_became_of_it(engine: Engine, there: Receiver) -> None:
    found = engine.run(telling(there.url))
    events.events_tell()
    outbox.messages_send()
    (call,) = there.seen
    (message,) = messages(engine)
    headers, body = call["headers"], call["body"]
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    assert is_genuine(SECRET, headers, raw)
    assert headers["webhook-id"] == f"msg_{message.id.hex}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 10
    assert (call["method"], call["path"]) == ("POST", "/done?token=hidden")
    assert (body["type"], body["timestamp"]) == ("execution.finished", found["finished_at"])
    expected = {"execution_id": found["id"], "status": "SUCCESS", "output": {"total": 12}, "error": None, "version": 1}
    assert expected.items() <= body["data"].items()
    assert (message.state, message.target) == ("delivered", f"{there.url}/done")


def test_a_failure_is_told_too_and_ends_that_nobody_asked_for_are_not(engine: Engine, there: Receiver) -> None:
    engine.run(telling(there.url, fails=True, statuses=["ERROR"]))
    engine.run(telling(there.url, statuses=["ERROR"]))
    engine.run(telling(there.url), mode="test")
    while events.events_tell() or outbox.messages_send():
        pass
    (call,) = there.seen
    assert (call["body"]["data"]["status"], call["body"]["data"]["error"]["message"]) == ("ERROR", "No")
    with tenant(engine.workspace.id):
        assert not Event.objects.exists()


def test_without_a_secret_it_is_not_signed(engine: Engine, there: Receiver) -> None:
    engine.run(telling(there.url, secret=None))
    events.events_tell()
    outbox.messages_send()
    assert "webhook-signature" not in there.seen[0]["headers"]


@pytest.mark.parametrize(
    ("said", "state"),
    [({"status": 302, "Location": "/"}, "pending"), ({"status": 503}, "pending"), ({"status": 410}, "dead")],
)
def test_only_2xx_counts(engine: Engine, there: Receiver, said: dict[str, Any], state: str) -> None:
    there.says(**said)
    engine.run(telling(there.url))
    events.events_tell()
    outbox.messages_send()
    (message,) = messages(engine)
    assert (message.state, message.tries[0]["status"], len(there.seen)) == (state, said["status"], 1)
    assert message.tries[0]["error"] == f"It answered {said['status']}."


def test_an_address_that_may_not_be_called_is_not(engine: Engine, there: Receiver, settings: Settings) -> None:
    settings.EGRESS_ALLOW = []
    engine.run(telling(there.url))
    events.events_tell()
    outbox.messages_send()
    (message,) = messages(engine)
    assert (there.seen, message.state) == ([], "pending")
    assert "which workflows may not call" in message.tries[0]["error"]


def test_the_same_id_and_a_time_of_its_own_for_every_try(engine: Engine, there: Receiver) -> None:
    there.says(500)
    engine.run(telling(there.url))
    events.events_tell()
    outbox.messages_send()
    with tenant(engine.workspace.id):
        Message.objects.update(due_at=clock.now() - timedelta(seconds=1))
    time.sleep(1.1)
    outbox.messages_send()
    first, second = (call["headers"] for call in there.seen)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(first["webhook-timestamp"]) < int(second["webhook-timestamp"])


def test_a_worker_killed_after_the_end_and_before_telling_delivers_later(engine: Engine, there: Receiver) -> None:
    engine.run(telling(there.url))
    with pytest.MonkeyPatch.context() as death:
        death.setattr(events, "_tell", lambda event: None)
        events.events_tell()
    with tenant(engine.workspace.id):
        Event.objects.update(due_at=clock.now() - timedelta(seconds=1))
    while events.events_tell() or outbox.messages_send():
        pass
    assert len(there.seen) == 1


def test_an_output_too_large_to_send_is_left_out_and_that_is_said(engine: Engine, there: Receiver) -> None:
    found = engine.run(telling(there.url))
    with tenant(engine.workspace.id):
        execution = selectors.execution_get(workspace_id=engine.workspace.id, execution_id=found["id"])
    execution.output = "x" * (completion.MAX_OUTPUT_BYTES + 1)
    data = completion.body_of(execution)["data"]
    assert (data["output"], data["is_output_left_out"]) == (None, True)


def test_a_receiver_that_fails_half_the_time_gets_everything_or_it_is_given_up(engine: Engine, flaky: Flaky) -> None:
    """The small version of R9."""
    engine.add_dispatcher(sweeps=[relay.tend])
    try:
        origin = engine.publish(telling(flaky.url))
        for _ in range(40):
            engine.start(origin)
        until(
            lambda: len(messages(engine)) == 40 and all(message.state != "pending" for message in messages(engine)), 30
        )
    finally:
        relay.rest()
    found = messages(engine)
    delivered = {f"msg_{message.id.hex}" for message in found if message.state == "delivered"}
    dead = [message for message in found if message.state == "dead"]
    assert (delivered, flaky.forged) == (flaky.delivered, [])
    assert all(len(message.tries) == 4 for message in dead), "nobody is given up before the schedule is over"
    assert all(flaky.tries[f"msg_{message.id.hex}"].count(200) <= 1 for message in found)
    assert 25 < len(delivered) <= 40
