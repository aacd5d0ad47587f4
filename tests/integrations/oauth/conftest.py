"""A provider of OAuth 2 that the product may call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.fakes.oauth import OAuthServer, oauth_server


@pytest.fixture
def server(settings: Settings) -> Iterator[OAuthServer]:
    with oauth_server() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found
