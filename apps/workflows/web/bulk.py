"""What can be done with several workflows of the list at once, and where they stand in it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.errors import DomainError, NotFound
from apps.workflows import arranging, copies, selectors, services
from apps.workflows.credential_checks import with_names
from apps.workflows.models import Workflow
from apps.workflows.transfer import Parcel, export_document
from apps.workflows.web.badges import to_list
from apps.workflows.web.listing import Asked

MOST = 500
"""So many workflows at once."""
MOST_TOLD = 3


def chosen(workspace_id: UUID, given: QueryDict) -> list[Workflow]:
    """The workflows a form names: those ticked, or with `all` every one that the list showed on all its pages."""
    if given.get("all"):
        rows = Asked.of(QueryDict(given.get("back", "")[:2_000])).rows(workspace_id)
    else:
        rows = selectors.workflow_list(workspace_id, status="").none()
        ids = [found for raw in given.getlist("ids")[:MOST] if (found := _uuid(raw))]
        if ids:
            rows = selectors.workflows_of(workspace_id, ids)
    return list(rows[:MOST])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class WorkflowsAct(WorkspacePage):
    """One of the buttons that act on all ticked workflows: activate, pause, archive, delete, or copy."""

    permission = Permission.WORKFLOW_UPDATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do it to each by itself; what was refused is told by name and reason, and keeps nothing from the others."""
        verb = request.POST.get("do", "")
        if verb in _PAGES:
            return _to_page(request, reverse(_PAGES[verb], args=[self.workspace.slug]))
        if verb not in _VERBS:
            raise NotFound
        permission, act = _VERBS[verb]
        self.actor.require(permission)
        done, refused = 0, []
        for workflow in chosen(self.workspace.id, request.POST):
            try:
                act(workspace_id=self.workspace.id, workflow_id=workflow.id, actor=self.actor)
            except DomainError as refusal:
                first = refusal.errors[0].message if refusal.errors else refusal.message
                refused.append(f"{workflow.name}: {first}")
            else:
                done += 1
        if done:
            messages.success(request, _said(verb, done))
        if refused:
            told = " ".join(refused[:MOST_TOLD])
            more = len(refused) - MOST_TOLD
            messages.error(request, told if more <= 0 else _("%(told)s And %(n)s more.") % {"told": told, "n": more})
        if not done and not refused:
            messages.info(request, _("No workflow is chosen"))
        return to_list(self.workspace.slug, request.POST.get("back", ""))


_VERBS: dict[str, tuple[Permission, Callable[..., object]]] = {
    "activate": (Permission.WORKFLOW_UPDATE, services.workflow_activate),
    "pause": (Permission.WORKFLOW_UPDATE, services.workflow_pause),
    "archive": (Permission.WORKFLOW_UPDATE, services.workflow_archive),
    "delete": (Permission.WORKFLOW_DELETE, services.workflow_delete),
    "duplicate": (Permission.WORKFLOW_CREATE, copies.workflow_duplicate),
}


_PAGES = {"move": "workflows-move", "tags": "workflows-tags", "export": "workflows-export"}
"""Buttons of the same bar that lead to a page, or a download, of their own."""


def _to_page(request: HttpRequest, url: str) -> HttpResponse:
    query = QueryDict(mutable=True)
    for name in ("ids", "all", "back"):
        query.setlist(name, [value for value in request.POST.getlist(name)[:MOST] if value])
    return HttpResponseRedirect(f"{url}?{query.urlencode()}")


def _said(verb: str, n: int) -> str:
    said = {
        "activate": ngettext("%(n)s workflow is live", "%(n)s workflows are live", n),
        "pause": ngettext("%(n)s workflow is paused", "%(n)s workflows are paused", n),
        "archive": ngettext("%(n)s workflow is archived", "%(n)s workflows are archived", n),
        "delete": ngettext(
            "%(n)s workflow is deleted; its executions stay", "%(n)s workflows are deleted; their executions stay", n
        ),
        "duplicate": ngettext("%(n)s copy is made, as a draft", "%(n)s copies are made, as drafts", n),
    }
    return said[verb] % {"n": n}


class WorkflowsExport(WorkspacePage):
    """The ticked workflows as files in one archive."""

    permission = Permission.WORKFLOW_READ

    def get(self, request: HttpRequest) -> HttpResponse:
        """A download. Each file can be imported by itself."""
        found = chosen(self.workspace.id, request.GET)
        if not found:
            raise NotFound(_("No workflow is chosen."), hint=_("Tick the ones to export."))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            taken: set[str] = set()
            for workflow in found:
                definition = with_names(self.workspace.id, workflow.draft)
                document = export_document(Parcel(workflow.name, workflow.description, definition))
                name = base = slugify(workflow.name) or "workflow"
                number = 1
                while name in taken:
                    number += 1
                    name = f"{base}-{number}"
                taken.add(name)
                archive.writestr(f"{name}.json", json.dumps(document, indent=2, ensure_ascii=False))
        response = HttpResponse(packed.getvalue(), content_type="application/zip")
        response["Content-Disposition"] = 'attachment; filename="workflows.zip"'
        return response


def _done(request: HttpRequest, slug: str, query: str) -> HttpResponse:
    """To the list; from a dialog as htmx goes somewhere else."""
    response = to_list(slug, query)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": response.url})
    return response


# ── Folder and tags ──────────────────────────────────────────────────────────────────────────────────────────────────


class MoveForm(forms.Form):
    """Which folder."""

    folder = forms.CharField(
        label=gettext_lazy("Folder"),
        max_length=arranging.MAX_PATH,
        required=False,
        help_text=gettext_lazy("A new name makes a new folder; Finance/Invoices one inside another. Empty: no folder."),
        widget=forms.TextInput(attrs={"list": "folder-names", "autocomplete": "off"}),
    )


class TagForm(forms.Form):
    """Which tags come and which go."""

    add = forms.CharField(
        label=gettext_lazy("Add"),
        required=False,
        max_length=1_000,
        help_text=gettext_lazy("Several with commas between them."),
        widget=forms.TextInput(attrs={"list": "tag-names", "autocomplete": "off"}),
    )
    remove = forms.MultipleChoiceField(
        label=gettext_lazy("Take away"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, tags: list[str], **options: Any) -> None:
        super().__init__(data, **options)
        field = self.fields["remove"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(tag, tag) for tag in tags]


class WorkflowsArrange(WorkspacePage):
    """The form for the ticked workflows' folder or tags: in a dialog of the list, or a page without JavaScript."""

    permission = Permission.WORKFLOW_UPDATE
    active = "workflows"
    what: ClassVar[str] = ""
    """`move` or `tags`."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        found = chosen(self.workspace.id, request.GET)
        return self._show(found, self._form(found), request.GET)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do it, and go back to the list; say in the form what is refused."""
        found = chosen(self.workspace.id, request.POST)
        form = self._form(found, request.POST)
        if form.is_valid():
            given = form.cleaned_data
            who: dict[str, Any] = {
                "workspace_id": self.workspace.id,
                "workflow_ids": [workflow.id for workflow in found],
                "actor": self.actor,
            }
            try:
                if self.what == "move":
                    n = arranging.workflows_move(**who, folder=given["folder"])
                    said = ngettext("%(n)s workflow is moved", "%(n)s workflows are moved", n)
                else:
                    n = arranging.workflows_tag(**who, add=given["add"].split(","), remove=given["remove"])
                    said = ngettext("%(n)s workflow has other tags", "%(n)s workflows have other tags", n)
            except DomainError as refused:
                form.add_error(None, f"{refused.message} {refused.hint}".strip())
            else:
                messages.success(request, said % {"n": n} if n else _("Nothing changed"))
                return _done(request, self.workspace.slug, request.POST.get("back", ""))
        return self._show(found, form, request.POST, status=422)

    def _form(self, found: list[Workflow], data: QueryDict | None = None) -> forms.Form:
        if self.what == "tags":
            return TagForm(data, tags=sorted({tag for each in found for tag in each.tags}, key=str.lower))
        folders = {each.folder.path if each.folder else "" for each in found}
        return MoveForm(data, initial={"folder": folders.pop() if len(folders) == 1 else ""})

    def _show(self, found: list[Workflow], form: forms.Form, given: QueryDict, *, status: int = 200) -> HttpResponse:
        is_part = given.get("part") == "form"
        context = {
            "form": form,
            "what": self.what,
            "chosen": found,
            "all": given.get("all", ""),
            "back": given.get("back", ""),
            "is_part": is_part,
            "folders": selectors.folder_list(self.workspace.id) if self.what == "move" else [],
            "tags": selectors.tag_list(self.workspace.id) if self.what == "tags" else [],
        }
        template = "workflows/_arrange.html" if is_part else "workflows/arrange.html"
        return self.render(template, context, status=status)


class FolderForm(forms.Form):
    """A folder's path."""

    path = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=arranging.MAX_PATH,
        help_text=gettext_lazy("Finance/Invoices is a folder inside Finance."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class FolderPage(WorkspacePage):
    """A new folder, or another name for one; in a dialog of the list, or a page without JavaScript."""

    permission = Permission.WORKFLOW_UPDATE
    active = "workflows"

    def get(self, request: HttpRequest, folder: UUID | None = None) -> HttpResponse:
        """The form."""
        found = selectors.folder_get(self.workspace.id, folder) if folder else None
        under = request.GET.get("under", "")[: arranging.MAX_PATH]
        path = found.path if found else f"{under}/" if under else ""
        return self._show(folder, FolderForm(initial={"path": path}), request.GET)

    def post(self, request: HttpRequest, folder: UUID | None = None) -> HttpResponse:
        """Make or rename it, and look into it."""
        form = FolderForm(request.POST)
        if form.is_valid():
            given: dict[str, Any] = {"workspace_id": self.workspace.id, "actor": self.actor, **form.cleaned_data}
            try:
                made = (
                    arranging.folder_rename(folder_id=folder, **given) if folder else arranging.folder_create(**given)
                )
            except NotFound:
                raise
            except DomainError as refused:
                form.add_error("path", f"{refused.message} {refused.hint}".strip())
            else:
                query = QueryDict(mutable=True)
                query["folder"] = made.path
                return _done(request, self.workspace.slug, query.urlencode())
        return self._show(folder, form, request.POST, status=422)

    def _show(self, folder: UUID | None, form: forms.Form, given: QueryDict, *, status: int = 200) -> HttpResponse:
        is_part = given.get("part") == "form"
        template = "workflows/_folder.html" if is_part else "workflows/folder.html"
        return self.render(template, {"form": form, "folder_id": folder, "is_part": is_part}, status=status)


class FolderDelete(WorkspacePage):
    """The button that takes a folder away."""

    permission = Permission.WORKFLOW_UPDATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, folder: UUID) -> HttpResponse:
        """Delete it, and look at where its workflows are now."""
        path = selectors.folder_get(self.workspace.id, folder).path
        arranging.folder_delete(workspace_id=self.workspace.id, folder_id=folder, actor=self.actor)
        messages.success(request, _("The folder “%(path)s” is gone; its workflows stay") % {"path": path})
        above, _slash, _name = path.rpartition("/")
        query = QueryDict(mutable=True)
        if above:
            query["folder"] = above
        return to_list(self.workspace.slug, query.urlencode())
