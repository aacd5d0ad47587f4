"""Access and refresh tokens: what they open, and every way to get in with a wrong one."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from rest_framework.test import APIClient

from apps.accounts import chain, selectors, services, tokens
from apps.accounts.errors import TokenRefused
from apps.accounts.models import AuditEvent
from apps.core import clock
from apps.core.tenancy import tenant
from tests.accounts.test_races import at_once
from tests.cast import PASSWORD, Cast

Api = Callable[..., APIClient]
ME, TOKEN, REFRESH = "/api/v1/app/me/", "/api/v1/auth/token/", "/api/v1/auth/token/refresh/"
SECRET = "JBSWY3DPEHPK3PXP"


def sign_in(cast: Cast, **more: Any) -> Any:
    body = {"email": cast.alice.email, "password": PASSWORD} | more
    return APIClient().post(TOKEN, body, format="json")


def code() -> str:
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30)))


def noted(cast: Cast) -> list[str]:
    with tenant(cast.workspace.id):
        return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


@pytest.mark.django_db
class TestSigningIn:
    def test_a_token_opens_the_api_as_its_person(self, cast: Cast, api: Api) -> None:
        given = sign_in(cast)
        assert given.status_code == 200, given.content
        assert given["Cache-Control"] == "no-store"
        assert not given.cookies
        document = given.json()
        assert (document["token_type"], document["expires_in"]) == ("Bearer", 300)
        found = api(document["access_token"]).get(ME).json()
        assert found["actor"]["label"] == "alice@example.com"
        assert found["workspace"]["slug"] == "acme"

    def test_who_has_several_workspaces_names_one(self, cast: Cast, api: Api) -> None:
        from apps.accounts import services

        services.workspace_create(name="Second", slug="second", owner=cast.alice)
        token = sign_in(cast).json()["access_token"]
        assert api(token).get(ME).json()["code"] == "accounts.workspace_not_named"
        assert api(token, HTTP_X_WORKSPACE="second").get(ME).json()["workspace"]["slug"] == "second"
        assert api(token, HTTP_X_WORKSPACE="umbrella").get(ME).status_code == 404

    def test_writing_needs_no_csrf_token_and_is_noted_as_theirs(self, cast: Cast) -> None:
        client = APIClient(enforce_csrf_checks=True)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {sign_in(cast).json()['access_token']}")
        assert client.post("/api/v1/app/keys/", {"name": "k"}, format="json").status_code == 201
        with tenant(cast.workspace.id):
            newest = AuditEvent.objects.latest("id")
        assert (newest.action, newest.actor_label, newest.via) == ("api_key.created", "alice@example.com", "jwt")

    @pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"email": "nobody@example.com"}])
    def test_a_wrong_password_is_refused(self, cast: Cast, wrong: dict[str, str]) -> None:
        refused = sign_in(cast, **wrong)
        assert (refused.status_code, refused.json()["code"]) == (401, "accounts.sign_in_refused")

    def test_who_is_switched_off_gets_none(self, cast: Cast, api: Api) -> None:
        token = sign_in(cast).json()["access_token"]
        cast.alice.is_active = False
        cast.alice.save()
        assert sign_in(cast).status_code == 401
        assert api(token).get(ME).json()["code"] == "accounts.token_refused"

    def test_a_new_password_ends_all_tokens(self, cast: Cast, api: Api) -> None:
        pair = sign_in(cast).json()
        cast.alice.set_password("another long password")
        cast.alice.save()
        assert api(pair["access_token"]).get(ME).status_code == 401
        assert APIClient().post(REFRESH, {"refresh_token": pair["refresh_token"]}, format="json").status_code == 401

    def test_signing_out_ends_both_tokens_at_once(self, cast: Cast, api: Api) -> None:
        pair = sign_in(cast).json()
        assert api(pair["access_token"]).delete(TOKEN).status_code == 204
        assert api(pair["access_token"]).get(ME).status_code == 401
        assert APIClient().post(REFRESH, {"refresh_token": pair["refresh_token"]}, format="json").status_code == 401
        assert noted(cast)[-2:] == ["session.started", "session.ended"]

    def test_it_stands_among_the_sessions_and_ends_with_its_own(self, cast: Cast, api: Api) -> None:
        token = sign_in(cast).json()["access_token"]
        (row,) = UserSession.objects.filter(user=cast.alice)
        row.end()
        assert api(token).get(ME).status_code == 401

    def test_what_has_run_out_is_forgotten(self, cast: Cast) -> None:
        sign_in(cast)
        assert services.sessions_forget(now=clock.now()) == 0
        assert services.sessions_forget(now=clock.now() + timedelta(days=15)) == 1

    def test_signing_out_needs_a_token(self) -> None:
        assert APIClient().delete(TOKEN).status_code == 401

    def test_the_session_of_a_token_is_no_cookie(self, cast: Cast) -> None:
        """What the token says of its session cannot be used as one."""
        pair = sign_in(cast).json()
        said = jwt.decode(pair["access_token"], options={"verify_signature": False})
        assert Session.objects.get().session_key not in json.dumps(said)


@pytest.mark.django_db
class TestSecondFactor:
    @pytest.fixture(autouse=True)
    def _totp(self, cast: Cast) -> None:
        TOTP.activate(cast.alice, SECRET)

    def test_the_code_is_asked_for(self, cast: Cast) -> None:
        asked = sign_in(cast)
        assert (asked.status_code, asked.json()["code"]) == (401, "accounts.code_needed")
        assert sign_in(cast, code=code()).status_code == 200

    def test_a_code_is_good_once(self, cast: Cast) -> None:
        given = code()
        assert sign_in(cast, code=given).status_code == 200
        assert sign_in(cast, code=given).json()["code"] == "accounts.code_refused"

    def test_a_wrong_code_is_refused_and_noted(self, cast: Cast) -> None:
        assert sign_in(cast, code="000000").json()["code"] == "accounts.code_refused"
        assert noted(cast)[-1] == "session.refused"

    def test_a_recovery_code_is_good_once(self, cast: Cast) -> None:
        RecoveryCodes.activate(cast.alice)
        wrapped = Authenticator.objects.get(user=cast.alice, type="recovery_codes").wrap()
        given = wrapped.get_unused_codes()[0]
        assert sign_in(cast, code=given).status_code == 200
        assert sign_in(cast, code=given).status_code == 401

    def test_the_secret_is_not_kept_in_the_clear(self, cast: Cast) -> None:
        assert SECRET not in json.dumps(Authenticator.objects.get(user=cast.alice, type="totp").data)


@pytest.mark.django_db
class TestRefreshing:
    def exchange(self, token: str) -> Any:
        return APIClient().post(REFRESH, {"refresh_token": token}, format="json")

    def test_each_exchange_gives_two_new_tokens(self, cast: Cast, api: Api) -> None:
        first = sign_in(cast).json()
        second = self.exchange(first["refresh_token"]).json()
        assert second["refresh_token"] != first["refresh_token"]
        assert api(second["access_token"]).get(ME).status_code == 200
        assert self.exchange(second["refresh_token"]).status_code == 200

    def test_a_token_used_twice_ends_the_session(self, cast: Cast, api: Api) -> None:
        first = sign_in(cast).json()
        second = self.exchange(first["refresh_token"]).json()
        reused = self.exchange(first["refresh_token"])
        assert (reused.status_code, reused.json()["code"]) == (401, "accounts.token_reused")
        assert self.exchange(second["refresh_token"]).status_code == 401  # the thief's and the owner's alike
        assert api(second["access_token"]).get(ME).status_code == 401
        assert noted(cast)[-1] == "session.ended"

    def test_it_runs_out(self, cast: Cast) -> None:
        first = sign_in(cast).json()
        with time_machine.travel(clock.now() + timedelta(days=15), tick=False):
            assert self.exchange(first["refresh_token"]).json()["code"] == "accounts.token_refused"

    def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(self, cast: Cast, api: Api) -> None:
        pair = sign_in(cast).json()
        assert self.exchange(pair["access_token"]).json()["code"] == "accounts.token_refused"
        assert api(pair["refresh_token"]).get(ME).json()["code"] == "accounts.token_refused"

    def test_garbage_is_refused(self, cast: Cast) -> None:
        for body in ({}, {"refresh_token": 5}, {"refresh_token": "x" * 5_000}, {"refresh_token": "a.b.c", "more": 1}):
            assert APIClient().post(REFRESH, body, format="json").status_code == 400
        assert self.exchange("a.b.c").status_code == 401


@pytest.mark.integration
def test_of_many_exchanges_of_one_token_at_once_one_wins(committed_db: None, cast: Cast) -> None:
    pair = tokens.issue(cast.alice)
    found = at_once(*[lambda: tokens.exchange(pair.refresh_token)] * 6)
    assert sum(isinstance(each, tokens.Pair) for each in found) == 1
    assert all(isinstance(each, tokens.Pair | TokenRefused) for each in found), found
    assert chain.verify(cast.workspace.id).wrong == ""


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.django_db
class TestForgeries:
    def claims(self, cast: Cast) -> tuple[str, dict[str, Any]]:
        token = tokens.issue(cast.alice).access_token
        return token, jwt.decode(token, options={"verify_signature": False})

    def refused(self, api: Api, token: str) -> str:
        answer = api(token).get(ME)
        assert answer.status_code == 401, answer.content
        assert answer["WWW-Authenticate"].startswith("Bearer")
        found: str = answer.json()["detail"]
        return found

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
    def test_no_algorithm(self, cast: Cast, api: Api, algorithm: str) -> None:
        _, claims = self.claims(cast)
        head = b64({"alg": algorithm, "typ": "JWT"})
        for signature in ("", "x", b64(b"\0" * 32)):
            self.refused(api, f"{head}.{b64(claims)}.{signature}")

    def test_another_key(self, cast: Cast, api: Api, settings: Any) -> None:
        _, claims = self.claims(cast)
        for key in ("another key that is long enough to sign with", settings.SECRET_KEY, "x" * 64):
            self.refused(api, jwt.encode(claims, key, algorithm="HS256"))

    @pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
    def test_another_algorithm_with_the_right_key(self, cast: Cast, api: Api, settings: Any, algorithm: str) -> None:
        _, claims = self.claims(cast)
        self.refused(api, jwt.encode(claims, settings.HEADLESS_JWT_PRIVATE_KEY, algorithm=algorithm))

    def test_expired(self, cast: Cast, api: Api) -> None:
        token, _ = self.claims(cast)
        with time_machine.travel(clock.now() + timedelta(seconds=301), tick=False):
            assert "expired" in self.refused(api, token)

    @pytest.mark.parametrize(
        "change",
        [
            {"aud": "something-else"},
            {"aud": None},
            {"aud": ["agentflow-api", "other"]},
            {"iss": "https://elsewhere.example"},
            {"token_use": "refresh"},
            {"token_use": None},
            {"sub": "00000000-0000-7000-8000-000000000000"},
            {"sid": "AAAA"},
            {"sid": "!"},
            {"sid": 5},
        ],
    )
    def test_other_claims_even_with_the_right_key(
        self, cast: Cast, api: Api, settings: Any, change: dict[str, Any]
    ) -> None:
        _, claims = self.claims(cast)
        self.refused(api, jwt.encode(claims | change, settings.HEADLESS_JWT_PRIVATE_KEY, algorithm="HS256"))

    def test_a_changed_body_under_the_old_signature(self, cast: Cast, api: Api) -> None:
        token, claims = self.claims(cast)
        head, _, signature = token.split(".")
        self.refused(api, f"{head}.{b64(claims | {'sub': str(cast.charlie.pk)})}.{signature}")

    @pytest.mark.parametrize("token", ["..", "a.b.c", "a..", ".b.", "ä.ö.ü", "=.=.=", "e30.e30.e30", "{}.{}.{}"])
    def test_garbage(self, cast: Cast, api: Api, token: str) -> None:
        answer = APIClient().get(ME, headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")})
        assert answer.status_code == 401

    def test_a_key_header_injected_is_not_used(self, cast: Cast, api: Api) -> None:
        """`jwk`, `jku` and `kid` of the header say nothing about the key."""
        _, claims = self.claims(cast)
        key = "a key of the attacker's own, long enough"
        for more in (
            {"jwk": {"kty": "oct", "k": b64(key.encode())}},
            {"jku": "http://127.0.0.1/keys"},
            {"kid": "../../dev/null"},
        ):
            self.refused(api, jwt.encode(claims, key, algorithm="HS256", headers=more))

    def test_charlies_token_opens_no_workspace_of_alices(self, cast: Cast, api: Api) -> None:
        token = tokens.issue(cast.charlie).access_token
        assert api(token, HTTP_X_WORKSPACE="acme").get(ME).status_code == 404
        assert selectors.homes_of(cast.charlie.pk)[0].workspace.slug == "umbrella"
