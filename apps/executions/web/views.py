"""The pages where executions are listed, watched, started and cancelled."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.clock import now
from apps.core.errors import Conflict, DomainError, FieldError, NotFound
from apps.core.paging import Bounded
from apps.executions import artifacts, launch, queueing, selectors
from apps.executions.engine.states import TERMINAL
from apps.executions.launch import Start
from apps.executions.models import Execution, Wait
from apps.executions.wait_kinds import HUMAN_KINDS
from apps.executions.web.figures import figures
from apps.executions.web.forms import StartForm, as_text, sample_input
from apps.executions.web.holding import held
from apps.executions.web.links import links_of
from apps.executions.web.rows import (
    DEAD_LETTERS,
    FILTERED_BY,
    FILTERS,
    RANGES,
    REDRIVABLE,
    filter_words,
    fingerprint,
    range_words,
    rows,
    short_id,
    starter,
    steps,
    took,
)
from apps.executions.web.waiting import waiting
from apps.nodes.registry import catalogue
from apps.workflows import selectors as workflows
from apps.workflows.graph import Graph, draft_of
from apps.workflows.models import Workflow

PAGE_SIZE = 50
MOST_WORKFLOWS = 200
MOST_UNKNOWN = 20
LONGEST_EXAMPLE = 2_000
_LINK = re.compile(r"/?[A-Za-z0-9][A-Za-z0-9/_?=&-]*")


class ExecutionList(WorkspacePage):
    """Every execution of the workspace, newest first, searched and filtered by the address. It keeps itself current."""

    permission = Permission.EXECUTION_READ
    active = "executions"
    menu = MenuEntry(Menu.MAIN, gettext_lazy("Executions"), icon="list-tree", order=30, keys="g e")
    may_lag = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, or with `?part=list` its table: 204 when nothing has changed since `known`."""
        status, q = request.GET.get("status", ""), request.GET.get("q", "").strip()[:100]
        workflow_id, code = _uuid(request.GET.get("workflow", "")), request.GET.get("code", "")[:200]
        within = RANGES.get(request.GET.get("within", ""))
        found = selectors.execution_list(
            workspace_id=self.workspace.id,
            workflow_id=workflow_id,
            statuses=FILTERS.get(status, (status,) if status else ()),
            since=now() - within if within else None,
            code=code,
            is_redriven=False if status == DEAD_LETTERS else None,
            search=q,
        )
        page = Bounded(found, PAGE_SIZE).get_page(request.GET.get("page"))
        shown = list(page)
        waits = selectors.open_wait_list(
            workspace_id=self.workspace.id,
            execution_ids=[execution.id for execution in shown if execution.status not in TERMINAL],
        )
        why = queueing.reasons(workspace_id=self.workspace.id, executions=shown, now=now())
        lines = rows(shown, waits, why)
        known = fingerprint(lines, page.paginator.count)
        is_part = request.GET.get("part") == "list"
        if is_part and request.GET.get("known") == known:
            return HttpResponse(status=204)
        context = {
            "page": page,
            "rows": lines,
            "status": status,
            "q": q,
            "code": code,
            "workflow_id": str(workflow_id or ""),
            "within": request.GET.get("within", "") if within else "",
            "is_filtered": bool(status or q or workflow_id or code or within),
            "filter": [(name, request.GET[name]) for name in FILTERED_BY if request.GET.get(name)],
            "can_choose": status in REDRIVABLE and self.actor.can(Permission.WORKFLOW_EXECUTE),
            "refresh_url": _with(request.GET, part="list", known=known),
        }
        if is_part:
            return self.render("executions/_table.html", context)
        options = workflows.workflow_list(self.workspace.id).only("id", "name", "active_version")[:MOST_WORKFLOWS]
        context |= {"statuses": filter_words(), "ranges": range_words(), "workflows": options}
        return self.render("executions/list.html", context)


class WorkflowFigures(WorkspacePage):
    """What the rows of the list of workflows show of their executions, for all rows at once."""

    permission = Permission.EXECUTION_READ
    may_lag = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The cells of the workflows asked for, which find their places by their ids."""
        asked = [found for raw in request.GET.getlist("id")[:MOST_WORKFLOWS] if (found := _uuid(raw))]
        workflow_ids = list(dict.fromkeys(asked))
        runs = selectors.latest_runs(workspace_id=self.workspace.id, workflow_ids=workflow_ids)
        waiting = selectors.waiting_counts(workspace_id=self.workspace.id, workflow_ids=workflow_ids)
        rows = [figures(one, runs[one], waiting.get(one, 0)) for one in workflow_ids]
        response = self.render("executions/_figures.html", {"rows": rows})
        response["Cache-Control"] = "no-store"
        return response


class TriggerExample(WorkspacePage):
    """The command that calls a webhook as it was called last, for the page of triggers."""

    permission = Permission.EXECUTION_READ

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The command, or 204 when there was no call with a JSON body short enough to show."""
        found = workflows.workflow_get(self.workspace.id, workflow)
        node_id = request.GET.get("node", "")
        triggers = workflows.trigger_list(self.workspace.slug, found)
        trigger = next((one for one in triggers if one.node_id == node_id and one.takes_body), None)
        if trigger is None:
            raise NotFound
        last = selectors.last_input(workspace_id=self.workspace.id, workflow_id=found.id, trigger_node=node_id)
        body = last.get("body") if isinstance(last, dict) else None
        command = trigger.curl(body)
        response = HttpResponse(status=204)
        if isinstance(body, dict | list) and len(command) <= LONGEST_EXAMPLE:
            response = HttpResponse(escape(command))
        response["Cache-Control"] = "no-store"
        return response


class ExecutionPage(WorkspacePage):
    """One execution, live on the canvas."""

    permission = Permission.EXECUTION_READ
    active = "executions"

    def get(self, request: HttpRequest, execution: UUID) -> HttpResponse:
        """The page, or with `?fragment=header` the parts of it that change when the status does."""
        found = selectors.execution_get(workspace_id=self.workspace.id, execution_id=execution)
        context = self._header(found)
        if request.GET.get("fragment") == "header":
            return self.render("executions/_header.html", context)
        snapshot = selectors.execution_snapshot(execution=found)
        api = f"/api/v1/app/executions/{found.id}/"
        draft, _findings = draft_of(snapshot["definition"])
        used = {(node.type, node.subtype) for node in draft.nodes.values()}
        context["canvas_data"] = {
            "mode": "execution",
            "definition": snapshot["definition"],
            "node_types": [entry for entry in catalogue() if (entry["type"], entry["subtype"]) in used],
            "node_ports": {node.id: list(node.ports) for node in draft.nodes.values()},
            "snapshot": snapshot,
            "breakpoints": (found.debug or {}).get("breakpoints", []),
            "live_url": f"/ws/executions/{found.id}/",
            "links": {"rerun": f"{request.path}rerun/"} if self.actor.can(Permission.WORKFLOW_EXECUTE) else {},
            "api": {"execution": f"{api}?payloads=false", "node_run": api, "events": f"{api}events/", **_inside(api)},
        }
        context |= {"steps": steps(snapshot), "links": links_of(found)}
        return self.render("executions/detail.html", context)

    def _header(self, found: Execution) -> dict[str, Any]:
        waits = selectors.open_wait_list(workspace_id=self.workspace.id, execution_ids=[found.id])
        names = {node["id"]: node["name"] for node in found.version.definition["nodes"]}
        asked = [(names.get(wait.node_id, wait.node_id), wait) for wait in waits if wait.kind in HUMAN_KINDS]
        return {
            "queued_because": queueing.reasons(workspace_id=self.workspace.id, executions=[found], now=now()).get(
                found.id
            ),
            "execution": found,
            "again_as": selectors.latest_rerun(found) if found.is_terminal else None,
            "short_id": short_id(found),
            "starter": starter(found),
            "took": took(found),
            "asked": asked,
            "failed_node": _failed_node(found.error or {}, names),
            "way_out": _way_out(found.error or {}, self.workspace.slug),
            "what_stops": _what_stops(asked),
            "unknown": [_unknown(write, names) for write in found.unknown_writes[:MOST_UNKNOWN]],
            "files": artifacts.of_execution(workspace_id=self.workspace.id, execution_id=found.id),
            **held(found.hold, names),
            **waiting(found, waits, may_call=launch.may_execute(self.workspace.id, found.workflow_id, self.actor)),
        }


def _inside(api: str) -> dict[str, str]:
    """Where the canvas asks for what runs inside containers, and for what nodes do in parts."""
    return {"iterations": f"{api}iterations/", "iteration": f"{api}node-runs/", "steps": f"{api}steps/"}


def _unknown(write: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    """A write nobody saw the end of, as the notice names it."""
    given = write.get("params")
    params = given if isinstance(given, dict) else {}
    what = [str(params[name]) for name in ("method", "url", "channel", "to") if params.get(name)]
    node_id = write["node_id"]
    return {"name": names.get(node_id, node_id), "path": write.get("path", ""), "what": " ".join(what)[:200]}


def _failed_node(error: dict[str, Any], names: dict[str, str]) -> str:
    """The node to name before the error's words; empty when they name it themselves."""
    name = names.get(error.get("node_id", ""), "")
    return "" if f"“{name}”" in error.get("message", "") else name


def _way_out(error: dict[str, Any], slug: str) -> str:
    """The page of the workspace where an error can be mended, where it names one: never one elsewhere."""
    details = error.get("details")
    link = details.get("link") if isinstance(details, dict) else None
    if not isinstance(link, str) or not _LINK.fullmatch(link):
        return ""
    return link if link.startswith("/") else f"/w/{slug}/{link}"


def _what_stops(asked: list[tuple[str, Wait]]) -> str:
    """What cancelling means for this execution, for the dialog that asks."""
    stops = _("What runs is stopped and nothing new begins. What is already sent stays sent.")
    if not asked:
        return stops
    names = ", ".join(name for name, _wait in asked)
    return " ".join([_("%(names)s: nobody is asked any more.") % {"names": names}, stops])


class ExecutionCancel(WorkspacePage):
    """The button that cancels."""

    permission = Permission.EXECUTION_CANCEL
    active = "executions"

    def post(self, request: HttpRequest, execution: UUID) -> HttpResponse:
        """Cancel, and go back to the execution."""
        try:
            launch.execution_stop(workspace_id=self.workspace.id, execution_id=execution, actor=self.actor, now=now())
        except Conflict as refused:
            messages.info(request, refused.message)
        return redirect("execution", workspace=self.workspace.slug, execution=execution)


class ExecutionStart(WorkspacePage):
    """Starting a workflow by hand: at once where a button is enough, else with a form for the input."""

    permission = Permission.WORKFLOW_EXECUTE
    active = "workflows"

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The form."""
        found = workflows.workflow_get(self.workspace.id, workflow)
        triggers = launch.triggers_of(_graph(found))
        text, last = "", None
        if triggers:
            last = selectors.last_input(
                workspace_id=self.workspace.id, workflow_id=found.id, trigger_node=triggers[0].id
            )
            text = sample_input(triggers[0]) if last is None else as_text(triggers[0], last)
        form = StartForm(triggers=triggers, initial={"input": text})
        return self._show(found, form, is_from_last_run=last is not None)

    def post(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """Start, and go to the execution. A button sends no input; where one is needed, it leads to the form."""
        found = workflows.workflow_get(self.workspace.id, workflow)
        triggers = launch.triggers_of(_graph(found))
        if "input" not in request.POST and not _needs_no_input(triggers):
            return redirect("execution-start", workspace=self.workspace.slug, workflow=workflow)
        given = request.POST.copy()
        if "trigger" not in given and triggers:
            given["trigger"] = triggers[0].id
        form = StartForm(given, triggers=triggers)
        refusals: tuple[FieldError, ...] = ()
        if form.is_valid():
            start = Start(workflow_id=workflow, given=form.cleaned_data["input"], trigger=form.cleaned_data["trigger"])
            try:
                started = launch.execution_launch(
                    workspace_id=self.workspace.id, actor=self.actor, start=start, now=now()
                )
            except DomainError as refused:
                form.add_error(None, " ".join([refused.message, refused.hint]).strip())
                refusals = refused.errors
            else:
                return redirect("execution", workspace=self.workspace.slug, execution=started.id)
        return self._show(found, form, refusals, status=422)

    def _show(
        self,
        found: Workflow,
        form: StartForm,
        refused: tuple[FieldError, ...] = (),
        *,
        is_from_last_run: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        context = {"workflow": found, "form": form, "refused": refused, "is_from_last_run": is_from_last_run}
        return self.render("executions/start.html", context, status=status)


def _graph(workflow: Workflow) -> Graph:
    """What would run: the published version, else the draft as far as it can be understood."""
    definition = workflow.active_version.definition if workflow.active_version else workflow.draft
    draft, _findings = draft_of(definition)
    return draft.graph()


def _needs_no_input(triggers: list[Any]) -> bool:
    first = triggers[0] if triggers else None
    return first is not None and first.subtype in ("MANUAL", "CRON") and not first.params.get("input_schema")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _with(query: QueryDict, **more: str) -> str:
    found = query.copy()
    for name, value in more.items():
        found[name] = value
    return f"?{found.urlencode()}"
