"""Replaying many deliveries: asked once more, then with progress."""

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
from apps.core.errors import DomainError, NotFound
from apps.triggers import inbox, replays
from apps.triggers.errors import ReplayEnded
from apps.triggers.inbox import Wanted
from apps.triggers.web import words
from apps.triggers.web.deliveries import FILTERED_BY, uuid_of, wanted_of
from apps.workflows import selectors as workflows

PAGE_SIZE = 50
MOST_IDS = 200
SHOWN_ITEMS = 100
_NOBODY = (UUID(int=0),)


class ReplayList(WorkspacePage):
    """The replays of the workspace, and where one is begun."""

    permission = Permission.EXECUTION_READ
    post_permission = Permission.WORKFLOW_EXECUTE
    active = "triggers"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, newest first."""
        page = Paginator(inbox.replay_list(self.workspace.id), PAGE_SIZE).get_page(request.GET.get("page"))
        return self.render("triggers/replays.html", {"page": page})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Begin, and go to its progress."""
        version: replays.Which = "original" if request.POST.get("version") == "original" else "newest"
        try:
            made = replays.replay_start(
                workspace_id=self.workspace.id,
                actor=self.actor,
                wanted=_wanted(request.POST),
                now=now(),
                version=version,
            )
        except DomainError as refused:
            messages.error(request, " ".join([refused.message, refused.hint]).strip())
            return redirect("deliveries", workspace=self.workspace.slug)
        return redirect("replay", workspace=self.workspace.slug, replay=made.id)


class ReplayNew(WorkspacePage):
    """Which deliveries are meant, asked once more before anything begins."""

    permission = Permission.WORKFLOW_EXECUTE
    active = "triggers"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The question; back to the list when none of them can be replayed."""
        wanted = _wanted(request.GET)
        count = replays.replay_count(workspace_id=self.workspace.id, wanted=wanted)
        if not count:
            chose_none = wanted.ids == _NOBODY
            messages.info(request, _("Choose some deliveries first.") if chose_none else _("None can be replayed."))
            return redirect("deliveries", workspace=self.workspace.slug)
        kept = [(name, value) for name in (*FILTERED_BY, "all", "ids") for value in request.GET.getlist(name)]
        context = {
            "count": count,
            "kept": kept,
            "most": replays.MOST,
            "asked": _words(self.workspace.id, wanted.as_json()),
        }
        return self.render("triggers/replay_new.html", context)


class ReplayPage(WorkspacePage):
    """One replay of many; it keeps itself current until everything it began has ended."""

    permission = Permission.EXECUTION_READ
    active = "triggers"

    def get(self, request: HttpRequest, replay: UUID) -> HttpResponse:
        """The page, or with `?part=progress` its live part."""
        found = inbox.replay_get(self.workspace.id, replay)
        progress = replays.replay_progress(found)
        refused = inbox.item_list(self.workspace.id, found.id, state="refused", limit=SHOWN_ITEMS)
        started = inbox.item_list(self.workspace.id, found.id, state="started", limit=SHOWN_ITEMS)
        context = {
            "replay": found,
            "progress": progress,
            "is_live": found.status == "running" or progress.running > 0,
            "items": [*refused, *started][:SHOWN_ITEMS],
            "asked": _words(self.workspace.id, found.asked),
            "by": (found.started_by or {}).get("label", ""),
        }
        part = request.GET.get("part") == "progress"
        response = self.render("triggers/_replay.html" if part else "triggers/replay.html", context)
        response["Cache-Control"] = "no-store"
        return response


class ReplayCancel(WorkspacePage):
    """The button that stops one."""

    permission = Permission.WORKFLOW_EXECUTE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, replay: UUID) -> HttpResponse:
        """Start nothing more of it."""
        try:
            replays.replay_cancel(workspace_id=self.workspace.id, replay_id=replay, actor=self.actor, now=now())
        except ReplayEnded as refused:
            messages.info(request, refused.message)
        return redirect("replay", workspace=self.workspace.slug, replay=replay)


def _wanted(given: QueryDict) -> Wanted:
    """What the list's form asks for: the chosen ones, or with `all` everything that fits its filter."""
    if "all" in given:
        return wanted_of(given)
    return Wanted(ids=tuple(found for raw in given.getlist("ids")[:MOST_IDS] if (found := uuid_of(raw))) or _NOBODY)


def _words(workspace_id: UUID, asked: dict[str, Any]) -> str:
    """The filter of a replay in words."""
    if "count" in asked:
        return _("chosen one by one")
    parts = []
    if asked.get("workflow_id"):
        try:
            parts.append(workflows.workflow_get(workspace_id, UUID(asked["workflow_id"])).name)
        except NotFound:
            parts.append(_("a workflow that is gone"))
    parts += [asked[name] for name in ("node_id", "search") if asked.get(name)]
    parts += [
        table.get(asked[name], "")
        for name, table in (("verdict", words.verdict_words()), ("source", words.source_words()))
        if asked.get(name)
    ]
    return ", ".join(part for part in parts if part) or _("everything that can be replayed")
