"""The pages of Ollama servers: what they hold, what they fetch, and taking models away again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.ai import selectors, services
from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.integrations.models import Credential
from apps.integrations.services import may_manage, may_use

SHOWN_PULLS = 5
TILES = [
    {"type": "AI_AGENT", "icon": "hard-drive"},
    {"type": "ACTION", "icon": "download"},
    {"type": "AI_AGENT", "icon": "bot"},
]


class Servers(WorkspacePage):
    """Every Ollama server; with script each is asked as the page opens, without by a click."""

    permission = Permission.CREDENTIAL_READ
    menu_under = "models"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        known = selectors.provider_credentials(self.workspace.id, self.actor)["ollama"]
        usable = [row for row in known if may_use(self.actor, row)]
        return self.render("ai/servers.html", {"servers": usable, "tab": "ollama", "tiles": TILES})


class _ServerPage(WorkspacePage):
    permission = Permission.CREDENTIAL_USE
    menu_under = "models"
    manages_transaction = True

    def back(self, server: UUID) -> HttpResponse:
        """To the server."""
        return redirect("ollama-server", self.workspace.slug, server)

    def say(self, refused: DomainError) -> None:
        """Show a refusal on the page it goes back to. Raises those of a 403 and a 404."""
        if refused.status in (403, 404):
            raise refused
        messages.error(self.request, f"{refused.message} {refused.hint or ''}".strip())


class ServerPage(_ServerPage):
    """One server. `?part=server` is its part of the list, `?part=pulls` what it fetches, which keeps itself current."""

    def get(self, request: HttpRequest, server: UUID) -> HttpResponse:
        """Ask it, and show what it said. While it fetches something, only that is looked at again."""
        part = request.GET.get("part", "")
        with tenant(self.workspace.id):
            context = self._pulls(services.server(self.workspace.id, self.actor, server))
        if part == "pulls" and context["is_live"]:
            return self._answer("ai/_pulls.html", context)
        look = services.server_look(workspace_id=self.workspace.id, actor=self.actor, credential_id=server)
        context |= {"look": look, "tab": "ollama"}
        response = self._answer("ai/_server.html" if part else "ai/server.html", context)
        if part == "pulls":  # what was fetched has ended, so the list of models is another one
            response["HX-Retarget"], response["HX-Reswap"] = f"#server-{server}", "outerHTML"
        return response

    def _pulls(self, row: Credential) -> dict[str, Any]:
        pulls = list(selectors.pulls(self.workspace.id, row.id)[:SHOWN_PULLS])
        return {
            "server": row,
            "pulls": pulls,
            "is_live": any(not pull.has_ended for pull in pulls),
            "may_change": may_manage(self.actor, row),
        }

    def _answer(self, template: str, context: dict[str, Any]) -> HttpResponse:
        with tenant(self.workspace.id):
            response = self.render(template, context)
        response["Cache-Control"] = "no-store"
        return response


class PullStart(_ServerPage):
    """Let the server fetch a model."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, server: UUID) -> HttpResponse:
        """Begin, and look at it."""
        model = request.POST.get("model", "")
        try:
            services.pull_start(workspace_id=self.workspace.id, actor=self.actor, credential_id=server, model=model)
        except DomainError as refused:
            self.say(refused)
        return self.back(server)


class PullCancel(_ServerPage):
    """Stop fetching."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, server: UUID, pull: UUID) -> HttpResponse:
        """Stop it, and look."""
        try:
            services.pull_cancel(workspace_id=self.workspace.id, actor=self.actor, credential_id=server, pull_id=pull)
        except DomainError as refused:
            self.say(refused)
        return self.back(server)


class ModelDelete(_ServerPage):
    """Take a model off the server's disk; the dialog before it has asked."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, server: UUID) -> HttpResponse:
        """Delete it, and look."""
        model = request.POST.get("model", "")
        try:
            services.model_delete(workspace_id=self.workspace.id, actor=self.actor, credential_id=server, model=model)
        except DomainError as refused:
            self.say(refused)
        else:
            messages.success(request, _("“%(model)s” is deleted.") % {"model": model})
        return self.back(server)
