"""The limits of strangers: how often one address may try to sign in, open links from mails, or ask without a key."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.accounts.access.limits import spend_by_stranger
from apps.core.api.errors import answer
from apps.core.api.middleware import Next
from apps.core.ratelimit import Standing, TooMany, headers
from apps.core.threads import in_request_thread

_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
RULES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("/accounts/", ("POST",), "sign-in"),
    ("/enter/", ("POST",), "sign-in"),
    ("/api/v1/auth/", _ANY, "sign-in"),
    ("/i/", _ANY, "link"),
    ("/api/v1/schema", _ANY, "anonymous"),
    ("/api/v1/public/", _ANY, "anonymous"),
)
"""Addresses, methods, and the limit that counts them. The API of workspaces counts by who asks, in its base class."""
EXEMPT = ("/api/v1/public/health",)
"""Probes ask every few seconds, from one address, and must not be turned away."""


def rule_of(method: str | None, path: str) -> str | None:
    """The limit that counts such a request by where it comes from, if one does."""
    if path.startswith(EXEMPT):
        return None
    return next((name for start, methods, name in RULES if path.startswith(start) and method in methods), None)


class StrangerLimits:
    """Counts what `RULES` name, and refuses with 429 what is too much. Other requests pass untouched."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        name = rule_of(request.method, request.path_info)
        if name is None:
            return self.get_response(request)
        if iscoroutinefunction(self.get_response):
            return self._later(request, name)
        try:
            standings = spend_by_stranger(name)
        except TooMany as refused:
            return answer(request, refused)
        return _said(cast(HttpResponseBase, self.get_response(request)), standings)

    async def _later(self, request: HttpRequest, name: str) -> HttpResponseBase:
        try:
            standings = await in_request_thread(spend_by_stranger)(name)
        except TooMany as refused:
            return answer(request, refused)
        return _said(await cast(Awaitable[HttpResponseBase], self.get_response(request)), standings)


def _said(response: HttpResponseBase, standings: list[Standing]) -> HttpResponseBase:
    for header, value in headers(standings).items():
        response.headers.setdefault(header, value)
    return response
