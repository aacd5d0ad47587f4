"""The page an invitation's link leads to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from apps.accounts import selectors, services
from apps.accounts.access import resolve
from apps.accounts.access.pages import plain_user
from apps.accounts.errors import AccountExists, InvitationGone
from apps.accounts.models import Invitation
from apps.accounts.web.forms import JoinForm
from apps.core.errors import Invalid


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class Join(View):
    """`/join/<token>/`: looking changes nothing (scanners open links); a button accepts or declines, once.

    Somebody without an account makes one here, though registration may be closed. Somebody who has one signs in as
    themselves first: the link alone never opens it, since whoever invited may know the link.
    """

    @method_decorator(sensitive_variables("token"))
    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Who invites whom, and what can be done about it."""
        try:
            invitation = services.invitation_find(token=token)
        except InvitationGone as gone:
            return self._gone(request, gone)
        return self._page(request, token, invitation, JoinForm())

    @method_decorator(sensitive_variables("token"))
    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Accept, decline, or sign out to come back as somebody else."""
        try:
            invitation = services.invitation_find(token=token)
            answer = request.POST.get("answer")
            if answer == "decline":
                services.invitation_decline(token=token)
                return _private(render(request, "accounts/join_declined.html", {"invitation": invitation}))
            if answer == "sign-out":
                logout(request)
                return _private(HttpResponseRedirect(request.path))
            if request.user.is_authenticated:
                return self._accept(request, token, invitation)
            return self._accept_new(request, token, invitation)
        except InvitationGone as gone:
            return self._gone(request, gone)

    def _accept(self, request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
        user = plain_user(request.user)
        # The page says in its form whom it was shown to: two tabs, two people, and the wrong one would have joined.
        if request.POST.get("as") != str(user.pk):
            return self._page(request, token, invitation, JoinForm(), status=409)
        services.invitation_accept(token=token, user=user)
        return self._enter(request, invitation)

    def _accept_new(self, request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
        form = JoinForm(request.POST)
        if not form.is_valid():
            return self._page(request, token, invitation, form, status=422)
        try:
            membership = services.invitation_accept_new(token=token, **form.cleaned_data)
        except AccountExists:
            return self._page(request, token, invitation, JoinForm(), status=409)
        except Invalid as error:
            form.add_error("password", error.message)
            return self._page(request, token, invitation, form, status=422)
        login(request, membership.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return self._enter(request, invitation)

    def _enter(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        request.session[resolve.LAST_WORKSPACE] = invitation.workspace.slug
        return _private(HttpResponseRedirect(f"/w/{invitation.workspace.slug}/"))

    def _page(
        self, request: HttpRequest, token: str, invitation: Invitation, form: JoinForm, *, status: int = 200
    ) -> HttpResponse:
        here = reverse("join", args=[token])
        context: dict[str, Any] = {
            "invitation": invitation,
            "form": form,
            "sign_in_url": f"{reverse('account_login')}?{urlencode({'next': here})}",
            "has_account": selectors.has_account(invitation.email),
            "is_other": request.user.is_authenticated and plain_user(request.user).email != invitation.email,
        }
        return _private(render(request, "accounts/join.html", context, status=status))

    def _gone(self, request: HttpRequest, gone: InvitationGone) -> HttpResponse:
        return _private(render(request, "accounts/link_spent.html", {"error": gone}, status=404))


def _private(response: HttpResponse) -> HttpResponse:
    # As with sign-in links: the site's Referrer-Policy keeps the token inside, and no search engine keeps the page.
    response["X-Robots-Tag"] = "noindex"
    return response
