"""Pages of a workspace: who sees them, and that they see one workspace only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from apps.accounts import selectors, services
from apps.accounts.access.actor import NotAllowed
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.accounts.errors import WorkspaceUnknown
from apps.accounts.models import Workspace
from tests.cast import Cast


class Page(WorkspacePage):
    permission = Permission.WORKFLOW_READ
    post_permission = Permission.KEY_MANAGE

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(",".join(Workspace.objects.values_list("slug", flat=True)))

    def post(self, request: HttpRequest) -> HttpResponse:
        Workspace.objects.update(name="Changed")
        raise ZeroDivisionError


class Loose(Page):
    manages_transaction = True


class Forgotten(WorkspacePage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("")


Ask = Callable[..., Any]


@pytest.fixture
def ask() -> Ask:
    def do(view: type[WorkspacePage], user: Any, slug: str = "acme", method: str = "get") -> Any:
        request = getattr(RequestFactory(), method)(f"/w/{slug}/")
        request.user, request.session = user, {}
        return view.as_view()(request, workspace=slug)

    return do


def test_no_proxy_keeps_a_page(cast: Cast, ask: Ask) -> None:
    assert ask(Page, cast.alice)["Cache-Control"] == "private, no-cache"


def test_the_handler_sees_its_workspace_and_no_other(cast: Cast, ask: Ask) -> None:
    assert ask(Page, cast.alice).content == b"acme"
    assert ask(Loose, cast.alice).content == b""  # outside a tenant block nothing is seen


def test_outsiders_and_guesses_look_alike(cast: Cast, ask: Ask) -> None:
    for slug in ("acme", "nowhere"):
        with pytest.raises(WorkspaceUnknown):
            ask(Page, cast.charlie, slug)


def test_nobody_is_sent_to_the_door_and_comes_back(ask: Ask) -> None:
    response = ask(Page, AnonymousUser())
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/w/acme/")


def test_forms_may_need_more_than_looking(cast: Cast, ask: Ask) -> None:
    with pytest.raises(NotAllowed, match="key:manage"):
        ask(Page, cast.bob, method="post")


def test_a_fault_takes_back_what_the_handler_wrote(cast: Cast, ask: Ask) -> None:
    with pytest.raises(ZeroDivisionError):
        ask(Page, cast.alice, method="post")
    assert selectors.homes_of(cast.alice.id)[0].workspace.name == "Acme"


def test_a_page_that_forgot_its_permission_is_shown_to_nobody(cast: Cast, ask: Ask) -> None:
    with pytest.raises(AttributeError):
        ask(Forgotten, cast.alice)


def test_the_shell_offers_the_workspaces_one_belongs_to(cast: Cast) -> None:
    services.workspace_create(name="Night shift", owner=cast.alice)
    client = Client()
    client.force_login(cast.alice)
    text = client.get("/w/acme/settings/members/").content.decode()
    assert "Night shift" in text
    assert "Umbrella" not in text
