"""The API of models: what the editor suggests, what is chosen, and what is refused where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.ai.connecting import SECRET, connect
from tests.cast import Cast
from tests.fakes.ollama import ollama_server

pytestmark = pytest.mark.django_db
MODELS, SETTINGS = "/api/v1/app/ai/models/", "/api/v1/app/ai/settings/"


def test_models_are_found_by_what_they_can_do(cast: Cast, api: Callable[..., Any]) -> None:
    connect(cast, "openai")
    alice = api(cast.alice, HTTP_X_WORKSPACE="acme")
    found = alice.get(f"{MODELS}?provider=openai&ability=tools&q=4o&connected=true").json()["results"]
    (each,) = (row for row in found if row["name"] == "gpt-4o")
    assert each["is_connected"]
    assert float(each["prices"]["input"]) == 2.5
    assert {row["provider"] for row in found} == {"openai"}
    assert alice.get(f"{MODELS}?provider=anthropic&connected=true").json()["results"] == []
    assert {row["kind"] for row in alice.get(f"{MODELS}?kind=embedding").json()["results"]} == {"embedding"}
    assert alice.get(f"{MODELS}?provder=openai").status_code == 400


@pytest.mark.usefixtures("committed_db")
def test_a_credential_is_asked_which_models_it_has(cast: Cast, api: Callable[..., Any], settings: Any) -> None:
    with ollama_server() as fake:
        settings.EGRESS_ALLOW = [fake.url.removeprefix("http://")]
        made = connect(cast, "ollama", url=fake.url)
        found = api(cast.bob, HTTP_X_WORKSPACE="acme").get(f"{MODELS}?credential={made.id}").json()["results"]
    assert [row["name"] for row in found] == ["llama3.2:3b", "nomic-embed-text:latest"]
    assert api(cast.charlie).get(f"{MODELS}?credential={made.id}").status_code == 404


def test_what_is_chosen_is_checked_and_read_again(cast: Cast, api: Callable[..., Any]) -> None:
    made = connect(cast, "openai")
    alice = api(cast.alice, HTTP_X_WORKSPACE="acme")
    chain = [{"provider": "openai", "model": "gpt-4o"}]
    saved = alice.patch(SETTINGS, {"chain": chain, "credentials": {"openai": str(made.id)}}, format="json")
    assert saved.status_code == 200
    assert SECRET not in saved.content.decode()
    assert alice.get(SETTINGS).json()["chain"] == [{**chain[0], "credential": None}]
    twice = alice.patch(SETTINGS, {"chain": chain * 2}, format="json")
    assert (twice.status_code, twice.json()["errors"][0]["path"]) == (400, "chain[1]")
    other = alice.patch(SETTINGS, {"credentials": {"gemini": str(made.id)}}, format="json")
    assert other.json()["errors"][0]["path"] == "credentials.gemini"
    assert alice.patch(SETTINGS, {}, format="json").status_code == 400
