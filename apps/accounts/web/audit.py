"""The audit log of a workspace."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import chain, selectors
from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.accounts.audit_log import FILTERS, Wanted, wanted_of
from apps.accounts.models import AuditEvent
from apps.core.errors import Invalid
from apps.core.paging import Bounded
from apps.core.zones import zone_of

PAGE_SIZE = 50
ICONS = {
    "session": "log-in",
    "factor": "shield-check",
    "recovery_codes": "shield-check",
    "password": "key-round",
    "address": "at-sign",
    "sign_in": "link",
    "api_key": "key-round",
    "member": "users",
    "invitation": "users",
    "workflow": "workflow",
    "execution": "list-tree",
    "interaction": "inbox",
    "credential": "lock-keyhole",
    "workspace": "settings",
    "audit": "scroll-text",
}
VIA = {
    "session": gettext_lazy("in the browser"),
    "jwt": gettext_lazy("by access token"),
    "api_key": gettext_lazy("by API key"),
    "link": gettext_lazy("by link"),
}


class AuditLog(WorkspacePage):
    """Who did what to what, from where: filters and order stand in the address."""

    permission = Permission.AUDIT_READ
    menu = MenuEntry(
        Menu.SECURITY, gettext_lazy("Audit log"), icon="scroll-text", order=90, words=gettext_lazy("history export")
    )
    may_lag = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of it."""
        error = ""
        try:
            wanted = wanted_of(request.GET.dict(), zone=zone_of(request))
        except Invalid as wrong:
            wanted, error = Wanted(), wrong.errors[0].message
        is_oldest_first = request.GET.get("sort") == "oldest"
        found = wanted.within(selectors.audit_events(self.workspace.id)).select_related("link")
        found = found.order_by("id" if is_oldest_first else "-id")
        page = Bounded(found, PAGE_SIZE).get_page(request.GET.get("page"))
        given = {name: request.GET.get(name, "") for name in FILTERS}
        context = {
            "page": page,
            "rows": [_row(event) for event in page],
            "given": given,
            "error": error,
            "is_filtered": any(given.values()),
            "is_oldest_first": is_oldest_first,
            "actions": [(action, _words(action)) for action in selectors.audit_actions(self.workspace.id)],
            "verdict": chain.verify(self.workspace.id) if "verify" in request.GET else None,
        }
        return self.render("accounts/audit.html", context)


def _row(event: AuditEvent) -> dict[str, Any]:
    noun = event.action.partition(".")[0]
    return {
        "event": event,
        "icon": ICONS.get(noun, "circle-dot"),
        "what": _words(event.action),
        "via": VIA.get(event.via, ""),
        "details": sorted(
            (name.replace("_", " "), _said(value))
            for name, value in event.data.items()
            if value not in ("", None, [], {}) and not name.endswith("_id")
        ),
        "seq": event.link.seq if hasattr(event, "link") else None,
    }


def _words(action: str) -> str:
    """`api_key.created` as people read it: "API key created"."""
    words = action.replace("_", " ").replace(".", " ")
    return f"API{words[3:]}" if words.startswith("api ") else words.capitalize()


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_said(each)}" for name, each in value.items())
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return str(value)
