"""The page of limits: how much the workspace may have at once, and which systems are left alone for a while."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.executions import circuits, quotas
from apps.executions.quotas import QuotaTooLarge

AT_MOST = 100


class LimitsForm(forms.Form):
    """What the owner wishes."""

    max_concurrent = forms.IntegerField(
        label=gettext_lazy("Executions that run at once"), required=False, min_value=1, max_value=quotas.MOST
    )
    queue_depth = forms.IntegerField(
        label=gettext_lazy("Executions that wait in line"), required=False, min_value=1, max_value=quotas.MOST
    )


class LimitsPage(WorkspacePage):
    """Everybody may look; the owner may change the limits."""

    permission = Permission.WORKFLOW_READ
    post_permission = Permission.WORKSPACE_MANAGE
    menu = MenuEntry(Menu.WORKSPACE, gettext_lazy("Limits"), icon="gauge", order=60)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The limits with what is used of them, and the systems that failed lately."""
        known = quotas.quota_get(self.workspace.id)
        initial = {"max_concurrent": known.max_concurrent.own, "queue_depth": known.queue_depth.own}
        return self._page(LimitsForm(initial=initial), known)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep what the owner wishes."""
        form = LimitsForm(request.POST)
        if form.is_valid():
            try:
                quotas.quota_set(workspace_id=self.workspace.id, actor=self.actor, **form.cleaned_data)
            except QuotaTooLarge as refused:
                for error in refused.errors:
                    form.add_error(error.path, f"{error.message} {refused.hint}")
            else:
                messages.success(request, _("Saved."))
                return redirect("limits", workspace=self.workspace.slug)
        return self._page(form, quotas.quota_get(self.workspace.id), status=422)

    def _page(self, form: LimitsForm, known: quotas.Limits, *, status: int = 200) -> HttpResponse:
        context: dict[str, Any] = {
            "form": form,
            "limits": [
                (_("Running now"), known.max_concurrent, form["max_concurrent"]),
                (_("Waiting in line"), known.queue_depth, form["queue_depth"]),
            ],
            "circuits": circuits.circuit_list(self.workspace.id)[:AT_MOST],
        }
        return self.render("executions/limits.html", context, status=status)


class CircuitReset(WorkspacePage):
    """The button that lets a system be called again at once."""

    permission = Permission.WORKFLOW_EXECUTE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, circuit: UUID) -> HttpResponse:
        """Reset, and go back."""
        row = circuits.circuit_reset(workspace_id=self.workspace.id, circuit_id=circuit, actor=self.actor)
        messages.success(request, _("%(target)s is called again.") % {"target": row.target})
        return redirect("limits", workspace=self.workspace.slug)
