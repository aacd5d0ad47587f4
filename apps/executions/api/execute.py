"""`POST workflows/<id>/execute` and `…/test`: start a workflow, and wait for its end without a thread or a database
connection."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from apps.core.threads import in_request_thread, in_thread, leave_request_thread
from apps.executions import launch, replies, selectors, trial
from apps.executions.api import serializers as forms
from apps.executions.api.views import checked, state_of
from apps.executions.engine.states import HUMAN, TERMINAL
from apps.executions.launch import Start
from apps.executions.trial import Trial

_LONGEST_KEY = 200


class Execute(WorkspaceAPIView):
    """Start a workflow."""

    permissions = {"post": Permission.WORKFLOW_EXECUTE}
    manages_transaction = True
    ticket: replies.Ticket | None = None
    wait_seconds = 0.0

    @extend_schema(
        operation_id="workflow_execute",
        request=forms.ExecuteIn,
        responses={200: forms.ExecuteOut, 201: forms.ExecuteOut},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="A key sent before starts nothing: the answer is the execution it started then, with 200.",
            )
        ],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Start the latest published version, or the draft as it is when nothing has been published.

        201 for a new execution; 200 with `Idempotent-Replayed: true` when the key had started one before.
        """
        asked = checked(forms.ExecuteIn, request.data)
        ticket = self.ticket if asked["wait"] else None
        start = Start(
            workflow_id=pk,
            given=asked["input"],
            trigger=asked["trigger"],
            priority=asked["priority"],
            dedupe_key=_dedupe_key(request.headers.get("Idempotency-Key"), pk),
            reply_to=ticket.channel if ticket else None,
            execution_id=ticket.execution_id if ticket else None,
        )
        started = launch.execution_launch(workspace_id=self.workspace.id, actor=self.actor, start=start, now=now())
        self.wait_seconds = asked["wait"] if started.is_new else 0
        headers = {"Location": f"/api/v1/app/executions/{started.id}/"}
        if not started.is_new:
            headers["Idempotent-Replayed"] = "true"
        return Response(self.state(started.id), status=201 if started.is_new else 200, headers=headers)

    def state(self, execution_id: UUID) -> dict[str, Any]:
        """How the execution stands now."""
        with tenant(self.workspace.id):
            execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=execution_id)
            return state_of(execution)


class Test(Execute):
    """Start a test run."""

    @extend_schema(operation_id="workflow_test", request=forms.TestIn, responses={201: forms.ExecuteOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Test the draft as it is now, or the published version: the whole, up to one node, or one node alone.

        409 `executions.no_data_for_node` where nothing is known that could go into the node.
        """
        asked = checked(forms.TestIn, request.data)
        ticket = self.ticket if asked["wait"] else None
        wanted = Trial(
            workflow_id=pk,
            scope=asked["scope"],
            node=asked["node"],
            is_published=asked["version"] == "published",
            trigger=asked["trigger"],
            given=asked.get("input"),
            has_input="input" in asked,
            pinned=asked.get("pinned") or {},
            breakpoints=tuple(asked["breakpoints"]),
            is_stepping=asked["step"],
            reply_to=ticket.channel if ticket else None,
            execution_id=ticket.execution_id if ticket else None,
        )
        started = trial.execution_test(workspace_id=self.workspace.id, actor=self.actor, trial=wanted, now=now())
        self.wait_seconds = asked["wait"]
        headers = {"Location": f"/api/v1/app/executions/{started.id}/"}
        return Response(self.state(started.id), status=201, headers=headers)


def _dedupe_key(raw: str | None, workflow_id: UUID) -> str | None:
    if raw is None:
        return None
    if not raw.strip() or len(raw) > _LONGEST_KEY or not raw.isprintable():
        raise Invalid(f"An Idempotency-Key has 1 to {_LONGEST_KEY} printable characters.")
    return f"execute:{workflow_id}:{raw.strip()}"


def view(cls: type[Execute] = Execute) -> Any:
    """The view of `cls`: DRF answers in a thread, the waiting is done here.

    It carries what DRF and the schema generator look for on a view, so that it is described like any other.
    """

    async def execute(request: HttpRequest, pk: UUID) -> HttpResponseBase:
        async with replies.expect() as ticket:
            here = cls(ticket=ticket)
            here.setup(request, pk=pk)
            response = await in_request_thread(here.dispatch)(request, pk=pk)
            if here.wait_seconds and isinstance(response, Response):
                await leave_request_thread()
                await _ended(ticket, here.wait_seconds)
                response.data = await in_thread(here.state)(ticket.execution_id)
            return response

    execute.cls, execute.initkwargs, execute.csrf_exempt = cls, {}, True  # type: ignore[attr-defined]
    return execute


async def _ended(ticket: replies.Ticket, seconds: float) -> None:
    """Return when the execution has ended or a person is asked, at the latest after `seconds`."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while (left := until - loop.time()) > 0:
        reply = await ticket.wait(left)
        if reply is None or reply.status in TERMINAL | HUMAN:
            return
        ticket.again()
