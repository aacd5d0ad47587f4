"""The pages of credentials: forms made from types, and no secret on any of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.core.tenancy import tenant
from apps.integrations import registry, services
from apps.integrations.models import Credential
from apps.integrations.web.forms import CredentialForm
from apps.workflows import services as workflows
from tests.cast import Cast
from tests.fakes.receiver import receiver
from tests.integrations.api.test_views import using

TOKEN = "tok-0123456789abcdefghijklmn"
HOME = "/w/acme/integrations/"


@pytest.fixture
def alice(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice)
    return client


def kept(cast: Cast, **given: Any) -> Credential:
    usual: dict[str, Any] = {"name": "Stock", "type": "bearer", "fields": {"token": TOKEN}, "allow_unverified": True}
    return services.credential_create(workspace_id=cast.workspace.id, actor=cast.owner, **(usual | given))


def test_a_credential_is_connected_tested_and_listed(cast: Cast, alice: Client, settings: Any) -> None:
    assert "Connect your first system" in alice.get(HOME).content.decode()
    assert "Bearer token" in alice.get(f"{HOME}new/").content.decode()
    url = f"{HOME}new/bearer/"
    assert 'type="password"' in alice.get(url).content.decode()
    with receiver() as stock:
        settings.EGRESS_ALLOW = [stock.host]
        form = {"name": "Stock", "field_token": TOKEN, "field_test_url": stock.url, "scope": "workspace"}
        stock.says(403)
        refused = alice.post(url, form)
        assert refused.status_code == 422
        page = refused.content.decode()
        assert "status 403" in page
        assert "allow_unverified" in page
        assert TOKEN not in page
        saved = alice.post(url, form, follow=True)
        assert "It works, and is saved." in saved.content.decode()
        stock.says(500)
        again = alice.post(f"{saved.redirect_chain[-1][0]}test/", follow=True)
        assert "status 500" in again.content.decode()
    page = alice.get(HOME).content.decode()
    assert "Stock" in page
    assert "Does not work" in page


def test_what_cannot_be_tested_is_saved_with_a_clear_yes_only(cast: Cast, alice: Client) -> None:
    form = {"name": "Stock", "field_token": TOKEN, "scope": "user"}
    refused = alice.post(f"{HOME}new/bearer/", form)
    assert "Save it without a successful test" in refused.content.decode()
    with tenant(cast.workspace.id):
        assert not Credential.objects.exists()
    saved = alice.post(f"{HOME}new/bearer/", form | {"allow_unverified": "on"}, follow=True)
    assert "Nobody has seen this credential work." in saved.content.decode()


def test_the_page_of_one_shows_how_it_ends_and_who_uses_it(cast: Cast, alice: Client) -> None:
    made = kept(cast, rotate_after_days=1)
    with tenant(cast.workspace.id):
        Credential.objects.update(secret_changed_at="2026-01-01T00:00:00Z")
    workflows.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=using(str(made.id))
    )
    page = alice.get(f"{HOME}{made.id}/").content.decode()
    assert TOKEN not in page
    assert "klmn" in page
    assert "Its secret is older than 1 days" in page
    assert "Orders" in page
    assert "fail from then on: Orders" in page
    form = {"name": "Stock 2", "field_token": "", "field_test_url": "", "allowed_hosts": "a.example.com\nb.example.com"}
    assert alice.post(f"{HOME}{made.id}/", form).status_code == 422
    saved = alice.post(f"{HOME}{made.id}/", form | {"allow_unverified": "on"}, follow=True)
    assert "a.example.com, b.example.com" in saved.content.decode()
    values = services.credential_values(workspace_id=cast.workspace.id, credential_id=made.id)
    assert values["token"] == TOKEN
    gone = alice.post(f"{HOME}{made.id}/delete/", follow=True)
    assert "“Stock” is deleted." in gone.content.decode() or "“Stock 2” is deleted." in gone.content.decode()
    assert alice.get(f"{HOME}{made.id}/").status_code == 404


def test_members_see_no_buttons_that_are_not_theirs(cast: Cast, client: Client) -> None:
    made = kept(cast)
    client.force_login(cast.bob)
    page = client.get(f"{HOME}{made.id}/").content.decode()
    assert "delete-credential" not in page
    assert "Change it" not in page
    assert f"{made.id}/test/" in page
    assert 'value="workspace"' not in client.get(f"{HOME}new/bearer/").content.decode()


@pytest.mark.parametrize("type_", list(registry.credential_types()))
def test_every_type_has_a_form_that_hides_its_secrets(type_: str) -> None:
    kind = registry.credential_types()[type_]
    form = CredentialForm(kind)
    for name in kind.Fields.model_fields:
        widget = form.fields[f"field_{name}"].widget
        assert (getattr(widget, "input_type", "") == "password") == (name in form.secrets)
        assert form.fields[f"field_{name}"].help_text
