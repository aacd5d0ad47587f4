"""What can be pasted onto a canvas."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.workflows.api.test_views import URL, client, create, problem
from tests.workflows.definitions import small
from tests.workflows.transfer.fixtures import NAMES, fixture

__all__ = ["client"]


@pytest.mark.parametrize("name", NAMES[:1])
def test_another_products_workflow_becomes_a_definition_and_nothing_is_kept(client: APIClient, name: str) -> None:
    answer = client.post(f"{URL}convert/", {"document": fixture(name)}, format="json")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["definition"]["nodes"]
    assert found["form"] != "AgentFlow"
    assert client.get(URL).json()["results"] == []


def test_ours_is_the_same_again_and_what_is_no_workflow_is_refused(client: APIClient) -> None:
    exported = client.get(f"{URL}{create(client)['id']}/export/").json()
    found = client.post(f"{URL}convert/", {"document": exported}, format="json").json()
    assert (found["definition"], found["form"], found["remarks"]) == (small(), "AgentFlow", [])
    problem(client.post(f"{URL}convert/", {"document": {"a": 1}}, format="json"), 400, "core.invalid")
