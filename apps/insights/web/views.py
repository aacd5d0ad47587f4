"""The first page of a workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core import clock
from apps.core.zones import zone_of
from apps.insights import hours, selectors


class Home(WorkspacePage):
    """How the workspace is doing: figures, the day by hour, what waits, what failed, what runs.

    A workspace without any execution yet sees its first steps instead. `?part=live` gives the part that changes, which
    the page asks for again by itself. Today is the reader's day, as soon as the browser has said its zone.
    """

    permission = Permission.EXECUTION_READ
    active = "home"
    menu = MenuEntry(Menu.MAIN, gettext_lazy("Home"), icon="house", order=10, keys="g h")
    may_lag = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, or its live part."""
        now = clock.now().astimezone(zone_of(request))
        is_part = request.GET.get("part") == "live"
        context = {"now": now, "today": date_format(now, "l, j F"), **self._context(now)}
        response = self.render("insights/_home.html" if is_part else "insights/home.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def _context(self, now: datetime) -> dict[str, Any]:
        workspace_id = self.workspace.id
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        day = selectors.day(workspace_id, now=now)
        steps = None if day.hours else selectors.first_steps(workspace_id)
        if steps is not None and not steps.has_execution:
            return {"steps": steps}
        questions = selectors.questions(workspace_id)
        failures = selectors.failures(workspace_id, since=midnight)
        live = selectors.running(workspace_id)
        shares = selectors.busiest(workspace_id, since=midnight)
        other = day.today.total - sum(share.count for share in shares)
        return {
            "steps": None,
            "day": day,
            "rate": day.success_rate,
            "more_than_yesterday": day.today.total - day.by_now_yesterday,
            "less_than_yesterday": day.by_now_yesterday - day.today.total,
            "chart": hours.chart(day.hours, now=now),
            "questions": questions,
            "failures": failures[: selectors.ROWS],
            "cause_count": len(failures),
            "live": live[: selectors.ROWS],
            "has_more_live": len(live) > selectors.ROWS,
            "shares": shares,
            "other_count": other,
            "most": max((share.count for share in shares), default=0),
        }
