"""Finding things by a few letters: what is found, what is kept from whom, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.insights.search import MOST, Found, search
from apps.workflows import services as workflows
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.hil import asking
from tests.workflows import definitions

pytestmark = pytest.mark.django_db


def make(cast: Cast, name: str) -> Workflow:
    return workflows.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name=name, definition=definitions.small()
    )


def find(cast: Cast, q: str, actor: Actor | None = None) -> Found:
    with tenant(cast.workspace.id):
        return search(cast.workspace.id, q=q, actor=actor or cast.owner)


def names(found: Found) -> list[str]:
    return [workflow.name for workflow in found.workflows]


def test_letters_in_their_order_find_a_workflow_and_beginnings_come_first(cast: Cast) -> None:
    for name in ("Load reorders", "Order approval", "Refunds"):
        make(cast, name)
    assert names(find(cast, "order")) == ["Order approval", "Load reorders"]
    assert names(find(cast, "ord ap")) == ["Order approval"]
    assert names(find(cast, "xyz")) == []


@pytest.mark.parametrize("q", [".*", "a|b", "(", "[a", "%", "_", "\\", "\0", "'; --", "é" * 300])
def test_signs_mean_themselves(cast: Cast, q: str) -> None:
    make(cast, "Plain")
    assert names(find(cast, q)) == ([] if q != "\0" else ["Plain"])


def test_without_letters_it_says_what_was_changed_last(cast: Cast) -> None:
    for number in range(MOST + 2):
        make(cast, f"W{number}")
    found = find(cast, "  ")
    assert len(found.workflows) == MOST
    assert found.workflows[0].name == f"W{MOST + 1}"
    assert found.members == []


def test_an_execution_is_found_by_its_id_its_end_and_its_workflow(cast: Cast) -> None:
    execution = asking.park(cast.workspace)
    text = str(execution)
    for q in (text, text.upper(), text.replace("-", ""), text[:9], text[-6:], f"#{text[-6:]}"):
        assert [row.id for row in find(cast, q).executions] == [execution], q
    with tenant(cast.workspace.id):
        name = Execution.objects.select_related("workflow").get(id=execution).workflow.name
    assert [row.id for row in find(cast, name).executions] == [execution]
    assert find(cast, "ffffff").executions == []


def test_people_are_found_by_name_and_address(cast: Cast) -> None:
    assert [row.user.email for row in find(cast, "bob").members] == ["bob@example.com"]
    assert [row.user.email for row in find(cast, "bob@ex").members] == ["bob@example.com"]
    assert find(cast, "charlie").members == []


def test_nobody_finds_what_they_may_not_read(cast: Cast) -> None:
    asking.park(cast.workspace)
    make(cast, "Order approval")
    blind = Actor(kind="api_key", id=None, label="key")
    assert find(cast, "o", blind) == Found()
    only_runs = Actor(kind="api_key", id=None, label="key", permissions=frozenset({Permission.EXECUTION_READ}))
    found = find(cast, "", only_runs)
    assert found.workflows == []
    assert len(found.executions) == 1


def test_it_needs_few_queries(cast: Cast, client: Client, django_assert_max_num_queries: Any) -> None:
    asking.park(cast.workspace)
    for name in ("Abc", "Abc def"):
        make(cast, name)
    client.force_login(cast.bob)
    client.get("/w/acme/")
    for q in ("", "abc", "run"):
        with django_assert_max_num_queries(12):
            response = client.get("/api/v1/app/search/", {"q": q}, headers={"X-Workspace": "acme"})
        assert response.status_code == 200
    assert {row["name"] for row in client.get("/api/v1/app/search/?q=abc").json()["workflows"]} == {"Abc", "Abc def"}


def test_to_run_is_offered_to_those_who_may(cast: Cast, client: Client) -> None:
    made = make(cast, "Abc")
    client.force_login(cast.bob)
    (row,) = client.get("/api/v1/app/search/?q=abc", headers={"X-Workspace": "acme"}).json()["workflows"]
    assert row["run_url"] == f"/w/acme/workflows/{made.id}/run/"


def test_what_is_asked_amiss_is_refused(cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)
    assert client.get("/api/v1/app/search/?query=abc").status_code == 400
    assert client.get("/api/v1/app/search/", {"q": "x" * 201}).status_code == 400
