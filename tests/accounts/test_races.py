"""Two people at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.accounts import services
from apps.accounts.access.resolve import member_actor
from apps.accounts.errors import LastOwner, LinkSpent, SlugTaken
from apps.accounts.models import Invitation, Membership, User
from apps.core.tenancy import tenant
from tests.cast import Cast

pytestmark = pytest.mark.integration


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """What each job gives, or the error it raised; all begin at the same moment."""
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            barrier.wait(10)
            return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_of_two_owners_leaving_at_once_one_stays(committed_db: None, cast: Cast) -> None:
    with tenant(cast.workspace.id):
        Membership.objects.filter(user=cast.bob).update(role="owner")
        both = list(Membership.objects.select_related("user").filter(workspace=cast.workspace))
    found = at_once(
        *[
            lambda row=row: services.member_remove(workspace=cast.workspace, membership=row, actor=cast.owner)
            for row in both
        ]
    )
    assert sorted(type(result).__name__ for result in found) == ["LastOwner", "int"]
    assert any(isinstance(result, LastOwner) for result in found)
    with tenant(cast.workspace.id):
        assert Membership.objects.filter(role="owner").count() == 1


def test_of_many_clicks_on_one_link_one_signs_in(committed_db: None, cast: Cast) -> None:
    token = services.sign_in_link_create(workspace=cast.workspace, user=cast.bob, actor=cast.owner)
    found = at_once(*[lambda: services.sign_in_link_use(token=token)] * 6)
    assert sum(isinstance(result, LinkSpent) for result in found) == 5


def test_a_member_added_twice_at_once_is_a_member_once(committed_db: None, cast: Cast) -> None:
    found = at_once(
        *[
            lambda: services.member_add(
                workspace=cast.workspace, email="dora@example.com", role="member", actor=cast.owner
            )
        ]
        * 4
    )
    assert sum(isinstance(result, Membership) for result in found) == 1, found
    with tenant(cast.workspace.id):
        assert Membership.objects.filter(user__email="dora@example.com").count() == 1


def test_of_many_who_use_one_invitation_one_joins(committed_db: None, cast: Cast) -> None:
    (each,) = services.invitations_create(
        workspace=cast.workspace, emails=["dora@example.com"], role="member", actor=cast.owner
    )
    token = str(each.token)
    people = [User.objects.create_user(f"p{n}@example.com") for n in range(4)]
    found = at_once(*[lambda user=user: services.invitation_accept(token=token, user=user) for user in people])
    assert sorted(type(result).__name__ for result in found) == ["InvitationGone"] * 3 + ["Membership"]
    with tenant(cast.workspace.id):
        assert Membership.objects.count() == 3


def test_an_owner_who_leaves_twice_and_another_who_hands_over_leave_one(committed_db: None, cast: Cast) -> None:
    with tenant(cast.workspace.id):
        Membership.objects.filter(user=cast.bob).update(role="owner")
        bobs = Membership.objects.select_related("user").get(user=cast.bob)
    bob = member_actor(cast.bob, "owner")
    at_once(
        lambda: services.member_leave(workspace=cast.workspace, actor=bob),
        lambda: services.member_leave(workspace=cast.workspace, actor=cast.owner),
        lambda: services.ownership_hand_over(workspace=cast.workspace, membership=bobs, actor=cast.owner),
        lambda: services.member_leave(workspace=cast.workspace, actor=bob),
    )
    with tenant(cast.workspace.id):
        assert Membership.objects.filter(role="owner").count() == 1


def test_an_address_invited_by_many_at_once_is_invited_once(committed_db: None, cast: Cast) -> None:
    found = at_once(
        *[
            lambda: services.invitations_create(
                workspace=cast.workspace, emails=["dora@example.com"], role="member", actor=cast.owner
            )
        ]
        * 4
    )
    assert all(isinstance(result, list) for result in found), found
    with tenant(cast.workspace.id):
        assert Invitation.objects.count() == 1


def test_of_two_who_want_one_address_one_gets_it(committed_db: None, cast: Cast) -> None:
    found = at_once(
        lambda: services.workspace_move(workspace=cast.workspace, slug="nice", actor=cast.owner),
        lambda: services.workspace_create(name="Nice", slug="nice", owner=cast.charlie),
    )
    assert sum(isinstance(result, SlugTaken) for result in found) == 1, found
