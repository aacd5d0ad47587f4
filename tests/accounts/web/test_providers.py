"""Sign-in by providers, against a server that speaks OpenID Connect and GitHub's OAuth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from django.test import Client
from django.utils.html import escape

from apps.accounts import selectors, services
from apps.accounts.models import AuditEvent, User
from apps.core.tenancy import tenant
from tests.cast import Cast
from tests.fakes.identity import Identity, identity

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

OIDC, GITHUB = "/accounts/oidc/acme/login/", "/accounts/github/login/"


@pytest.fixture(scope="module")
def server() -> Iterator[Identity]:
    with identity() as running:
        yield running


@pytest.fixture
def idp(server: Identity, settings: Any, monkeypatch: Any) -> Identity:
    server.__dict__ |= {"is_broken": False, "person": Identity().person, "seen": [], "codes": {}, "tokens": {}}
    app = {"client_id": server.client_id, "secret": server.client_secret, "key": ""}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                app
                | {"provider_id": "acme", "name": "Acme ID"}
                | {"settings": {"server_url": server.url, "oauth_pkce_enabled": True}}
            ],
            "OAUTH_PKCE_ENABLED": True,
        },
        "github": {"APPS": [app], "OAUTH_PKCE_ENABLED": True, "GITHUB_URL": server.url},
    }
    for name, path in (
        ("access_token_url", "/login/oauth/access_token"),
        ("authorize_url", "/login/oauth/authorize"),
        ("profile_url", "/api/v3/user"),
        ("emails_url", "/api/v3/user/emails"),
    ):
        monkeypatch.setattr(GitHubOAuth2Adapter, name, f"{server.url}{path}")
    return server


def go(client: Client, idp: Identity, path: str = OIDC, **form: str) -> Any:
    """Press the button, consent, come back: the page at the end."""
    return client.get(back(idp, out(client, path, **form)))


def out(client: Client, path: str = OIDC, **form: str) -> str:
    """Press the button: the address of the provider, to which a page leads on by itself."""
    sent = client.post(path, form)
    assert sent.status_code == 200, sent.content
    found: str = sent.context["target"]
    assert f"0;url={escape(found)}" in sent.content.decode()
    return found


def back(idp: Identity, address: str) -> str:
    """Consent there: the path one comes back to."""
    return idp.consent(address).removeprefix("http://testserver")


def who(client: Client) -> str | None:
    uid = client.session.get("_auth_user_id")
    return User.objects.get(pk=uid).email if uid else None


def test_buttons_are_there_only_for_what_is_configured(idp: Identity, settings: Any) -> None:
    page = Client().get("/accounts/login/").content.decode()
    assert "Acme ID" in page
    assert "GitHub" in page
    settings.SOCIALACCOUNT_PROVIDERS = {}
    page = Client().get("/accounts/login/").content.decode()
    assert "Acme ID" not in page
    assert "GitHub" not in page
    assert Client().get(OIDC).status_code == 404


@pytest.mark.parametrize("path", [OIDC, GITHUB])
def test_somebody_new_gets_an_account_and_a_workspace_and_comes_in_again(idp: Identity, path: str) -> None:
    first = Client()
    end = go(first, idp, path)
    assert end.status_code == 302, end.content
    assert who(first) == "zoe@example.com"
    assert first.get("/", follow=True).status_code == 200
    user = User.objects.get(email="zoe@example.com")
    assert user.name == "Zoë Z."
    assert not user.has_usable_password()
    again = Client()
    go(again, idp, path)
    assert who(again) == "zoe@example.com"
    assert User.objects.filter(email="zoe@example.com").count() == 1
    assert [home.role for home in selectors.homes_of(user.pk)] == ["owner"]


def test_what_happened_is_in_the_audit_log(idp: Identity) -> None:
    go(Client(), idp)
    user = User.objects.get(email="zoe@example.com")
    (home,) = selectors.homes_of(user.pk)
    with tenant(home.workspace.id):
        event = AuditEvent.objects.filter(action="session.started").latest("id")
    assert (event.data, event.address) == ({"method": "acme"}, "127.0.0.1")


class TestTakingOver:
    """Nobody gets into somebody's account by a provider's account with the same address."""

    @pytest.mark.parametrize("path", [OIDC, GITHUB])
    @pytest.mark.parametrize("verified", [True, False, "false"])
    def test_an_equal_address_opens_nothing(self, cast: Cast, idp: Identity, path: str, verified: Any) -> None:
        idp.person |= {"email": "Alice@example.com", "email_verified": verified}
        thief = Client()
        end = go(thief, idp, path)
        assert end.status_code == 403
        assert who(thief) is None
        assert not SocialAccount.objects.exists()
        assert thief.get("/w/acme/").status_code == 302

    def test_an_address_that_is_not_proved_makes_no_account(self, idp: Identity) -> None:
        for claims in ({"email_verified": False}, {"email_verified": "false"}, {"email": ""}):
            idp.person = Identity().person | claims
            client = Client()
            assert go(client, idp).status_code == 403
            assert who(client) is None
        assert not User.objects.filter(email="zoe@example.com").exists()

    def test_nor_does_the_form_that_asks_for_another_one(self, idp: Identity) -> None:
        client = Client()
        idp.person |= {"email_verified": False}
        go(client, idp)
        assert client.post("/accounts/3rdparty/signup/", {"email": "alice@example.com"}).status_code == 302
        assert who(client) is None

    def test_a_changed_address_at_the_provider_still_opens_the_account_it_was_connected_to(
        self, cast: Cast, idp: Identity
    ) -> None:
        go(Client(), idp)
        idp.person |= {"email": "alice@example.com"}
        client = Client()
        go(client, idp)
        assert who(client) == "zoe@example.com"

    def test_somebody_elses_callback_is_refused(self, cast: Cast, idp: Identity) -> None:
        """The attacker's code in the victim's browser (login CSRF): the state is not of this session."""
        attacker, victim = Client(), Client()
        victim.get(back(idp, out(attacker)))
        assert who(victim) is None

    def test_a_callback_works_once(self, idp: Identity) -> None:
        client = Client()
        address = back(idp, out(client))
        client.get(address)
        client.post("/accounts/logout/")
        client.get(address)
        assert who(client) is None

    def test_looking_at_the_button_sends_nobody_away(self, idp: Identity) -> None:
        assert Client().get(OIDC).status_code == 200


def test_closed_registration_lets_nobody_new_in(cast: Cast, idp: Identity, settings: Any) -> None:
    settings.OPEN_REGISTRATION = False
    client = Client()
    end = go(client, idp)
    assert end.status_code == 200
    assert b"zoe@example.com" not in end.content
    assert who(client) is None
    assert not User.objects.filter(email="zoe@example.com").exists()


class TestInvited:
    """Closed registration lets in who was invited, and only them."""

    def invite(self, cast: Cast, address: str) -> str:
        (invited,) = services.invitations_create(
            workspace=cast.workspace, actor=cast.owner, emails=[address], role="member"
        )
        return f"/join/{invited.token}/"

    def test_they_make_their_account_by_signing_in(self, cast: Cast, idp: Identity, settings: Any) -> None:
        settings.OPEN_REGISTRATION = False
        path = self.invite(cast, "zoe@example.com")
        zoe = Client()
        end = zoe.get(back(idp, out(zoe, f"{OIDC}?next={path}")))
        assert end["Location"] == path
        assert who(zoe) == "zoe@example.com"
        user = User.objects.get(email="zoe@example.com")
        assert selectors.homes_of(user.pk) == []  # they are on the way into alice's
        zoe.post(path, {"answer": "accept", "as": str(user.pk)})
        assert [home.workspace.slug for home in selectors.homes_of(user.pk)] == ["acme"]

    def test_somebody_elses_invitation_lets_nobody_in(self, cast: Cast, idp: Identity, settings: Any) -> None:
        settings.OPEN_REGISTRATION = False
        path = self.invite(cast, "yann@example.com")
        zoe = Client()
        zoe.get(back(idp, out(zoe, f"{OIDC}?next={path}")))
        assert who(zoe) is None
        assert not User.objects.filter(email="zoe@example.com").exists()


class TestConnecting:
    def test_connect_sign_in_and_disconnect(self, cast: Cast, idp: Identity) -> None:
        """The address at the provider may be another one: who is signed in has proved whose account it is."""
        alice = Client()
        alice.login(email="alice@example.com", password="correct horse battery staple")
        go(alice, idp, OIDC, process="connect")
        account = SocialAccount.objects.get()
        assert account.user == cast.alice
        other = Client()
        go(other, idp)
        assert who(other) == "alice@example.com"
        assert alice.post("/accounts/3rdparty/", {"account": account.pk}).status_code == 302
        assert not SocialAccount.objects.exists()
        with tenant(cast.workspace.id):
            actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
        assert "sign_in.connected" in actions
        assert "sign_in.disconnected" in actions

    def test_the_only_way_in_cannot_be_disconnected(self, idp: Identity) -> None:
        zoe = Client()
        go(zoe, idp)
        account = SocialAccount.objects.get()
        zoe.post("/accounts/3rdparty/", {"account": account.pk})
        assert SocialAccount.objects.filter(pk=account.pk).exists()

    def test_an_account_of_somebody_else_is_not_connected(self, cast: Cast, idp: Identity) -> None:
        go(Client(), idp)
        alice = Client()
        alice.force_login(cast.alice)
        go(alice, idp, OIDC, process="connect")
        assert SocialAccount.objects.get().user.email == "zoe@example.com"


class TestFaults:
    def test_the_provider_is_broken(self, idp: Identity) -> None:
        client = Client()
        address = back(idp, out(client))
        idp.is_broken = True
        assert client.get(address).status_code == 503
        assert who(client) is None
        refused = Client().post(OIDC)
        assert refused.status_code in (200, 503)
        assert b"cannot be reached" in refused.content or b"Not signed in" in refused.content

    def test_somebody_says_no(self, idp: Identity) -> None:
        client = Client()
        path, _, query = back(idp, out(client)).partition("?")
        state_part = next(part for part in query.split("&") if part.startswith("state="))
        end = client.get(f"{path}?error=access_denied&{state_part}", follow=True)
        assert end.status_code == 200
        assert who(client) is None

    def test_requests_go_through_the_door(self, idp: Identity, settings: Any) -> None:
        """A private address that the settings do not name is refused before anything is sent."""
        client = Client()
        address = back(idp, out(client))
        seen = len(idp.seen)
        settings.SOCIALACCOUNT_PROVIDERS = settings.SOCIALACCOUNT_PROVIDERS | {
            "openid_connect": {
                "APPS": [
                    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
                    | {"settings": {"server_url": "http://127.0.0.1:1"}}
                ]
            }
        }
        assert client.get(address).status_code == 503
        assert who(client) is None
        assert len(idp.seen) == seen


def test_an_address_confirmed_by_the_provider_counts_as_confirmed(idp: Identity) -> None:
    go(Client(), idp)
    assert EmailAddress.objects.get(email="zoe@example.com").verified
