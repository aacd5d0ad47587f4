"""Limits of the API and of strangers: what is counted, what the headers say, and what is let pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from rest_framework.test import APIClient

from apps.accounts import services, tokens
from apps.accounts.models import Workspace
from apps.core import ratelimit
from apps.core.tenancy import tenant
from tests.accounts.access.test_api import ME, assert_problem, key
from tests.cast import Cast

pytestmark = pytest.mark.integration
Api = Callable[..., APIClient]


@pytest.fixture(autouse=True)
def _nothing_spent(cast: Cast) -> None:
    ratelimit._client.cache_clear()
    ratelimit.forget("address:*")


def limited(settings: Any, **rates: str) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {name.replace("_", "-"): rate for name, rate in rates.items()}


@pytest.mark.django_db
class TestApi:
    def test_a_key_is_counted_by_itself(self, cast: Cast, api: Api, settings: Any) -> None:
        limited(settings, key="3/h")
        one, other = api(key(cast)), api(key(cast))
        for left in (2, 1, 0):
            answer = one.get(ME)
            assert answer["RateLimit-Policy"] == '"key";q=3;w=3600'
            assert answer["RateLimit"].startswith(f'"key";r={left};t=')
        refused = one.get(ME)
        assert_problem(refused, 429, "core.too_many_requests")
        assert int(refused["Retry-After"]) <= 1200
        assert refused["RateLimit"].startswith('"key";r=0;t=')
        assert other.get(ME).status_code == 200

    def test_a_person_is_counted_with_session_and_token_alike(self, cast: Cast, api: Api, settings: Any) -> None:
        limited(settings, user="2/h")
        assert api(cast.alice).get(ME).status_code == 200
        token = api(tokens.issue(cast.alice).access_token)
        assert token.get(ME)["RateLimit"].startswith('"user";r=0;')
        assert token.get(ME).status_code == 429
        assert api(cast.bob).get(ME).status_code == 200

    def test_plans_count_the_workspace(self, cast: Cast, api: Api, settings: Any) -> None:
        settings.RATE_LIMIT_PLANS = {"free": "2/h", "pro": "5/h"}
        client = api(key(cast))
        assert "RateLimit" not in client.get(ME)  # plans are off
        settings.RATE_LIMIT_PLAN = "free"
        assert client.get(ME)["RateLimit-Policy"] == '"plan";q=2;w=3600'
        assert api(cast.bob).get(ME).status_code == 200
        assert client.get(ME).status_code == 429
        with tenant(cast.workspace.id):
            Workspace.objects.filter(id=cast.workspace.id).update(plan="pro")
        assert client.get(ME)["RateLimit-Policy"] == '"plan";q=5;w=3600'

    def test_without_limits_there_are_no_headers_and_redis_is_not_asked(
        self, cast: Cast, api: Api, settings: Any
    ) -> None:
        settings.REDIS_URL = "unix:///nonexistent.sock"
        answer = api(key(cast)).get(ME)
        assert answer.status_code == 200
        assert "RateLimit" not in answer

    def test_strangers_are_counted_by_address_and_keys_go_on(self, cast: Cast, api: Api, settings: Any) -> None:
        limited(settings, anonymous="2/m")
        secret = key(cast)
        assert api("af_wrong").get(ME).status_code == 401
        assert api().get(ME).status_code == 401
        assert_problem(api("af_guess").get(ME), 429, "core.too_many_requests")
        assert api("af_guess").get(ME, REMOTE_ADDR="198.51.100.9").status_code == 401
        assert api(secret).get(ME).status_code == 200

    def test_what_a_stranger_writes_into_a_header_changes_nothing(self, api: Api, settings: Any) -> None:
        limited(settings, anonymous="1/m")
        assert api().get(ME, HTTP_X_FORWARDED_FOR="1.1.1.1").status_code == 401
        assert api().get(ME, HTTP_X_FORWARDED_FOR="2.2.2.2").status_code == 429
        settings.TRUSTED_PROXIES = ["127.0.0.1"]
        assert api().get(ME, HTTP_X_FORWARDED_FOR="3.3.3.3").status_code == 401


@pytest.mark.django_db
class TestStrangers:
    def test_sign_in_forms(self, settings: Any) -> None:
        limited(settings, sign_in="2/m")
        client = Client()
        for _ in range(2):
            assert client.post("/accounts/login/", {"login": "a@b.example", "password": "x"}).status_code == 200
        refused = client.post("/accounts/login/", {"login": "a@b.example", "password": "x"})
        assert refused.status_code == 429
        assert refused["Retry-After"]
        assert b"At most 2 requests" in refused.content
        assert client.get("/accounts/login/").status_code == 200  # looking is free

    def test_tokens(self, cast: Cast, settings: Any) -> None:
        limited(settings, sign_in="1/m")
        body = {"email": "alice@example.com", "password": "wrong"}
        assert APIClient().post("/api/v1/auth/token/", body, format="json").status_code == 401
        assert_problem(APIClient().post("/api/v1/auth/token", body, format="json"), 429, "core.too_many_requests")

    def test_links_and_the_schema(self, settings: Any) -> None:
        limited(settings, link="1/m", anonymous="1/m")
        assert [Client().get("/i/guess/").status_code for _ in range(2)] == [404, 429]
        assert [Client().get("/docs/errors").status_code for _ in range(3)] == [200] * 3
        assert [Client().get("/api/v1/schema/").status_code for _ in range(2)] == [200, 429]

    def test_probes_are_never_turned_away(self, settings: Any) -> None:
        limited(settings, anonymous="1/m")
        codes = {Client().get("/api/v1/public/health/").status_code for _ in range(4)}
        assert 429 not in codes

    def test_in_the_asynchronous_stack(self, settings: Any) -> None:
        limited(settings, link="1/m")
        client = AsyncClient()
        codes = [async_to_sync(client.get)("/i/guess/").status_code for _ in range(2)]
        assert codes == [404, 429]


class TestWebhooks:
    def test_by_path_and_by_workspace(self, committed_db: None, cast: Cast, settings: Any) -> None:
        from tests.config.test_asgi import call

        limited(settings, webhook="2/m", webhooks="3/m")
        codes = [call("/webhooks/acme/one", method="POST")[0] for _ in range(3)]
        assert codes == [404, 404, 429]
        assert call("/webhooks/acme/two", method="POST")[0] == 404
        status, headers, _ = call("/webhooks/acme/two", method="POST")
        assert (status, headers["ratelimit-policy"]) == (429, '"webhook";q=2;w=60, "webhooks";q=3;w=60')
        assert call("/webhooks/umbrella/one", method="POST")[0] == 404


def test_a_key_used_from_elsewhere_is_noted(db: None, cast: Cast, api: Api) -> None:
    from apps.accounts.models import AuditEvent

    client = api(services.api_key_create(workspace=cast.workspace, name="CI", actor=cast.owner).secret)
    for address in ("198.51.100.7", "198.51.100.99", "203.0.113.5", "203.0.113.6", "198.51.100.1"):
        assert client.get(ME, REMOTE_ADDR=address).status_code == 200
    with tenant(cast.workspace.id):
        noted = list(AuditEvent.objects.filter(action="api_key.used_from_new_place"))
    assert [(event.target, event.data, event.address) for event in noted] == [
        ("CI", {"place": "203.0.113.0/24"}, "203.0.113.5")
    ]
