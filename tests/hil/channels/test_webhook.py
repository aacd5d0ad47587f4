"""By webhook: a signed request out, and the answer by API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.core import clock, signing
from apps.hil.channels.configuring import channel_try
from apps.hil.channels.contract import CannotDeliver
from apps.hil.models import ChannelKind
from tests.hil.asking import again
from tests.hil.channels.outside import SECRET, Outside

pytestmark = pytest.mark.django_db


def test_a_question_goes_out_signed_and_its_answer_comes_by_api(
    outside: Outside, api: Callable[..., APIClient]
) -> None:
    outside.with_webhook()
    outside.hook.says(500)
    row = outside.ask(by=["webhook"], data={"order": "A-1"})

    failed, asked = outside.hook.seen
    assert failed["headers"]["webhook-id"] == asked["headers"]["webhook-id"]
    assert asked["path"] == "/questions"
    told = asked["body"]
    assert (told["type"], told["data"]["title"], told["data"]["data"]) == (
        "question.asked",
        row.title,
        {"order": "A-1"},
    )
    assert [way["name"] for way in told["data"]["outcomes"]] == ["approved", "rejected"]
    content = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    right = signing.headers(
        signing.key_of(SECRET),
        message_id=asked["headers"]["webhook-id"],
        timestamp=int(asked["headers"]["webhook-timestamp"]),
        body=content,
    )
    assert asked["headers"]["webhook-signature"] == right["webhook-signature"]

    path = told["data"]["answer_url"].partition("/api/")[2]
    answered = api(outside.cast.alice).post(f"/api/{path}", {"outcome": "approved"}, format="json")
    assert answered.status_code == 200
    outside.work()
    assert outside.hook.seen[-1]["body"]["type"] == "question.decided"
    assert outside.hook.seen[-1]["body"]["data"]["outcome"] == "approved"
    assert again(outside.cast.workspace, row).answered_via == "app"


def test_a_webhook_that_is_gone_is_left_alone(outside: Outside) -> None:
    outside.with_webhook()
    outside.hook.says(410)
    row = outside.ask(by=["webhook"])
    assert [(each.status, each.error) for each in outside.deliveries()] == [("failed", "The webhook answered 410.")]
    assert again(outside.cast.workspace, row).is_pending  # there is the inbox


def test_a_channel_can_be_tried(outside: Outside) -> None:
    outside.with_webhook()
    outside.with_mail(reads=False)
    outside.with_slack()
    given: dict[str, Any] = {"workspace": outside.cast.workspace, "actor": outside.cast.owner, "now": clock.now()}
    assert channel_try(kind=ChannelKind.WEBHOOK, **given) == "The webhook took a signed test message."
    assert "alice@example.com" in channel_try(kind=ChannelKind.EMAIL, **given)
    assert outside.smtp.mails()[0]["To"] == "alice@example.com"
    assert "alice@example.com" in channel_try(kind=ChannelKind.SLACK, **given)
    assert outside.slack.message()["channel"] == "D0ALICE"
    outside.hook.says(404)
    with pytest.raises(CannotDeliver, match="answered 404"):
        channel_try(kind=ChannelKind.WEBHOOK, **given)
