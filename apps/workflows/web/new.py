"""The page where workflows begin: blank, from a starter, from a file or from what was copied."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.errors import DomainError, FieldError
from apps.workflows import selectors, services
from apps.workflows.starters import KINDS, starter, starters
from apps.workflows.transfer import Parcel
from apps.workflows.web.forms import NewForm
from apps.workflows.web.imported import keep_remarks


class WorkflowNew(WorkspacePage):
    """A new workflow: blank, from a starter, pasted, or from a file."""

    permission = Permission.WORKFLOW_CREATE
    active = "workflows"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The ways to begin; starters are filtered by the address."""
        return self._show(NewForm(initial={"name": _("Untitled workflow")}))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Create it and go there; an import with errors is kept as a draft that says what they are."""
        if request.POST.get("starter"):
            return self._start(request.POST["starter"])
        form = NewForm(request.POST, request.FILES)
        findings: tuple[FieldError, ...] = ()
        if form.is_valid():
            parcel: Parcel = form.cleaned_data["parcel"]
            try:
                workflow = services.workflow_create(
                    workspace_id=self.workspace.id,
                    actor=self.actor,
                    name=parcel.name,
                    description=parcel.description,
                    definition=parcel.definition,
                )
            except DomainError as refused:
                findings = refused.errors
                if not findings:
                    form.add_error(None, refused.message)
            else:
                if parcel.remarks:
                    keep_remarks(request, workflow, parcel)
                    return redirect("workflow-imported", workspace=self.workspace.slug, workflow=workflow.id)
                return redirect("workflow", workspace=self.workspace.slug, workflow=workflow.id)
        return self._show(form, findings, status=422)

    def _start(self, slug: str) -> HttpResponse:
        """A draft of a starter, open in the editor."""
        found = starter(slug)
        if found is None:
            return self._show(NewForm(), (FieldError(path="starter", message=_("There is no such starter.")),), 422)
        workflow = services.workflow_create(
            workspace_id=self.workspace.id,
            actor=self.actor,
            name=found.title,
            description=found.summary,
            definition=found.definition,
            tags=found.tags,
        )
        return redirect("workflow", workspace=self.workspace.slug, workflow=workflow.id)

    def _show(self, form: NewForm, refused: tuple[FieldError, ...] = (), status: int = 200) -> HttpResponse:
        kind, q = self.request.GET.get("kind", ""), self.request.GET.get("q", "").strip()[:100]
        kind = kind if kind in KINDS else ""
        is_ready = self.request.GET.get("ready") == "1"
        found = [each for each in starters() if each.fits(kind, q) and not (is_ready and each.needs)]
        context: dict[str, Any] = {
            "form": form,
            "refused": refused,
            "starters": [{"starter": each, "kind": kind_word(each.kind)} for each in found],
            "kinds": [("", _("All")), *((each, kind_word(each)) for each in KINDS)],
            "kind": kind,
            "is_ready": is_ready,
            "q": q,
        }
        return self.render("workflows/new.html", context, status=status)


class EditorTour(WorkspacePage):
    """To the tour of the editor, in the workflow that was edited last."""

    permission = Permission.WORKFLOW_READ

    def get(self, request: HttpRequest) -> HttpResponse:
        """There; without any workflow to the page where one begins."""
        last = selectors.workflow_list(self.workspace.id, sort="edited").only("id", "active_version").first()
        if last is None:
            return redirect("workflow-new", workspace=self.workspace.slug)
        url = reverse("workflow", kwargs={"workspace": self.workspace.slug, "workflow": last.id})
        return redirect(f"{url}?tour=1")


def kind_word(kind: str) -> str:
    """What starters of a kind are about, as people read it."""
    words = {
        "people": _("With people"),
        "apis": _("Between systems"),
        "reports": _("Reports"),
        "data": _("Data"),
        "events": _("Events"),
        "monitoring": _("Watching"),
    }
    return words[kind]
