"""The buttons that hold a run, release it, and go on from a breakpoint."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.clock import now
from apps.core.errors import Conflict
from apps.executions import holding

LONGEST_REASON = 500


def held(hold: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any]:
    """What the notice of a held execution needs: since when, or before which nodes it stands."""
    if not hold:
        return {}
    nodes = dict.fromkeys(names.get(node_id, node_id) for _path, node_id in hold.get("nodes", ()))
    return {
        "held_at": datetime.fromisoformat(hold["at"]),
        "stands_before": ", ".join(f"“{name}”" for name in nodes),
    }


class _Button(WorkspacePage, ABC):
    permission = Permission.EXECUTION_CANCEL
    active = "executions"

    def post(self, request: HttpRequest, execution: UUID) -> HttpResponse:
        """Do it, and go back to the execution; what is not possible any more is said there."""
        try:
            self.do({"workspace_id": self.workspace.id, "execution_id": execution, "actor": self.actor, "now": now()})
        except Conflict as refused:
            messages.info(request, refused.message)
        return redirect("execution", workspace=self.workspace.slug, execution=execution)

    @abstractmethod
    def do(self, common: dict[str, Any]) -> None:
        """What the button does."""


class ExecutionHold(_Button):
    """Let nothing new begin."""

    def do(self, common: dict[str, Any]) -> None:
        """Hold it, with the reason that was given."""
        holding.execution_hold(**common, reason=self.request.POST.get("reason", "").strip()[:LONGEST_REASON])


class ExecutionRelease(_Button):
    """Let it go on."""

    def do(self, common: dict[str, Any]) -> None:
        """Release it."""
        holding.execution_release(**common)


class ExecutionContinue(_Button):
    """Go on from a breakpoint."""

    def do(self, common: dict[str, Any]) -> None:
        """By one node, or to the next breakpoint."""
        holding.execution_continue(**common, how="step" if self.request.POST.get("how") == "step" else "continue")
