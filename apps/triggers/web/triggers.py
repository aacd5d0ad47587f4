"""Every trigger of the workspace, and one: how it is, what came, when it comes due, switching it off, trying it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.triggers import inbox, overview, switches
from apps.triggers.inbox import Wanted
from apps.triggers.overview import TriggerState
from apps.triggers.web import words
from apps.triggers.webhooks import selftest
from apps.workflows import selectors as workflows

PAGE_SIZE = 25
SHOWN = 10


class TriggerList(WorkspacePage):
    """What starts the workflows of the workspace."""

    permission = Permission.WORKFLOW_READ
    active = "triggers"
    menu = MenuEntry(
        Menu.MAIN,
        gettext_lazy("Triggers"),
        icon="zap",
        order=40,
        keys="g t",
        words=gettext_lazy("webhooks schedules deliveries cron"),
        on_phone=False,
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, a page of workflows at a time."""
        q = request.GET.get("q", "")
        found = workflows.workflow_list(self.workspace.id, q=q)
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        states = overview.trigger_states(self.workspace.id, self.workspace.slug, page, now=now())
        return self.render("triggers/list.html", {"page": page, "q": q, "rows": [_row(state) for state in states]})


class TriggerPage(WorkspacePage):
    """The health of one trigger."""

    permission = Permission.WORKFLOW_READ
    active = "triggers"

    def get(self, request: HttpRequest, workflow: UUID, node: str) -> HttpResponse:
        """The page."""
        found = workflows.workflow_get(self.workspace.id, workflow)
        moment = now()
        state = overview.trigger_state(self.workspace.id, self.workspace.slug, found, node, now=moment)
        times, never = overview.next_times(state, found, moment)
        zone = overview.zone_of(state, found)
        wanted = Wanted(workflow_id=found.id, node_id=node)
        came = list(inbox.delivery_list(self.workspace.id, wanted)[:SHOWN])
        context = _row(state) | {
            "workflow": found,
            "zone": zone,
            "times": words.in_zone(times, zone),
            "never": never,
            "counts": _counts(self.workspace.id, wanted),
            "rows": [words.delivery_row(each, {found.id: found.name}) for each in came],
            "tried": request.session.pop(f"tried:{found.id}:{node}", None),
        }
        return self.render("triggers/trigger.html", context)


class TriggerSwitch(WorkspacePage):
    """The button that switches one trigger off or on."""

    permission = Permission.WORKFLOW_UPDATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, workflow: UUID, node: str) -> HttpResponse:
        """Do it and go back."""
        named: dict[str, Any] = {"workspace_id": self.workspace.id, "workflow_id": workflow, "node_id": node}
        if request.POST.get("to") == "on":
            switches.trigger_resume(actor=self.actor, now=now(), **named)
            messages.success(request, _("The trigger is on again"))
        else:
            switches.trigger_pause(actor=self.actor, now=now(), reason=request.POST.get("reason", ""), **named)
            messages.success(request, _("The trigger starts nothing until you switch it on again"))
        return redirect("trigger", workspace=self.workspace.slug, workflow=workflow, node=node)


class TriggerTry(WorkspacePage):
    """The button that lets a webhook try itself."""

    permission = Permission.WORKFLOW_UPDATE
    http_method_names = ["post"]
    manages_transaction = True  # the door opens transactions of its own

    def post(self, request: HttpRequest, workflow: UUID, node: str) -> HttpResponse:
        """Try it and show what happened."""
        try:
            tried = selftest.webhook_try(
                workspace_id=self.workspace.id,
                workspace_slug=self.workspace.slug,
                workflow_id=workflow,
                node_id=node,
                now=now(),
            )
        except DomainError as refused:
            if refused.status == 404:
                raise
            messages.error(request, f"{refused.message} {refused.hint}".strip())
        else:
            request.session[f"tried:{workflow}:{node}"] = {
                "is_right": tried.is_right,
                "status": tried.status,
                "message": tried.message,
                "hint": tried.hint,
            }
        return redirect("trigger", workspace=self.workspace.slug, workflow=workflow, node=node)


def _row(state: TriggerState) -> dict[str, Any]:
    badge, word = words.state_badge(state)
    last = words.verdict_words().get(state.last.verdict, "") if state.last else ""
    return {"state": state, "badge": badge, "word": word, "last_verdict": last}


def _counts(workspace_id: UUID, wanted: Wanted) -> list[tuple[str, int]]:
    counted = inbox.verdict_counts(workspace_id, wanted, since=now())
    return [(word, counted.get(verdict, 0)) for verdict, word in words.verdict_words().items() if counted.get(verdict)]
