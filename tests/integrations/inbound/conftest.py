"""A Slack that the product may call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.fakes.slack import Slack, slack_server


@pytest.fixture
def slack(settings: Settings) -> Iterator[Slack]:
    with slack_server() as found:
        settings.EGRESS_ALLOW = [found.host]
        settings.SLACK_URL = found.url
        yield found
