"""The page of variables."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.core.tenancy import tenant
from apps.workflows import selectors, variables
from tests.cast import Cast

URL = "/w/acme/settings/variables/"

pytestmark = pytest.mark.django_db


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def values(cast: Cast) -> dict[str, Any]:
    with tenant(cast.workspace.id):
        return selectors.variable_values(cast.workspace.id)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "  5 \r\n", "  5 \n"),
        ("text", "", ""),
        ("number", " 5.5 ", 5.5),
        ("boolean", "True", True),
        ("json", '{"eur": [1.1, null]}', {"eur": [1.1, None]}),
    ],
)
def test_the_kind_says_how_the_value_is_meant(cast: Cast, kind: str, text: str, value: Any) -> None:
    alice = browser(cast.alice)
    assert alice.post(URL, {"key": "k", "kind": kind, "value": text, "note": "n"}).status_code == 302
    assert values(cast) == {"k": value}
    page = alice.get(URL).content.decode()
    assert "k</a>" in page
    assert "alice@example.com" in page


@pytest.mark.parametrize(
    ("key", "kind", "text", "says"),
    [
        ("k", "number", "five", "Write a number"),
        ("k", "number", "true", "Write a number"),
        ("k", "boolean", "yes", "Write true or false"),
        ("k", "json", "5", "Write a list or an object"),
        ("k", "json", "{a: 1}", "line 1"),
        ("k-1", "text", "", "A key has letters"),
        ("taken", "text", "", "already"),
        ("k", "text", "x" * 40_000, "at most"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(cast: Cast, key: str, kind: str, text: str, says: str) -> None:
    alice = browser(cast.alice)
    alice.post(URL, {"key": "taken", "kind": "text", "value": "1"})
    refused = alice.post(URL, {"key": key, "kind": kind, "value": text})
    assert refused.status_code == 422
    assert says in refused.content.decode()
    assert values(cast) == {"taken": "1"}


def test_it_is_changed_found_and_deleted(cast: Cast) -> None:
    alice, bob = browser(cast.alice), browser(cast.bob)
    assert "There are no variables yet" in bob.get(URL).content.decode()
    assert "<form" not in bob.get(URL).content.decode().partition("</h1>")[2].partition("</main>")[0]
    made = variables.variable_create(
        workspace_id=cast.workspace.id, actor=cast.owner, key="rates", value={"html": "<b>"}, note="Monthly"
    )
    assert "Not for" in alice.get(URL).content.decode()
    assert "&lt;b&gt;" in bob.get(URL, {"q": "month"}).content.decode()
    assert "No key or note has" in bob.get(URL, {"q": "zzz"}).content.decode()

    one = f"{URL}{made.id}/"
    assert "&lt;b&gt;" in bob.get(one).content.decode()
    assert bob.post(one, {"kind": "number", "value": "1"}).status_code == 403
    assert alice.get(one).content.decode().count('<option value="json" selected>') == 1
    assert alice.post(one, {"kind": "number", "value": "one"}).status_code == 422
    assert alice.post(one, {"kind": "number", "value": "1", "key": "other"}).status_code == 302
    assert values(cast) == {"rates": 1}
    assert bob.post(f"{one}delete/").status_code == 403
    assert alice.post(f"{one}delete/").status_code == 302
    assert values(cast) == {}
    assert alice.get(one).status_code == 404
