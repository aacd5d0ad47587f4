"""The pages where many failed executions are redriven, and their progress is watched."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.executions import redrives
from apps.executions.redrives import Wanted
from apps.executions.web.rows import DEAD_LETTERS, FILTERED_BY, FILTERS, REDRIVABLE
from apps.workflows import selectors as workflows
from apps.workflows.selectors import WorkflowUnknown

PAGE_SIZE = 50
MOST_IDS = 200
SHOWN_ITEMS = 100


class RedriveList(WorkspacePage):
    """The redrives of the workspace, and where one is begun."""

    permission = Permission.EXECUTION_READ
    post_permission = Permission.WORKFLOW_EXECUTE
    active = "executions"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, newest first."""
        found = redrives.redrive_list(workspace_id=self.workspace.id)
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        return self.render("executions/redrives.html", {"page": page})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Begin, and go to its progress."""
        version: redrives.Version = "newest" if request.POST.get("version") == "newest" else "same"
        try:
            made = redrives.redrive_start(
                workspace_id=self.workspace.id,
                actor=self.actor,
                wanted=_wanted(request.POST),
                now=now(),
                version=version,
            )
        except DomainError as refused:
            messages.error(request, " ".join([refused.message, refused.hint]).strip())
            return redirect("executions", workspace=self.workspace.slug)
        return redirect("redrive", workspace=self.workspace.slug, redrive=made.id)


class RedriveNew(WorkspacePage):
    """Which executions are meant, asked once more before anything begins."""

    permission = Permission.WORKFLOW_EXECUTE
    active = "executions"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The question; back to the list when nothing was chosen."""
        wanted = _wanted(request.GET)
        count = redrives.redrive_count(workspace_id=self.workspace.id, wanted=wanted)
        if not count:
            chose_none = wanted.ids == _NOBODY
            messages.info(
                request, _("Choose some executions first.") if chose_none else _("None of these can be run again.")
            )
            back = redirect("executions", workspace=self.workspace.slug)
            back["Location"] += f"?{_filter(request.GET).urlencode()}"
            return back
        kept = [(name, value) for name in (*FILTERED_BY, "all", "ids") for value in request.GET.getlist(name)]
        context = {"count": count, "kept": kept, "asked": self._words(wanted), "most": redrives.MOST}
        return self.render("executions/redrive_new.html", context)

    def _words(self, wanted: Wanted) -> str:
        return _words(self.workspace.id, wanted.as_json())


class RedrivePage(WorkspacePage):
    """One redrive; it keeps itself current until everything it began has ended."""

    permission = Permission.EXECUTION_READ
    active = "executions"

    def get(self, request: HttpRequest, redrive: UUID) -> HttpResponse:
        """The page, or with `?part=progress` its live part."""
        found = redrives.redrive_get(workspace_id=self.workspace.id, redrive_id=redrive)
        progress = redrives.redrive_progress(found)
        refused = redrives.item_list(
            workspace_id=self.workspace.id, redrive_id=found.id, state="refused", limit=SHOWN_ITEMS
        )
        started = redrives.item_list(
            workspace_id=self.workspace.id, redrive_id=found.id, state="started", limit=SHOWN_ITEMS
        )
        context = {
            "redrive": found,
            "progress": progress,
            "is_live": found.status == "running" or progress.running > 0,
            "items": [*refused, *started][:SHOWN_ITEMS],
            "asked": _words(self.workspace.id, found.asked),
            "by": (found.started_by or {}).get("label", ""),
        }
        part = request.GET.get("part") == "progress"
        response = self.render("executions/_redrive.html" if part else "executions/redrive.html", context)
        response["Cache-Control"] = "no-store"
        return response


class RedriveCancel(WorkspacePage):
    """The button that stops one."""

    permission = Permission.WORKFLOW_EXECUTE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, redrive: UUID) -> HttpResponse:
        """Start nothing more of it."""
        try:
            redrives.redrive_cancel(workspace_id=self.workspace.id, redrive_id=redrive, actor=self.actor, now=now())
        except redrives.RedriveEnded as refused:
            messages.info(request, refused.message)
        return redirect("redrive", workspace=self.workspace.slug, redrive=redrive)


def _wanted(given: QueryDict) -> Wanted:
    """What the list's form asks for: the chosen ones, or with `all` everything that fits its filter."""
    status = given.get("status", "")
    if "all" not in given:
        return Wanted(ids=tuple(found for raw in given.getlist("ids")[:MOST_IDS] if (found := _uuid(raw))) or _NOBODY)
    return Wanted(
        workflow_id=_uuid(given.get("workflow", "")),
        statuses=tuple(str(each) for each in FILTERS[status if status in REDRIVABLE else "ERROR"]),
        code=given.get("code", "")[:200],
        is_redriven=False if status == DEAD_LETTERS else None,
        search=given.get("q", "").strip()[:100],
    )


_NOBODY = (UUID(int=0),)


def _filter(given: QueryDict) -> QueryDict:
    found = QueryDict(mutable=True)
    for name in FILTERED_BY:
        if value := given.get(name):
            found[name] = value
    return found


def _words(workspace_id: UUID, asked: dict[str, Any]) -> str:
    """The filter of a redrive in words."""
    if "count" in asked:
        return _("chosen one by one")
    words = {"ERROR": _("failed"), "TIMED_OUT": _("timed out"), "CANCELED": _("cancelled")}
    parts = [_(" or ").join(words.get(status, status) for status in asked.get("status") or ())]
    if asked.get("workflow_id"):
        try:
            parts.insert(0, workflows.workflow_get(workspace_id, UUID(asked["workflow_id"])).name)
        except WorkflowUnknown:
            parts.insert(0, _("a workflow that is gone"))
    parts += [asked[name] for name in ("error_code", "search") if asked.get(name)]
    return ", ".join(part for part in parts if part)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
