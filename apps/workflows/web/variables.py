"""The page of variables: everybody may look, the owner may change them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core import jsonclean
from apps.core.errors import DomainError
from apps.workflows import selectors, variables
from apps.workflows.models import Variable

PAGE_SIZE = 50
LONGEST_SHOWN = 120
_NO_SECRET = gettext_lazy("Not for passwords or keys: every member reads it here, and in executions.")


class VariableForm(forms.Form):
    """A variable as people write it: its kind says how the text of the value is meant."""

    KINDS = [
        ("text", gettext_lazy("Text")),
        ("number", gettext_lazy("Number")),
        ("boolean", gettext_lazy("True or false")),
        ("json", gettext_lazy("List or object (JSON)")),
    ]

    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=variables.MAX_KEY,
        help_text=gettext_lazy("Letters, digits and _. Expressions read it as $vars.key."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KINDS, initial="text")
    value = forms.CharField(
        label=gettext_lazy("Value"),
        strip=False,
        required=False,
        help_text=_NO_SECRET,
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono", "spellcheck": "false"}),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=variables.MAX_NOTE,
        required=False,
        help_text=gettext_lazy("What it is for, for whoever finds it later."),
    )

    def clean(self) -> dict[str, Any]:
        """Sets `parsed`, the value that is meant."""
        given = super().clean() or {}
        kind = given.get("kind")
        if kind and not self.errors:
            try:
                given["parsed"] = _meant(kind, given.get("value", ""))
            except ValueError as wrong:
                self.add_error("value", str(wrong))
        return given

    def refuse(self, refused: DomainError) -> None:
        """Show where it belongs what the service says."""
        for error in refused.errors:
            self.add_error(error.path if error.path in self.fields else None, error.message)
        if not refused.errors:
            self.add_error(None, f"{refused.message} {refused.hint}".strip())


def _meant(kind: str, text: str) -> Any:
    if kind == "text":
        return text.replace("\r\n", "\n")
    text = text.strip()
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            raise ValueError(_("Write true or false."))
        return text.lower() == "true"
    try:
        value = jsonclean.parse(text, limit=2 * variables.MAX_BYTES)
    except DomainError as refused:
        raise ValueError(_("Write a number, as in 12 or 0.5.") if kind == "number" else refused.message) from None
    if kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError(_("Write a number, as in 12 or 0.5."))
    if kind == "json" and not isinstance(value, list | dict):
        raise ValueError(_('Write a list or an object, as in [1, 2] or {"eur": 1.1}.'))
    return value


def _written(variable: Variable) -> dict[str, Any]:
    """A variable as the form shows it."""
    value = variable.value
    kind = "text" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "json"
    if kind == "json" and isinstance(value, int | float):
        kind = "number"
    text = value if kind == "text" else json.dumps(value, ensure_ascii=False, indent=2 if kind == "json" else None)
    return {"key": variable.key, "kind": kind, "value": text, "note": variable.note}


class VariableList(WorkspacePage):
    """The variables, found by key or note, and the form for a new one."""

    permission = Permission.WORKFLOW_READ
    post_permission = Permission.WORKSPACE_MANAGE
    menu = MenuEntry(
        Menu.WORKSPACE,
        gettext_lazy("Variables"),
        icon="braces",
        order=40,
        words=gettext_lazy("$vars settings constants environment"),
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self._page(VariableForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a variable."""
        form = VariableForm(request.POST)
        if form.is_valid():
            given = form.cleaned_data
            try:
                made = variables.variable_create(
                    workspace_id=self.workspace.id,
                    actor=self.actor,
                    key=given["key"],
                    value=given["parsed"],
                    note=given["note"],
                )
            except DomainError as refused:
                form.refuse(refused)
            else:
                messages.success(request, _("Expressions read it as $vars.%(key)s.") % {"key": made.key})
                return redirect("variables", workspace=self.workspace.slug)
        return self._page(form, status=422)

    def _page(self, form: VariableForm, *, status: int = 200) -> HttpResponse:
        q = self.request.GET.get("q", "").strip()[:100].replace("\0", "")
        found = Paginator(selectors.variable_list(self.workspace.id, q=q), PAGE_SIZE)
        page = found.get_page(self.request.GET.get("page"))
        rows = [(row, _shown(row.value)) for row in page]
        context = {"page": page, "rows": rows, "q": q, "form": form}
        return self.render("workflows/variables.html", context, status=status)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


class VariableEdit(WorkspacePage):
    """One variable: its value and note to read, and for the owner to change."""

    permission = Permission.WORKFLOW_READ
    post_permission = Permission.WORKSPACE_MANAGE
    menu_under = "variables"

    def get(self, request: HttpRequest, variable: UUID) -> HttpResponse:
        """The form."""
        found = selectors.variable_get(self.workspace.id, variable)
        return self._page(found, VariableForm(initial=_written(found)))

    def post(self, request: HttpRequest, variable: UUID) -> HttpResponse:
        """Keep what was changed."""
        found = selectors.variable_get(self.workspace.id, variable)
        form = VariableForm({**request.POST.dict(), "key": found.key})
        if form.is_valid():
            try:
                variables.variable_update(
                    workspace_id=self.workspace.id,
                    variable_id=found.id,
                    actor=self.actor,
                    value=form.cleaned_data["parsed"],
                    note=form.cleaned_data["note"],
                )
            except DomainError as refused:
                form.refuse(refused)
            else:
                messages.success(request, _("Saved."))
                return redirect("variables", workspace=self.workspace.slug)
        return self._page(found, form, status=422)

    def _page(self, found: Variable, form: VariableForm, *, status: int = 200) -> HttpResponse:
        return self.render("workflows/variable.html", {"variable": found, "form": form}, status=status)


class VariableDelete(WorkspacePage):
    """The button that takes a variable away."""

    permission = Permission.WORKSPACE_MANAGE
    menu_under = "variables"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, variable: UUID) -> HttpResponse:
        """Take it away, and go back to the list."""
        variables.variable_delete(workspace_id=self.workspace.id, variable_id=variable, actor=self.actor)
        messages.success(request, _("Deleted."))
        return redirect("variables", workspace=self.workspace.slug)
