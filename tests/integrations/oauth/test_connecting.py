"""Connecting: who may come back, from where, with what, and how often."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection

from apps.accounts.access.resolve import member_actor
from apps.accounts.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from apps.integrations import errors, services
from apps.integrations.models import Connecting, Credential, Grant
from apps.integrations.oauth import connecting
from apps.integrations.oauth.errors import ConnectRefused, NeedsReconnecting, NotConnectable, TokenAway, TokenRefused
from tests.cast import Cast
from tests.fakes.oauth import ACCOUNT, CLIENT_SECRET, Fault, OAuthServer
from tests.integrations.oauth.connected import SESSION, answer_of, come_back, connect, credential


def start(cast: Cast, made: Credential) -> str:
    return connecting.connect_start(
        workspace_id=cast.workspace.id, credential_id=made.id, actor=cast.owner, session=SESSION
    ).url


def grant_of(cast: Cast, made: Credential) -> Grant | None:
    with tenant(cast.workspace.id):
        return Grant.objects.filter(credential=made).first()


def test_an_account_is_connected_and_its_token_signs(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    assert (made.is_verified, made.test_message) == (False, "It is not connected yet.")
    found = connect(cast, server, made)
    assert (found.is_verified, found.test_message) == (True, f"Connected as {ACCOUNT}.")
    grant = grant_of(cast, made)
    assert grant is not None
    assert (grant.account, grant.scope, grant.connected_by_id) == (ACCOUNT, "orders.read profile", cast.alice.id)
    opened = services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id, use="http")
    assert server.knows(f"Bearer {opened.held['access_token']}")
    with tenant(cast.workspace.id):
        actions = AuditEvent.objects.filter(target="Orders").order_by("id").values_list("action", flat=True)
        assert list(actions) == ["credential.created", "credential.connected"]


def test_what_is_asked_and_what_is_proven(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server, authorize_parameters="prompt=consent&audience=a b")
    url = start(cast, made)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["redirect_uri"] == connecting.redirect_uri()
    assert (asked["prompt"], asked["audience"], asked["scope"]) == ("consent", "a b", "orders.read profile")
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["state"]) >= 43
    come_back(cast, server.consent(url))
    (_, form) = server.seen[0]
    assert 43 <= len(form["code_verifier"]) <= 128
    assert CLIENT_SECRET not in url


def test_nothing_that_counts_stands_in_the_database_in_plain(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    url = start(cast, made)
    come_back(cast, server.consent(url))
    (form,) = [form for path, form in server.seen if path == "/token"]
    opened = services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id)
    with tenant(cast.workspace.id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT jsonb_agg(to_jsonb(c)) FROM integrations_connecting c)::text"
            " || (SELECT jsonb_agg(to_jsonb(g)) FROM integrations_grant g)::text"
        )
        (text,) = cursor.fetchone()
    secrets = [*opened.secrets(), form["code_verifier"], answer_of(url)["state"], SESSION]
    assert len(secrets) == 6
    for secret in secrets:
        assert secret not in text
        assert secret.encode().hex() not in text
    assert opened.held["access_token"] not in repr(opened)


def test_an_answer_counts_once(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    back = server.consent(start(cast, made))
    come_back(cast, back)
    with pytest.raises(ConnectRefused, match="taken already"):
        come_back(cast, back)
    assert server.asked("authorization_code") == 1


def test_an_answer_counts_for_who_was_sent_in_the_browser_that_was_sent(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    back = server.consent(start(cast, made))
    bob, admin = member_actor(cast.bob, "admin"), member_actor(cast.alice, "owner")
    for actor, session in ((bob, SESSION), (admin, "another browser"), (admin, "")):
        with pytest.raises(ConnectRefused, match="Somebody else was sent"):
            come_back(cast, back, actor, session=session)
    assert server.asked("authorization_code") == 0
    assert come_back(cast, back).is_verified  # a stranger's look did not use it up


def test_an_answer_counts_for_ten_minutes(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    back = server.consent(start(cast, made))
    with (
        time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1)),
        pytest.raises(ConnectRefused, match="10 m"),
    ):
        come_back(cast, back)


def test_a_made_up_state_is_nobodys(cast: Cast, server: OAuthServer) -> None:
    for state in ("", "x" * 43, "' OR 1=1 --", "\ud800"):
        with pytest.raises(ConnectRefused, match="no answer to anything"):
            connecting.place_of(state)


def test_an_answer_of_somebody_else_is_not_taken_to_the_provider(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    server.issuer = "https://attacker.example"
    with pytest.raises(ConnectRefused, match=r"attacker\.example"):
        come_back(cast, server.consent(start(cast, made)))
    assert server.asked("authorization_code") == 0


@pytest.mark.parametrize("given", ["", "https://login.example.com/other", "https://login.example.com/"])
def test_a_provider_whose_name_is_known_must_say_it(cast: Cast, server: OAuthServer, given: str) -> None:
    made = credential(cast, server, issuer="https://login.example.com")
    server.issuer, server.names_itself = given, bool(given)
    with pytest.raises(ConnectRefused):
        come_back(cast, server.consent(start(cast, made)))
    server.issuer, server.names_itself = "https://login.example.com", True
    assert come_back(cast, server.consent(start(cast, made))).is_verified


def test_a_credential_that_was_changed_meanwhile_is_not_connected(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    back = server.consent(start(cast, made))
    services.credential_update(
        workspace_id=cast.workspace.id, credential_id=made.id, actor=cast.owner, fields={"scopes": "everything"}
    )
    with pytest.raises(ConnectRefused, match="was changed while you were away"):
        come_back(cast, back)
    assert server.asked("authorization_code") == 0


def test_a_no_is_said(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    with pytest.raises(ConnectRefused, match="not allowed to give access"):
        come_back(cast, server.consent(start(cast, made), allows=False))
    assert grant_of(cast, made) is None


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault(400, {"error": "invalid_grant", "error_description": "x" * 900}), TokenRefused, "gives no token: xxx"),
        (Fault(200, {"error": "bad_verification_code"}), TokenRefused, "bad_verification_code"),
        (Fault(200, {"token_type": "bearer"}), TokenRefused, "without an access token"),
        (Fault(200, {"access_token": "t", "token_type": "mac"}), TokenRefused, "“mac”"),
        (Fault(200, {"access_token": "a\nb"}), TokenRefused, "without an access token"),
        (Fault(200, b"<html>"), TokenRefused, "without an access token"),
        (Fault(500, {}), TokenAway, "status 500"),
        (Fault(lost=True), TokenAway, ""),
    ],
)
def test_what_the_provider_answers_wrongly_connects_nothing(
    cast: Cast, server: OAuthServer, fault: Fault, error: type[Exception], words: str
) -> None:
    made = credential(cast, server)
    server.faults.append(fault)
    with pytest.raises(error) as failed:
        connect(cast, server, made)
    assert words in str(failed.value)
    assert len(str(failed.value)) < 500
    assert grant_of(cast, made) is None


def test_a_form_is_an_answer_too(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server, account_url="")
    back = server.consent(start(cast, made))
    server.faults.append(Fault(200, {"access_token": "form-token", "expires_in": "soon", "scope": ["a", "b"]}))
    assert come_back(cast, back).test_message == "Connected."
    grant = grant_of(cast, made)
    assert grant is not None
    assert (grant.expires_at, grant.scope) == (None, "a b")


def test_tokens_go_over_tls_only(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server, authorize_url="http://login.example.com/authorize")
    with pytest.raises(TokenRefused, match="not secure"):
        start(cast, made)


@pytest.mark.parametrize("client_auth", ["basic", "body"])
def test_the_app_proves_itself(cast: Cast, server: OAuthServer, client_auth: str) -> None:
    assert connect(cast, server, credential(cast, server, client_auth=client_auth)).is_verified
    (_, form) = server.seen[0]
    assert ("client_secret" in form) == (client_auth == "body")


def test_connecting_again_takes_the_place_of_what_was(cast: Cast, server: OAuthServer) -> None:
    made = connect(cast, server, credential(cast, server))
    first = grant_of(cast, made)
    second = grant_of(cast, connect(cast, server, made))
    assert first is not None
    assert second is not None
    assert first.id != second.id


def test_disconnecting_and_deleting_give_the_tokens_back(cast: Cast, server: OAuthServer) -> None:
    made = connect(cast, server, credential(cast, server))
    given: dict[str, Any] = {"workspace_id": cast.workspace.id, "credential_id": made.id, "actor": cast.owner}
    assert connecting.disconnect(**given) is True
    assert server.grants[0].is_revoked
    with pytest.raises(NeedsReconnecting, match="never connected"):
        services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id)
    connect(cast, server, made)
    services.credential_delete(**given)
    assert server.grants[1].is_revoked
    kinds = [form["token_type_hint"] for path, form in server.seen if path == "/revoke"]
    assert kinds == ["refresh_token", "access_token"] * 2


def test_only_who_may_change_it_connects_it(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    bob, stranger = member_actor(cast.bob, "member"), member_actor(cast.charlie, "owner")
    given: dict[str, Any] = {"credential_id": made.id, "session": SESSION}
    with pytest.raises(errors.MayNotManage):
        connecting.connect_start(workspace_id=cast.workspace.id, actor=bob, **given)
    with pytest.raises(errors.CredentialUnknown):
        connecting.connect_start(workspace_id=cast.other_workspace.id, actor=stranger, **given)
    with tenant(cast.workspace.id):
        assert not Connecting.objects.exists()
    bearer = services.credential_create(
        workspace_id=cast.workspace.id,
        actor=cast.owner,
        name="B",
        type="bearer",
        fields={"token": "x"},
        allow_unverified=True,
    )
    with pytest.raises(NotConnectable):
        connecting.connect_start(
            workspace_id=cast.workspace.id, credential_id=bearer.id, actor=cast.owner, session=SESSION
        )


def test_the_client_secret_follows_nobody_to_another_address(cast: Cast, server: OAuthServer) -> None:
    made = connect(cast, server, credential(cast, server))
    given: dict[str, Any] = {"workspace_id": cast.workspace.id, "credential_id": made.id, "actor": cast.owner}
    with pytest.raises(Invalid, match="Enter the client secret again"):
        services.credential_update(**given, fields={"token_url": "https://attacker.example/token"})
    services.credential_update(**given, fields={"client_secret": "another"})
    assert grant_of(cast, made) is not None
    services.credential_update(**given, fields={"token_url": f"{server.url}/token2", "client_secret": CLIENT_SECRET})
    assert grant_of(cast, made) is None  # what was given there is of no use here


def test_a_type_can_be_described_without_secrets(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server)
    assert CLIENT_SECRET not in json.dumps(made.settings)
    with pytest.raises(Invalid, match="where people sign in"):
        credential(cast, server, authorize_url="")


@pytest.mark.parametrize(
    "address", ["http://[", "https://", "https://host:99999/", "javascript:alert(1)", "//host/x", "x"]
)
def test_what_is_no_address_is_refused_when_it_is_entered(cast: Cast, server: OAuthServer, address: str) -> None:
    for name in ("authorize_url", "token_url", "revoke_url", "account_url"):
        with pytest.raises(Invalid):
            credential(cast, server, **{name: address})
