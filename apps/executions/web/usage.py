"""Settings → Usage: what a workspace runs and keeps, and how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.axis import axis
from apps.core.clock import now
from apps.executions.retention.policy import KINDS, LONGEST_DAYS, Policy, policy_change, standard
from apps.executions.usage import Day, Usage, usage_of

STORED = {
    "rows": (gettext_lazy("Executions and their steps"), gettext_lazy("executions")),
    "payloads": (gettext_lazy("Large values"), gettext_lazy("values above 64 KB")),
    "artifacts": (gettext_lazy("Files"), gettext_lazy("files")),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One day as `executions/_chart_days.html` draws it."""

    label: str
    is_now: bool
    succeeded: int
    failed: int
    rest: int
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Thirty days, and an axis that holds them."""

    bars: tuple[Bar, ...]
    top: int
    ticks: tuple[int, ...]
    label: str


def chart_of(days: Sequence[Day]) -> Chart:
    """The last days as bars, today last."""
    bars = tuple(
        _bar(day, is_now=at == len(days) - 1, is_named=(len(days) - 1 - at) % 5 == 0) for at, day in enumerate(days)
    )
    ticks = axis(max((day.total for day in days), default=0))
    total = sum(day.total for day in days)
    label = _("Executions by day: %(total)d in %(days)d days.") % {"total": total, "days": len(days)}
    return Chart(bars, ticks[-1], ticks, label)


def _bar(day: Day, *, is_now: bool, is_named: bool) -> Bar:
    name = date_format(day.day, "j M")
    rest = day.tested + day.unfinished
    title = _("%(day)s: %(succeeded)d succeeded, %(failed)d failed, %(rest)d tests or unfinished") % {
        "day": name,
        "succeeded": day.succeeded,
        "failed": day.failed,
        "rest": rest,
    }
    label = _("Today") if is_now else name if is_named else ""
    return Bar(label, is_now, day.succeeded, day.failed, rest, title if day.total else "")


class PolicyForm(forms.Form):
    """How long each kind is kept. Empty: as the installation says."""

    success_days = forms.IntegerField(min_value=1, max_value=LONGEST_DAYS, required=False)
    failure_days = forms.IntegerField(min_value=1, max_value=LONGEST_DAYS, required=False)
    test_days = forms.IntegerField(min_value=1, max_value=LONGEST_DAYS, required=False)
    is_archived = forms.TypedChoiceField(
        label=gettext_lazy("Before it is deleted"),
        required=False,
        empty_value=None,
        coerce=lambda text: text == "yes",
        help_text=gettext_lazy("Archives are compressed JSON lines in the object storage of this installation."),
    )

    def __init__(self, data: Any = None, *, usual: Policy, **options: Any) -> None:
        super().__init__(data, **options)
        for name, kind in (("success_days", "succeeded"), ("failure_days", "failed"), ("test_days", "tested")):
            field = self.fields[name]
            field.label = _("%(kind)s, days") % {"kind": KINDS[kind]}
            field.widget.attrs["placeholder"] = str(usual.days(kind))
            field.help_text = _("Leave it empty for the usual %(days)d.") % {"days": usual.days(kind)}
        choice = self.fields["is_archived"]
        assert isinstance(choice, forms.TypedChoiceField)
        usually = _("archive it") if usual.is_archived else _("nothing")
        choice.choices = [
            ("", _("As this installation says: %(what)s") % {"what": usually}),
            ("yes", _("Archive it")),
            ("no", _("Nothing")),
        ]


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of the policy, and what it means for what is there."""

    name: str
    days: int
    kept: int
    soon: int
    first: date | None


class UsagePage(WorkspacePage):
    """Storage, executions by day, top workflows, and the policy. Owners change it here."""

    permission = Permission.EXECUTION_READ
    post_permission = Permission.WORKSPACE_MANAGE
    menu = MenuEntry(Menu.WORKSPACE, gettext_lazy("Usage"), icon="chart-column", order=70)
    may_lag = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        usage = self._usage()
        return self._page(usage, self._form(usage))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep another policy."""
        usage = self._usage()
        form = self._form(usage, request.POST)
        if not form.is_valid():
            return self._page(usage, form, status=422)
        policy_change(workspace_id=self.workspace.id, actor=self.actor, changes=form.cleaned_data, now=now())
        messages.success(request, _("Saved. It counts from now on."))
        return HttpResponseRedirect(request.path)

    def _usage(self) -> Usage:
        return usage_of(workspace_id=self.workspace.id, now=now())

    def _form(self, usage: Usage, data: Any = None) -> PolicyForm:
        archived = {None: "", True: "yes", False: "no"}[usage.own["is_archived"]]  # type: ignore[index]
        return PolicyForm(data, usual=standard(), initial=usage.own | {"is_archived": archived})

    def _page(self, usage: Usage, form: PolicyForm, *, status: int = 200) -> HttpResponse:
        started, failed = sum(day.total for day in usage.days), sum(day.failed for day in usage.days)
        lines = [Line(str(KINDS[one.kind]), one.days, one.kept, one.soon, one.first) for one in usage.next]
        context = {
            "usage": usage,
            "form": form,
            "chart": chart_of(usage.days),
            "storage": [(*STORED[kept.kind], kept) for kept in usage.storage],
            "largest": max((kept.size for kept in usage.storage), default=0) or 1,
            "started": started,
            "failed": failed,
            "lines": lines,
            "soon": sum(line.soon for line in lines),
            "oldest": min((line.first for line in lines if line.first), default=None),
        }
        return self.render("executions/usage.html", context, status=status)
