"""The settings of a workflow as a form. Which there are, their meaning and their bounds are the document's to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ValidationError

from apps.accounts.access.permissions import Permission
from apps.core.errors import DomainError
from apps.nodes.params import faults
from apps.workflows import selectors, services
from apps.workflows.errors import DraftConflict
from apps.workflows.graph.document import Settings
from apps.workflows.models import Workflow
from apps.workflows.web.views import OneWorkflow

Json = Any

GROUPS = (
    (
        gettext_lazy("Running"),
        gettext_lazy("How long, how much, and who goes first."),
        ("timezone", "timeout_seconds", "while_paused", "priority", "max_data_mb"),
    ),
    (
        gettext_lazy("Concurrency"),
        gettext_lazy("How many executions run at once, in all or with the same key, such as one per customer."),
        ("max_concurrent", "concurrency.key", "concurrency.limit", "concurrency.counts"),
    ),
    (
        gettext_lazy("Rate limit"),
        gettext_lazy("How many executions may start within a period. Leave it empty for no limit."),
        ("rate.count", "rate.per_seconds", "rate.on_excess"),
    ),
    (
        gettext_lazy("Debounce"),
        gettext_lazy("Starts in quick succession become one, which begins when it has been quiet for a while."),
        ("debounce.seconds", "debounce.max_wait_seconds", "debounce.key"),
    ),
    (
        gettext_lazy("When it fails"),
        gettext_lazy("Another workflow can take care of it. It needs an ERROR trigger and must be live."),
        ("error_workflow",),
    ),
    (
        gettext_lazy("Completion webhook"),
        gettext_lazy("Tells another system when an execution has ended. Test runs are left out."),
        ("completion.url", "completion.secret", "completion.statuses"),
    ),
)
LABELS = {
    "timezone": gettext_lazy("Time zone"),
    "timeout_seconds": gettext_lazy("Time limit, in seconds"),
    "while_paused": gettext_lazy("New start while one waits for a person"),
    "priority": gettext_lazy("Priority"),
    "max_data_mb": gettext_lazy("Data of one execution, in MB"),
    "max_concurrent": gettext_lazy("Executions at once"),
    "concurrency.key": gettext_lazy("Executions with the same key"),
    "concurrency.limit": gettext_lazy("At most with one key"),
    "concurrency.counts": gettext_lazy("What counts"),
    "rate.count": gettext_lazy("At most this many starts"),
    "rate.per_seconds": gettext_lazy("Within, in seconds"),
    "rate.on_excess": gettext_lazy("A start beyond the limit"),
    "debounce.seconds": gettext_lazy("Quiet for, in seconds"),
    "debounce.max_wait_seconds": gettext_lazy("Wait at most, in seconds"),
    "debounce.key": gettext_lazy("Starts with the same key"),
    "error_workflow": gettext_lazy("Start this workflow"),
    "completion.url": gettext_lazy("Address"),
    "completion.secret": gettext_lazy("Signing secret"),
    "completion.statuses": gettext_lazy("Send when it"),
}
WORDS = {
    "while_paused": {
        "block": gettext_lazy("is refused"),
        "queue": gettext_lazy("waits in line"),
        "allow": gettext_lazy("runs beside it"),
    },
    "priority": {"low": gettext_lazy("Low"), "normal": gettext_lazy("Normal"), "high": gettext_lazy("High")},
    "concurrency.counts": {
        "running": gettext_lazy("those that run"),
        "unfinished": gettext_lazy("those that run or wait"),
    },
    "rate.on_excess": {"queue": gettext_lazy("waits for its turn"), "refuse": gettext_lazy("is refused")},
    "completion.statuses": {
        "SUCCESS": gettext_lazy("succeeded"),
        "ERROR": gettext_lazy("failed"),
        "CANCELED": gettext_lazy("was cancelled"),
        "TIMED_OUT": gettext_lazy("timed out"),
    },
}
SECRET = "completion.secret"
LEADING = {path.partition(".")[0]: path for path in reversed(LABELS) if "." in path}


class SettingsForm(forms.Form):
    """One field per setting, named by its path in the document; `groups` in the order of the page.

    Cleans to `settings`, the document's part, without what is as it would be anyway. A part such as `rate` is there
    when its first field is filled in.
    """

    draft_revision = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, stored: Json, workflows: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = stored
        for path in LABELS:
            self.fields[path] = _field(path, _at(self.stored, path), workflows)

    def groups(self) -> Iterator[tuple[str, str, list[forms.BoundField]]]:
        """What belongs together, with its heading and what it is for."""
        for heading, purpose, paths in GROUPS:
            yield str(heading), str(purpose), [self[path] for path in paths]

    def lock(self) -> None:
        """Let the settings be read, not changed."""
        for field in self.fields.values():
            field.disabled = True

    def clean(self) -> dict[str, Any]:
        """Sets `settings`; what the document refuses stands at its field."""
        given = super().clean() or {}
        wanted = {path: given[path] for path in LABELS if given.get(path) not in (None, "", [])}
        if SECRET not in wanted and (kept := _at(self.stored, SECRET)):
            wanted[SECRET] = kept
        for part, first in LEADING.items():
            if first not in wanted:
                wanted = {path: value for path, value in wanted.items() if not path.startswith(f"{part}.")}
        nested = _nested(wanted)
        try:
            read = Settings.model_validate(nested)
        except ValidationError as refused:
            for fault in faults(Settings, refused, nested):
                self.add_error(fault.path if fault.path in self.fields else None, f"{fault.message} {fault.hint}")
        else:
            given["settings"] = read.model_dump(mode="json", exclude_defaults=True)
        return given


class WorkflowSettings(OneWorkflow):
    """How executions of the workflow are run: limits, time, what happens at the end."""

    tab = "settings"
    post_permission = Permission.WORKFLOW_UPDATE

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The form, filled in from the draft."""
        found = selectors.workflow_get(self.workspace.id, workflow)
        form = self._form(found, initial={"draft_revision": found.draft_revision})
        if not self.actor.can(Permission.WORKFLOW_UPDATE):
            form.lock()
        return self.show("workflows/settings.html", found, {"form": form})

    def post(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """Keep them in the draft; they rule with the next version."""
        found = selectors.workflow_get(self.workspace.id, workflow)
        form = self._form(found, request.POST)
        if form.is_valid():
            try:
                services.workflow_update(
                    workspace_id=self.workspace.id,
                    workflow_id=workflow,
                    actor=self.actor,
                    definition={**found.draft, "settings": form.cleaned_data["settings"]},
                    draft_revision=form.cleaned_data["draft_revision"],
                )
            except DraftConflict as conflict:
                form.add_error(None, f"{conflict.message} {conflict.hint}")
            except DomainError as refused:
                form.add_error(None, f"{refused.message} {refused.hint}".strip())
            else:
                messages.success(request, _("Saved in the draft"))
                return redirect("workflow-settings", workspace=self.workspace.slug, workflow=workflow)
        return self.show("workflows/settings.html", found, {"form": form}, status=422)

    def _form(self, workflow: Workflow, data: Any = None, **kwargs: Any) -> SettingsForm:
        others = selectors.workflow_list(self.workspace.id).exclude(id=workflow.id).order_by("name")
        names = {str(id): name for id, name in others.values_list("id", "name")[:500]}
        return SettingsForm(data, stored=workflow.draft.get("settings", {}), workflows=names, **kwargs)


def _field(path: str, stored: Json, workflows: Mapping[str, str]) -> forms.Field:
    wanted, default, help_text = _declared(path)
    given: dict[str, Any] = {
        "label": LABELS[path],
        "help_text": help_text,
        "required": False,
        "initial": default if stored is None else stored,
    }
    if path == SECRET:
        if stored:
            given["help_text"] = _("One is set. Leave this empty to keep it.")
        return forms.CharField(**given | {"initial": ""}, widget=forms.PasswordInput(attrs={"autocomplete": "off"}))
    if path == "timezone":
        zones = sorted({given["initial"], *available_timezones()})
        return forms.ChoiceField(**given, choices=[(zone, zone) for zone in zones])
    if path == "error_workflow":
        known = {"": _("None"), **workflows}
        if stored:
            known.setdefault(str(stored), _("A workflow that is gone"))
        return forms.ChoiceField(**given, choices=list(known.items()))
    if get_origin(wanted) is tuple:
        choices = list(WORDS[path].items())
        return forms.MultipleChoiceField(**given, choices=choices, widget=forms.CheckboxSelectMultiple)
    if get_origin(wanted) is Literal:
        return forms.ChoiceField(**given, choices=list(WORDS[path].items()))
    if wanted in (int, float):
        return forms.CharField(
            **given, widget=forms.NumberInput(attrs={"step": 1 if wanted is int else "any", "min": 0})
        )
    return forms.CharField(**given, max_length=2_000)


def _declared(path: str) -> tuple[Any, Any, str]:
    """Type, default and meaning of a setting."""
    model: type[BaseModel] = Settings
    *parts, name = path.split(".")
    for part in parts:
        model = _plain(model.model_fields[part].annotation)
    field = model.model_fields[name]
    default = None if field.is_required() else field.default
    return _plain(field.annotation), default, (field.description or "").replace("`", "")


def _plain(annotation: Any) -> Any:
    """The type without its bounds and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    options = [option for option in get_args(annotation) if option is not NoneType]
    if NoneType in get_args(annotation):
        return _plain(options[0])
    return annotation


def _at(settings: Json, path: str) -> Json:
    for part in path.split("."):
        settings = (settings or {}).get(part)
    return settings


def _nested(flat: Mapping[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for path, value in flat.items():
        part, dot, name = path.partition(".")
        if dot:
            found.setdefault(part, {})[name] = value
        else:
            found[part] = value
    return found
