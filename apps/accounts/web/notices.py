"""The bell, and the page of what somebody was told."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts import selectors, services
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.accounts.models import Notice
from apps.accounts.notices import KINDS
from apps.core.clock import now
from apps.core.errors import NotFound

PAGE_SIZE = 30
MOST_TOASTS = 3


class _NoticePage(WorkspacePage):
    permission = Permission.WORKFLOW_READ
    active = "notifications"

    @property
    def person(self) -> UUID:
        """Whose notices these are."""
        assert self.actor.id is not None
        return self.actor.id

    def back(self) -> HttpResponse:
        """To the list as it was filtered, or to the part of it that htmx asked for."""
        query = self.request.POST.get("query", "")
        address = reverse("notifications", args=[self.workspace.slug])
        return redirect(f"{address}?{query}" if query else address)


class Notifications(_NoticePage):
    """What somebody was told in this workspace: what they have not read, or everything."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list."""
        show, kind = request.GET.get("show", ""), request.GET.get("kind", "")
        show, kind = show if show == "all" else "", kind if kind in KINDS else ""
        found = selectors.notices(self.workspace.id, self.person, is_unread=show != "all", kind=kind)
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        context = {
            "page": page,
            "rows": [(notice, KINDS[notice.kind].icon if notice.kind in KINDS else "bell") for notice in page],
            "show": show,
            "kind": kind,
            "kinds": list(KINDS.values()),
            "has_unread": (show != "all" and bool(page.paginator.count)) or self._has_unread(),
            "query": urlencode({name: value for name, value in (("show", show), ("kind", kind)) if value}),
        }
        return self.render("accounts/notifications.html", context)

    def _has_unread(self) -> bool:
        return selectors.notices(self.workspace.id, self.person, is_unread=True).exists()


class NotificationOpen(_NoticePage):
    """Where a notice leads; whoever goes there has read it."""

    def get(self, request: HttpRequest, notice: UUID) -> HttpResponse:
        """Note it, and go there."""
        found = selectors.notice(self.workspace.id, self.person, notice)
        if found is None:
            raise NotFound
        services.notice_read(workspace_id=self.workspace.id, user_id=self.person, ids=[found.id], now=now())
        return redirect(found.target)


class NotificationsRead(_NoticePage):
    """The buttons that note notices as read: one, or all."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Note it, and go back to the list."""
        one = _uuid(request.POST.get("notice", ""))
        ids = [one] if one else None
        count = services.notice_read(workspace_id=self.workspace.id, user_id=self.person, ids=ids, now=now())
        if ids is None and count:
            messages.success(request, ngettext("%d notice is read.", "%d notices are read.", count) % count)
        return self.back()


class Bell(_NoticePage):
    """The bell of the sidebar. It asks again by itself, and shows what has come since as toasts."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The bell; 204 while nothing has changed. `since` is when the newest notice known to the page grew."""
        known, known_count = _moment(request.GET.get("since", "")), request.GET.get("count", "")
        count, last = selectors.unread_notices(self.workspace.id, self.person)
        if str(count) == known_count and (last is None or last == known):
            return _uncached(HttpResponse(status=204))
        query = urlencode({"count": count, "since": last.isoformat() if last else ""})
        address = reverse("notifications-bell", args=[self.workspace.slug])
        response = self.render("components/bell.html", {"unread": count, "bell_url": f"{address}?{query}"})
        # A page that has just been opened tells nothing: what is there was there before.
        if known_count and last is not None and (known is None or last > known):
            response["HX-Trigger"] = json.dumps({"toasts": self._toasts(known)})
        return _uncached(response)

    def _toasts(self, known: datetime | None) -> list[dict[str, Any]]:
        rows = selectors.notices(self.workspace.id, self.person, is_unread=True)
        if known is not None:
            rows = rows.filter(last_at__gt=known)
        fresh = list(rows[: MOST_TOASTS + 1])
        if len(fresh) > MOST_TOASTS:
            everything = reverse("notifications", args=[self.workspace.slug])
            return [{"tone": "info", "text": _("There are several new notifications"), "url": everything}]
        return [self._toast(notice) for notice in reversed(fresh)]

    def _toast(self, notice: Notice) -> dict[str, Any]:
        url = reverse("notification", args=[self.workspace.slug, notice.id])
        # It fades like any other: it stays in the list, where an error of what somebody just did would be lost.
        tone = "warning" if notice.tone == "error" else notice.tone
        return {"tone": tone, "text": notice.words, "detail": notice.detail[:160], "url": url}


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
