"""Two people at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.accounts import services
from apps.accounts.errors import LastOwner, LinkSpent
from apps.accounts.models import Membership
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
