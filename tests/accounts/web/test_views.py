"""The pages of people and keys, as browsers see them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from apps.accounts import selectors, services
from apps.accounts.models import ApiKey, Membership, User
from apps.core.tenancy import tenant
from tests.cast import PASSWORD, Cast


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestAddresses:
    @pytest.mark.parametrize("has_mail", [True, False])
    def test_nobody_takes_an_address_they_have_not_proved(self, cast: Cast, settings: Any, has_mail: bool) -> None:
        """Else a viewer answers questions as the chief, and is let in where the chief is invited."""
        settings.HAS_MAIL = has_mail
        client = signed_in(cast.bob)
        client.post("/accounts/email/", {"action_add": "", "email": "chief@example.com"})
        client.post("/accounts/email/", {"action_primary": "", "email": "chief@example.com"})
        cast.bob.refresh_from_db()
        assert cast.bob.email == "bob@example.com"
        known = set(EmailAddress.objects.filter(user=cast.bob).values_list("email", flat=True))
        assert ("chief@example.com" in known) is has_mail

    def test_a_proved_address_can_be_the_main_one(self, cast: Cast, settings: Any) -> None:
        settings.HAS_MAIL = True
        client = signed_in(cast.bob)
        client.post("/accounts/email/", {"action_add": "", "email": "robert@example.com"})
        EmailAddress.objects.filter(email="robert@example.com").update(verified=True)
        client.post("/accounts/email/", {"action_primary": "", "email": "robert@example.com"})
        cast.bob.refresh_from_db()
        assert cast.bob.email == "robert@example.com"


class TestEntrance:
    def test_the_first_person_owns_a_new_workspace(self, db: None, settings: object) -> None:
        settings.OPEN_REGISTRATION = None  # type: ignore[attr-defined]
        client = Client()
        assert b"Who owns this installation" in client.get("/accounts/signup/").content
        form = {"name": "Ada L", "email": "Ada@Example.com", "password1": PASSWORD}
        response = client.post("/accounts/signup/", form, follow=True)
        user = User.objects.get()
        (home,) = selectors.homes_of(user.id)
        assert (user.email, user.name, home.role) == ("ada@example.com", "Ada L", "owner")
        assert response.redirect_chain[-1][0] == f"/w/{home.workspace.slug}/"
        second = Client()
        assert b"Registration is closed" in second.get("/accounts/signup/").content
        second.post("/accounts/signup/", form | {"email": "eve@example.com"})
        assert User.objects.count() == 1

    def test_a_demo_owner_is_not_the_first_person(self, db: None, settings: object) -> None:
        settings.OPEN_REGISTRATION = None  # type: ignore[attr-defined]
        settings.DEMO_ENABLED = True  # type: ignore[attr-defined]
        services.workspace_create(name="Demo", owner=User.objects.create_user("demo@example.com"))
        assert b"Who owns this installation" in Client().get("/accounts/signup/").content

    def test_without_a_demo_whoever_was_let_in_closes_the_door(self, db: None, settings: object) -> None:
        settings.OPEN_REGISTRATION = None  # type: ignore[attr-defined]
        settings.DEMO_ENABLED = False  # type: ignore[attr-defined]
        services.workspace_create(name="Acme", owner=User.objects.create_user("ada@example.com"))
        assert b"Registration is closed" in Client().get("/accounts/signup/").content

    def test_the_operator_can_close_or_open_it(self, cast: Cast, settings: object) -> None:
        settings.OPEN_REGISTRATION = False  # type: ignore[attr-defined]
        assert b"Registration is closed" in Client().get("/accounts/signup/").content
        settings.OPEN_REGISTRATION = True  # type: ignore[attr-defined]
        assert b"password1" in Client().get("/accounts/signup/").content

    def test_sign_in_takes_the_address_in_any_case(self, cast: Cast) -> None:
        client = Client()
        response = client.post("/accounts/login/", {"login": "ALICE@example.com", "password": PASSWORD})
        assert (response.status_code, response["Location"]) == (302, "/")
        assert client.get("/")["Location"] == "/w/acme/"

    def test_a_wrong_password_says_so_on_the_form(self, cast: Cast) -> None:
        response = Client().post("/accounts/login/", {"login": "alice@example.com", "password": "wrong"})
        assert response.status_code == 200
        assert b"callout" in response.content

    def test_without_a_mail_server_nothing_pretends_to_send(self, cast: Cast) -> None:
        client = Client()
        assert b"no mail server" in client.get("/accounts/password/reset/").content
        response = client.post("/accounts/password/reset/", {"email": "alice@example.com"})
        assert response.status_code == 503

    @pytest.mark.parametrize(
        "path",
        [
            "/accounts/login/",
            "/accounts/signup/",
            "/accounts/password/change/",
            "/accounts/email/",
            "/accounts/logout/",
            "/accounts/3rdparty/",
            "/accounts/confirm-email/",
            "/accounts/inactive/",
        ],
    )
    def test_every_page_of_the_package_has_our_look_and_passes_our_policy(self, cast: Cast, path: str) -> None:
        for client in (Client(), signed_in(cast.alice)):
            response = client.get(path, follow=True)
            assert response.status_code in (200, 404)
            text = response.content.decode()
            assert "assets/app.css" in text
            assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|<style", text), path

    def test_the_policy_allows_nothing_inline(self, db: None) -> None:
        policy = Client().get("/accounts/login/")["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert re.search(r"connect-src 'self' wss?://[^;* ]+(;|$)", policy)
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy


class TestEnter:
    def test_looking_changes_nothing_and_the_button_signs_in_once(self, cast: Cast) -> None:
        token = services.sign_in_link_create(workspace=cast.workspace, user=cast.bob, actor=cast.owner)
        client = Client()
        for _ in range(3):
            response = client.get(f"/enter/{token}/")
            assert response.status_code == 200
            assert client.head(f"/enter/{token}/").status_code == 200
            assert response["Referrer-Policy"] == "same-origin"  # stricter: browsers post with Origin null
            assert "no-store" in response["Cache-Control"]
        assert "_auth_user_id" not in client.session
        response = client.post(f"/enter/{token}/")
        assert response["Location"] == "/w/acme/"
        assert client.session["_auth_user_id"] == str(cast.bob.id)
        stranger = Client()
        assert stranger.post(f"/enter/{token}/").status_code == 404
        assert b"no longer works" in stranger.get(f"/enter/{token}/").content

    def test_the_button_needs_the_csrf_token(self, cast: Cast) -> None:
        token = services.sign_in_link_create(workspace=cast.workspace, user=cast.bob, actor=cast.owner)
        assert Client(enforce_csrf_checks=True).post(f"/enter/{token}/").status_code == 403


class TestMembersPage:
    def test_roles_and_removal(self, cast: Cast) -> None:
        client = signed_in(cast.alice)
        with tenant(cast.workspace.id):
            bob = Membership.objects.get(user=cast.bob).id
            alice = Membership.objects.get(user=cast.alice).id
        client.post(f"/w/acme/settings/members/{bob}/role/", {"role": "viewer"})
        with tenant(cast.workspace.id):
            assert Membership.objects.get(id=bob).role == "viewer"
        refused = client.post(f"/w/acme/settings/members/{alice}/remove/", follow=True)
        assert b"last owner" in refused.content
        client.post(f"/w/acme/settings/members/{bob}/remove/")
        assert selectors.homes_of(cast.bob.id) == []

    def test_a_member_looks_but_does_not_touch(self, cast: Cast) -> None:
        client = signed_in(cast.bob)
        page = client.get("/w/acme/settings/members/").content.decode()
        assert "alice@example.com" in page
        assert "Invite people" not in page
        assert 'name="role" aria-label' not in page

    def test_text_of_people_is_escaped(self, cast: Cast) -> None:
        services.profile_update(user=cast.bob, name="<script>alert(1)</script>")
        assert b"<script>alert" not in signed_in(cast.alice).get("/w/acme/settings/members/").content


class TestKeysPage:
    def test_a_key_is_shown_once_and_works(self, cast: Cast) -> None:
        client = signed_in(cast.alice)
        response = client.post(
            "/w/acme/settings/keys/", {"name": "Deploy", "lifetime": "30", "scopes": ["workflow:read"]}
        )
        assert response["Cache-Control"] == "no-store"
        found = re.search(r"af_[0-9a-f]{8}_[\w-]+", response.content.decode())
        assert found
        me = Client().get("/api/v1/app/me", headers={"Authorization": f"Bearer {found[0]}"}).json()
        assert me["permissions"] == ["workflow:read"]
        assert found[0] not in client.get("/w/acme/settings/keys/").content.decode()

    def test_revoke(self, cast: Cast) -> None:
        key = services.api_key_create(workspace=cast.workspace, name="x", actor=cast.owner).key
        client = signed_in(cast.alice)
        client.post(f"/w/acme/settings/keys/{key.id}/revoke/")
        with tenant(cast.workspace.id):
            assert ApiKey.objects.get(id=key.id).revoked_at is not None
        assert b"Revoked" in client.get("/w/acme/settings/keys/").content


class TestProfileAndWorkspaces:
    def test_a_name_is_kept(self, cast: Cast) -> None:
        signed_in(cast.bob).post("/w/acme/settings/profile/", {"name": " Bob  B "})
        cast.bob.refresh_from_db()
        assert cast.bob.name == "Bob B"

    def test_a_further_workspace(self, cast: Cast) -> None:
        response = signed_in(cast.bob).post("/workspaces/", {"name": "Side project"})
        assert response["Location"] == "/w/side-project/"
        assert Client().post("/workspaces/", {"name": "x"}).status_code == 302

    def test_somebody_without_a_workspace_is_told_what_to_do(self, db: None) -> None:
        alone = User.objects.create_user("alone@example.com", PASSWORD)
        assert b"No workspace yet" in signed_in(alone).get("/", follow=True).content

    def test_the_last_workspace_looked_at_comes_first(self, cast: Cast) -> None:
        services.workspace_create(name="Zebra", slug="zebra", owner=cast.bob)
        client = signed_in(cast.bob)
        assert client.get("/")["Location"] == "/w/acme/"
        client.get("/w/zebra/settings/members/")
        assert client.get("/")["Location"] == "/w/zebra/"
