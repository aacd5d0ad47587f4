"""Doing an execution again by hand: the dialog on its page, and the same as a page of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core import jsonclean
from apps.core.clock import now
from apps.core.errors import DomainError, NotFound
from apps.executions import kept, rerun, selectors
from apps.executions.engine.states import State
from apps.executions.models import Execution
from apps.executions.rerun import FAILURES, Again, Outlook
from apps.executions.web.forms import MAX_INPUT_BYTES
from apps.executions.web.rows import short_id
from apps.nodes.contract import Trigger
from apps.workflows import selectors as workflows

LONGEST_SHOWN = 100_000
_BEGUN = (State.COMPLETED, State.FAILED, State.CANCELED)


@dataclass(frozen=True, slots=True)
class Choice:
    """One place to begin at, or one version."""

    value: str
    label: str
    is_chosen: bool


class ExecutionAgain(WorkspacePage):
    """Run again: from the start, from where it failed or from a step, in which version, with which input."""

    permission = Permission.WORKFLOW_EXECUTE
    active = "executions"

    def get(self, request: HttpRequest, execution: UUID) -> HttpResponse:
        """The page; with `?part=form` its form, with `?part=fit` what follows from the choices made in it."""
        found = selectors.execution_get(workspace_id=self.workspace.id, execution_id=execution)
        asked = _asked(request.GET, "failed" if found.status in FAILURES else "start")
        context = self._context(found, asked)
        context["is_dialog"] = request.GET.get("part") == "form"
        part = {"form": "executions/_again_form.html", "fit": "executions/_again_fit.html"}.get(
            request.GET.get("part", "")
        )
        response = self.render(part or "executions/again.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def post(self, request: HttpRequest, execution: UUID) -> HttpResponse:
        """Start it, and go to the new execution. What is refused is shown with what was typed."""
        found = selectors.execution_get(workspace_id=self.workspace.id, execution_id=execution)
        asked = _asked(request.POST)
        try:
            asked = self._with_input(found, asked, request.POST)
            started = rerun.execution_rerun(
                workspace_id=self.workspace.id, execution_id=found.id, actor=self.actor, now=now(), again=asked
            )
        except selectors.ExecutionNotFound:
            raise
        except DomainError as refused:
            context = self._context(found, asked) | {"error": refused}
            context |= {"input_text": request.POST["input"]} if "input" in request.POST else {}
            return self.render("executions/again.html", context, status=422)
        return redirect("execution", workspace=self.workspace.slug, execution=started.id)

    def _with_input(self, found: Execution, asked: Again, posted: Mapping[str, str]) -> Again:
        """With the text as input, unless it is what was shown for this place: then it is the same input."""
        text, shown_for = posted.get("input", "").strip(), posted.get("shown_for", "")
        if not text or asked.begins == "failed":
            return asked
        given = jsonclean.parse(text, limit=MAX_INPUT_BYTES)
        if shown_for and given == self._outlook(found, _asked({"from": shown_for})).input:
            return asked
        return Again(asked.begins, asked.node, asked.version, given, has_input=True)

    def _outlook(self, found: Execution, asked: Again) -> Outlook:
        bare = Again(asked.begins, asked.node, asked.version)
        return rerun.rerun_outlook(workspace_id=self.workspace.id, execution_id=found.id, again=bare)

    def _context(self, found: Execution, asked: Again) -> dict[str, Any]:
        outlook, refused, text = None, None, None
        try:
            outlook = self._outlook(found, asked)
            text = json.dumps(outlook.input, indent=2, ensure_ascii=False)
        except DomainError as error:
            refused = error
        is_long = text is not None and len(text) > LONGEST_SHOWN
        return {
            "execution": found,
            "short_id": short_id(found),
            "places": _places(found, asked),
            "versions": self._versions(found, asked),
            "begins": _word(asked),
            "takes_input": asked.begins != "failed" and outlook is not None,
            "input_text": "" if is_long else text,
            "is_long": is_long,
            "outlook": outlook,
            "refused": refused,
        }

    def _versions(self, found: Execution, asked: Again) -> list[Choice]:
        try:
            workflow = workflows.workflow_get(self.workspace.id, found.workflow_id)
        except NotFound:
            return []
        number, newest = found.version.number, workflow.active_version
        same = _("The draft as it was then") if number is None else _("Version %(n)s, as then") % {"n": number}
        offered = [("same", same)]
        if newest is not None and newest.id != found.version_id:
            offered.append(("newest", _("Version %(n)s, the newest") % {"n": newest.number}))
        if workflow.draft != found.version.definition and (newest is None or workflow.draft != newest.definition):
            offered.append(("draft", _("The draft as it is now, as a test")))
        return [Choice(value, label, value == asked.version) for value, label in offered]


def _places(found: Execution, asked: Again) -> list[Choice]:
    past = kept.past_of(found)
    offered = [("start", _("The start"))]
    if found.status in FAILURES:
        offered.append(("failed", _("Where it failed")))
    for node_id in past.graph.order:
        node, run = past.graph.nodes[node_id], past.runs.get(node_id)
        if run is not None and run.state in _BEGUN and not issubclass(node.cls, Trigger):
            offered.append((f"node:{node_id}", node.name))
    return [Choice(value, label, value == _word(asked)) for value, label in offered]


def _word(asked: Again) -> str:
    return f"node:{asked.node}" if asked.begins == "node" else asked.begins


def _asked(given: Mapping[str, str], otherwise: str = "start") -> Again:
    begins = given.get("from") or otherwise
    version = given.get("version", "same")
    known = version if version in ("same", "newest", "draft") else "same"
    return Again(**rerun.begins_at(begins), version=cast(rerun.Which, known))
