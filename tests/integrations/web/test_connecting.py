"""The way to a provider and back, as a browser goes it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from apps.core.tenancy import tenant
from apps.integrations.models import Credential, Grant
from apps.integrations.oauth.connecting import redirect_uri
from tests.cast import Cast
from tests.fakes.oauth import ACCOUNT, OAuthServer
from tests.integrations.oauth.conftest import server as server
from tests.integrations.oauth.connected import credential


@pytest.fixture
def made(cast: Cast, server: OAuthServer) -> Credential:
    return credential(cast, server)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def go(client: Client, made: Credential) -> str:
    """Press Connect: the address the browser goes on to."""
    response = client.post(f"/w/acme/integrations/{made.id}/connect/")
    assert response.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', response.content.decode())
    assert found
    return unescape(found[1])


def back(address: str) -> str:
    """The part of our own address that the provider sends somebody back to."""
    assert address.startswith(redirect_uri())
    return "/integrations/oauth/callback" + address.removeprefix(redirect_uri())


def test_there_and_back(cast: Cast, server: OAuthServer, made: Credential) -> None:
    alice = signed_in(cast.alice)
    address = go(alice, made)
    response = alice.get(back(server.consent(address)))
    assert (response.status_code, response["Location"]) == (302, f"/w/acme/integrations/{made.id}/")
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    with tenant(cast.workspace.id):
        assert Grant.objects.get().account == ACCOUNT


def test_it_leads_to_the_credential_and_nowhere_else(cast: Cast, server: OAuthServer, made: Credential) -> None:
    alice = signed_in(cast.alice)
    address = back(server.consent(go(alice, made)))
    for name in ("next", "redirect_uri", "return_to", "RelayState"):
        address += f"&{name}=https://attacker.example"
    assert alice.get(address)["Location"] == f"/w/acme/integrations/{made.id}/"


def test_another_browser_of_the_same_person_is_refused(cast: Cast, server: OAuthServer, made: Credential) -> None:
    address = back(server.consent(go(signed_in(cast.alice), made)))
    response = signed_in(cast.alice).get(address)
    assert response.status_code == 400
    assert "from another browser" in response.content.decode()
    assert server.asked("authorization_code") == 0


def test_an_outsider_is_told_nothing(cast: Cast, server: OAuthServer, made: Credential) -> None:
    address = back(server.consent(go(signed_in(cast.alice), made)))
    seen = signed_in(cast.charlie).get(address).content.decode()
    assert "no answer to anything that was asked from here" in seen
    assert "Orders" not in seen


def test_a_stranger_signs_in_first(cast: Cast, server: OAuthServer) -> None:
    response = Client().get("/integrations/oauth/callback?state=x&code=y")
    assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/accounts/login/")


def test_a_providers_words_are_text(cast: Cast, server: OAuthServer, made: Credential) -> None:
    alice = signed_in(cast.alice)
    address = back(server.consent(go(alice, made), allows=False))
    address = address.replace("access_denied", "x").replace("The+person+said+no.", "%3Cscript%3Ealert(1)%3C/script%3E")
    response = alice.get(address, follow=True)
    assert response.redirect_chain == [(f"/w/acme/integrations/{made.id}/", 302)]
    seen = response.content.decode()
    assert "&lt;script&gt;alert(1)" in seen
    assert "<script>alert(1)" not in seen


def test_what_cannot_be_connected_says_so_on_its_page(cast: Cast, server: OAuthServer) -> None:
    made = credential(cast, server, authorize_url="http://login.example.com/")
    response = signed_in(cast.alice).post(f"/w/acme/integrations/{made.id}/connect/")
    assert (response.status_code, response["Location"]) == (302, f"/w/acme/integrations/{made.id}/")
