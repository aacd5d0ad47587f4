"""The pages where logs are read: of one execution as it is written, and of the workspace with the newest first."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.clock import now
from apps.executions import logbook, selectors, story
from apps.executions.log_formats import FORMATS, visible
from apps.executions.logbook import CursorUnknown, Line, Page, Wanted
from apps.executions.web.rows import short_id
from apps.executions.web.views import MOST_WORKFLOWS, ExecutionPage
from apps.nodes.registry import catalogue
from apps.workflows import selectors as workflows

PAGE_SIZE = 200
LONGEST_DATA = 20_000
RANGES = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
_ICONS = {
    "execution": "circle-dot",
    "node": "check",
    "attempt": "rotate-cw",
    "wait": "hourglass",
    "said": "message-square-text",
    "metric": "gauge",
}
_STATE_ICONS = {"RUNNING": "play", "SKIPPED": "circle-slash", "WAITING_INPUT": "hourglass", "PENDING": "circle"}
_LEVEL_ICONS = {"error": "circle-x", "warning": "triangle-alert"}
_TONES = {"error": "error", "warning": "human"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line as the page shows it. `data` is JSON for people, empty where there is nothing to unfold."""

    line: Line
    at: datetime
    level: str
    tone: str
    icon: str
    node: str
    message: str
    data: str
    short_id: str


def rows(lines: Iterable[Line], view: str) -> list[Row]:
    """The lines in the words of the page."""
    return [_row(line, view) for line in lines]


def _row(line: Line, view: str) -> Row:
    entry = line.entry
    state = entry.data.get("state", "") if entry.kind == "node" and isinstance(entry.data, dict) else ""
    icon = _LEVEL_ICONS.get(entry.level) or _STATE_ICONS.get(state) or _ICONS[entry.kind]
    icon = "flag" if entry.is_milestone else icon
    return Row(
        line=line,
        at=entry.at,
        level=entry.level,
        tone=_TONES.get(entry.level, "success" if entry.is_milestone else ""),
        icon=icon,
        node=visible(line.node_name),
        message=visible(entry.message),
        data=_data(entry.data) if view == "technical" or entry.kind == "said" else "",
        short_id=short_id(line.record.execution),
    )


def _data(value: Any) -> str:
    if value is None:
        return ""
    text = visible_json(value)
    return text if len(text) <= LONGEST_DATA else f"{text[:LONGEST_DATA]}…"


def visible_json(value: Any) -> str:
    """JSON over several lines, in which marks that turn the direction of writing are written out."""
    lines = json.dumps(value, indent=2, ensure_ascii=False, default=str).split("\n")
    return "\n".join(visible(line) for line in lines)


def view_words() -> list[tuple[str, str]]:
    """The two views with their words."""
    return [("business", _("Business")), ("technical", _("Technical"))]


def level_words() -> list[tuple[str, str]]:
    """The levels that can be asked for, with their words."""
    return [("", _("All levels")), ("info", _("Without details")), ("warning", _("Warnings")), ("error", _("Errors"))]


def _wanted(given: QueryDict, **more: Any) -> Wanted:
    view, level = given.get("view", ""), given.get("level", "")
    return Wanted(
        view="technical" if view == "technical" else "business",
        level=level if level in ("info", "warning", "error") else "debug",
        text=given.get("q", "").strip()[:200],
        only_milestones=given.get("milestones") == "true",
        **more,
    )


class ExecutionLog(ExecutionPage):
    """The log of one execution. While it goes on, `app.ts` asks for the lines after the last one."""

    def get(self, request: HttpRequest, execution: UUID) -> HttpResponse:
        """The page; `?part=lines&after=` gives what follows a line, `?fragment=header` the header's parts."""
        found = selectors.execution_get(workspace_id=self.workspace.id, execution_id=execution)
        if request.GET.get("fragment") == "header":
            return self.render("executions/_header.html", self._header(found))
        wanted = _wanted(request.GET, node=request.GET.get("node", "")[:100])
        page = logbook.execution_page(
            execution=found, wanted=wanted, after=request.GET.get("after", "")[:50], size=PAGE_SIZE
        )
        filters = {
            "view": wanted.view,
            "level": request.GET.get("level", ""),
            "node": wanted.node,
            "q": wanted.text,
            "milestones": "true" if wanted.only_milestones else "",
        }
        address = _address(filters)
        context = {
            "execution": found,
            "rows": rows(page.lines, wanted.view),
            "page": page,
            "progress": [each | {"words": story.amount(each)} for each in logbook.at_work(found)],
            "following": f"{address}&part=lines",
            "wanted": wanted,
            "form": "fine" if wanted.view == "technical" else "clock",
        }
        if request.GET.get("part") == "lines":
            response = self.render("executions/_log_part.html", context)
            response["Cache-Control"] = "no-store"
            return response
        api = f"/api/v1/app/executions/{found.id}"
        context |= self._header(found) | {
            "filters": filters,
            "is_filtered": any(filters[name] for name in ("level", "node", "q", "milestones")),
            "views": view_words(),
            "levels": level_words(),
            "nodes": [(node["id"], node["name"]) for node in found.version.definition["nodes"]],
            "has_milestones": any(node.get("milestone") for node in found.version.definition["nodes"]),
            "events_url": f"{api}/events/",
            "downloads": [(each, f"{api}/logs/download/?{_query(filters | {'format': each})}") for each in FORMATS],
            "tab": "log",
        }
        return self.render("executions/log.html", context)


class WorkspaceLog(WorkspacePage):
    """What happened in every execution of the workspace, newest first. The first page keeps itself current."""

    permission = Permission.EXECUTION_READ
    active = "executions"
    may_lag = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, or with `?part=list` its lines: 204 when there is nothing newer than `known`."""
        given = request.GET
        span, workflow = given.get("range", ""), _uuid(given.get("workflow", ""))
        since = now() - RANGES[span] if span in RANGES else None
        wanted = _wanted(given, node_type=given.get("node_type", "")[:100], since=since)
        page = self._page(wanted, workflow, given.get("after", "")[:120])
        known = _newest(page)
        is_part = given.get("part") == "list"
        if is_part and given.get("known") == known:
            return HttpResponse(status=204)
        filters = {
            "view": wanted.view,
            "level": given.get("level", ""),
            "workflow": str(workflow or ""),
            "node_type": wanted.node_type,
            "range": span,
            "q": wanted.text,
            "milestones": "true" if wanted.only_milestones else "",
        }
        address = _address(filters)
        context = {
            "rows": rows(page.lines, wanted.view),
            "page": page,
            "filters": filters,
            "wanted": wanted,
            "is_filtered": any(value for name, value in filters.items() if name != "view"),
            "is_first": not given.get("after"),
            "refresh_url": f"{address}&{_query({'part': 'list', 'known': known})}",
            "older_url": f"{address}&{_query({'after': page.next})}" if page.next else "",
            "newest_url": address,
        }
        if is_part:
            return self.render("executions/_log_list.html", context)
        named = workflows.workflow_list(self.workspace.id).only("id", "name", "active_version")
        context |= {
            "views": view_words(),
            "levels": level_words(),
            "ranges": [
                ("", _("Any time")),
                ("1h", _("Last hour")),
                ("24h", _("Last 24 hours")),
                ("7d", _("Last 7 days")),
                ("30d", _("Last 30 days")),
            ],
            "workflows": named[:MOST_WORKFLOWS],
            "node_types": sorted({(entry["subtype"], entry["name"]) for entry in catalogue()}, key=lambda one: one[1]),
        }
        return self.render("executions/logs.html", context)

    def _page(self, wanted: Wanted, workflow_id: UUID | None, after: str) -> Page:
        def page(cursor: str) -> Page:
            return logbook.workspace_page(
                workspace_id=self.workspace.id, wanted=wanted, workflow_id=workflow_id, after=cursor, size=PAGE_SIZE
            )

        try:
            return page(after)
        except CursorUnknown:  # an address somebody has written: what is newest is right
            return page("")


def _newest(page: Page) -> str:
    """What identifies the newest line, so that an unchanged list need not be sent again."""
    first = page.lines[0] if page.lines else None
    return f"{str(first.record.execution.id)[-12:]}.{first.id}" if first else "none"


def _query(values: dict[str, str]) -> str:
    found = QueryDict(mutable=True)
    found.update({name: value for name, value in values.items() if value})
    return found.urlencode()


def _address(filters: dict[str, str]) -> str:
    return f"?{_query(filters)}"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
