"""The door of vendors: what is not proven changes nothing, and the same delivery counts once."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client

from apps.core.models import Event
from apps.core.tenancy import tenant
from apps.integrations.inbound import answering
from apps.integrations.models import VendorDelivery
from tests.cast import Cast
from tests.fakes.slack import SIGNING_SECRET, Slack, headers_for
from tests.integrations.vendors.slack.connected import connected

pytestmark = pytest.mark.django_db
URL = "/integrations/slack/events"


@pytest.fixture(autouse=True)
def nobody_answers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "_quick", {})


def send(body: bytes, headers: dict[str, str]) -> Any:
    kind = headers["Content-Type"]
    more = {name: value for name, value in headers.items() if name != "Content-Type"}
    return Client().post(URL, body, content_type=kind, headers=more)


def kept(cast: Cast) -> tuple[int, int]:
    with tenant(cast.workspace.id):
        events = Event.objects.filter(workspace_id=cast.workspace.id, name="vendor.delivered").count()
        return VendorDelivery.objects.count(), events


def test_a_signed_delivery_is_stored_and_told_once(cast: Cast, slack: Slack) -> None:
    connected(cast, slack)
    body = slack.event("approved", user="U0ALICE", channel="C0APPROVALS", thread="1.0")

    for _ in range(3):
        assert send(body, headers_for(body)).status_code == 200

    assert kept(cast) == (1, 1)
    with tenant(cast.workspace.id):
        row = VendorDelivery.objects.get()
        assert (row.vendor, row.kind, row.body["event"]["text"]) == ("slack", "message", "approved")
        assert "token" not in row.body


WRONGS = ("stale", "future", "no time", "no signature", "version", "secret", "body", "re-encoded", "time moved", "team")


def test_what_is_not_proven_is_refused(cast: Cast, slack: Slack) -> None:
    connected(cast, slack)
    for wrong in WRONGS:
        for is_press in (False, True):
            body, headers = spoilt(slack, wrong, is_press=is_press)
            refused = send(body, headers)
            assert refused.status_code == 401, wrong
            assert refused["Content-Type"] == "application/problem+json"
            assert SIGNING_SECRET not in refused.content.decode()
    assert kept(cast) == (0, 0)


def spoilt(slack: Slack, wrong: str, *, is_press: bool) -> tuple[bytes, dict[str, str]]:
    """A delivery with one thing wrong."""
    body = slack.event("approved", user="U0ALICE", channel="C0APPROVALS")
    if is_press:
        message = {"ts": "1.0", "channel": "C0APPROVALS"}
        body = slack.press({"action_id": "answer", "value": "approved"}, message, user="U0ALICE")
    headers = headers_for(body)
    if wrong in ("stale", "future"):
        headers = headers_for(body, at=time.time() + (-301 if wrong == "stale" else 302))
    elif wrong == "no time":
        headers["X-Slack-Request-Timestamp"] = "soon"
    elif wrong == "no signature":
        del headers["X-Slack-Signature"]
    elif wrong == "version":
        headers["X-Slack-Signature"] = headers["X-Slack-Signature"].replace("v0=", "v1=")
    elif wrong == "secret":
        headers = headers_for(body, secret="another secret")
    elif wrong == "body":
        body = body.replace(b"approved", b"rejected")
    elif wrong == "re-encoded":
        body = body.replace(b"+", b"%20") if is_press else json.dumps(json.loads(body), indent=1).encode()
    elif wrong == "time moved":
        headers["X-Slack-Request-Timestamp"] = str(int(headers["X-Slack-Request-Timestamp"]) + 1)
    else:
        body = body.replace(b"T0ACME", b"T0OTHER")
        headers = headers_for(body)
    return body, headers


def test_the_challenge_is_answered_before_anything_is_known(db: None) -> None:
    body = json.dumps({"type": "url_verification", "token": "x", "challenge": "abc-123"}).encode()
    answer = send(body, {"Content-Type": "application/json"})
    assert (answer.status_code, answer.content) == (200, b"abc-123")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("text/plain; charset=utf-8", "nosniff")
    sly = json.dumps({"type": "url_verification", "challenge": "<script>alert(1)</script>"}).encode()
    assert send(sly, {"Content-Type": "application/json"}).status_code == 400


def test_what_is_nothing_of_slacks_is_refused_in_words(db: None) -> None:
    for body in (b"", b"{", b"[]", b"payload=", b"payload=%5B%5D", b'{"type":"event_callback"}', b"\xff"):
        found = send(body, headers_for(body))
        assert found.status_code in (400, 401, 422), body
        assert found["Content-Type"] == "application/problem+json"


def test_what_nobody_needs_is_acknowledged_and_forgotten(cast: Cast, slack: Slack) -> None:
    connected(cast, slack)
    for more in ({"bot_id": "B1"}, {"subtype": "message_changed"}):
        body = slack.event("Approved", user="U0BOT", channel="C0APPROVALS", **more)
        assert send(body, headers_for(body)).status_code == 200
    assert kept(cast) == (0, 0)


def test_other_vendors_and_other_methods_are_not_there(db: None) -> None:
    assert Client().post("/integrations/acme/events", b"{}", content_type="application/json").status_code == 404
    assert Client().get(URL).status_code == 405
