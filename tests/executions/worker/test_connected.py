"""HTTP_REQUEST with an account that was connected by OAuth 2, in a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from apps.core import clock
from apps.core.tenancy import tenant
from apps.integrations.models import Credential, Grant
from tests.cast import Cast
from tests.executions.conftest import Engine, definition, node
from tests.fakes.oauth import OAuthServer, oauth_server
from tests.integrations.oauth.connected import connect, credential

pytestmark = pytest.mark.integration


@pytest.fixture
def server(settings: Settings) -> Iterator[OAuthServer]:
    with oauth_server() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


@pytest.fixture
def made(committed_db: None, cast: Cast, server: OAuthServer) -> Credential:
    return connect(cast, server, credential(cast, server))


def reading(server: OAuthServer, made: Credential, **params: Any) -> dict[str, Any]:
    auth = {"kind": "credential", "credential": str(made.id)}
    call = node("call", "ACTION.HTTP_REQUEST", **({"url": f"{server.url}/orders", "auth": auth} | params))
    return definition([node("t", "TRIGGER.MANUAL"), call], ["t > call"])


def test_twenty_calls_at_once_with_a_token_that_ended_renew_it_once(
    engine: Engine, server: OAuthServer, made: Credential
) -> None:
    server.expire()
    with tenant(made.workspace_id):
        Grant.objects.filter(credential=made).update(expires_at=clock.now(), renew_at=clock.now())
    document = reading(server, made, batch={"items": list(range(20)), "size": 20}, returns="body")
    found = engine.run(document)
    assert found["status"] == "SUCCESS", found["error"]
    assert len(found["output"]["results"]) == 20
    assert server.asked("refresh_token") == 1


def test_no_token_is_left_in_what_a_node_gives(engine: Engine, server: OAuthServer, made: Credential) -> None:
    server.echoes = True
    found = engine.run(reading(server, made))
    assert found["status"] == "SUCCESS", found["error"]
    (call,) = [run for run in found["node_runs"] if run["node_id"] == "call"]
    assert call["output"]["body"]["token"] != ""
    assert "at-" not in str(found)


def test_a_connection_that_broke_fails_the_node_with_the_way_to_mend_it(
    engine: Engine, server: OAuthServer, made: Credential
) -> None:
    server.grants[0].is_revoked = True
    found = engine.run(reading(server, made))
    assert found["error"]["code"] == "integrations.needs_reconnecting"
    assert f"/integrations/{made.id}/" in found["error"]["hint"]
    (call,) = [run for run in found["node_runs"] if run["node_id"] == "call"]
    assert call["attempt"] == 1  # trying again would not help
