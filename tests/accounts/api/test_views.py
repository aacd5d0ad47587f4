"""Members, keys and the audit log over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from apps.accounts import services
from tests.cast import Cast

Api = Callable[..., APIClient]
MEMBERS = "/api/v1/app/members/"
KEYS = "/api/v1/app/keys/"


def member_id(client: APIClient, email: str) -> str:
    rows: list[dict[str, Any]] = client.get(MEMBERS).json()["results"]
    return next(str(row["id"]) for row in rows if row["email"] == email)


class TestMembers:
    def test_roles_change_and_the_last_owner_stays(self, cast: Cast, api: Api) -> None:
        client = api(cast.alice)
        bob, alice = member_id(client, "bob@example.com"), member_id(client, "alice@example.com")
        assert client.patch(f"{MEMBERS}{bob}/", {"role": "admin"}).json()["role"] == "admin"
        refused = client.patch(f"{MEMBERS}{alice}/", {"role": "viewer"})
        assert (refused.status_code, refused.json()["code"]) == (409, "accounts.last_owner")
        assert client.delete(f"{MEMBERS}{bob}/").status_code == 204
        assert client.get(f"{MEMBERS}{bob}/").status_code == 404

    def test_an_admin_cannot_rise_by_a_key(self, cast: Cast, api: Api) -> None:
        """A key that manages members must not make an owner of anybody."""
        secret = services.api_key_create(
            workspace=cast.workspace, name="x", scopes=["member:manage", "workflow:read"], actor=cast.owner
        ).secret
        refused = api(secret).post("/api/v1/app/invitations/", {"emails": ["eve@example.com"], "role": "owner"})
        assert (refused.status_code, refused.json()["code"]) == (403, "accounts.role_too_high")

    def test_a_member_of_another_workspace_is_not_found(self, cast: Cast, api: Api) -> None:
        charlie = member_id(api(cast.charlie), "charlie@example.com")
        for method in ("get", "patch", "delete"):
            assert getattr(api(cast.alice), method)(f"{MEMBERS}{charlie}/", {"role": "viewer"}).status_code == 404


class TestKeys:
    def test_the_key_is_in_the_answer_and_nowhere_else(self, cast: Cast, api: Api) -> None:
        client = api(cast.alice)
        response = client.post(KEYS, {"name": "CI", "scopes": ["workflow:read"], "expires_at": "2999-01-01T00:00:00Z"})
        made = response.json()
        assert response["Cache-Control"] == "no-store"
        assert api(made["key"]).get("/api/v1/app/me").status_code == 200
        assert "key" not in client.get(f"{KEYS}{made['id']}/").json()
        assert made["key"] not in client.get(KEYS).content.decode()

    def test_a_key_cannot_make_a_mightier_one(self, cast: Cast, api: Api) -> None:
        secret = services.api_key_create(
            workspace=cast.workspace, name="x", scopes=["key:manage"], actor=cast.owner
        ).secret
        refused = api(secret).post(KEYS, {"name": "More", "scopes": ["workflow:execute"]})
        assert (refused.status_code, refused.json()["code"]) == (403, "accounts.scope_too_high")
        made = api(secret).post(KEYS, {"name": "Same"}).json()
        assert made["scopes"] == ["key:manage"]

    def test_a_revoked_key_stays_in_the_list(self, cast: Cast, api: Api) -> None:
        client = api(cast.alice)
        made = client.post(KEYS, {"name": "CI"}).json()
        assert client.delete(f"{KEYS}{made['id']}/").status_code == 204
        assert client.get(f"{KEYS}{made['id']}/").json()["revoked_at"] is not None
        assert api(made["key"]).get("/api/v1/app/me").status_code == 401

    def test_a_past_expiry_says_where(self, cast: Cast, api: Api) -> None:
        refused = api(cast.alice).post(KEYS, {"name": "CI", "expires_at": "2020-01-01T00:00:00Z"})
        assert refused.json()["errors"][0]["path"] == "expires_at"


def test_the_audit_log_says_who_did_what_also_by_key(cast: Cast, api: Api) -> None:
    client = api(cast.alice)
    secret = client.post(KEYS, {"name": "Robot"}).json()["key"]
    api(secret).post("/api/v1/app/invitations/", {"emails": ["dora@example.com"], "role": "member"})
    rows = client.get("/api/v1/app/audit-events/").json()["results"]
    found = {(row["actor_label"], row["action"], row["target"]) for row in rows}
    assert ("alice@example.com", "api_key.created", "Robot") in found
    assert ("key Robot", "invitation.created", "dora@example.com") in found
    assert secret not in str(rows)


def test_me_lists_the_workspaces_one_may_enter(cast: Cast, api: Api) -> None:
    services.workspace_create(name="Second", slug="second", owner=cast.bob)
    found = api(cast.bob).get("/api/v1/app/me", headers={"X-Workspace": "acme"}).json()
    assert [row["slug"] for row in found["workspaces"]] == ["acme", "second"]
    assert found["permissions"] == sorted(found["permissions"])
