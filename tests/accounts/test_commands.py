"""The commands typed on the machine."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts import selectors, services
from apps.accounts.access.permissions import Permission
from apps.accounts.models import User
from tests.cast import Cast


def output(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_key_is_all_that_is_printed(cast: Cast, api: Any) -> None:
    printed = output(
        "api_key_create", "--workspace", "acme", "--name", "CI", "--scopes", "workflow:read, execution:read"
    )
    assert re.fullmatch(r"af_[0-9a-f]{8}_[\w-]{43}\n", printed)
    assert api(printed.strip()).get("/api/v1/app/me").json()["permissions"] == ["execution:read", "workflow:read"]


def test_a_key_without_scopes_may_everything(cast: Cast, api: Any) -> None:
    printed = output("api_key_create", "--workspace", "acme", "--name", "CI")
    assert len(api(printed.strip()).get("/api/v1/app/me").json()["permissions"]) == len(Permission)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--workspace", "nowhere", "--name", "x"], "no workspace 'nowhere'"),
        (["--workspace", "acme", "--name", "x", "--scopes", "fly"], "no scope 'fly'"),
        (["--workspace", "acme", "--name", " "], "name"),
    ],
)
def test_what_cannot_be_done_is_said(cast: Cast, arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        output("api_key_create", *arguments)


def test_the_link_signs_in_the_first_owner_or_whom_is_named(cast: Cast) -> None:
    for arguments, who in (([], cast.alice), (["--email", "BOB@example.com"], cast.bob)):
        url = output("sign_in_link", "--workspace", "acme", *arguments).strip()
        client = Client()
        client.post(url[url.index("/enter/") :])
        assert client.session["_auth_user_id"] == str(who.id)
    with pytest.raises(CommandError, match="not a member"):
        output("sign_in_link", "--workspace", "acme", "--email", "charlie@example.com")


def test_a_workspace_is_made_once(db: None) -> None:
    arguments = ["workspace_create", "--name", "Demo", "--slug", "demo", "--owner", "demo@example.com", "--if-missing"]
    assert output(*arguments) == "demo\n"
    assert output(*arguments) == ""
    (home,) = selectors.homes_of(User.objects.get(email="demo@example.com").id)
    assert home.role == "owner"
    with pytest.raises(CommandError, match="already"):
        output(*arguments[:-1])
    assert services.workspace_create(name="Demo", owner=User.objects.get()).slug != "demo"


@pytest.mark.django_db
def test_second_factors_of_somebody_who_lost_them_are_removed(cast: Cast) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP

    TOTP.activate(cast.alice, "JBSWY3DPEHPK3PXP")
    call_command("second_factor_reset", "--email", "Alice@example.com", stdout=StringIO())
    assert not Authenticator.objects.filter(user=cast.alice).exists()
    with pytest.raises(CommandError):
        call_command("second_factor_reset", "--email", "nobody@example.com")
