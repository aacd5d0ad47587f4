"""Testing the draft of a workflow from its page: one step alone, up to a step, or the whole."""

from __future__ import annotations

import json
from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core import jsonclean
from apps.core.clock import now
from apps.core.errors import DomainError, NotFound
from apps.executions import trial
from apps.executions.trial import Scope, Trial
from apps.executions.web.forms import MAX_INPUT_BYTES
from apps.workflows import selectors as workflows
from apps.workflows.graph import GraphNode, draft_of
from apps.workflows.models import Workflow

LONGEST_SHOWN = 100_000


class TrialForm(forms.Form):
    """How much of it runs, and with which data. It works without JavaScript."""

    scope = forms.ChoiceField(
        label=_("What runs"),
        choices=[
            ("node", _("This step alone")),
            ("until", _("Everything that leads to it, and it")),
            ("all", _("The whole workflow")),
        ],
        initial="node",
        widget=forms.RadioSelect,
    )
    node_input = forms.CharField(
        label=_("What goes into this step"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
        help_text=_("JSON, for this step alone. Empty: what went in last."),
    )
    input = forms.CharField(
        label=_("What the workflow begins with"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
        help_text=_("JSON, where the workflow runs from its start. Empty: no input."),
    )

    def given(self) -> tuple[Any, bool]:
        """The input that counts for the chosen scope, and whether there is one. Raises `NotJson`."""
        text = self.cleaned_data["node_input" if self.cleaned_data["scope"] == "node" else "input"].strip()
        return (jsonclean.parse(text, limit=MAX_INPUT_BYTES), True) if text else (None, False)


class WorkflowTrial(WorkspacePage):
    """The form that tests a step."""

    permission = Permission.WORKFLOW_EXECUTE
    active = "workflows"

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The form, with what went into the step last."""
        found, node = self._find(workflow, request.GET.get("node", ""))
        last = trial.last_input_of(workspace_id=self.workspace.id, workflow=found, node_id=node.id)
        text = "" if last is None else json.dumps(last, indent=2, ensure_ascii=False)
        initial = {"node_input": text if len(text) <= LONGEST_SHOWN else ""}
        return self._show(found, node, TrialForm(initial=initial))

    def post(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """Start it, and go to the execution."""
        found, node = self._find(workflow, request.GET.get("node", ""))
        form = TrialForm(request.POST)
        if not form.is_valid():
            return self._show(found, node, form, status=422)
        scope = cast(Scope, form.cleaned_data["scope"])
        try:
            given, has_input = form.given()
            started = trial.execution_test(
                workspace_id=self.workspace.id,
                actor=self.actor,
                trial=Trial(
                    workflow_id=found.id,
                    scope=scope,
                    node=None if scope == "all" else node.id,
                    given=given,
                    has_input=has_input,
                ),
                now=now(),
            )
        except DomainError as refused:
            form.add_error(None, " ".join([refused.message, refused.hint]).strip())
            return self._show(found, node, form, status=422)
        return redirect("execution", workspace=self.workspace.slug, execution=started.id)

    def _find(self, workflow: UUID, node_id: str) -> tuple[Workflow, GraphNode]:
        found = workflows.workflow_get(self.workspace.id, workflow)
        draft, _findings = draft_of(found.draft)
        node = draft.nodes.get(node_id)
        if node is None:
            raise NotFound
        return found, node

    def _show(self, found: Workflow, node: GraphNode, form: TrialForm, *, status: int = 200) -> HttpResponse:
        context = {"workflow": found, "node": node, "form": form}
        return self.render("executions/trial.html", context, status=status)
