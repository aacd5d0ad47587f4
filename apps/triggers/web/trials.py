"""The test of a webhook's draft: listening at its test address, and using what was captured."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.triggers import captures, inbox, listening
from apps.triggers.web import words
from apps.workflows import selectors as workflows

LONGEST_SHOWN = 20_000


class TriggerTest(WorkspacePage):
    """The test address of a draft's webhook, and what is sent there while this page is open."""

    permission = Permission.WORKFLOW_UPDATE
    active = "triggers"

    def get(self, request: HttpRequest, workflow: UUID, node: str) -> HttpResponse:
        """The page; with `?part=live` what arrived, which also keeps the address open."""
        found = workflows.workflow_get(self.workspace.id, workflow)
        webhook = listening.draft_webhook(self.workspace.id, workflow, node)
        moment = now()
        is_live = request.GET.get("part") == "live"
        open_until = listening.open_until(self.workspace.id, workflow, node)
        if is_live and open_until and open_until > moment:
            opened = self._open(workflow, node, moment)
            open_until = opened.until_at
        path = str(webhook.params.get("path") or "").strip("/")
        url = workflows.webhook_url(self.workspace.slug, path).replace("/webhooks/", "/webhooks-test/", 1)
        came = listening.captured(self.workspace.id, workflow, node, now=moment)
        context = {
            "workflow": found,
            "node": webhook,
            "url": url,
            "curl": _curl(str(webhook.params.get("method") or "POST"), url),
            "is_proven": (webhook.params.get("secret") or {}).get("kind", "none") != "none",
            "is_open": open_until is not None and open_until > moment,
            "rows": [words.delivery_row(each, {}) | {"text": _text(inbox.content_of(each).value)} for each in came],
        }
        response = self.render("triggers/_captured.html" if is_live else "triggers/test.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def post(self, request: HttpRequest, workflow: UUID, node: str) -> HttpResponse:
        """Listen, or listen no more."""
        if request.POST.get("to") == "stop":
            listening.listening_close(
                workspace_id=self.workspace.id, workflow_id=workflow, node_id=node, actor=self.actor
            )
        else:
            self._open(workflow, node, now())
        return redirect("trigger-test", workspace=self.workspace.slug, workflow=workflow, node=node)

    def _open(self, workflow: UUID, node: str, moment: datetime) -> Any:
        return listening.listening_open(
            workspace_id=self.workspace.id, workflow_id=workflow, node_id=node, actor=self.actor, now=moment
        )


class TriggerUse(WorkspacePage):
    """The buttons that use what was captured: run the draft with it, or pin it."""

    permission = Permission.WORKFLOW_UPDATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, workflow: UUID, node: str) -> HttpResponse:
        """Do it, and go where it shows."""
        named: dict[str, Any] = {
            "workspace_id": self.workspace.id,
            "workflow_id": workflow,
            "node_id": node,
            "delivery_id": _id(request.POST.get("delivery", "")),
            "actor": self.actor,
        }
        try:
            if request.POST.get("to") == "pin":
                captures.capture_pin(**named)
                messages.success(request, _("Tests of the draft begin with this from now on"))
                return redirect("workflow", workspace=self.workspace.slug, workflow=workflow)
            started = captures.capture_run(now=now(), **named)
        except DomainError as refused:
            if refused.status == 404:
                raise
            messages.error(request, f"{refused.message} {refused.hint}".strip())
            return redirect("trigger-test", workspace=self.workspace.slug, workflow=workflow, node=node)
        return redirect("execution", workspace=self.workspace.slug, execution=started.id)


def _curl(method: str, url: str) -> str:
    body = (
        "" if method in ("GET", "DELETE") else """ \\\n  -H 'Content-Type: application/json' -d '{"hello": "world"}'"""
    )
    return f"curl -X {method} '{url}'{body}"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)[:LONGEST_SHOWN]
