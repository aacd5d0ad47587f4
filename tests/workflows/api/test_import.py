"""Importing over HTTP, and definitions that come in other products' words."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.workflows.api.test_views import URL, client, create, problem
from tests.workflows.definitions import definition, hook, link, node, small, transform
from tests.workflows.transfer.fixtures import NAMES, fixture

__all__ = ["client"]


def imported(client: APIClient, document: Any, **more: Any) -> Any:
    return client.post(f"{URL}import/", {"document": document} | more, format="json")


@pytest.mark.parametrize("name", NAMES)
def test_each_fixture_becomes_a_draft_with_remarks(client: APIClient, name: str) -> None:
    answer = imported(client, fixture(name))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["workflow"]["definition"]["nodes"]
    assert made["form"] != "AgentFlow"
    assert {"kind", "node", "path", "message", "hint"} == set(made["remarks"][0])
    assert client.get(f"{URL}{made['workflow']['id']}/").status_code == 200


def test_an_export_of_ours_is_the_same_again_and_may_get_another_name(client: APIClient) -> None:
    exported = client.get(f"{URL}{create(client, description='Why')['id']}/export/").json()
    made = imported(client, exported, name="Second").json()
    assert (made["form"], made["remarks"]) == ("AgentFlow", [])
    assert (made["workflow"]["name"], made["workflow"]["description"]) == ("Second", "Why")
    assert made["workflow"]["definition"] == small()


def test_nothing_left_and_no_workflow_are_refused(client: APIClient) -> None:
    agents = {"agents": [{"id": "1", "name": "Writer", "type": "summarizer"}], "connections": []}
    document = problem(imported(client, agents), 400, "core.invalid")
    assert "Writer" in document["errors"][0]["message"]
    others: tuple[Any, ...] = ([], {"a": 1}, {"format": "zapier/1"}, "text")
    for other in others:
        problem(imported(client, other), 400, "core.invalid")


def test_a_definition_in_other_words_is_taken_for_ours(client: APIClient) -> None:
    given = {
        "nodes": [
            {"id": "hook", "name": "Hook", "type": "TRIGGER_NODE", "subtype": "WEBHOOK",
             "parameters": {"path": "/orders"}},
            {"id": "ask", "name": "Ask", "type": "HUMAN_IN_THE_LOOP", "subtype": "HIL_CONFIRMATION",
             "params": {"question": "Go?", "timeout_minutes": 5}},
        ],
        "connections": {"Hook": {"main": [[{"node": "Ask", "type": "main", "index": 0}]]}},
        "settings": {},
    }  # fmt: skip
    wanted = definition(
        hook(),
        node("ask", "HUMAN_IN_THE_LOOP", "CONFIRMATION", params={"title": "Go?", "timeout_seconds": 300}),
        links=[link("hook", "ask")],
    )
    assert create(client, definition=given)["definition"] == wanted
    url = f"{URL}{create(client)['id']}/"
    assert client.patch(url, {"definition": given}, format="json").json()["definition"] == wanted
    assert client.post(f"{URL}validate/", {"definition": given}, format="json").json()["valid"]


def test_a_definition_of_which_something_would_be_lost_is_refused(client: APIClient) -> None:
    links = [link("hook", "a"), link("hook", "a") | {"kind": "ai_languageModel"}]
    document = problem(
        client.post(URL, {"name": "N", "definition": definition(hook(), transform("a"), links=links)}, format="json"),
        400,
        "workflows.definition_invalid",
    )
    assert document["errors"][0]["path"] == "connections[1]"
    assert "the model of an agent" in document["errors"][0]["message"]


def test_members_come_back_in_the_order_of_the_documentation(client: APIClient) -> None:
    mapping = {"mode": "expression", "expression": "{{ $json.body }}"}
    one, two = hook(method="PUT", respond="result", secret={"kind": "none"}), transform("a", notes="n", disabled=True)
    sent = definition(one, two, links=[link("hook", "a", mapping=mapping)], timezone="UTC", priority="low")
    made = create(client, definition=sent)
    shown = client.get(f"{URL}{made['id']}/").json()["definition"]
    assert list(shown) == ["nodes", "connections", "settings"]
    assert list(shown["nodes"][0]) == ["id", "name", "type", "subtype", "params"]
    assert list(shown["nodes"][0]["params"]) == ["path", "method", "respond", "secret"]
    assert list(shown["nodes"][1]) == ["id", "name", "type", "subtype", "params", "disabled", "notes"]
    assert list(shown["connections"][0]) == ["from", "port", "to", "mapping"]
    assert list(shown["connections"][0]["mapping"]) == ["mode", "expression"]
    client.post(f"{URL}{made['id']}/publish/")
    version = client.get(f"{URL}{made['id']}/versions/1/").json()["definition"]
    assert list(version["nodes"][1]) == list(shown["nodes"][1])


def test_the_document_of_the_api_knows_what_a_definition_is(client: APIClient) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()["components"]["schemas"]
    shape = schema["Workflow" if "Workflow" in schema else "WorkflowOut"]["properties"]["definition"]["anyOf"][0]
    connection = shape["properties"]["connections"]["items"]["properties"]
    assert {"from", "port", "to", "input", "condition", "mapping"} == set(connection)
    assert "$ref" not in str(shape)
