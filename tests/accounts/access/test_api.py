"""Who gets in by API: keys, sessions, scopes, and what the refusals look like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from apps.accounts import services
from apps.core.clock import now
from apps.core.tenancy import tenant
from tests.cast import PASSWORD, Cast

Api = Callable[..., APIClient]
ME = "/api/v1/app/me/"
KEYS = "/api/v1/app/keys/"
MEMBERS = "/api/v1/app/members/"
INVITATIONS = "/api/v1/app/invitations/"


def key(cast: Cast, *scopes: str, **more: Any) -> str:
    created = services.api_key_create(
        workspace=cast.workspace, name="Test", scopes=list(scopes) or None, actor=cast.owner, **more
    )
    return created.secret


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["title"]
    assert document["detail"]
    return document


class TestKeys:
    def test_a_key_opens_its_workspace(self, cast: Cast, api: Api) -> None:
        found = api(key(cast)).get(ME).json()
        assert found["workspace"]["slug"] == "acme"
        assert found["actor"]["kind"] == "api_key"
        assert found["actor"]["label"] == "key Test"

    def test_what_it_reads_stays_in_no_cache(self, cast: Cast, api: Api) -> None:
        client = api(key(cast))
        for path in (ME, KEYS, f"{MEMBERS}01a1f84e-fbb8-7be5-aaec-d6c586249277/"):
            assert client.get(path)["Cache-Control"] == "no-store"

    def test_nobody_sets_what_is_not_theirs_to_set(self, cast: Cast, api: Api) -> None:
        client = api(key(cast))
        more = {"is_staff": True, "workspace": "x"}
        for path, body in ((INVITATIONS, {"emails": ["d@example.com"], "role": "viewer"}), (KEYS, {"name": "k"})):
            document = assert_problem(client.post(path, body | more, format="json"), 400, "core.invalid")
            assert {error["path"] for error in document["errors"]} == {"is_staff", "workspace"}

    def test_naming_another_workspace_is_a_404(self, cast: Cast, api: Api) -> None:
        client = api(key(cast))
        assert_problem(client.get(ME, headers={"X-Workspace": "umbrella"}), 404, "accounts.workspace_unknown")
        assert_problem(client.get(ME, headers={"X-Workspace": "nowhere"}), 404, "accounts.workspace_unknown")
        assert client.get(ME, headers={"X-Workspace": "acme"}).status_code == 200

    def test_scopes_limit_it(self, cast: Cast, api: Api) -> None:
        client = api(key(cast, "workflow:read"))
        assert client.get(ME).json()["permissions"] == ["workflow:read"]
        assert client.get(MEMBERS).status_code == 200
        document = assert_problem(client.get(KEYS), 403, "accounts.not_allowed")
        assert "key:manage" in document["detail"]

    def test_it_never_outgrows_its_maker(self, cast: Cast, api: Api) -> None:
        with tenant(cast.workspace.id):
            from apps.accounts.models import Membership

            membership = Membership.objects.select_related("user").get(user=cast.bob)
        services.member_role_change(workspace=cast.workspace, membership=membership, role="admin", actor=cast.owner)
        from apps.accounts.access.resolve import member_actor

        secret = services.api_key_create(
            workspace=cast.workspace, name="Bob's", actor=member_actor(cast.bob, "admin")
        ).secret
        assert api(secret).get(KEYS).status_code == 200
        services.member_role_change(workspace=cast.workspace, membership=membership, role="viewer", actor=cast.owner)
        assert_problem(api(secret).get(KEYS), 403, "accounts.not_allowed")

    def test_revoked_expired_and_unknown_keys_are_a_401(self, cast: Cast, api: Api) -> None:
        created = services.api_key_create(workspace=cast.workspace, name="Old", actor=cast.owner)
        services.api_key_revoke(workspace=cast.workspace, key=created.key, actor=cast.owner)
        assert "revoked" in assert_problem(api(created.secret).get(ME), 401, "accounts.key_refused")["detail"]
        short = key(cast, expires_at=now() + timedelta(minutes=1))
        assert api(short).get(ME).status_code == 200
        with time_machine.travel(now() + timedelta(minutes=2)):
            assert "expired" in assert_problem(api(short).get(ME), 401, "accounts.key_refused")["detail"]
        response = api("af_12345678_guess").get(ME)
        assert_problem(response, 401, "accounts.key_refused")
        assert response["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Token x", "\x7f"])
    def test_what_is_no_key_is_nobody(self, db: None, api: Api, header: str) -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=header)
        assert_problem(client.get(ME), 401, "core.unauthenticated")

    def test_it_needs_no_csrf_token(self, cast: Cast) -> None:
        client = APIClient(enforce_csrf_checks=True)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key(cast)}")
        assert client.post(KEYS, {"name": "Second"}).status_code == 201


class TestSessions:
    def test_nobody_is_a_401_that_says_how(self, db: None, api: Api) -> None:
        response = api().get(ME)
        assert_problem(response, 401, "core.unauthenticated")
        assert response["WWW-Authenticate"] == 'Bearer realm="AgentFlow"'

    def test_the_only_workspace_needs_no_name(self, cast: Cast, api: Api) -> None:
        found = api(cast.bob).get(ME).json()
        assert (found["workspace"]["slug"], found["actor"]["role"]) == ("acme", "member")

    def test_of_several_the_last_one_looked_at_is_meant(self, cast: Cast, api: Api) -> None:
        services.workspace_create(name="Second", slug="second", owner=cast.alice)
        client = api(cast.alice)
        assert_problem(client.get(ME), 400, "accounts.workspace_not_named")
        assert client.get(ME, headers={"X-Workspace": "second"}).json()["workspace"]["slug"] == "second"
        client.get("/w/acme/settings/members/")
        assert client.get(ME).json()["workspace"]["slug"] == "acme"

    def test_a_foreign_workspace_is_a_404(self, cast: Cast, api: Api) -> None:
        assert_problem(api(cast.charlie).get(ME, headers={"X-Workspace": "acme"}), 404, "accounts.workspace_unknown")

    def test_unsafe_methods_need_the_csrf_token(self, cast: Cast) -> None:
        client = APIClient(enforce_csrf_checks=True)
        client.login(username="alice@example.com", password=PASSWORD)
        assert_problem(client.post(KEYS, {"name": "x"}), 403, "core.csrf_failed")
        client.get("/w/acme/settings/keys/")
        token = client.cookies["agentflow_csrf"].value
        assert client.post(KEYS, {"name": "x"}, headers={"X-CSRFToken": token}).status_code == 201

    def test_roles_limit_it(self, cast: Cast, api: Api) -> None:
        assert_problem(api(cast.bob).get(KEYS), 403, "accounts.not_allowed")


class TestRoutes:
    @pytest.mark.parametrize("path", ["/api/v1/app/me", "/api/v1/app/me/"])
    def test_the_final_slash_may_be_missing(self, cast: Cast, api: Api, path: str) -> None:
        assert api(cast.alice).get(path).status_code == 200

    def test_a_post_keeps_its_body_without_the_slash(self, cast: Cast, api: Api) -> None:
        assert api(cast.alice).post("/api/v1/app/keys", {"name": "No slash"}).json()["name"] == "No slash"

    @pytest.mark.parametrize("method", ["put", "options", "delete", "trace"])
    def test_a_method_nobody_wrote_is_a_405(self, cast: Cast, api: Api, method: str) -> None:
        assert_problem(getattr(api(cast.alice), method)(ME), 405, "core.method_not_allowed")

    @pytest.mark.parametrize("path", ["/api/v1/app/keys/nonsense/", "/api/v1/nothing", "/api/x", "/api/v1/app/keys/1/"])
    def test_an_address_that_is_none_is_a_404(self, cast: Cast, api: Api, path: str) -> None:
        assert_problem(api(cast.alice).get(path), 404, "core.not_found")
