"""The doors of the product, and the pages of keys. Pages of people stand beside, by noun."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.account.views import EmailView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from apps.accounts import selectors, services
from apps.accounts.access import resolve
from apps.accounts.access.menu import Menu, MenuEntry, navigation
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.accounts.errors import LinkSpent
from apps.accounts.models import ApiKey
from apps.accounts.web.adapter import NoMail
from apps.accounts.web.forms import KeyForm
from apps.core.clock import now
from apps.core.errors import DomainError, NotFound


class Start(View):
    """`/`: on to the workspace last looked at, or to the sign-in page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect."""
        if not request.user.is_authenticated:
            return redirect("account_login")
        homes = selectors.homes_of(request.user.pk)
        if not homes:
            return redirect("workspace-create")
        last = request.session.get(resolve.LAST_WORKSPACE)
        slugs = [home.workspace.slug for home in homes]
        return HttpResponseRedirect(f"/w/{last if last in slugs else slugs[0]}/")


@method_decorator([never_cache], name="dispatch")
class Enter(View):
    """`/enter/<token>/`: looking changes nothing (scanners open links); the button signs in, once."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """The page with the button, or why the link no longer works."""
        hash_ = services.token_hash(token)
        workspace_id = selectors.sign_in_link_workspace(hash_)
        if workspace_id is None:
            return self._spent(request)
        return _private(render(request, "accounts/enter.html", {"token": token}))

    @method_decorator(sensitive_variables("token"))
    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Spend the link and sign in."""
        try:
            link = services.sign_in_link_use(token=token)
        except LinkSpent:
            return self._spent(request)
        # By the package's way in: a second factor is asked for here, too.
        home = f"/w/{link.workspace.slug}/"
        response = perform_login(request, Login(user=link.user, email_verification="none", redirect_url=home))
        if request.user.is_authenticated:
            request.session[resolve.LAST_WORKSPACE] = link.workspace.slug
        return _private(response)

    def _spent(self, request: HttpRequest) -> HttpResponse:
        return _private(render(request, "accounts/link_spent.html", {"error": LinkSpent()}, status=404))


def _private(response: HttpResponse) -> HttpResponse:
    # The site's Referrer-Policy (same-origin) keeps the token inside; a stricter one would make browsers send
    # `Origin: null` with the form, which the CSRF check must refuse.
    response["X-Robots-Tag"] = "noindex"
    return response


class Addresses(EmailView):  # type: ignore[misc]
    """`/accounts/email/`: the package's page. A new address counts only once a mail has proved whose it is.

    The package lets people without a proven address take any: they would stand in the record as somebody else, and be
    made a member where that person is meant.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add, remove, or make an address the main one. Raises `NoMail` where nothing can be proved."""
        if "action_add" in request.POST and not settings.HAS_MAIL:
            raise NoMail
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def _action_primary(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        address = self._get_email_address(request)
        if address is not None and not address.verified:
            messages.error(
                request, _("Confirm %(email)s first: a mail with a link is there.") % {"email": address.email}
            )
            return None
        response: HttpResponse | None = super()._action_primary(request, *args, **kwargs)
        return response


class Settings(WorkspacePage):
    """`settings/`: on to the first of the settings somebody may see."""

    permission = Permission.WORKFLOW_READ
    active = "settings"
    menu = MenuEntry(Menu.MAIN, gettext_lazy("Settings"), icon="settings", order=90, keys="g s")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect."""
        found = navigation(self.workspace.slug, self.actor, active=self.active, here="")
        return HttpResponseRedirect(found.settings[0].links[0].url)


class Keys(WorkspacePage):
    """API keys: the list, and a form; a new key is shown once, on the answer to the form."""

    permission = Permission.KEY_MANAGE
    menu = MenuEntry(Menu.CONNECTIONS, gettext_lazy("API keys"), icon="key-round", order=20)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list and the form."""
        return self._page(self._form())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a key and show it."""
        form = self._form(request.POST)
        if not form.is_valid():
            return self._page(form, status=422)
        life = form.life
        try:
            created = services.api_key_create(
                workspace=self.workspace,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"] or None,
                expires_at=now() + life if life else None,
                actor=self.actor,
            )
        except DomainError as error:
            form.add_error(None, f"{error.message} {error.hint}".strip())
            return self._page(form, status=422)
        response = self._page(self._form(), fresh=created.key, secret=created.secret, status=201)
        response["Cache-Control"] = "no-store"
        return _private(response)

    def _form(self, data: Any = None) -> KeyForm:
        return KeyForm(data, allowed=frozenset(str(permission) for permission in self.actor.permissions))

    def _page(self, form: KeyForm, *, fresh: ApiKey | None = None, secret: str = "", status: int = 200) -> HttpResponse:
        at = now()
        keys = [(key, key.is_usable(at)) for key in selectors.api_keys(self.workspace.id)[:200]]
        context = {"keys": keys, "form": form, "fresh": fresh, "secret": secret, "base_url": settings.BASE_URL}
        return self.render("accounts/keys.html", context, status=status)


class KeyRevoke(WorkspacePage):
    """End a key."""

    permission = Permission.KEY_MANAGE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """End it."""
        found = selectors.api_keys(self.workspace.id).filter(id=key).first()
        if found is None:
            raise NotFound
        services.api_key_revoke(workspace=self.workspace, key=found, actor=self.actor)
        messages.success(request, _("The key %(name)s is revoked.") % {"name": found.name})
        return HttpResponseRedirect(f"/w/{self.workspace.slug}/settings/keys/")
