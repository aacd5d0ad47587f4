"""Slack's client and connection, against a server that speaks its protocol."""

from __future__ import annotations

import json

import pytest

from apps.core import egress
from apps.core.redaction import Redactor
from apps.core.tenancy import tenant
from apps.integrations import services
from apps.integrations.models import Grant
from apps.integrations.opened import SignedDoor
from apps.integrations.vendors.slack.client import Client, Posted, SlackFailed, manifest
from tests.cast import Cast
from tests.fakes.slack import TEAM, TOKEN, Slack
from tests.integrations.vendors.slack.connected import connected

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(cast: Cast, slack: Slack) -> Client:
    made = connected(cast, slack)
    opened = services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id, use="slack")
    return Client(SignedDoor(egress.door(egress.Policy.of([slack.host])), opened, Redactor()))


def test_a_workspace_is_connected_and_its_account_is_known(cast: Cast, slack: Slack) -> None:
    made = connected(cast, slack)
    assert (made.is_verified, made.test_message) == (True, "Connected as Acme.")
    with tenant(cast.workspace.id):
        grant = Grant.objects.get(credential=made)
    assert (grant.account, grant.external_id) == ("Acme", TEAM)
    assert TOKEN.encode() not in bytes(grant.sealed)
    tested = services.credential_test(workspace_id=cast.workspace.id, credential_id=made.id, actor=cast.owner)
    assert tested.test_message == "Connected to Acme as agentflow."
    slack.is_revoked = True
    tested = services.credential_test(workspace_id=cast.workspace.id, credential_id=made.id, actor=cast.owner)
    assert (tested.is_verified, tested.test_message) == (False, "Slack does not accept the token: invalid_auth.")


def test_messages_are_written_changed_and_whispered(client: Client, slack: Slack) -> None:
    slack.knows("U0ALICE", "Alice", "alice@example.com")
    where = client.post("#approvals", "Ship?", [{"type": "section", "text": {"type": "mrkdwn", "text": "Ship?"}}])
    assert where.channel == "C0APPROVALS"
    client.update(where, "Approved", [])
    assert slack.message()["text"] == "Approved"
    client.whisper(where.channel, "U0ALICE", "You were not asked.")
    assert slack.whispers[0]["user"] == "U0ALICE"
    assert client.person_of("alice@example.com") == client.person("U0ALICE")
    with pytest.raises(SlackFailed) as failed:
        client.person_of("nobody@example.com")
    assert (failed.value.error, failed.value.is_passing) == ("users_not_found", False)
    assert "has no account" in str(failed.value.hint)


def test_a_limit_passes_and_says_when(client: Client, slack: Slack) -> None:
    slack.limits("chat.update", after=7)
    with pytest.raises(SlackFailed) as failed:
        client.update(Posted("C0APPROVALS", "1.0"), "x", [])
    assert (failed.value.is_passing, failed.value.retry_after) == (True, 7.0)


def test_the_manifest_names_what_is_used() -> None:
    found = json.loads(manifest("https://flow.example.com"))
    assert found["settings"]["interactivity"]["request_url"] == "https://flow.example.com/integrations/slack/events"
    assert found["oauth_config"]["redirect_urls"] == ["https://flow.example.com/integrations/oauth/callback"]
    assert set(found["settings"]["event_subscriptions"]["bot_events"]) >= {"message.im", "message.channels"}
