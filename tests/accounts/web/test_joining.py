"""The page an invitation leads to, and the pages around it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts import selectors, services
from apps.accounts.access.permissions import Permission
from apps.accounts.access.words import PERMISSION_WORDS
from apps.accounts.models import Invitation, Membership, User
from apps.core.tenancy import tenant
from tests.cast import PASSWORD, Cast

DORA = "dora@example.com"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def link(cast: Cast, email: str = DORA, role: str = "member") -> str:
    (each,) = services.invitations_create(workspace=cast.workspace, emails=[email], role=role, actor=cast.owner)
    return f"/join/{each.token}/"


class TestJoining:
    def test_somebody_new_makes_an_account_and_is_in(self, cast: Cast, settings: Any) -> None:
        settings.OPEN_REGISTRATION = False
        path, client = link(cast), Client()
        page = client.get(path)
        assert page["X-Robots-Tag"] == "noindex"
        assert b"Make an account and join" in page.content
        weak = client.post(path, {"answer": "accept", "name": "Dora", "password": "password"})
        assert weak.status_code == 422
        done = client.post(path, {"answer": "accept", "name": "Dora", "password": PASSWORD})
        assert (done.status_code, done["Location"]) == (302, "/w/acme/")
        assert client.get("/w/acme/").status_code == 200
        assert Client().get(path).status_code == 404

    def test_whoever_has_an_account_signs_in_as_themselves(self, cast: Cast) -> None:
        path, client = link(cast, "charlie@example.com"), Client()
        page = client.get(path).content.decode()
        assert "There is an account for charlie@example.com" in page
        assert "password" not in page
        found = re.search(r'href="(/accounts/login/[^"]+)"', page)
        assert found
        taken = client.post(path, {"answer": "accept", "name": "Eve", "password": "another good password"})
        assert taken.status_code == 409
        login = client.post(found[1], {"login": "charlie@example.com", "password": PASSWORD})
        assert login["Location"] == path
        me = User.objects.get(email="charlie@example.com")
        assert client.post(path, {"answer": "accept", "as": str(me.id)})["Location"] == "/w/acme/"

    def test_another_address_is_asked_about(self, cast: Cast) -> None:
        path, client = link(cast), signed_in(cast.charlie)
        assert b"Is it meant for you?" in client.get(path).content
        assert client.post(path, {"answer": "accept"}).status_code == 409
        assert client.post(path, {"answer": "accept", "as": str(cast.bob.id)}).status_code == 409
        assert [home.workspace.slug for home in selectors.homes_of(cast.charlie.id)] == ["umbrella"]
        client.post(path, {"answer": "accept", "as": str(cast.charlie.id)})
        assert len(selectors.homes_of(cast.charlie.id)) == 2

    def test_signing_out_leads_back(self, cast: Cast) -> None:
        path, client = link(cast), signed_in(cast.charlie)
        assert client.post(path, {"answer": "sign-out"})["Location"] == path
        assert b"Make an account and join" in client.get(path).content

    def test_declining(self, cast: Cast) -> None:
        path = link(cast)
        assert b"Declined" in Client().post(path, {"answer": "decline"}).content
        assert Client().get(path).status_code == 404

    def test_the_buttons_need_the_csrf_token(self, cast: Cast) -> None:
        assert Client(enforce_csrf_checks=True).post(link(cast), {"answer": "decline"}).status_code == 403

    def test_texts_are_escaped(self, cast: Cast) -> None:
        evil = "<script>alert(1)</script>"
        services.workspace_rename(workspace=cast.workspace, name=evil, actor=cast.owner)
        (each,) = services.invitations_create(
            workspace=cast.workspace, emails=[DORA], role="member", actor=cast.owner, message=evil
        )
        assert b"<script>alert" not in Client().get(f"/join/{each.token}/").content


class TestInviting:
    def test_links_are_shown_once_where_there_is_no_mail(self, cast: Cast) -> None:
        client = signed_in(cast.alice)
        form = {"emails": "Dora D <dora@example.com>, erin@example.com\nbob@example.com", "role": "viewer"}
        response = client.post("/w/acme/settings/members/invite/", form)
        assert (response.status_code, response["Cache-Control"]) == (201, "no-store")
        page = response.content.decode()
        assert len(set(re.findall(r"/join/[\w-]+/", page))) == 2
        assert "bob@example.com is a member already" in page
        listed = client.get("/w/acme/settings/members/").content.decode()
        assert "dora@example.com" in listed
        assert "/join/" not in listed

    @pytest.mark.parametrize("emails", ["nobody", "a@b@c", "Ada <ada>", "a@example.com, x"])
    def test_a_wrong_address_comes_back_with_the_form(self, cast: Cast, emails: str) -> None:
        response = signed_in(cast.alice).post(
            "/w/acme/settings/members/invite/", {"emails": emails, "role": "member", "message": "kept"}
        )
        assert response.status_code == 422
        assert b"is not an e-mail address" in response.content
        assert b"kept" in response.content
        with tenant(cast.workspace.id):
            assert not Invitation.objects.exists()

    def test_an_admin_offers_no_more_than_they_have(self, cast: Cast) -> None:
        with tenant(cast.workspace.id):
            Membership.objects.filter(user=cast.bob).update(role="admin")
        page = signed_in(cast.bob).get("/w/acme/settings/members/invite/").content.decode()
        assert 'value="admin"' in page
        assert 'value="owner"' not in page

    def test_what_the_roles_page_says_is_what_is_decided_by(self, cast: Cast) -> None:
        assert {permission.value for permission in Permission} <= set(PERMISSION_WORDS)
        page = signed_in(cast.bob).get("/w/acme/settings/roles/").content.decode()
        for permission in Permission:
            assert permission.value in page


@pytest.mark.parametrize("path", ["settings/members/", "settings/sessions/", "settings/roles/", "settings/workspace/"])
def test_lists_cost_the_same_however_long_they_are(cast: Cast, path: str) -> None:
    def cost() -> int:
        client = signed_in(cast.alice)
        client.get("/w/acme/settings/profile/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(f"/w/acme/{path}").status_code == 200
        asked = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        return len(asked)

    before = cost()
    for n in range(12):
        services.member_add(workspace=cast.workspace, email=f"m{n}@example.com", role="member", actor=cast.owner)
    services.invitations_create(
        workspace=cast.workspace, emails=[f"i{n}@example.com" for n in range(12)], role="member", actor=cast.owner
    )
    assert cost() <= before + 1
    assert before <= 14  # two of them enter the workspace
