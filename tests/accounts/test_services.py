"""Workspaces, members, keys and sign-in links: what is kept, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
import time_machine

from apps.accounts import selectors, services
from apps.accounts.access import resolve
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import ROLE_PERMISSIONS, SCOPES, Permission, Role
from apps.accounts.access.resolve import member_actor
from apps.accounts.errors import (
    AlreadyMember,
    KeyRefused,
    LastOwner,
    LinkSpent,
    RoleTooHigh,
    ScopeTooHigh,
    ScopeUnknown,
    SlugTaken,
)
from apps.accounts.models import ApiKey, AuditEvent, Membership, SignInLink, User, Workspace
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from tests.cast import Cast


def membership_of(workspace: Workspace, user: User) -> Membership:
    with tenant(workspace.id):
        return Membership.objects.select_related("user").get(workspace=workspace, user=user)


def actions(workspace: Workspace) -> list[str]:
    with tenant(workspace.id):
        return list(selectors.audit_events(workspace.id).values_list("action", flat=True))


class TestWorkspace:
    def test_its_maker_owns_it_and_the_log_says_so(self, cast: Cast) -> None:
        made = services.workspace_create(name="  Night   Shift ", owner=cast.bob)
        assert (made.slug, made.name) == ("night-shift", "Night Shift")
        assert membership_of(made, cast.bob).role == "owner"
        assert actions(made) == ["workspace.created"]

    def test_a_slug_is_made_free_of_clashes(self, cast: Cast) -> None:
        second = services.workspace_create(name="Acme", owner=cast.bob)
        assert second.slug != "acme"
        assert second.slug.startswith("acme-")

    def test_a_taken_slug_is_refused_and_leaves_nothing(self, cast: Cast) -> None:
        with pytest.raises(SlugTaken):
            services.workspace_create(name="Mine", slug="umbrella", owner=cast.bob)
        assert [home.workspace.slug for home in selectors.homes_of(cast.bob.id)] == ["acme"]

    @pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "ä", "a b", "a" * 51, "settings", "a\n"])
    def test_a_slug_that_is_none_is_refused(self, cast: Cast, slug: str) -> None:
        with pytest.raises(Invalid) as caught:
            services.workspace_create(name="x", slug=slug, owner=cast.bob)
        assert caught.value.errors[0].path == "slug"

    @pytest.mark.parametrize("name", ["日本", "!!!", "settings"])
    def test_any_name_gets_a_slug(self, cast: Cast, name: str) -> None:
        made = services.workspace_create(name=name, owner=cast.bob)
        assert selectors.workspace_by_slug(made.slug) == made


class TestMembers:
    def test_a_stranger_gets_an_account_nobody_can_enter(self, cast: Cast) -> None:
        added = services.member_add(
            workspace=cast.workspace, email=" Dora@Example.com ", role="viewer", actor=cast.owner
        )
        assert added.user.email == "dora@example.com"
        assert not added.user.has_usable_password()

    def test_twice_is_refused(self, cast: Cast) -> None:
        with pytest.raises(AlreadyMember):
            services.member_add(workspace=cast.workspace, email="BOB@example.com", role="admin", actor=cast.owner)

    @pytest.mark.parametrize(("email", "role"), [("nobody", "member"), ("", "member"), ("x@example.com", "king")])
    def test_nonsense_is_refused(self, cast: Cast, email: str, role: str) -> None:
        with pytest.raises(Invalid):
            services.member_add(workspace=cast.workspace, email=email, role=role, actor=cast.owner)

    def test_the_last_owner_stays_an_owner(self, cast: Cast) -> None:
        mine = membership_of(cast.workspace, cast.alice)
        with pytest.raises(LastOwner):
            services.member_role_change(workspace=cast.workspace, membership=mine, role="admin", actor=cast.owner)
        with pytest.raises(LastOwner):
            services.member_remove(workspace=cast.workspace, membership=mine, actor=cast.owner)
        assert membership_of(cast.workspace, cast.alice).role == "owner"

    def test_the_first_of_two_owners_may_go(self, cast: Cast) -> None:
        services.member_role_change(
            workspace=cast.workspace, membership=membership_of(cast.workspace, cast.bob), role="owner", actor=cast.owner
        )
        services.member_remove(
            workspace=cast.workspace, membership=membership_of(cast.workspace, cast.alice), actor=cast.owner
        )
        assert selectors.homes_of(cast.alice.id) == []

    def test_an_owner_who_cannot_sign_in_does_not_count(self, cast: Cast) -> None:
        services.member_role_change(
            workspace=cast.workspace, membership=membership_of(cast.workspace, cast.bob), role="owner", actor=cast.owner
        )
        User.objects.filter(id=cast.bob.id).update(is_active=False)
        with pytest.raises(LastOwner):
            services.member_remove(
                workspace=cast.workspace, membership=membership_of(cast.workspace, cast.alice), actor=cast.owner
            )

    def test_an_admin_cannot_make_or_unmake_owners(self, cast: Cast) -> None:
        admin = member_actor(cast.bob, "admin")
        with pytest.raises(RoleTooHigh):
            services.member_add(workspace=cast.workspace, email="d@example.com", role="owner", actor=admin)
        with pytest.raises(RoleTooHigh):
            services.member_role_change(
                workspace=cast.workspace, membership=membership_of(cast.workspace, cast.bob), role="owner", actor=admin
            )
        with pytest.raises(RoleTooHigh):
            services.member_remove(
                workspace=cast.workspace, membership=membership_of(cast.workspace, cast.alice), actor=admin
            )

    def test_a_narrow_key_gives_no_role_that_allows_more_than_it_may(self, cast: Cast) -> None:
        """It would let in an admin, and be that admin."""
        scopes = ["member:manage", "workflow:read", "execution:read"]
        key = services.api_key_create(workspace=cast.workspace, name="k", scopes=scopes, actor=cast.owner)
        narrow = resolve.by_key(key.secret).actor
        bob = membership_of(cast.workspace, cast.bob)
        for role in ("owner", "admin", "member"):
            with pytest.raises(RoleTooHigh):
                services.member_add(workspace=cast.workspace, email="d@example.com", role=role, actor=narrow)
        with pytest.raises(RoleTooHigh):
            services.member_role_change(workspace=cast.workspace, membership=bob, role="admin", actor=narrow)
        added = services.member_add(workspace=cast.workspace, email="d@example.com", role="viewer", actor=narrow)
        services.member_remove(workspace=cast.workspace, membership=added, actor=narrow)

    def test_who_leaves_takes_along_the_keys_their_keys_made(self, cast: Cast) -> None:
        """Else whoever expects to be removed keeps a key that nothing ties to them."""
        first = services.api_key_create(workspace=cast.workspace, name="1", actor=member_actor(cast.bob, "admin"))
        services.member_role_change(
            workspace=cast.workspace, membership=membership_of(cast.workspace, cast.bob), role="admin", actor=cast.owner
        )
        second = services.api_key_create(workspace=cast.workspace, name="2", actor=resolve.by_key(first.secret).actor)
        assert second.key.created_by_id == cast.bob.id
        services.member_remove(
            workspace=cast.workspace, membership=membership_of(cast.workspace, cast.bob), actor=cast.owner
        )
        for key in (first, second):
            with pytest.raises(KeyRefused):
                resolve.by_key(key.secret)

    def test_the_keys_of_who_was_switched_off_allow_nothing(self, cast: Cast) -> None:
        key = services.api_key_create(workspace=cast.workspace, name="k", actor=cast.owner)
        User.objects.filter(id=cast.alice.id).update(is_active=False)
        assert resolve.by_key(key.secret).actor.permissions == frozenset()

    def test_who_leaves_takes_their_keys_along(self, cast: Cast) -> None:
        bob = member_actor(cast.bob, "admin")
        created = services.api_key_create(workspace=cast.workspace, name="Bob's", actor=bob)
        count = services.member_remove(
            workspace=cast.workspace, membership=membership_of(cast.workspace, cast.bob), actor=cast.owner
        )
        assert count == 1
        with tenant(cast.workspace.id):
            assert ApiKey.objects.get(id=created.key.id).revoked_at is not None
        assert actions(cast.workspace)[0] == "member.removed"


class TestKeys:
    def test_only_the_hash_is_kept(self, cast: Cast) -> None:
        created = services.api_key_create(workspace=cast.workspace, name="Deploy", actor=cast.owner)
        assert created.secret.startswith(created.key.prefix)
        with tenant(cast.workspace.id):
            kept = ApiKey.objects.filter(id=created.key.id).values().get()
            logged = list(AuditEvent.objects.values_list("data", "target"))
        secret_part = created.secret.removeprefix(created.key.prefix)
        assert secret_part not in str(kept)
        assert secret_part not in str(logged)
        assert len(created.secret) > 50

    def test_without_scopes_it_may_what_its_maker_may(self, cast: Cast) -> None:
        owners = services.api_key_create(workspace=cast.workspace, name="a", actor=cast.owner)
        assert set(owners.key.scopes) == set(SCOPES)
        admins = services.api_key_create(workspace=cast.workspace, name="b", actor=member_actor(cast.bob, "admin"))
        assert set(admins.key.scopes) == {p.value for p in ROLE_PERMISSIONS[Role.ADMIN]}

    def test_scopes_beyond_the_maker_or_unknown_are_refused(self, cast: Cast) -> None:
        admin = member_actor(cast.bob, "admin")
        with pytest.raises(ScopeTooHigh):
            services.api_key_create(workspace=cast.workspace, name="x", scopes=["workspace:manage"], actor=admin)
        with pytest.raises(ScopeUnknown, match="workflow:fly"):
            services.api_key_create(workspace=cast.workspace, name="x", scopes=["workflow:fly"], actor=cast.owner)

    def test_an_expiry_in_the_past_is_refused(self, cast: Cast) -> None:
        with pytest.raises(Invalid, match="past"):
            services.api_key_create(
                workspace=cast.workspace, name="x", actor=cast.owner, expires_at=datetime(2020, 1, 1, tzinfo=UTC)
            )

    def test_revoking_twice_is_logged_once(self, cast: Cast) -> None:
        key = services.api_key_create(workspace=cast.workspace, name="x", actor=cast.owner).key
        services.api_key_revoke(workspace=cast.workspace, key=key, actor=cast.owner)
        services.api_key_revoke(workspace=cast.workspace, key=key, actor=cast.owner)
        assert actions(cast.workspace).count("api_key.revoked") == 1

    def test_last_use_is_written_at_most_once_a_minute(self, cast: Cast) -> None:
        key = services.api_key_create(workspace=cast.workspace, name="x", actor=cast.owner).key
        actor = Actor(kind="api_key", id=key.id, label="key x", via="api_key")
        first = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)

        def touch(at: datetime, last: datetime | None) -> datetime | None:
            services.api_key_touch(workspace_id=cast.workspace.id, actor=actor, last_used_at=last, places=(), at=at)
            with tenant(cast.workspace.id):
                return ApiKey.objects.get(id=key.id).last_used_at

        assert touch(first, None) == first
        assert touch(first + timedelta(seconds=59), first) == first
        assert touch(first + timedelta(seconds=30), None) == first  # another process wrote meanwhile
        assert touch(first + timedelta(seconds=60), first) == first + timedelta(seconds=60)


class TestSignInLinks:
    def test_a_link_works_once(self, cast: Cast) -> None:
        token = services.sign_in_link_create(workspace=cast.workspace, user=cast.bob, actor=cast.owner)
        assert services.sign_in_link_use(token=token).user == cast.bob
        with pytest.raises(LinkSpent):
            services.sign_in_link_use(token=token)
        assert actions(cast.workspace)[:2] == ["sign_in_link.used", "sign_in_link.created"]

    def test_a_link_lives_a_day(self, cast: Cast) -> None:
        with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
            token = services.sign_in_link_create(workspace=cast.workspace, user=cast.bob, actor=cast.owner)
        with pytest.raises(LinkSpent):
            services.sign_in_link_use(token=token)

    def test_nobody_gets_in_who_has_been_shut_out(self, cast: Cast) -> None:
        token = services.sign_in_link_create(workspace=cast.workspace, user=cast.bob, actor=cast.owner)
        User.objects.filter(id=cast.bob.id).update(is_active=False)
        with pytest.raises(LinkSpent):
            services.sign_in_link_use(token=token)

    @pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 10_000])
    def test_guesses_are_refused(self, db: None, token: str) -> None:
        with pytest.raises(LinkSpent):
            services.sign_in_link_use(token=token)

    def test_only_the_hash_is_kept(self, cast: Cast) -> None:
        token = services.sign_in_link_create(workspace=cast.workspace, user=cast.bob, actor=cast.owner)
        with tenant(cast.workspace.id):
            assert token not in str(SignInLink.objects.values().get(user=cast.bob))


class TestAudit:
    def test_secrets_and_what_jsonb_refuses_do_not_break_it(self, cast: Cast) -> None:
        actor = Actor(kind="system", id=None, label="x" * 1000)
        with tenant(cast.workspace.id):
            event = services.audit_record(
                workspace_id=cast.workspace.id,
                actor=actor,
                action="thing.done",
                target="y" * 1000,
                data={"a": float("nan"), "id": uuid4(), "nul": "\x00"},
            )
            event.refresh_from_db()
        assert event.data["a"] is None
        assert len(event.actor_label) == 300

    def test_it_goes_with_the_change_it_tells_of(self, cast: Cast) -> None:
        def fail() -> None:
            with tenant(cast.workspace.id):
                services.workspace_rename(workspace=cast.workspace, name="Other", actor=cast.owner)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert "workspace.renamed" not in actions(cast.workspace)


def test_every_permission_belongs_to_the_owner_and_roles_only_grow() -> None:
    assert ROLE_PERMISSIONS[Role.OWNER] == frozenset(Permission)
    order = [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]
    for smaller, larger in pairwise(order):
        assert ROLE_PERMISSIONS[smaller] < ROLE_PERMISSIONS[larger]
