"""What workflows keep, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.access.objects import Kind
from apps.accounts.models import AuditEvent
from apps.accounts.services import object_share
from apps.core.tenancy import tenant
from apps.executions.models import Value
from apps.workflows.services import workflow_create
from tests.cast import Cast
from tests.executions.keeping import keep

URL = "/api/v1/app/values/"

pytestmark = pytest.mark.django_db


def test_values_are_listed_looked_at_and_deleted(api: Callable[..., Any], cast: Cast) -> None:
    keep(cast.workspace, "orders/1", {"n": 1})
    value_id = keep(cast.workspace, "orders/2", None, ttl_seconds=60)
    keep(cast.workspace, "locks/%", True)
    bob = api(cast.bob)

    assert [row["key"] for row in bob.get(URL).json()["results"]] == ["locks/%", "orders/2", "orders/1"]
    assert [row["key"] for row in bob.get(URL, {"prefix": "orders/"}).json()["results"]] == ["orders/2", "orders/1"]
    assert [row["key"] for row in bob.get(URL, {"prefix": "locks/%"}).json()["results"]] == ["locks/%"]
    assert bob.get(URL, {"prefixx": "a"}).status_code == 400
    found = bob.get(f"{URL}{value_id}/").json()
    assert (found["value"], found["revision"], found["workflow_id"]) == (None, 1, None)
    assert found["expires_at"] > found["created_at"]

    assert bob.delete(f"{URL}{value_id}/").status_code == 204
    assert bob.get(f"{URL}{value_id}/").status_code == 404
    assert bob.delete(f"{URL}{value_id}/").json()["code"] == "executions.value_unknown"
    with tenant(cast.workspace.id):
        assert AuditEvent.objects.filter(action="value.deleted", target="orders/2").count() == 1


def test_what_one_workflow_keeps_is_taken_away_by_who_may_change_it(api: Callable[..., Any], cast: Cast) -> None:
    workflow_id = workflow_create(workspace_id=cast.workspace.id, actor=cast.owner, name="Orders").id
    value_id = keep(cast.workspace, "orders/1", 1)
    with tenant(cast.workspace.id):
        Value.objects.filter(id=value_id).update(workflow_id=workflow_id)
    for level, status in (("execute", 403), ("edit", 204)):
        object_share(
            workspace_id=cast.workspace.id,
            kind=Kind.WORKFLOW,
            object_id=workflow_id,
            name="Orders",
            others=level,
            people={},
            actor=cast.owner,
        )
        assert api(cast.bob).delete(f"{URL}{value_id}/").status_code == status
