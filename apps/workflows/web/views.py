"""The pages where workflows are listed, looked at, edited and switched on."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.accounts.access import objects
from apps.accounts.access.objects import Kind
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.errors import DomainError, FieldError
from apps.nodes.registry import catalogue
from apps.workflows import selectors, services
from apps.workflows.credential_checks import with_names
from apps.workflows.errors import DraftConflict
from apps.workflows.graph import draft_of, errors_in
from apps.workflows.judging import judge
from apps.workflows.models import Version, Workflow
from apps.workflows.samples import sample_body
from apps.workflows.transfer import Parcel, export_document
from apps.workflows.web.badges import badge, badge_label, to_list
from apps.workflows.web.forms import EditForm, as_text

PAGE_SIZE = 25


class OneWorkflow(WorkspacePage):
    """What the pages of one workflow share: its header and the findings of its draft."""

    permission = Permission.WORKFLOW_READ
    active = "workflows"
    tab: ClassVar[str] = ""

    def show(
        self, template: str, workflow: Workflow, context: dict[str, Any] | None = None, *, status: int = 200
    ) -> HttpResponse:
        """The page with its header."""
        findings = judge(self.workspace.id, workflow.draft, self.actor).findings
        errors = errors_in(findings)
        header = {
            "workflow": workflow,
            "tab": self.tab,
            "status": badge(workflow),
            "label": badge_label(workflow),
            "findings": findings,
            "error_count": len(errors),
            "warning_count": len(findings) - len(errors),
            "triggers": selectors.trigger_list(self.workspace.slug, workflow),
            "may": self._may(workflow),
        }
        return self.render(template, header | (context or {}), status=status)

    def _may(self, workflow: Workflow) -> dict[str, bool]:
        """What the actor may do on this page: what their role allows, as far as the workflow is shared with them."""
        beyond = {
            "execute": (Permission.WORKFLOW_EXECUTE,),
            "edit": (Permission.WORKFLOW_UPDATE, Permission.WORKFLOW_DELETE),
        }
        refused: set[Permission] = set()
        for level, permissions in beyond.items():
            if not objects.may(
                workspace_id=self.workspace.id,
                actor=self.actor,
                kind=Kind.WORKFLOW,
                object_id=workflow.id,
                level=level,
            ):
                refused.update(permissions)
        return {each.name.lower(): self.actor.can(each) and each not in refused for each in Permission}


class WorkflowCanvas(OneWorkflow):
    """The drawn workflow. Its draft opens in the editor for those who may change it; others, and whoever names one
    of its versions by `?version=`, look at it.
    """

    tab = "canvas"

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The canvas."""
        found = selectors.workflow_get(self.workspace.id, workflow)
        number = request.GET.get("version", "")
        if number.isascii() and number.isdecimal() and len(number) < 10:
            version = selectors.version_by_number(self.workspace.id, found.id, int(number))
            return self._drawn(found, version.definition, version)
        if self._may(found)["workflow_update"]:
            return self.render("workflows/editor.html", {"workflow": found, "editor_data": self._editor(found)})
        return self._drawn(found, found.draft, None)

    def _drawn(self, workflow: Workflow, definition: Any, version: Version | None) -> HttpResponse:
        draft, _findings = draft_of(definition)
        used = {(node.type, node.subtype) for node in draft.nodes.values()}
        data = {
            "mode": "workflow",
            "definition": definition,
            "node_types": [entry for entry in catalogue() if (entry["type"], entry["subtype"]) in used],
            "node_ports": {node.id: list(node.ports) for node in draft.nodes.values()},
        }
        if version is None and self.actor.can(Permission.WORKFLOW_EXECUTE):
            data["links"] = {"test": f"{self.request.path}test/"}
        context = {"canvas_data": data, "shown_version": version, "is_empty": not draft.nodes}
        return self.show("workflows/canvas.html", workflow, context)

    def _editor(self, workflow: Workflow) -> dict[str, Any]:
        judged = judge(self.workspace.id, workflow.draft, self.actor)
        version = workflow.active_version
        return {
            "workflow": {
                "id": str(workflow.id),
                "name": workflow.name,
                "description": workflow.description,
                "status": workflow.status,
                "folder": workflow.folder.path if workflow.folder else "",
                "version": version.number if version else None,
                "draft_revision": workflow.draft_revision,
                "updated_at": workflow.updated_at,
                "has_unpublished_changes": workflow.has_unpublished_changes,
            },
            "definition": workflow.draft,
            "node_types": catalogue(),
            "node_ports": judged.node_ports,
            "findings": [finding.as_dict() for finding in judged.findings],
            "may": self._may(workflow),
            "me": {"id": str(self.actor.id), "name": self.actor.user.label if self.actor.user else self.actor.label},
            "workspace": {"slug": self.workspace.slug, "name": self.workspace.name},
            "api": f"/api/v1/app/workflows/{workflow.id}/",
            "page": self.request.path,
        }


class WorkflowEdit(OneWorkflow):
    """Name, description and the draft as JSON, with what the lint says."""

    tab = "edit"
    post_permission = Permission.WORKFLOW_UPDATE

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The form."""
        found = selectors.workflow_get(self.workspace.id, workflow)
        initial = {
            "name": found.name,
            "description": found.description,
            "definition": as_text(found.draft),
            "draft_revision": found.draft_revision,
        }
        form = EditForm(initial=initial)
        if not self.actor.can(Permission.WORKFLOW_UPDATE):
            form.lock()
        return self.show("workflows/edit.html", found, {"form": form})

    def post(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """Save the draft, which may have errors, or say why it is none."""
        form = EditForm(request.POST)
        refusals: tuple[FieldError, ...] = ()
        if form.is_valid():
            try:
                services.workflow_update(
                    workspace_id=self.workspace.id, workflow_id=workflow, actor=self.actor, **form.cleaned_data
                )
            except DraftConflict as conflict:
                form.add_error(None, f"{conflict.message} {conflict.hint}")
            except DomainError as refused:
                refusals = refused.errors
                if not refusals:
                    form.add_error(None, refused.message)
            else:
                messages.success(request, _("Draft saved"))
                return redirect("workflow-edit", workspace=self.workspace.slug, workflow=workflow)
        found = selectors.workflow_get(self.workspace.id, workflow)
        return self.show("workflows/edit.html", found, {"form": form, "refused": refusals}, status=422)


class WorkflowTriggers(OneWorkflow):
    """What starts the workflow, with addresses to copy."""

    tab = "triggers"

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The list of triggers."""
        found = selectors.workflow_get(self.workspace.id, workflow)
        calls = [
            {"trigger": trigger, "curl": trigger.curl(sample_body(found.draft, trigger.node_id))}
            for trigger in selectors.trigger_list(self.workspace.slug, found)
        ]
        return self.show("workflows/triggers.html", found, {"calls": calls})


class WorkflowHistory(OneWorkflow):
    """The published versions."""

    tab = "history"

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The list of versions."""
        found = selectors.workflow_get(self.workspace.id, workflow)
        versions = selectors.version_list(self.workspace.id, found.id).defer("definition")
        page = Paginator(versions, PAGE_SIZE).get_page(request.GET.get("page"))
        return self.show("workflows/history.html", found, {"page": page})


class WorkflowExport(WorkspacePage):
    """The workflow as a file."""

    permission = Permission.WORKFLOW_READ

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """A download."""
        found = selectors.workflow_get(self.workspace.id, workflow)
        definition = with_names(self.workspace.id, found.draft)
        document = export_document(Parcel(found.name, found.description, definition))
        text = json.dumps(document, indent=2, ensure_ascii=False)
        response = HttpResponse(text, content_type="application/json; charset=utf-8")
        name = slugify(found.name) or "workflow"
        response["Content-Disposition"] = f'attachment; filename="{name}.json"'
        return response


class WorkflowAct(WorkspacePage):
    """One button of a workflow's header or row: publish, activate, pause, archive, delete."""

    permission = Permission.WORKFLOW_UPDATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """Do it and go back to where the button stood; a refusal becomes a toast that says why."""
        given: dict[str, Any] = {"workspace_id": self.workspace.id, "workflow_id": workflow, "actor": self.actor}
        try:
            done = self.act(**given)
        except DomainError as refused:
            if refused.status == 404:
                raise
            messages.error(request, f"{refused.message} {refused.hint}".strip())
        else:
            messages.success(request, done)
        return self.back(request, workflow)

    def act(self, **given: Any) -> str:
        """Do it; what happened, in words."""
        raise TypeError(f"{type(self).__name__} does not say what its button does.")

    def back(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """To the list, as it was searched and filtered, when the button stood there; else to the workflow."""
        if request.POST.get("from") == "list":
            return to_list(self.workspace.slug, request.POST.get("back", ""))
        return redirect("workflow", workspace=self.workspace.slug, workflow=workflow)


class WorkflowPublish(WorkflowAct):
    """Publish the draft."""

    def act(self, **given: Any) -> str:
        """Publish."""
        version = services.workflow_publish(**given, note=self.request.POST.get("note", ""))
        return _("Version %(number)s is published") % {"number": version.number}


class WorkflowActivate(WorkflowAct):
    """Switch the triggers on."""

    def act(self, **given: Any) -> str:
        """Activate."""
        return _("“%(name)s” is live") % {"name": services.workflow_activate(**given).name}


class WorkflowPause(WorkflowAct):
    """Switch the triggers off."""

    def act(self, **given: Any) -> str:
        """Pause."""
        return _("“%(name)s” is paused") % {"name": services.workflow_pause(**given).name}


class WorkflowArchive(WorkflowAct):
    """Put it away."""

    def act(self, **given: Any) -> str:
        """Archive."""
        return _("“%(name)s” is archived") % {"name": services.workflow_archive(**given).name}


class WorkflowDelete(WorkflowAct):
    """Take it away."""

    permission = Permission.WORKFLOW_DELETE

    def act(self, **given: Any) -> str:
        """Delete."""
        services.workflow_delete(**given)
        return _("The workflow is deleted; its executions stay")

    def back(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """To the list."""
        return to_list(self.workspace.slug, request.POST.get("back", ""))
