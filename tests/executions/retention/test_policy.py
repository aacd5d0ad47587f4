"""Which executions are kept how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import AuditEvent
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Retention
from apps.executions.retention import policy
from apps.executions.retention.policy import Policy, PolicyInvalid
from tests.cast import Cast

NOW = clock.now()
KEPT = Policy(30, 90, 7, False)


@pytest.mark.parametrize(
    ("status", "mode", "days"),
    [
        ("SUCCESS", "production", 30),
        ("ERROR", "production", 90),
        ("TIMED_OUT", "production", 90),
        ("CANCELED", "production", 90),
        ("SUCCESS", "test", 7),
        ("ERROR", "test", 7),
    ],
)
def test_each_kind_has_its_days_counted_from_the_end(status: str, mode: str, days: int) -> None:
    almost, over = timedelta(days=days) - timedelta(seconds=1), timedelta(days=days, seconds=1)
    assert not KEPT.is_over(status=status, mode=mode, finished_at=NOW - almost, now=NOW)
    assert KEPT.is_over(status=status, mode=mode, finished_at=NOW - over, now=NOW)


def test_what_has_not_ended_is_never_over() -> None:
    assert not KEPT.is_over(status="WAITING", mode="test", finished_at=None, now=NOW)


def change(cast: Cast, **changes: Any) -> Policy:
    with tenant(cast.workspace.id):
        return policy.policy_change(workspace_id=cast.workspace.id, actor=cast.owner, changes=changes, now=NOW)


@pytest.mark.django_db
def test_a_workspace_says_otherwise_and_takes_it_back(cast: Cast, settings: Any) -> None:
    settings.RETENTION_SUCCESS_DAYS = 14
    with tenant(cast.workspace.id):
        assert policy.policy_get(workspace_id=cast.workspace.id) == Policy(14, 90, 7, False)
    assert change(cast, success_days=3, is_archived=True) == Policy(3, 90, 7, True)
    assert change(cast, success_days=None) == Policy(14, 90, 7, True)
    with tenant(cast.other_workspace.id):
        assert policy.policy_get(workspace_id=cast.other_workspace.id) == Policy(14, 90, 7, False)
    with tenant(cast.workspace.id):
        recorded = AuditEvent.objects.filter(action="retention.changed").order_by("id")
        assert [(event.data["before"]["success_days"], event.data["after"]["success_days"]) for event in recorded] == [
            (14, 3),
            (3, 14),
        ]


@pytest.mark.django_db
@pytest.mark.parametrize("days", [0, -1, 3_651])
def test_no_days_and_too_many_are_refused(cast: Cast, days: int) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        change(cast, failure_days=days)
    assert [fault.path for fault in refused.value.errors] == ["failure_days"]
    with tenant(cast.workspace.id):
        assert not Retention.objects.exists()
