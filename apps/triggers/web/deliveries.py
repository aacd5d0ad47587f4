"""The inbox: the list, one delivery, replaying it."""

from __future__ import annotations

import json
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.clock import now
from apps.core.errors import DomainError, NotFound
from apps.core.paging import Bounded
from apps.executions.models import Execution
from apps.triggers import inbox, replays
from apps.triggers.inbox import SOURCES, VERDICTS, Wanted
from apps.triggers.web import words
from apps.workflows import selectors as workflows

PAGE_SIZE = 50
LONGEST_SHOWN = 100_000
FILTERED_BY = ("workflow", "node", "verdict", "source", "q")


class DeliveryList(WorkspacePage):
    """What arrived to start workflows, filtered by the address."""

    permission = Permission.EXECUTION_READ
    active = "triggers"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, the newest first."""
        wanted = wanted_of(request.GET)
        page = Bounded(inbox.delivery_list(self.workspace.id, wanted), PAGE_SIZE).get_page(request.GET.get("page"))
        names = dict(workflows.workflow_list(self.workspace.id).values_list("id", "name"))
        context = {
            "page": page,
            "rows": [words.delivery_row(each, names) for each in page],
            "workflows": sorted(names.items(), key=lambda item: item[1].lower()),
            "workflow_id": str(wanted.workflow_id or ""),
            "node_id": wanted.node_id,
            "verdict": wanted.verdict,
            "source": wanted.source,
            "q": wanted.search,
            "verdicts": [("", _("All")), *words.verdict_words().items()],
            "sources": [("", _("From everywhere")), *words.source_words().items()],
            "is_filtered": wanted != Wanted(),
            "filter": [(name, value) for name in FILTERED_BY if (value := request.GET.get(name))],
        }
        return self.render("triggers/deliveries.html", context)


class DeliveryPage(WorkspacePage):
    """One delivery: what was sent, what came of it, its replays."""

    permission = Permission.EXECUTION_READ
    active = "triggers"

    def get(self, request: HttpRequest, delivery: UUID) -> HttpResponse:
        """The page."""
        found = inbox.delivery_get(self.workspace.id, delivery)
        content = inbox.content_of(found)
        value: dict[str, Any] = content.value if isinstance(content.value, dict) else {}
        is_request = found.source in ("webhook", "test") and "headers" in value
        body = json.dumps(value.get("body") if is_request else content.value, indent=2, ensure_ascii=False)
        workflow = None
        if found.workflow_id is not None:
            try:
                workflow = workflows.workflow_get(self.workspace.id, found.workflow_id)
            except NotFound:
                workflow = None
        execution = None
        if found.execution_id is not None:
            rows = Execution.objects.filter(workspace_id=self.workspace.id, id=found.execution_id)
            execution = rows.select_related("version").first()
        context = words.delivery_row(found, {}) | {
            "workflow": workflow,
            "source": words.source_words().get(found.source, found.source),
            "execution": execution,
            "why_not": content.missing or inbox.why_not(found),
            "missing": content.missing,
            "is_request": is_request,
            "headers": sorted((value.get("headers") or {}).items()) if is_request else [],
            "query": sorted((value.get("query") or {}).items()) if is_request else [],
            "body": body[:LONGEST_SHOWN],
            "is_cut": len(body) > LONGEST_SHOWN,
            "replays": [words.delivery_row(each, {}) for each in inbox.replays_of(found)],
        }
        return self.render("triggers/delivery.html", context)


class DeliveryLink(WorkspacePage):
    """What an execution was started by, for its page; empty when nothing arrived for it."""

    permission = Permission.EXECUTION_READ

    def get(self, request: HttpRequest, execution: UUID) -> HttpResponse:
        """The fragment. A delivery that started an execution has its id."""
        found = inbox.delivery_find(self.workspace.id, execution)
        icon = words.SOURCE_ICONS.get(found.source, "zap") if found else ""
        return self.render("triggers/_link.html", {"delivery": found, "icon": icon})


class DeliveryReplay(WorkspacePage):
    """The button that replays one."""

    permission = Permission.WORKFLOW_EXECUTE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, delivery: UUID) -> HttpResponse:
        """Start it once more, and go to the new execution."""
        version = request.POST.get("version", "newest")
        try:
            started = replays.delivery_replay(
                workspace_id=self.workspace.id,
                delivery_id=delivery,
                actor=self.actor,
                now=now(),
                version=cast(replays.Which, version if version in ("newest", "original") else "newest"),
            )
        except DomainError as refused:
            if refused.status == 404:
                raise
            messages.error(request, f"{refused.message} {refused.hint}".strip())
            return redirect("delivery", workspace=self.workspace.slug, delivery=delivery)
        return redirect("execution", workspace=self.workspace.slug, execution=started.id)


def wanted_of(given: QueryDict) -> Wanted:
    """What the list's address asks for. What cannot be understood is left out."""
    verdict, source = given.get("verdict", ""), given.get("source", "")
    return Wanted(
        workflow_id=uuid_of(given.get("workflow", "")),
        node_id=given.get("node", "")[:100],
        verdict=verdict if verdict in VERDICTS else "",
        source=source if source in SOURCES else "",
        search=given.get("q", "").strip().replace("\x00", "")[:100],
    )


def uuid_of(text: str) -> UUID | None:
    """The id a text is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
