"""Settings → Usage: figures, and the policy that owners change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils.html import strip_tags
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.models import Retention, StorageUse, UsageDay
from apps.executions.usage import Day, usage_of
from apps.executions.web.usage import chart_of
from apps.workflows import services as workflows
from tests.cast import Cast
from tests.workflows import definitions

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/settings/usage/"


@pytest.fixture
def used(cast: Cast) -> UsageDay:
    """Figures of one workflow: forty a day for a hundred days, of which retention has deleted the oldest."""
    made = workflows.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=definitions.small()
    )
    today = clock.now().date()
    with tenant(cast.workspace.id):
        UsageDay.objects.bulk_create(
            UsageDay(
                workspace_id=cast.workspace.id,
                day=today - timedelta(days=ago),
                workflow_id=made.id,
                succeeded=30,
                failed=10,
                data_bytes=1_000_000,
                deleted_succeeded=30 if ago > 29 else 0,
                deleted_failed=10 if ago > 89 else 0,
            )
            for ago in range(100)
        )
        StorageUse.objects.create(
            workspace_id=cast.workspace.id, kind="payloads", objects_count=3, size=5_000_000, measured_at=clock.now()
        )
        return UsageDay.objects.order_by("day").last()  # type: ignore[return-value]


def page(who: User, **form: str) -> Any:
    client = Client()
    client.force_login(who)
    return client.post(PAGE, form) if form else client.get(PAGE)


def test_it_says_what_is_kept_and_what_goes_next(used: UsageDay, workspace: Workspace) -> None:
    with tenant(workspace.id):
        found = usage_of(workspace_id=workspace.id, now=clock.now())
    assert [day.total for day in found.days] == [40] * 30
    assert found.days[-1].day == clock.now().date()
    kept = {one.kind: (one.kept, one.soon) for one in found.next}
    # Successes of the days 23 to 29 ago end their 30 days within the next seven, failures of 83 to 89.
    assert kept == {"succeeded": (900, 6 * 30), "failed": (900, 6 * 10), "tested": (0, 0)}
    assert found.storage[0].count == 1_800
    assert [(top.name, top.count, top.failed) for top in found.top] == [("Orders", 1_200, 300)]


def test_a_workflow_that_is_gone_still_counts(used: UsageDay, workspace: Workspace) -> None:
    with tenant(workspace.id):
        UsageDay.objects.update(workflow_id="01a1f8e4-3810-78bc-b6e4-f23b4ecc41f4")
        assert [top.name for top in usage_of(workspace_id=workspace.id, now=clock.now()).top] == [""]


def test_the_page_reads_no_execution(used: UsageDay, alice: User, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(55) as seen:
        text = " ".join(strip_tags(page(alice).content.decode()).split())
    assert not any('FROM "executions_execution"' in query["sql"] for query in seen.captured_queries)
    assert "1,800" in text
    assert "Orders" in text
    assert "4.8 MB" in text


def test_members_look_and_owners_change(used: UsageDay, alice: User, bob: User, workspace: Workspace) -> None:
    assert "csrfmiddlewaretoken" not in page(bob).content.decode().partition("How long executions are kept")[2]
    assert page(bob, success_days="1").status_code == 403
    assert page(alice, success_days="3", is_archived="yes").status_code == 302
    with tenant(workspace.id):
        row = Retention.objects.get()
    assert (row.success_days, row.failure_days, row.is_archived) == (3, None, True)
    assert 'value="3"' in page(alice).content.decode()
    assert page(alice, is_archived="").status_code == 302
    with tenant(workspace.id):
        assert Retention.objects.values_list("success_days", "is_archived").get() == (None, None)


@pytest.mark.parametrize("days", ["0", "-1", "3651", "x", "1.5"])
def test_what_is_no_number_of_days_is_shown_again(alice: User, days: str) -> None:
    answer = page(alice, failure_days=days)
    assert answer.status_code == 422
    assert f'value="{days}"' in answer.content.decode()


def test_nothing_yet_is_a_page_too(alice: User) -> None:
    assert "Nothing has been counted yet" in page(alice).content.decode()


def test_the_api_says_the_same(used: UsageDay, alice: User, bob: User, api: Callable[..., APIClient]) -> None:
    found = api(alice).get("/api/v1/app/usage/").json()
    assert [one["kept"] for one in found["next"]] == [900, 900, 0]
    changed = api(alice).patch("/api/v1/app/retention/", {"test_days": 2}).json()
    assert changed["policy"] == changed["standard"] | {"test_days": 2}
    assert api(bob).patch("/api/v1/app/retention/", {"test_days": 1}).status_code == 403
    assert api(alice).patch("/api/v1/app/retention/", {"test_days": 0}).status_code == 400
    assert api(alice).patch("/api/v1/app/retention/", {"tests_days": 3}).status_code == 400
    assert api(bob).get("/api/v1/app/retention/").json()["policy"]["test_days"] == 2


def test_the_chart_fits_whatever_there_was() -> None:
    for most in (0, 1, 7, 39, 1_234_567):
        chart = chart_of([Day(date(2026, 11, at + 1), succeeded=most if at == 3 else 0) for at in range(30)])
        assert chart.ticks[0] == 0
        assert chart.top >= most
        assert 3 <= len(chart.ticks) <= 5
        assert [bar.label for bar in chart.bars].count("Today") == 1


def test_counting_a_day_reads_only_that_day(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT executions_usage_count(%s)", [date(2026, 1, 1)])
        assert cursor.fetchone() == (0,)
