"""Settings: when the workspace works, when one is away."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import selectors as accounts
from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission, permissions_of_role
from apps.core import clock
from apps.core.errors import Invalid
from apps.hil import selectors, services
from apps.hil.errors import AbsenceUnknown
from apps.hil.web.forms import AbsenceForm, HoursForm


class WorkingHours(WorkspacePage):
    """When the workspace works: what deadlines in working hours count."""

    permission = Permission.WORKSPACE_MANAGE
    menu = MenuEntry(
        Menu.WORKSPACE,
        gettext_lazy("Working hours"),
        icon="calendar-clock",
        order=60,
        words=gettext_lazy("business hours deadline holidays time zone inbox questions"),
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        hours = selectors.hours_of(self.workspace.id)
        known = {
            "days": [str(day) for day in sorted(hours.days)],
            "opens": hours.opens,
            "closes": hours.closes,
            "zone": hours.zone,
            "holidays": "\n".join(day.isoformat() for day in sorted(hours.holidays)),
        }
        return self._page(HoursForm(initial=known))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep them."""
        form = HoursForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=422)
        given = form.cleaned_data
        try:
            services.hours_set(
                workspace_id=self.workspace.id,
                actor=self.actor,
                zone=given["zone"],
                days=[int(day) for day in given["days"]],
                opens=given["opens"],
                closes=given["closes"],
                holidays=given["holidays"],
            )
        except Invalid as refused:
            form.take(refused)
            return self._page(form, status=422)
        messages.success(request, _("Saved. They count for questions asked from now on."))
        return HttpResponseRedirect(reverse("working-hours", args=[self.workspace.slug]))

    def _page(self, form: HoursForm, *, status: int = 200) -> HttpResponse:
        return self.render("hil/working_hours.html", {"form": form}, status=status)


class _Own(WorkspacePage):
    permission = Permission.INTERACTION_ANSWER

    def back(self) -> HttpResponse:
        """To the page."""
        return HttpResponseRedirect(reverse("away", args=[self.workspace.slug]))


class Away(_Own):
    """When one is away, and who is asked instead."""

    menu = MenuEntry(
        Menu.YOU,
        gettext_lazy("Away"),
        icon="plane",
        order=30,
        words=gettext_lazy("out of office vacation holiday deputy delegate absence substitute"),
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """What is planned, and the form."""
        begins = timezone.localtime(clock.now()).replace(second=0, microsecond=0)
        known = {"from_at": begins, "until": begins.replace(hour=23, minute=59) + timedelta(days=6)}
        return self._page(AbsenceForm(self._people(), initial=known))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Be away."""
        form = AbsenceForm(self._people(), request.POST)
        if not form.is_valid():
            return self._page(form, status=422)
        given = form.cleaned_data
        try:
            services.absence_add(
                workspace_id=self.workspace.id,
                actor=self.actor,
                from_at=given["from_at"],
                until_at=given["until"],
                deputy_email=given["deputy"],
                note=given["note"],
                now=clock.now(),
            )
        except Invalid as refused:
            form.take(refused)
            return self._page(form, status=422)
        messages.success(request, _("Kept. It counts for questions asked from then on."))
        return self.back()

    def _people(self) -> list[tuple[str, str]]:
        return [
            (member.user.email, member.user.label)
            for member in accounts.members(self.workspace.id)
            if member.user_id != self.actor.id and Permission.INTERACTION_ANSWER in permissions_of_role(member.role)
        ]

    def _page(self, form: AbsenceForm, *, status: int = 200) -> HttpResponse:
        assert self.actor.id is not None
        now = clock.now()
        planned = selectors.absences_of(workspace_id=self.workspace.id, user_id=self.actor.id, now=now)
        return self.render("hil/away.html", {"form": form, "absences": planned, "now": now}, status=status)


class Back(_Own):
    """One is back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, absence: UUID) -> HttpResponse:
        """End an absence."""
        try:
            services.absence_end(workspace_id=self.workspace.id, actor=self.actor, absence_id=absence)
        except AbsenceUnknown as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("Ended. You are asked yourself again."))
        return self.back()
