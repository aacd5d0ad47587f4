"""The page of what workflows keep under keys."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.executions import values

PAGE_SIZE = 50
LONGEST_SHOWN = 120


class ValueList(WorkspacePage):
    """The keys of the workspace, the newest first, found by how they begin."""

    permission = Permission.EXECUTION_READ
    menu = MenuEntry(Menu.WORKSPACE, gettext_lazy("Values"), icon="database", order=50)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        q = request.GET.get("q", "").strip()[: values.MAX_KEY].replace("\0", "")
        found = values.value_list(self.workspace.id, prefix=q)
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        rows = [(row, *_shown(row.value)) for row in page]
        return self.render("executions/values.html", {"page": page, "rows": rows, "q": q})


def _shown(value: object) -> tuple[str, bool]:
    text = json.dumps(value, ensure_ascii=False)
    return (text, False) if len(text) <= LONGEST_SHOWN else (f"{text[:LONGEST_SHOWN]}…", True)


class ValueDelete(WorkspacePage):
    """The button that takes a key away."""

    permission = Permission.WORKFLOW_UPDATE
    active = "settings"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, value: UUID) -> HttpResponse:
        """Take it away, and go back to the list."""
        values.value_delete(workspace_id=self.workspace.id, value_id=value, actor=self.actor)
        messages.success(request, _("Deleted."))
        return redirect("values", workspace=self.workspace.slug)
