"""Folders and tags over HTTP."""

from __future__ import annotations

from rest_framework.test import APIClient

from tests.workflows.api.test_views import URL, client, create, problem

__all__ = ["client"]
FOLDERS = "/api/v1/app/folders/"


def test_a_workflow_says_where_it_stands(client: APIClient) -> None:
    made = create(client, name="A", folder="Finance / Invoices", tags=["sales", "Sales"])
    create(client, name="B")
    assert (made["folder"], made["tags"]) == ("Finance/Invoices", ["sales"])
    for query in ("folder=Finance", "tag=sales", "q=invoi"):
        assert [row["name"] for row in client.get(f"{URL}?{query}").json()["results"]] == ["A"], query
    url = f"{URL}{made['id']}/"
    changed = client.patch(url, {"folder": "", "tags": ["x", "y"]}, format="json").json()
    assert (changed["folder"], changed["tags"], changed["draft_revision"]) == ("", ["x", "y"], 1)
    problem(client.patch(url, {"tags": ["a,b"]}, format="json"), 400, "core.invalid")
    copy = client.post(f"{url}duplicate/").json()
    assert (copy["name"], copy["tags"], copy["status"]) == ("A (copy)", ["x", "y"], "draft")


def test_folders_have_addresses(client: APIClient) -> None:
    made = client.post(FOLDERS, {"path": "Finance/Invoices"}, format="json")
    assert made.status_code == 201
    assert "Finance/Invoices" in [row["path"] for row in client.get(FOLDERS).json()["results"]]
    url = f"{FOLDERS}{made.json()['id']}/"
    assert client.patch(url, {"path": "Bills"}, format="json").json()["path"] == "Bills"
    problem(client.post(FOLDERS, {"path": "Bills"}, format="json"), 409, "workflows.folder_taken")
    assert client.delete(url).status_code == 204
    problem(client.get(url), 404, "workflows.folder_not_found")
