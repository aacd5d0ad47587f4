"""What hangs together with an execution, on its page: who called it, whom it called, who was told of its end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.executions import deliveries, links, selectors
from apps.executions.engine.states import Status
from apps.executions.models import Execution

_FAILED = (Status.ERROR, Status.TIMED_OUT, Status.CANCELED)


def links_of(execution: Execution) -> dict[str, Any]:
    """What the part of the page shows, and whether it is worth asking for again."""
    children = links.children_of(execution)
    sent = deliveries.delivery_list(workspace_id=execution.workspace_id, execution_id=execution.id)
    statuses = children["statuses"]
    return {
        "parent": links.parent_of(execution),
        "children": children,
        "succeeded": statuses.get(Status.SUCCESS, 0),
        "failed": sum(statuses.get(status, 0) for status in _FAILED),
        "hidden": children["count"] - len(children["first"]),
        "deliveries": sent,
        "is_moving": not execution.is_terminal
        or links.are_moving(children)
        or any(one.state == "pending" for one in sent),
    }


class ExecutionLinks(WorkspacePage):
    """The part of an execution's page that shows what hangs together with it."""

    permission = Permission.EXECUTION_READ

    def get(self, request: HttpRequest, execution: UUID) -> HttpResponse:
        """The part, which asks for itself while something moves."""
        found = selectors.execution_get(workspace_id=self.workspace.id, execution_id=execution)
        return self.render("executions/_links.html", {"execution": found, "links": links_of(found)})


class DeliverAgain(WorkspacePage):
    """The button that sends a webhook again."""

    permission = Permission.WORKFLOW_EXECUTE

    def post(self, request: HttpRequest, execution: UUID, delivery: UUID) -> HttpResponse:
        """Put it on its way, and go back to the execution."""
        deliveries.delivery_send_again(
            workspace_id=self.workspace.id, execution_id=execution, message_id=delivery, actor=self.actor
        )
        messages.success(request, _("It is on its way again."))
        return redirect("execution", workspace=self.workspace.slug, execution=execution)
