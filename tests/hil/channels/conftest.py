"""Mail servers, a mailbox, a Slack and a webhook that the product may call, and a workspace that uses them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.cast import Cast
from tests.fakes.imap import imap_server
from tests.fakes.receiver import receiver
from tests.fakes.slack import slack_server
from tests.fakes.smtp import smtp_server
from tests.hil.channels.outside import Outside


@pytest.fixture
def outside(cast: Cast, settings: Settings) -> Iterator[Outside]:
    """Everything outside. Three tries without pauses."""
    with smtp_server() as smtp, imap_server() as imap, slack_server() as slack, receiver() as hook:
        settings.EGRESS_ALLOW = [smtp.address, imap.address, slack.host, hook.host]
        settings.SLACK_URL = slack.url
        settings.OUTBOX_DELAYS = [0.0, 0.0, 0.0]
        slack.knows("U0ALICE", "Alice", "alice@example.com")
        slack.knows("U0BOB", "Bob", "bob@example.com")
        slack.knows("U0DORA", "Dora", "dora@elsewhere.example")
        yield Outside(cast, smtp, imap, slack, hook)
