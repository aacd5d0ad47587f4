"""No parameter of an address is passed over."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from tests.cast import Cast

Api = Callable[..., APIClient]
LISTS = {
    "executions": "workflow, workflow_id, status, since, search, page_size, cursor",
    "interactions": "status, kind, execution_id, workflow, workflow_id, priority, whose, is_overdue, page_size, cursor",
    "workflows": "status, q, folder, tag, page_size, cursor",
    "members": "q, role, page_size, cursor",
    "keys": "page_size, cursor",
    "audit-events": "actor, action, target, since, until, page_size, cursor",
    "node-types": "type, q",
}


@pytest.mark.parametrize(("name", "known"), LISTS.items())
def test_unknown_parameters_are_refused_with_those_there_are(cast: Cast, api: Api, name: str, known: str) -> None:
    client = api(cast.alice)
    answer = client.get(f"/api/v1/app/{name}/?workflows=1&{'x' * 300}=2")
    assert answer.status_code == 400, answer.content
    found = answer.json()
    assert found["hint"] == f"Known: {known}, workspace."
    assert found["errors"][0]["path"] == "workflows"
    assert len(found["errors"]) == 2
    assert client.get(f"/api/v1/app/{name}/?workspace={cast.workspace.slug}").status_code == 200


@pytest.mark.parametrize("name", ["executions", "interactions"])
def test_a_workflow_is_asked_for_by_either_name_but_not_by_both(cast: Cast, api: Api, name: str) -> None:
    client = api(cast.alice)
    for parameter in ("workflow", "workflow_id"):
        assert client.get(f"/api/v1/app/{name}/?{parameter}={uuid4()}").json()["results"] == []
        assert client.get(f"/api/v1/app/{name}/?{parameter}=orders").status_code == 400
    answer = client.get(f"/api/v1/app/{name}/?workflow={uuid4()}&workflow_id={uuid4()}")
    assert answer.json()["errors"][0]["path"] == "workflow_id"
