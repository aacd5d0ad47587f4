"""The ways out to Google, GitHub, Microsoft and OpenID Connect, and back."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast
from urllib.parse import urlsplit

from allauth.socialaccount.providers.openid_connect import views as oidc
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from apps.core.api.middleware import Passing
from apps.core.egress.sessions import Failed
from apps.core.errors import Unavailable
from apps.core.threads import in_request_thread


class ProviderAway(Unavailable):
    """The sign-in provider cannot be reached, or does not answer as it should."""

    code = "accounts.provider_away"
    default_hint = "Try again in a minute, or sign in another way. Operators: the log says what it answered."


class OutwardRedirects(Passing):
    """Turns the redirect of a sign-in form to a provider into a page that goes on there by itself.

    A form may only lead to this very site (Content-Security-Policy `form-action`), and browsers count redirects in;
    which hosts a provider itself redirects to nobody can list.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        answered = self.get_response(request)
        if request.method != "POST" or not request.path.startswith("/accounts/"):
            return answered
        return self._later(request, answered) if isinstance(answered, Awaitable) else _onward(request, answered)

    async def _later(self, request: HttpRequest, answered: Awaitable[HttpResponseBase]) -> HttpResponseBase:
        response = await answered
        return await in_request_thread(_onward)(request, response) if _leads_out(request, response) else response


def _leads_out(request: HttpRequest, response: HttpResponseBase) -> bool:
    target = urlsplit(response.headers.get("Location", ""))
    return response.status_code == 302 and target.scheme in ("http", "https") and target.netloc != request.get_host()


def _onward(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not _leads_out(request, response):
        return response
    page = render(request, "socialaccount/onward.html", {"target": response.headers["Location"]})
    page.cookies = response.cookies
    page.headers["Cache-Control"] = "no-store"
    return page


def oidc_login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """`/accounts/oidc/<id>/login/`. Raises `ProviderAway`, where the package would fail."""
    try:
        return cast(HttpResponseBase, oidc.login(request, provider_id))
    except Failed as failed:
        raise ProviderAway from failed


def oidc_callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """`/accounts/oidc/<id>/login/callback/`. Raises `ProviderAway`, where the package would fail."""
    try:
        return cast(HttpResponseBase, oidc.callback(request, provider_id))
    except Failed as failed:
        raise ProviderAway from failed
