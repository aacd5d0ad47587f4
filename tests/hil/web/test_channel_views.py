"""The page of the channels: saved, tried, and what is wrong beside its field."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.core.tenancy import tenant
from apps.hil.channels.configuring import channel_setups
from apps.hil.models import ChannelSetup
from tests.hil.channels.conftest import outside  # noqa: F401
from tests.hil.channels.outside import Outside

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/settings/channels/"


def client(outside: Outside) -> Client:  # noqa: F811
    made = Client()
    made.force_login(outside.cast.alice)
    return made


def setups(outside: Outside) -> dict[str, ChannelSetup]:  # noqa: F811
    with tenant(outside.cast.workspace.id):
        return channel_setups(outside.cast.workspace.id)


def test_a_channel_is_saved_tried_and_switched_off(outside: Outside) -> None:  # noqa: F811
    browser = client(outside)
    page = browser.get(PAGE)
    assert page.status_code == 200
    for words in ("E-mail", "Slack", "Webhook", "/integrations/slack/events", "no mail server of its own"):
        assert words in page.content.decode()
    assert "Send a test message" not in page.content.decode()

    saved = browser.post(f"{PAGE}webhook/", {"url": f"{outside.hook.url}/q", "credential": ""}, follow=True)
    assert "Webhook is set up." in saved.content.decode()
    tried = browser.post(f"{PAGE}webhook/test/", follow=True)
    assert "The webhook took a test message." in tried.content.decode()
    assert outside.hook.seen[0]["body"]["type"] == "channel.tested"
    outside.hook.says(500)
    assert "The webhook answered 500." in browser.post(f"{PAGE}webhook/test/", follow=True).content.decode()

    browser.post(f"{PAGE}webhook/", {"url": f"{outside.hook.url}/q", "credential": ""})  # the box is not ticked
    assert not setups(outside)["webhook"].is_on
    outside.ask(by=["webhook"])
    assert [each.error for each in outside.deliveries()] == ["Webhook is switched off in this workspace."]


def test_what_is_wrong_stands_beside_its_field(outside: Outside) -> None:  # noqa: F811
    browser = client(outside)
    outside.with_mail()
    mailbox = str(setups(outside)["email"].mailbox_id)
    for kind, given, words in (
        ("webhook", {"url": "ftp://x"}, "Write the address, beginning with https://."),
        ("email", {"sender": "nobody"}, "Write an e-mail address"),
        ("email", {"mailbox": mailbox}, "Say to which address replies go"),
        ("email", {"reply_to": "a-very-long-name-of-a-mailbox@acme.example"}, "18 characters"),
        ("slack", {"credential": mailbox}, "not one of the available choices"),
    ):
        refused = browser.post(f"{PAGE}{kind}/", given)
        assert refused.status_code == 422, given
        assert words in refused.content.decode(), given
    assert browser.post(f"{PAGE}pigeon/", {}).status_code == 404
