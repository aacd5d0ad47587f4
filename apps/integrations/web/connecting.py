"""Connecting a credential by OAuth 2: to the provider, and back from there. Plain redirects, no script."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from apps.accounts import selectors
from apps.accounts.access.pages import WorkspacePage, plain_user
from apps.accounts.access.permissions import Permission
from apps.accounts.access.resolve import member_actor
from apps.core.errors import DomainError
from apps.integrations.oauth import connecting as flow
from apps.integrations.oauth.errors import ConnectRefused, NotConnectable, TokenAway, TokenRefused
from apps.integrations.oauth.grants import page_of

_SESSION = "oauth_session"
_LONGEST = 8_000


class Connect(WorkspacePage):
    """`integrations/<id>/connect/`: the button. Leads to the provider by a page of ours.

    A form may not end elsewhere (`form-action 'self'`), so this page sends the person on.
    """

    permission = Permission.CREDENTIAL_READ
    manages_transaction = True
    active = "integrations"
    menu_under = "credentials"

    def post(self, request: HttpRequest, connection: UUID) -> HttpResponse:
        """Note who goes, and send them."""
        try:
            start = flow.connect_start(
                workspace_id=self.workspace.id,
                credential_id=connection,
                actor=self.actor,
                session=session_secret(request),
            )
        except (NotConnectable, TokenRefused, TokenAway) as refused:
            messages.error(request, f"{refused.message} {refused.hint}".strip())
            return redirect(page_of(self.workspace.slug, connection))
        if not start.url:
            messages.success(request, _("Connected."))
            return redirect(page_of(self.workspace.slug, connection))
        return _unseen(render(request, "integrations/connecting.html", {"start": start}))


class Disconnect(WorkspacePage):
    """`integrations/<id>/disconnect/`: the button that gives the tokens back."""

    permission = Permission.CREDENTIAL_READ
    manages_transaction = True
    active = "integrations"
    menu_under = "credentials"

    def post(self, request: HttpRequest, connection: UUID) -> HttpResponse:
        """Forget the tokens here, and ask the provider to."""
        is_revoked = flow.disconnect(workspace_id=self.workspace.id, credential_id=connection, actor=self.actor)
        if is_revoked:
            messages.success(request, _("Disconnected, there and here."))
        else:
            messages.success(request, _("Disconnected here. The provider was not told, or did not listen."))
        return redirect(page_of(self.workspace.slug, connection))


@method_decorator([never_cache, sensitive_variables()], name="dispatch")
class Callback(View):
    """`/integrations/oauth/callback`: where providers send people back to.

    Leads to the credential's page and nowhere else, whatever the address says.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """Take the answer, if it is one to a question of this person in this browser."""
        user = request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        answer = {name: request.GET.get(name, "")[:_LONGEST] for name in ("code", "error", "error_description", "iss")}
        try:
            place = flow.place_of(request.GET.get("state", "")[:_LONGEST])
            home = next((each for each in selectors.homes_of(user.pk) if each.workspace.id == place.workspace_id), None)
            if home is None:
                raise ConnectRefused("This is no answer to anything that was asked from here.")
            actor = member_actor(plain_user(user), home.role)
            taken = flow.connect_take(place=place, actor=actor, session=session_secret(request))
        except DomainError as refused:
            context: dict[str, Any] = {
                "status": refused.status,
                "title": _("Not connected"),
                "message": refused.message,
                "hint": refused.hint,
            }
            return _unseen(render(request, "errors/refused.html", context, status=refused.status))
        try:
            credential = flow.connect_finish(taken=taken, actor=actor, answer=answer)
            messages.success(request, credential.test_message)
        except DomainError as refused:
            messages.error(request, f"{refused.message} {refused.hint}".strip())
        return _unseen(redirect(page_of(home.workspace.slug, taken.credential_id)))


def session_secret(request: HttpRequest) -> str:
    """What only this browser session knows: an answer of the provider counts in the session that asked."""
    found = request.session.get(_SESSION)
    if not isinstance(found, str):
        found = request.session[_SESSION] = secrets.token_urlsafe(32)
    return found


def _unseen(response: HttpResponse) -> HttpResponse:
    """Addresses with codes and states in them are told to nobody."""
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
