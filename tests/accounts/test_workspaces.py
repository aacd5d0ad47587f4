"""Workspaces move, change hands, close and open again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from apps.accounts import selectors, services
from apps.accounts.access import resolve
from apps.accounts.access.actor import Actor
from apps.accounts.access.resolve import member_actor
from apps.accounts.errors import (
    AlreadyMember,
    KeyRefused,
    LastOwner,
    PeopleOnly,
    RoleTooHigh,
    SlugTaken,
    WorkspaceUnknown,
)
from apps.accounts.models import AuditEvent, Membership, User
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.models import Event
from apps.core.tenancy import tenant
from tests.cast import Cast

Api = Callable[..., Any]


def row(cast: Cast, user: User) -> Membership:
    with tenant(cast.workspace.id):
        return Membership.objects.select_related("user").get(workspace=cast.workspace, user=user)


def bob(cast: Cast) -> Actor:
    return member_actor(cast.bob, "member")


class TestAddress:
    def test_the_old_one_leads_on(self, cast: Cast, api: Api, client: Any) -> None:
        secret = services.api_key_create(workspace=cast.workspace, name="k", actor=cast.owner).secret
        services.workspace_move(workspace=cast.workspace, slug="acme-works", actor=cast.owner)
        client.force_login(cast.bob)
        assert client.get("/w/acme/settings/members/?q=a")["Location"] == "/w/acme-works/settings/members/?q=a"
        assert client.post("/w/acme/settings/profile/", {"name": "B"}).status_code == 404
        for who in (cast.bob, secret):
            answer = api(who).get("/api/v1/app/me", headers={"X-Workspace": "acme"}).json()
            assert answer["workspace"]["slug"] == "acme-works"
        found = selectors.workspace_by_slug("acme")
        assert found is not None
        assert found.slug == "acme-works"

    def test_an_outsider_learns_nothing_by_it(self, cast: Cast, client: Any) -> None:
        services.workspace_move(workspace=cast.workspace, slug="acme-works", actor=cast.owner)
        client.force_login(cast.charlie)
        assert client.get("/w/acme/").status_code == client.get("/w/never-was/").status_code == 404

    def test_nobody_else_gets_it_and_one_may_go_back(self, cast: Cast) -> None:
        services.workspace_move(workspace=cast.workspace, slug="acme-works", actor=cast.owner)
        with pytest.raises(SlugTaken):
            services.workspace_create(name="x", slug="acme", owner=cast.charlie)
        with pytest.raises(SlugTaken):
            services.workspace_move(
                workspace=cast.other_workspace, slug="acme", actor=member_actor(cast.charlie, "owner")
            )
        services.workspace_move(workspace=cast.workspace, slug="acme", actor=cast.owner)
        found = selectors.workspace_by_slug("acme-works")
        assert found is not None
        assert found.slug == "acme"

    @pytest.mark.parametrize("slug", ["umbrella", "Acme", "-a", "", "a_b", "settings", "a" * 51])
    def test_what_cannot_be_is_refused(self, cast: Cast, slug: str) -> None:
        with pytest.raises((SlugTaken, Invalid)):
            services.workspace_move(workspace=cast.workspace, slug=slug, actor=cast.owner)


class TestHands:
    def test_handing_over_makes_one_an_admin(self, cast: Cast) -> None:
        services.ownership_hand_over(workspace=cast.workspace, membership=row(cast, cast.bob), actor=cast.owner)
        assert (row(cast, cast.bob).role, row(cast, cast.alice).role) == ("owner", "admin")
        with pytest.raises(RoleTooHigh):
            services.ownership_hand_over(
                workspace=cast.workspace, membership=row(cast, cast.alice), actor=member_actor(cast.alice, "admin")
            )

    def test_to_nobody_who_cannot_own_it(self, cast: Cast) -> None:
        with pytest.raises(AlreadyMember):
            services.ownership_hand_over(workspace=cast.workspace, membership=row(cast, cast.alice), actor=cast.owner)
        User.objects.filter(id=cast.bob.id).update(is_active=False)
        with pytest.raises(LastOwner):
            services.ownership_hand_over(workspace=cast.workspace, membership=row(cast, cast.bob), actor=cast.owner)

    def test_a_member_leaves_and_the_last_owner_does_not(self, cast: Cast) -> None:
        key = services.api_key_create(workspace=cast.workspace, name="k", actor=bob(cast)).secret
        assert services.member_leave(workspace=cast.workspace, actor=bob(cast)) == 1
        assert selectors.homes_of(cast.bob.id) == []
        with pytest.raises(KeyRefused):
            resolve.by_key(key)
        with pytest.raises(LastOwner):
            services.member_leave(workspace=cast.workspace, actor=cast.owner)
        key = services.api_key_create(workspace=cast.workspace, name="k", actor=cast.owner).secret
        with pytest.raises(PeopleOnly):
            services.member_leave(workspace=cast.workspace, actor=resolve.by_key(key).actor)


class TestEnd:
    def test_closed_is_as_if_it_were_not_there(self, cast: Cast, client: Any) -> None:
        key = services.api_key_create(workspace=cast.workspace, name="k", actor=cast.owner).secret
        link = services.sign_in_link_create(workspace=cast.workspace, user=cast.bob, actor=cast.owner)
        services.workspace_close(workspace=cast.workspace, confirmation=" acme ", actor=cast.owner)
        assert selectors.homes_of(cast.alice.id) == []
        assert selectors.workspace_by_slug("acme") is None
        assert selectors.sign_in_link_workspace(services.token_hash(link)) is None
        with pytest.raises(KeyRefused):
            resolve.by_key(key)
        with pytest.raises(SlugTaken):
            services.workspace_create(name="x", slug="acme", owner=cast.charlie)
        client.force_login(cast.bob)
        assert client.get("/w/acme/").status_code == 404
        with tenant(cast.workspace.id):
            assert Event.objects.filter(name="workspace.closed").count() == 1

    def test_it_takes_its_name(self, cast: Cast) -> None:
        with pytest.raises(Invalid):
            services.workspace_close(workspace=cast.workspace, confirmation="Acme", actor=cast.owner)
        assert len(selectors.homes_of(cast.alice.id)) == 1

    def test_an_owner_opens_it_again_within_thirty_days(self, cast: Cast) -> None:
        services.workspace_close(workspace=cast.workspace, confirmation="acme", actor=cast.owner)
        for stranger in (cast.bob, cast.charlie):
            with pytest.raises(WorkspaceUnknown):
                services.workspace_open(slug="acme", user=stranger)
        late = time_machine.travel(clock.now() + timedelta(days=30, minutes=1), tick=False)
        with late, pytest.raises(WorkspaceUnknown):
            services.workspace_open(slug="acme", user=cast.alice)
        services.workspace_open(slug="acme", user=cast.alice)
        assert [home.workspace.slug for home in selectors.homes_of(cast.bob.id)] == ["acme"]
        with tenant(cast.workspace.id):
            assert AuditEvent.objects.filter(action__in=["workspace.closed", "workspace.opened"]).count() == 2
