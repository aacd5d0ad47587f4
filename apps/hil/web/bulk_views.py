"""Several questions answered at once, and how fast people answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.access.permissions import Permission
from apps.core import clock
from apps.core.errors import DomainError, Invalid, NotFound
from apps.hil import exports, selectors, services
from apps.hil.models import Via
from apps.hil.services import Answerer
from apps.hil.web import times
from apps.hil.web.rows import Item, item_of
from apps.hil.web.views import InboxPage

MOST_AT_ONCE = 100
SOON = timedelta(hours=4)


class Bulk(InboxPage):
    """What can be approved or rejected together, as the authors of the workflows allow."""

    permission = Permission.INTERACTION_ANSWER

    def get(self, request: HttpRequest) -> HttpResponse:
        """The questions, each with a box."""
        return self.render("hil/bulk.html", self._context())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer those that are ticked, each by itself: one that is refused does not keep the others."""
        outcome, comment = request.POST.get("outcome", ""), request.POST.get("comment", "")
        done, refused = 0, ""
        ids = [found for text in request.POST.getlist("question")[:MOST_AT_ONCE] if (found := _uuid(text))]
        for row in selectors.bulk_of(workspace_id=self.workspace.id, ids=ids):
            try:
                services.interaction_answer(
                    workspace_id=self.workspace.id,
                    interaction_id=row.id,
                    answerer=Answerer.of(self.actor, Via.APP),
                    outcome=outcome,
                    comment=comment,
                    now=clock.now(),
                )
                done += 1
            except DomainError as error:
                refused = error.message
        if done:
            messages.success(
                request, ngettext("One question answered.", "%(n)s questions answered.", done) % {"n": done}
            )
        if refused:
            messages.error(request, refused)
        elif not done:
            messages.error(request, _("Tick the questions you mean."))
        return HttpResponseRedirect(f"{self.base_url}bulk/")

    def _context(self) -> dict[str, Any]:
        assert self.actor.id is not None
        rows = selectors.inbox_bulk(workspace_id=self.workspace.id, user_id=self.actor.id)[: MOST_AT_ONCE + 1]
        items: list[Item] = [item_of(row, self.base_url, clock.now()) for row in rows]
        return {"items": items[:MOST_AT_ONCE], "has_more": len(items) > MOST_AT_ONCE, "inbox_url": self.base_url}


class ResponseTimes(InboxPage):
    """How fast people answer, and what is late."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Thirty days in one chart and two tables, and the questions that are overdue or nearly so."""
        now = clock.now()
        today = timezone.localdate(now)
        since = timezone.make_aware(datetime.combine(today - timedelta(days=times.DAYS - 1), datetime.min.time()))
        of_it: Any = {"workspace_id": self.workspace.id, "since": since}
        every = selectors.times_of_all(**of_it)
        days = selectors.times_by_day(**of_it, zone=timezone.get_current_timezone_name())
        late = selectors.overdue(workspace_id=self.workspace.id, now=now, within=SOON)
        context = {
            "inbox_url": self.base_url,
            "every": every,
            "median": times.words(every.median),
            "slow": times.words(every.slow),
            "chart": times.chart(days, today),
            "people": times.lines(selectors.times_by_person(**of_it)),
            "workflows": times.lines(selectors.times_by_workflow(**of_it)),
            "late": [item_of(row, self.base_url, now) for row in late[:20]],
            "days": times.DAYS,
        }
        return self.render("hil/times.html", context)


class Record(InboxPage):
    """Decisions as a file."""

    permission = Permission.AUDIT_READ

    def get(self, request: HttpRequest, form: str) -> HttpResponse:
        """The latest 10,000 questions that were closed, by day where `since` and `until` say so."""
        if form not in ("csv", "json"):
            raise NotFound("Decisions come as csv or json.")
        rows = selectors.decisions(
            workspace_id=self.workspace.id, since=_day(request, "since"), until=_day(request, "until")
        )[: exports.MOST]
        text = exports.as_csv(rows) if form == "csv" else exports.as_json(rows)
        kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
        response = HttpResponse(text, content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="decisions-{self.workspace.slug}.{form}"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "no-store"
        return response


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(request: HttpRequest, name: str) -> datetime | None:
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise Invalid(f"{name} is no day; write it as 2026-01-31.")
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
