"""The page of the providers: what it teaches, who may change what, and that no secret stands on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.accounts import services as accounts
from apps.accounts.access.objects import Kind
from apps.ai import selectors
from apps.ai.gateway import catalogue
from apps.core.tenancy import tenant
from apps.integrations import services as integrations
from apps.integrations.models import Credential
from apps.nodes.contract import ModelRef
from tests.ai.connecting import SECRET, connect
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/settings/models/"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def change(client: Client, form: str, **given: str) -> str:
    """Send a form of the page without script; what the page says then."""
    response = client.post(f"{PAGE}{form}/", given, follow=True)
    assert response.redirect_chain, response.status_code
    return response.content.decode()


def chain(cast: Cast) -> list[str]:
    with tenant(cast.workspace.id):
        return [ref.model for ref in selectors.model_choices(cast.workspace.id).chain]


def test_with_nothing_connected_it_says_what_to_connect_and_where(cast: Cast) -> None:
    page = signed_in(cast.alice).get(PAGE).content.decode()
    assert "No model is connected yet" in page
    assert "/w/acme/integrations/new/anthropic/" in page
    assert "Default model" not in page
    (way,) = {part for part in page.split('"') if part.startswith("/w/acme/integrations/new/ollama/")}
    form = signed_in(cast.alice).get(way.replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in form
    assert 'name="next" value="/w/acme/settings/models/"' in form


def test_models_stand_in_line_are_moved_replaced_and_removed_without_script(cast: Cast) -> None:
    connect(cast, "openai")
    connect(cast, "ollama")
    alice = signed_in(cast.alice)
    assert "None is chosen yet" in alice.get(PAGE).content.decode()
    change(alice, "chain", op="add", via="openai", model=" gpt-4o ")
    page = change(alice, "chain", op="add", via="ollama", model="llama3.2:3b")
    assert chain(cast) == ["gpt-4o", "llama3.2:3b"]
    assert "$2.50 in, $10.00 out a million tokens" in page
    known = catalogue.find("openai", "gpt-4o")
    assert known is not None
    assert f"Use {known.successor}" in page
    change(alice, "chain", op="up", key="ollama::llama3.2:3b")
    assert chain(cast) == ["llama3.2:3b", "gpt-4o"]
    alice.post(f"{PAGE}chain/?to={known.successor}", {"op": "replace", "key": "openai::gpt-4o"})
    change(alice, "chain", op="remove", key="ollama::llama3.2:3b")
    assert chain(cast) == [known.successor]
    assert "Nothing is connected for Groq" in change(alice, "chain", op="add", via="groq", model="x")
    assert "write which model" in change(alice, "chain", op="add", via="openai", model=" ")
    assert "write which model" in change(alice, "chain", op="add", via="never", model="x")
    change(alice, "embedding", via="openai", model="text-embedding-3-small")
    with tenant(cast.workspace.id):
        found = selectors.model_choices(cast.workspace.id).embedding
    assert found == ModelRef(provider="openai", model="text-embedding-3-small")


def test_the_default_credential_of_a_provider_is_the_oldest_until_another_is_chosen(cast: Cast) -> None:
    first, second = connect(cast, "openai", "First"), connect(cast, "openai", "Second")
    private = connect(cast, "openai", "Alice's", scope="user")

    def default() -> UUID | None:
        with tenant(cast.workspace.id):
            found = selectors.default_credential(cast.workspace.id, "openai")
            return found.id if found else None

    alice = signed_in(cast.alice)
    assert default() == first.id
    change(alice, "default", via=f"openai:{second.id}")
    assert default() == second.id
    assert "yours alone" in change(alice, "default", via=f"openai:{private.id}")
    assert "no credential for Anthropic" in change(alice, "default", via=f"anthropic:{first.id}")
    integrations.credential_delete(workspace_id=cast.workspace.id, credential_id=second.id, actor=cast.owner)
    assert default() == first.id


def test_members_look_and_outsiders_do_not(cast: Cast) -> None:
    made = connect(cast, "openai")
    bob = signed_in(cast.bob)
    page = bob.get(PAGE).content.decode()
    assert "OpenAI" in page
    assert 'name="op"' not in page
    assert bob.post(f"{PAGE}chain/", {"op": "add", "via": "openai", "model": "x"}).status_code == 403
    assert bob.post(f"{PAGE}default/", {"via": f"openai:{made.id}"}).status_code == 403
    assert signed_in(cast.charlie).get(PAGE).status_code == 404
    assert signed_in(cast.charlie).post(f"{PAGE}{made.id}/test/").status_code == 404


def test_a_hidden_credential_is_nowhere_on_it(cast: Cast) -> None:
    made = connect(cast, "openai", "Board only")
    connect(cast, "anthropic", "For all")
    accounts.object_share(
        workspace_id=cast.workspace.id,
        kind=Kind.CREDENTIAL,
        object_id=made.id,
        name=made.name,
        others="none",
        people={},
        actor=cast.owner,
    )
    page = signed_in(cast.bob).get(PAGE).content.decode()
    assert "For all" in page
    assert "Board only" not in page
    assert str(made.id) not in page


def test_no_secret_stands_on_it(cast: Cast) -> None:
    connect(cast, "openai")
    page = signed_in(cast.alice).get(PAGE).content.decode()
    assert SECRET not in page
    with tenant(cast.workspace.id):
        assert Credential.objects.get().endings
