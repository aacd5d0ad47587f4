"""Base class of the pages of a workspace."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from apps.accounts import selectors
from apps.accounts.access import objects, presence, resolve
from apps.accounts.access.actor import Actor
from apps.accounts.access.menu import MenuEntry, navigation
from apps.accounts.access.permissions import Permission
from apps.accounts.errors import WorkspaceUnknown
from apps.accounts.models import User, Workspace
from apps.accounts.selectors import Home
from apps.core import replica
from apps.core.tenancy import tenant


class WorkspacePage(View):
    """A page under `/w/<slug:workspace>/`. Anonymous people go to the sign-in page; outsiders get a 404.

    The handler runs inside `tenant(workspace.id)`. A `DomainError` it raises becomes an error page, a toast for HTMX.
    """

    permission: ClassVar[Permission]
    """What looking at the page needs."""

    post_permission: ClassVar[Permission | None] = None
    """What sending its forms needs, when that is more."""

    active: ClassVar[str] = ""
    """The entry of the sidebar that is lit."""

    menu: ClassVar[MenuEntry | None] = None
    """The entry that leads to this page, see `apps.accounts.access.menu`."""

    menu_under: ClassVar[str] = ""
    """The route whose entry is lit, for a page without one of its own."""

    manages_transaction: ClassVar[bool] = False
    """True: the handler opens its `tenant()` blocks itself."""

    may_lag: ClassVar[bool] = False
    """True: what the page shows may be a moment old, so the replica answers when it is only looked at."""

    needs_second_factor: ClassVar[bool] = True
    """False: also for people who lack the second factor their workspace asks for, so that they can set one up."""

    workspace: Workspace
    actor: Actor
    homes: list[Home]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find workspace and actor, check the permission, run the handler in the tenant transaction."""
        user = request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        slug = kwargs.pop("workspace")
        self.homes = selectors.homes_of(user.pk)
        home = next((home for home in self.homes if home.workspace.slug == slug), None)
        if home is None:
            return self._moved(request, slug)
        self.workspace = home.workspace
        self.actor = resolve.member_actor(plain_user(user), home.role)
        if request.session.get(resolve.LAST_WORKSPACE) != slug:
            request.session[resolve.LAST_WORKSPACE] = slug
        presence.note(request, workspace=self.workspace, user=plain_user(user))
        if self.needs_second_factor and resolve.lacks_second_factor(self.actor.user, self.workspace):
            return self._to_second_factor(request)
        is_safe = request.method in ("GET", "HEAD", "OPTIONS")
        self.actor.require(self.permission if is_safe else self.post_permission or self.permission)
        with objects.unseen(self.workspace.id, self.actor), _zone(plain_user(user)):
            if self.may_lag and is_safe:
                shown = partial(super().dispatch, request, *args, **kwargs)
                response = replica.read(self.workspace.id, shown, reader=self.actor.name)
            else:
                with self._transaction():
                    response = super().dispatch(request, *args, **kwargs)
        if not is_safe:
            replica.wrote(self.actor.name)
        # No proxy keeps it and no browser shows it unasked; with no-store, Back would lose what was typed.
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    def render(self, template: str, context: dict[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
        """The page, rendered now (inside the transaction), with what the shell needs.

        Adds `workspace`, `workspaces`, `actor`, `active`, `nav` (the menus), and `may` (`may.member_manage`: what the
        actor is allowed).
        """
        match = self.request.resolver_match
        here = self.menu_under or (match.url_name if match else None) or ""
        shell = {
            "nav": navigation(self.workspace.slug, self.actor, active=self.active, here=here),
            "workspace": self.workspace,
            "workspaces": [home.workspace for home in self.homes],
            "actor": self.actor,
            "active": self.active,
            "inbox_count_url": reverse("inbox-count", args=[self.workspace.slug]),
            "bell_url": reverse("notifications-bell", args=[self.workspace.slug]),
            "may": {permission.name.lower(): self.actor.can(permission) for permission in Permission},
        }
        return render(self.request, template, shell | (context or {}), status=status)

    def _moved(self, request: HttpRequest, slug: str) -> HttpResponse:
        """On to the address the workspace has now, where it had this one before. Raises `WorkspaceUnknown`."""
        now = selectors.workspace_by_slug(slug)
        if now is None or now.id not in {home.workspace.id for home in self.homes} or request.method != "GET":
            raise WorkspaceUnknown
        rest = request.get_full_path().removeprefix(f"/w/{slug}/")
        return HttpResponseRedirect(f"/w/{now.slug}/{rest}")

    def _to_second_factor(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("HX-Request") == "true":  # a part of the page where it is being set up
            return HttpResponse(status=204)
        return HttpResponseRedirect(reverse("security", args=[self.workspace.slug]))

    def _transaction(self) -> AbstractContextManager[None]:
        return nullcontext() if self.manages_transaction else tenant(self.workspace.id)


def _zone(user: User) -> AbstractContextManager[None]:
    """Times are shown in the zone somebody chose; without one in UTC, which the browser puts into its own."""
    return timezone.override(ZoneInfo(user.timezone)) if user.timezone else nullcontext()


def plain_user(user: Any) -> User:
    """The user behind `request.user`, which is a lazy wrapper."""
    found: User = getattr(user, "_wrapped", user)
    return found
