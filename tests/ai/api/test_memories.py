"""What agents remember, over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from apps.ai.models import MemoryKind
from tests.ai.memory.remembering import remembered
from tests.cast import Cast

URL = "/api/v1/app/ai/memories/"

pytestmark = pytest.mark.django_db


def test_memories_are_found_read_and_cleared(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.bob)
    workflow = uuid4()
    made = remembered(cast.workspace, workflow_id=workflow)
    other = remembered(cast.workspace, "bob", kind=MemoryKind.SUMMARY)

    def listed(**query: str) -> list[str]:
        return [each["key"] for each in client.get(URL, query).json()["results"]]

    assert listed() == ["bob", "ada@example.com"]
    assert listed(q="ada") == listed(workflow=str(workflow)) == listed(kind="BUFFER") == ["ada@example.com"]
    assert client.get(URL, {"kind": "DREAM"}).status_code == 400
    assert client.get(URL, {"colour": "red"}).status_code == 400

    found = client.get(f"{URL}{made.id}/").json()
    assert (found["kind"], found["entries"], found["used_by_node"]) == ("BUFFER", 4, "agent")
    messages = client.get(f"{URL}{made.id}/messages/").json()["results"]
    assert [each["message"]["role"] for each in messages] == ["user", "assistant", "tool", "assistant"]
    assert messages[1]["message"]["calls"][0]["name"] == "find_order"
    entry = f"{URL}{made.id}/entries/{messages[0]['id']}/"
    assert [client.delete(entry).status_code for _ in range(2)] == [204, 404]

    given = {"ids": [str(other.id), str(uuid4())]}
    assert client.post(f"{URL}clear/", given, content_type="application/json").json() == {"cleared": 1}
    assert client.delete(f"{URL}{made.id}/").status_code == 204
    assert client.get(f"{URL}{made.id}/").status_code == 404
    assert listed() == []
