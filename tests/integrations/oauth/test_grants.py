"""Tokens: renewed in time, by one of many, and honestly lost."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection

from apps.accounts.models import Notice
from apps.core import clock, egress
from apps.core.egress import Policy
from apps.core.redaction import Redactor
from apps.core.tenancy import tenant
from apps.integrations import services
from apps.integrations.models import Credential, Grant
from apps.integrations.oauth import connecting, grants
from apps.integrations.oauth.errors import NeedsReconnecting, TokenAway
from apps.integrations.oauth.exchange import Tokens
from apps.integrations.opened import Opened, SignedDoor
from tests.cast import Cast
from tests.fakes.oauth import Fault, OAuthServer
from tests.integrations.oauth.connected import SESSION, connect, credential

USERS = 50


@pytest.fixture
def made(cast: Cast, server: OAuthServer) -> Credential:
    """A connected credential."""
    return connect(cast, server, credential(cast, server))


def opened(made: Credential) -> Opened:
    return services.credential_open(workspace_id=made.workspace_id, credential_id=made.id, use="http")


def token(made: Credential) -> str:
    return str(opened(made).held["access_token"])


def change(made: Credential, **fields: Any) -> None:
    with tenant(made.workspace_id):
        Grant.objects.filter(credential=made).update(**fields)


def expire(made: Credential, server: OAuthServer) -> None:
    server.expire()
    change(made, expires_at=clock.now(), renew_at=clock.now())


def grant_of(made: Credential) -> Grant:
    with tenant(made.workspace_id):
        return Grant.objects.get(credential=made)


def test_a_token_is_renewed_before_it_ends(made: Credential, server: OAuthServer) -> None:
    first = token(made)
    with time_machine.travel(clock.now() + timedelta(seconds=3600 - 301)):
        assert token(made) == first
    with time_machine.travel(clock.now() + timedelta(seconds=3600 - 299)):
        second = token(made)
    assert second != first
    assert server.asked("refresh_token") == 1
    grant = grant_of(made)
    assert (grant.revision, grant.claimed_until, grant.is_in_doubt) == (2, None, False)


def test_a_short_life_is_renewed_in_its_last_fifth(cast: Cast, server: OAuthServer) -> None:
    server.lifetime = 60
    grant = grant_of(connect(cast, server, credential(cast, server)))
    assert grant.expires_at is not None
    assert grant.renew_at == grant.expires_at - timedelta(seconds=12)


def test_a_refresh_token_that_does_not_rotate_stays(cast: Cast, server: OAuthServer) -> None:
    made = connect(cast, server, credential(cast, server))
    server.rotates = False
    for _ in range(3):
        expire(made, server)
        assert server.knows(f"Bearer {token(made)}")
    assert server.asked("refresh_token") == 3


@pytest.mark.integration
def test_of_many_who_need_a_fresh_token_one_asks(committed_db: None, cast: Cast, server: OAuthServer) -> None:
    made = connect(cast, server, credential(cast, server))
    expire(made, server)
    server.delay = 0.3
    gate = threading.Barrier(USERS)

    def use(_: int) -> str:
        gate.wait()
        try:
            return token(made)
        finally:
            connection.close()

    began = time.monotonic()
    with ThreadPoolExecutor(USERS) as pool:
        tokens = list(pool.map(use, range(USERS)))
    assert len(set(tokens)) == 1
    assert server.knows(f"Bearer {tokens[0]}")
    assert server.asked("refresh_token") == 1
    assert time.monotonic() - began < 10


@pytest.mark.integration
def test_nobody_waits_while_the_old_token_is_good(committed_db: None, cast: Cast, server: OAuthServer) -> None:
    made = connect(cast, server, credential(cast, server))
    first = token(made)
    change(made, renew_at=clock.now())
    server.delay = 1.0

    def renew() -> None:
        token(made)
        connection.close()

    renewing = threading.Thread(target=renew)
    renewing.start()
    while grant_of(made).claimed_until is None:
        time.sleep(0.01)
    began = time.monotonic()
    assert token(made) == first
    assert time.monotonic() - began < 0.5
    renewing.join()
    assert token(made) != first
    assert server.asked("refresh_token") == 1


def test_a_refused_refresh_says_that_somebody_has_to_connect_again(
    cast: Cast, made: Credential, server: OAuthServer
) -> None:
    server.grants[0].is_revoked = True
    expire(made, server)
    for _ in range(2):
        with pytest.raises(NeedsReconnecting) as failed:
            token(made)
        assert "refresh token is not valid any more" in failed.value.message
        assert failed.value.hint == f"Connect it again: {settings.BASE_URL}/w/acme/integrations/{made.id}/"
    assert server.asked("refresh_token") == 1  # nobody asks again what was answered
    assert grant_of(made).is_broken
    with tenant(cast.workspace.id):
        (notice,) = Notice.objects.filter(user=cast.alice, kind="credential.attention")
        assert (notice.title, notice.url) == (
            "“Orders” must be connected again",
            f"/w/acme/integrations/{made.id}/",
        )
        assert not Notice.objects.filter(user=cast.bob).exists()
    connect(cast, server, made)
    assert server.knows(f"Bearer {token(made)}")


def test_a_lost_answer_of_a_provider_that_rotates_ends_the_connection_and_says_why(
    made: Credential, server: OAuthServer
) -> None:
    expire(made, server)
    server.faults.append(Fault(lost=True))
    with pytest.raises(TokenAway):
        token(made)
    assert grant_of(made).is_in_doubt
    with pytest.raises(TokenAway):
        token(made)
    assert server.asked("refresh_token") == 1  # not at once
    change(made, retry_at=None)
    with pytest.raises(NeedsReconnecting, match="An answer of the provider was lost"):
        token(made)


def test_a_lost_answer_of_a_provider_that_does_not_rotate_is_asked_for_again(
    made: Credential, server: OAuthServer
) -> None:
    server.rotates = False
    expire(made, server)
    server.faults.append(Fault(lost=True))
    with pytest.raises(TokenAway):
        token(made)
    change(made, retry_at=None)
    assert server.knows(f"Bearer {token(made)}")
    assert grant_of(made).is_in_doubt is False


def test_whoever_dies_while_renewing_holds_nobody_up_for_long(made: Credential, server: OAuthServer) -> None:
    server.rotates = False
    expire(made, server)
    change(made, claimed_until=clock.now() - timedelta(seconds=1))
    assert server.knows(f"Bearer {token(made)}")
    server.rotates = True
    expire(made, server)
    server.grants[0].used.add(server.grants[0].refresh_token)  # it was used, and nobody has what came of it
    change(made, claimed_until=clock.now() - timedelta(seconds=1))
    with pytest.raises(NeedsReconnecting, match="An answer of the provider was lost"):
        token(made)


@pytest.mark.parametrize(
    "fault",
    [Fault(503), Fault(429), Fault(400, {"error": "temporarily_unavailable"}), Fault(403, b"<html>"), Fault(200, b"")],
)
def test_a_provider_out_of_order_breaks_nothing(made: Credential, server: OAuthServer, fault: Fault) -> None:
    first = token(made)
    change(made, renew_at=clock.now())
    server.faults.append(fault)
    assert token(made) == first  # still good
    assert grant_of(made).problem
    server.faults.append(fault)
    expire(made, server)
    change(made, retry_at=None)
    with pytest.raises(TokenAway) as failed:
        token(made)
    assert failed.value.is_passing
    change(made, retry_at=None)
    assert server.knows(f"Bearer {token(made)}")
    assert grant_of(made).problem == ""


def test_an_app_gets_its_tokens_by_itself(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server, grant="client_credentials", authorize_url="", account_url="")
    first = token(made)
    assert token(made) == first
    expire(made, server)
    assert token(made) != first
    assert (server.asked("client_credentials"), server.asked("refresh_token")) == (2, 0)
    start = connecting.connect_start(
        workspace_id=cast.workspace.id, credential_id=made.id, actor=cast.owner, session=SESSION
    )
    assert start.url == ""


def test_a_wrong_client_secret_is_put_right(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server, grant="client_credentials", client_secret="wrong", account_url="")
    with pytest.raises(NeedsReconnecting, match="wrong secret"):
        token(made)
    services.credential_update(
        workspace_id=cast.workspace.id,
        credential_id=made.id,
        actor=cast.owner,
        fields={"client_secret": server.client_secret},
    )
    assert server.knows(f"Bearer {token(made)}")


def test_a_token_that_cannot_be_renewed_ends_honestly(made: Credential, server: OAuthServer) -> None:
    with tenant(made.workspace_id):
        grant = Grant.objects.get(credential=made)
        tokens = Tokens("at", "", 3600.0)
        grants.grant_keep(
            workspace_id=made.workspace_id, credential=made, tokens=tokens, account="", by=None, now=clock.now()
        )
    assert grant.id != grant_of(made).id
    assert token(made) == "at"
    expire(made, server)
    with pytest.raises(NeedsReconnecting, match="gave nothing to renew it with"):
        token(made)


# ── At the door ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def door(made: Credential, server: OAuthServer) -> SignedDoor:
    return SignedDoor(egress.door(Policy.of([server.host])), opened(made), Redactor())


def test_a_token_refused_before_its_time_is_renewed_and_the_call_made_again(
    made: Credential, server: OAuthServer, door: SignedDoor
) -> None:
    server.expire()  # there only: here it looks good for an hour
    answer = door.request("GET", f"{server.url}/orders")
    assert answer.status == 200
    assert [path for path, _ in server.seen[-3:]] == ["/orders", "/token", "/orders"]
    assert door.request("GET", f"{server.url}/orders").status == 200
    assert server.asked("refresh_token") == 1


def test_a_node_that_runs_for_long_gets_fresh_tokens_on_the_way(
    made: Credential, server: OAuthServer, door: SignedDoor
) -> None:
    assert door.request("GET", f"{server.url}/orders").status == 200
    with time_machine.travel(clock.now() + timedelta(seconds=3500)):
        assert door.request("GET", f"{server.url}/orders").status == 200
    assert server.asked("refresh_token") == 1


def test_a_refusal_that_stays_is_the_answer(made: Credential, server: OAuthServer, door: SignedDoor) -> None:
    server.lifetime = 0  # refuses what it has just given
    server.expire()
    assert door.request("GET", f"{server.url}/orders").status == 401
    assert server.asked("refresh_token") == 1
