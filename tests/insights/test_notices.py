"""What is told because somebody looked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Notice
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Execution, Quota
from apps.insights.notices import notices_look
from apps.integrations.models import Credential
from tests.cast import Cast
from tests.hil import asking

pytestmark = pytest.mark.django_db


def told(cast: Cast) -> list[tuple[str, str, int]]:
    with tenant(cast.workspace.id):
        found = Notice.objects.select_related("user").order_by("first_at", "user__email")
        return [(notice.user.email, notice.words, notice.count) for notice in found]


def test_a_queue_that_is_full_is_told_once_an_hour(cast: Cast) -> None:
    execution = asking.park(cast.workspace)
    with tenant(cast.workspace.id):
        Execution.objects.filter(id=execution).update(status="NEW")
        Quota.objects.create(workspace=cast.workspace, queue_depth=2, changed_at=clock.now())
    assert notices_look(now=clock.now()) == 0
    with tenant(cast.workspace.id):
        Quota.objects.update(queue_depth=1)
    assert notices_look(now=clock.now()) == 1
    assert notices_look(now=clock.now()) == 0
    assert told(cast) == [("alice@example.com", "No more executions are taken: 1 wait in line", 1)]
    with tenant(cast.workspace.id):
        Notice.objects.update(last_at=clock.now() - timedelta(hours=2))
    assert notices_look(now=clock.now()) == 1


def test_a_secret_that_is_due_is_told_once_until_it_is_fresh(cast: Cast) -> None:
    with tenant(cast.workspace.id):
        at = clock.now()
        made = Credential.objects.create(
            workspace=cast.workspace,
            name="Shop",
            type="bearer",
            rotate_after_days=30,
            created_at=at,
            updated_at=at,
            secret_changed_at=at,
            sealed=b"",
        )
    assert notices_look(now=clock.now()) == 0
    with tenant(cast.workspace.id):
        Credential.objects.filter(id=made.id).update(secret_changed_at=clock.now() - timedelta(days=31))
    assert notices_look(now=clock.now()) == 1
    with tenant(cast.workspace.id):
        Notice.objects.update(read_at=clock.now())
    assert notices_look(now=clock.now()) == 0
    assert told(cast) == [("alice@example.com", "Shop is due for a fresh secret", 1)]
