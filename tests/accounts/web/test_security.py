"""Second factors in the browser, and workspaces that ask for one. Passkeys themselves are tried in tests/e2e."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts import services, tokens
from apps.accounts.errors import SecondFactorNeeded
from apps.accounts.models import AuditEvent, Workspace
from apps.core.tenancy import tenant
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
SECRET = "JBSWY3DPEHPK3PXP"
HOME = "/w/acme/workflows/"


def code(secret: str = SECRET) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def signed_in(address: str = "alice@example.com") -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": address, "password": PASSWORD})
    return client


def proved(client: Client) -> Client:
    """Who asks once more, as the package does before such changes."""
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return client


def noted(cast: Cast) -> list[tuple[str, Any]]:
    with tenant(cast.workspace.id):
        return list(AuditEvent.objects.order_by("id").values_list("action", "data"))


def require(cast: Cast) -> None:
    with tenant(cast.workspace.id):
        Workspace.objects.filter(id=cast.workspace.id).update(requires_second_factor=True)


class TestPassword:
    def test_changing_it_leads_back_to_the_page_of_signing_in(self, cast: Cast) -> None:
        client = signed_in()
        page = client.get("/accounts/password/change/").content.decode()
        assert "Change your password" in page
        new = "another long password"
        given = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        changed = client.post("/accounts/password/change/", given)
        assert changed["Location"] == "/accounts/2fa/"
        assert client.get("/accounts/2fa/", follow=True).redirect_chain == [("/w/acme/settings/security/", 302)]


class TestAddresses:
    def test_the_page_says_which_are_not_confirmed_and_leads_back(self, cast: Cast) -> None:
        client = signed_in()
        page = client.get("/accounts/email/").content.decode()
        for words in ("alice@example.com", "Not confirmed", "Make it the main one", "Add an address", ">Back<"):
            assert words in page


class TestAuthenticatorApp:
    def test_setting_it_up_gives_recovery_codes_once(self, cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
        client = signed_in()
        asked = client.get("/accounts/2fa/totp/activate/")
        assert b"Is it you?" in client.get(asked["Location"]).content
        page = proved(client).get("/accounts/2fa/totp/activate/")
        secret = page.context["form"].secret
        assert secret in page.content.decode()
        with django_capture_on_commit_callbacks(execute=True):
            done = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
        assert done["Location"] == "/accounts/2fa/recovery-codes/"
        codes = client.get(done["Location"])
        assert len(codes.context["unused_codes"]) == 10
        assert codes.context["unused_codes"][0] in codes.content.decode()
        again = client.get(done["Location"])
        assert codes.context["unused_codes"][0] not in again.content.decode()
        assert "10 are left" in client.get("/w/acme/settings/security/").content.decode()
        assert ("factor.added", {"kind": "authenticator app"}) in noted(cast)

    def test_the_password_alone_is_not_enough_any_more(self, cast: Cast) -> None:
        TOTP.activate(cast.alice, SECRET)
        client = Client()
        sent = client.post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD})
        assert sent["Location"] == "/accounts/2fa/authenticate/"
        assert client.get(HOME).status_code == 302
        assert client.post(sent["Location"], {"code": "000000"}).status_code == 200
        assert noted(cast)[-1] == ("session.refused", {"reason": "code"})
        assert client.post(sent["Location"], {"code": code()}).status_code == 302
        assert client.get(HOME).status_code == 200
        assert noted(cast)[-1] == ("session.started", {"method": "password, totp"})

    def test_a_link_does_not_go_round_it(self, cast: Cast) -> None:
        TOTP.activate(cast.alice, SECRET)
        token = services.sign_in_link_create(workspace=cast.workspace, user=cast.alice, actor=cast.owner)
        client = Client()
        sent = client.post(f"/enter/{token}/")
        assert sent["Location"] == "/accounts/2fa/authenticate/"
        assert client.get(HOME).status_code == 302
        assert client.post(sent["Location"], {"code": code()})["Location"] == "/w/acme/"
        assert client.get(HOME).status_code == 200

    def test_turning_it_off_needs_to_know_who_asks(self, cast: Cast) -> None:
        TOTP.activate(cast.alice, SECRET)
        client = Client()
        client.force_login(cast.alice)  # a session that proved nothing lately
        asked = client.post("/accounts/2fa/totp/deactivate/")
        assert asked.status_code == 302
        assert "reauthenticate" in asked["Location"]
        assert Authenticator.objects.filter(user=cast.alice).exists()
        assert client.get(asked["Location"]).status_code == 200
        done = client.post(asked["Location"], {"password": PASSWORD, "next": "/accounts/2fa/totp/deactivate/"})
        assert done.status_code == 302  # what was asked before is done now
        assert not Authenticator.objects.filter(user=cast.alice).exists()
        assert noted(cast)[-1] == ("factor.removed", {"kind": "authenticator app"})

    @pytest.mark.parametrize(
        "path",
        [
            "/accounts/2fa/totp/deactivate/",
            "/accounts/2fa/recovery-codes/generate/",
            "/accounts/2fa/webauthn/add/",
        ],
    )
    def test_the_pages_are_ours(self, cast: Cast, path: str) -> None:
        TOTP.activate(cast.alice, SECRET)
        client = Client()
        client.post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD})
        client.post("/accounts/2fa/authenticate/", {"code": code()})
        page = proved(client).get(path)
        assert page.status_code == 200
        assert b'class="title"' in page.content
        assert b"onload.js" not in page.content


class TestPasskeyPages:
    def test_they_are_offered_where_browsers_can_hold_them(self) -> None:
        assert b"Use a passkey" in Client(headers={"host": "localhost"}).get("/accounts/login/").content
        assert b"Use a passkey" not in Client(headers={"host": "127.0.0.1"}).get("/accounts/login/").content

    def test_the_options_ask_for_a_key_that_signs_in_by_itself(self, cast: Cast) -> None:
        client = Client(headers={"host": "localhost"})
        client.post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD})
        page = proved(client).get("/accounts/2fa/webauthn/add/")
        options = page.context["js_data"]["creation_options"]["publicKey"]
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert options["rp"] == {"id": "localhost", "name": "AgentFlow"}

    @pytest.mark.parametrize("credential", ["", "{}", "[]", "null", '{"id": 5}', "x" * 5_000, json.dumps({"id": "AA"})])
    def test_made_up_credentials_open_nothing(self, cast: Cast, credential: str) -> None:
        client = Client(headers={"host": "localhost"})
        client.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
        assert client.post("/accounts/2fa/webauthn/login/", {"credential": credential}).status_code < 500
        assert client.get(HOME).status_code == 302
        client.post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD})
        proved(client).get("/accounts/2fa/webauthn/add/")
        assert client.post("/accounts/2fa/webauthn/add/", {"credential": credential}).status_code == 200
        assert not Authenticator.objects.exists()


class TestWorkspacesThatAskForOne:
    def test_pages_lead_to_where_it_is_set_up(self, cast: Cast) -> None:
        require(cast)
        client = signed_in()
        for path in (HOME, "/w/acme/", "/w/acme/settings/members/", "/w/acme/settings/audit/"):
            answer = client.get(path)
            assert (answer.status_code, answer["Location"]) == (302, "/w/acme/settings/security/")
        assert client.post("/w/acme/settings/keys/", {"name": "k", "lifetime": "30"}).status_code == 302
        assert client.get(HOME, headers={"HX-Request": "true"}).status_code == 204
        page = client.get("/w/acme/settings/security/")
        assert page.status_code == 200
        assert b"lets in only people who have a second factor" in page.content
        TOTP.activate(cast.alice, SECRET)
        assert client.get(HOME).status_code == 200

    def test_the_api_says_so_and_keys_go_on(self, cast: Cast, api: Api) -> None:
        key = services.api_key_create(workspace=cast.workspace, name="CI", actor=cast.owner).secret
        token = tokens.issue(cast.alice).access_token
        require(cast)
        for client in (api(cast.alice), api(token)):
            refused = client.get("/api/v1/app/me/")
            assert (refused.status_code, refused.json()["code"]) == (403, "accounts.second_factor_needed")
        assert api(key).get("/api/v1/app/me/").status_code == 200
        TOTP.activate(cast.alice, SECRET)
        assert api(token).get("/api/v1/app/me/").status_code == 200

    def test_recovery_codes_alone_are_none(self, cast: Cast) -> None:
        from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

        require(cast)
        RecoveryCodes.activate(cast.alice)
        assert signed_in().get(HOME).status_code == 302

    def test_the_whole_installation_can_ask(self, cast: Cast, settings: Any) -> None:
        settings.REQUIRE_SECOND_FACTOR = True
        assert signed_in().get(HOME)["Location"] == "/w/acme/settings/security/"

    def test_nobody_locks_themselves_out(self, cast: Cast) -> None:
        with pytest.raises(SecondFactorNeeded):
            services.workspace_require_second_factor(workspace=cast.workspace, is_required=True, actor=cast.owner)
        client = signed_in()
        page = client.post("/w/acme/settings/sign-in/", {"requires_second_factor": "on"}, follow=True)
        assert b"would keep you out" in page.content
        TOTP.activate(cast.alice, SECRET)
        client.post("/w/acme/settings/sign-in/", {"requires_second_factor": "on"})
        assert noted(cast)[-1][0] == "workspace.second_factor_required"
        bob = signed_in("bob@example.com")
        assert bob.get(HOME).status_code == 302
        client.post("/w/acme/settings/sign-in/", {})
        assert bob.get(HOME).status_code == 200


def test_wrong_passwords_and_signing_out_are_noted(cast: Cast) -> None:
    Client().post("/accounts/login/", {"login": "Alice@example.com", "password": "wrong"})
    assert noted(cast)[-1] == ("session.refused", {"reason": "password"})
    client = signed_in()
    assert noted(cast)[-1] == ("session.started", {"method": "password"})
    client.post("/accounts/logout/")
    assert noted(cast)[-1] == ("session.ended", {})
    Client().post("/accounts/login/", {"login": "nobody@example.com", "password": "wrong"})
    assert noted(cast)[-1] == ("session.ended", {})
