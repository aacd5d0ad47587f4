"""Credentials are written, tested, used and deleted by those who may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from apps.accounts.access.actor import Actor
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import AuditEvent
from apps.core.egress import Outgoing
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from apps.integrations import errors, selectors, services, uses
from apps.integrations.models import Credential, CredentialUse
from tests.cast import Cast

TOKEN = "tok-0123456789abcdefghijklmn"
REQUEST = Outgoing("GET", "https://api.example.com/x?y=1", {"accept": "*/*"}, b"")


@pytest.fixture
def bob(cast: Cast) -> Actor:
    return member_actor(cast.bob, "member")


def create(cast: Cast, actor: Actor | None = None, **given: Any) -> Credential:
    usual: dict[str, Any] = {"name": "Stock", "type": "bearer", "fields": {"token": TOKEN}, "allow_unverified": True}
    return services.credential_create(workspace_id=cast.workspace.id, actor=actor or cast.owner, **(usual | given))


def test_what_is_kept_holds_no_secret_in_plain(cast: Cast) -> None:
    made = create(cast, type="http_basic", fields={"username": "ann", "password": TOKEN})
    with tenant(cast.workspace.id), connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c)::text FROM integrations_credential c")
        (text,) = cursor.fetchone()
        audit = list(AuditEvent.objects.filter(action="credential.created").values_list("target", "data"))
    assert TOKEN not in text
    assert TOKEN.encode().hex() not in text
    assert json.loads(text)["settings"] == {"username": "ann", "test_url": ""}
    assert made.endings == {"password": "klmn"}
    assert audit == [("Stock", audit[0][1])]
    assert TOKEN not in json.dumps(audit[0][1])


@pytest.mark.parametrize(
    ("type_", "fields", "expected"),
    [
        ("bearer", {"token": TOKEN}, ("authorization", f"Bearer {TOKEN}")),
        ("http_basic", {"username": "ann", "password": "pä:ss"}, ("authorization", "Basic YW5uOnDDpDpzcw==")),
        ("header", {"header": "X-Key", "value": TOKEN}, ("x-key", TOKEN)),
    ],
)
def test_each_type_signs_in_its_way(cast: Cast, type_: str, fields: dict[str, str], expected: tuple[str, str]) -> None:
    made = create(cast, type=type_, fields=fields)
    opened = services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id, use="http")
    signed = opened.sign(REQUEST)
    assert signed.headers == {"accept": "*/*", expected[0]: expected[1]}
    assert signed.url == REQUEST.url
    assert TOKEN not in repr(opened)


def test_a_query_parameter_replaces_the_nodes_own(cast: Cast) -> None:
    made = create(cast, type="query", fields={"parameter": "y", "value": "a b&c"})
    opened = services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id)
    assert opened.sign(REQUEST).url == "https://api.example.com/x?y=a%20b%26c"


def test_it_is_opened_for_what_it_is_good_for(cast: Cast) -> None:
    made = create(cast, type="webhook_secret", fields={"secret": TOKEN}, allow_unverified=False)
    with pytest.raises(errors.CredentialMissing, match="webhook secret"):
        services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id, use="http")
    values = services.credential_values(workspace_id=cast.workspace.id, credential_id=made.id, use="webhook")
    assert values == {"secret": TOKEN}


def test_another_workspace_does_not_see_it(cast: Cast) -> None:
    made = create(cast)
    with pytest.raises(errors.CredentialMissing, match="“Stock”"):
        services.credential_open(workspace_id=cast.other_workspace.id, credential_id=made.id, name="Stock")
    outsider = member_actor(cast.charlie, "owner")
    with tenant(cast.other_workspace.id), pytest.raises(errors.CredentialUnknown):
        selectors.credential(cast.other_workspace.id, outsider, made.id)


def test_a_private_one_is_its_owners_alone(cast: Cast, bob: Actor) -> None:
    made = create(cast, bob, scope="user")
    with tenant(cast.workspace.id):
        assert not services.may_use(cast.owner, made)
        assert not services.may_read(cast.owner, made)
        assert list(selectors.credentials(cast.workspace.id, cast.owner)) == []
        assert list(selectors.credentials(cast.workspace.id, bob)) == [made]
        assert services.may_use(bob, made)
        assert services.may_manage(bob, made)
    key = Actor(kind="api_key", id=made.id, label="key", permissions=bob.permissions, maker_id=bob.id)
    assert services.may_use(key, made)


def test_a_private_one_is_gone_with_its_owner(cast: Cast, bob: Actor) -> None:
    from apps.accounts.models import Membership
    from apps.accounts.services import member_remove

    made = create(cast, bob, scope="user")
    services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id)
    with tenant(cast.workspace.id):
        membership = Membership.objects.get(user=cast.bob)
    member_remove(workspace=cast.workspace, membership=membership, actor=cast.owner)
    with pytest.raises(errors.CredentialMissing, match="not a member"):
        services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id)


def test_using_is_less_than_managing(cast: Cast, bob: Actor) -> None:
    made = create(cast)
    assert services.may_use(bob, made)
    assert not services.may_manage(bob, made)
    viewer = member_actor(cast.bob, "viewer")
    assert not services.may_use(viewer, made)
    assert not services.may_read(viewer, made)
    for refused in (
        lambda: create(cast, bob, name="Another"),
        lambda: services.credential_update(
            workspace_id=cast.workspace.id, credential_id=made.id, actor=bob, name="Mine now"
        ),
        lambda: services.credential_delete(workspace_id=cast.workspace.id, credential_id=made.id, actor=bob),
    ):
        with pytest.raises(Exception, match="may not") as found:
            refused()
        assert getattr(found.value, "status", 0) == 403


def test_what_does_not_fit_its_type_is_refused_without_being_quoted(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        create(cast, type="http_basic", fields={"username": "a:b", "password": TOKEN, "pasword": TOKEN})
    assert {found.path for found in refused.value.errors} == {"fields.username", "fields.pasword"}
    assert TOKEN not in str(refused.value.message) + str(refused.value.errors)
    with pytest.raises(errors.TypeUnknown):
        create(cast, type="beerer")
    with pytest.raises(Invalid):
        create(cast, allowed_hosts=["https://example.com/"])
    with pytest.raises(Invalid):
        create(cast, rotate_after_days=0)
    create(cast)
    with pytest.raises(errors.NameTaken):
        create(cast)


def test_one_that_cannot_be_tested_is_kept_only_on_demand(cast: Cast) -> None:
    with pytest.raises(errors.NotTested):
        create(cast, allow_unverified=False)
    made = create(cast)
    assert (made.is_verified, made.tested_at) == (False, None)


def test_it_is_sent_to_its_hosts_only(cast: Cast) -> None:
    made = create(cast, allowed_hosts=["API.example.com", "*.example.org"])
    opened = services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id)
    opened.sign(REQUEST)
    opened.require_host("https://x.example.org/")
    for url in ("https://evil.example.net/", "https://example.org/", "https://api.example.com.evil.net/"):
        with pytest.raises(errors.HostNotAllowed):
            opened.require_host(url)


def test_an_update_keeps_the_secrets_that_are_not_given(cast: Cast) -> None:
    made = create(cast, type="http_basic", fields={"username": "ann", "password": TOKEN})
    given: dict[str, Any] = {"workspace_id": cast.workspace.id, "credential_id": made.id, "actor": cast.owner}
    changed = services.credential_update(**given, fields={"username": "bea"}, allow_unverified=True)
    assert changed.secret_changed_at == made.secret_changed_at
    values = services.credential_values(workspace_id=cast.workspace.id, credential_id=made.id)
    assert (values["username"], values["password"]) == ("bea", TOKEN)
    changed = services.credential_update(**given, fields={"password": "new password here"}, allow_unverified=True)
    assert changed.secret_changed_at > made.secret_changed_at
    assert changed.revision == 2
    assert changed.endings == {"password": "re"}
    changed = services.credential_update(**given, name="Renamed", rotate_after_days=30)
    assert (changed.name, changed.rotate_after_days) == ("Renamed", 30)
    values = services.credential_values(workspace_id=cast.workspace.id, credential_id=made.id)
    assert values["password"] == "new password here"


@pytest.fixture
def used(cast: Cast) -> Iterator[None]:
    def finder(workspace_id: Any, credential_id: Any) -> list[uses.Use]:
        return [uses.Use(workspace_id, "Orders", "fetch", "Fetch", "published")]

    uses.register(finder)
    yield
    uses._finders.remove(finder)


@pytest.mark.usefixtures("used")
def test_deleting_a_used_one_asks_and_says_where(cast: Cast) -> None:
    made = create(cast)
    given: dict[str, Any] = {"workspace_id": cast.workspace.id, "credential_id": made.id, "actor": cast.owner}
    with pytest.raises(errors.InUse, match="“Orders”") as refused:
        services.credential_delete(**given)
    assert refused.value.extra["uses"][0]["node_name"] == "Fetch"
    services.credential_delete(**given, force=True)
    with pytest.raises(errors.CredentialMissing):
        services.credential_open(workspace_id=cast.workspace.id, credential_id=made.id)


def test_uses_are_counted_per_day_without_a_row_per_call(cast: Cast) -> None:
    made = create(cast)
    from apps.core.ids import uuid7

    workflow_id, execution_id = uuid7(), uuid7()
    for _ in range(50):
        services.credential_used(
            workspace_id=cast.workspace.id,
            credential_id=made.id,
            workflow_id=workflow_id,
            execution_id=execution_id,
        )
    with tenant(cast.workspace.id):
        assert CredentialUse.objects.get().count == 1  # the fact at once, the rest a little later
    services.uses_flush()
    with tenant(cast.workspace.id):
        row = CredentialUse.objects.get()
        assert (row.count, row.workflow_id, row.last_execution_id) == (50, workflow_id, execution_id)
        assert Credential.objects.get().last_used_at == row.last_at
