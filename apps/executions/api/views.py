"""Executions: list, look, response, cancel. What waits or streams is in `execute`, `events` and `logs`."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core.api.query import refuse_both, refuse_unknown
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.executions import calls, launch, queueing, rerun, selectors
from apps.executions.api import serializers as forms
from apps.executions.engine.states import Status
from apps.executions.graphs import graph_of
from apps.executions.models import Execution
from apps.workflows.graph import draft_of


def ports_of(definition: Any) -> dict[str, list[str]]:
    """The outcomes of each node of a definition, by its id."""
    draft, _findings = draft_of(definition)
    return {node.id: list(node.ports) for node in draft.nodes.values()}


S = TypeVar("S", bound="serializers.Serializer[Any]")


class NoResponseYet(NotFound):
    """The execution has not answered yet."""

    code = "executions.response_not_yet"
    default_hint = "Ask again, or follow `events`."


class NoResponse(NotFound):
    """The execution ended without a response."""

    code = "executions.no_response"


class Executions(WorkspaceViewSet):
    """The executions of the workspace."""

    permissions = {
        "list": Permission.EXECUTION_READ,
        "retrieve": Permission.EXECUTION_READ,
        "stored_response": Permission.EXECUTION_READ,
        "cancel": Permission.EXECUTION_CANCEL,
        "rerun": Permission.WORKFLOW_EXECUTE,
    }
    may_lag = ("list",)
    filters = {"list": ("workflow", "workflow_id", "status", "since", "search")}
    serializer_class = forms.ExecutionOut
    queryset = Execution.objects.none()

    @extend_schema(parameters=[forms.ListQuery], responses=forms.ExecutionOut(many=True))
    def list(self, request: Request) -> Response:
        """The executions, newest first. `status` may be repeated or hold several, separated by commas."""
        refuse_both(request.query_params, "workflow", "workflow_id")
        asked = checked(forms.ListQuery, statuses_split(request.query_params))
        rows = selectors.execution_list(
            workspace_id=self.workspace.id,
            workflow_id=asked.get("workflow") or asked.get("workflow_id"),
            statuses=asked.get("status", ()),
            since=asked.get("since"),
            search=asked.get("search", ""),
        )
        shown = self.paginate_queryset(rows) or []
        reasons = queueing.reasons(workspace_id=self.workspace.id, executions=shown, now=now())
        context = {**self.get_serializer_context(), "reasons": reasons}
        return self.get_paginated_response(forms.ExecutionOut(shown, many=True, context=context).data)

    @extend_schema(parameters=[forms.DetailQuery], responses=forms.ExecutionDetail)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Everything about one execution, with the payloads of every node.

        `?payloads=false` leaves all of them out, `?node=<id>` keeps those of one node.
        """
        refuse_unknown(request.query_params, forms.DetailQuery().fields)
        asked = checked(forms.DetailQuery, request.query_params)
        execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)
        node_id = asked.get("node")
        is_whole = asked["payloads"] and node_id is None
        found = selectors.execution_snapshot(execution=execution, node_id=node_id, with_payloads=is_whole)
        if launch.may_execute(self.workspace.id, execution.workflow_id, self.actor):
            graph = graph_of(workspace_id=self.workspace.id, version_id=execution.version_id)
            calls.with_addresses(found["waits"], graph, execution.id)
        why = queueing.reasons(workspace_id=self.workspace.id, executions=[execution], now=now())
        found["node_ports"] = ports_of(found["definition"])
        found["queued_because"] = why.get(execution.id)
        found["has_response"] = execution.response is not None or "response" in found["large"]
        if is_whole:
            found |= {"input": execution.input, "output": execution.output}
        return Response(found)

    @extend_schema(operation_id="execution_response", responses=forms.ResponseOut)
    @action(detail=True, url_path="response")
    def stored_response(self, request: Request, pk: UUID) -> Response:
        """What the caller of the webhook got, or would have got had it waited."""
        execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)
        found = response_of(execution)
        if found is None and execution.is_terminal:
            raise NoResponse(f"The execution ended as {execution.status} without a response.")
        if found is None:
            raise NoResponseYet(f"The execution has not answered yet; it is {execution.status}.")
        return Response(found)

    @extend_schema(request=None, responses=forms.ExecuteOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """End an execution at once. Nobody is asked any more; writes whose outcome is unknown are listed on it."""
        launch.execution_stop(workspace_id=self.workspace.id, execution_id=pk, actor=self.actor, now=now())
        return Response(state_of(selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)))

    @extend_schema(request=forms.RerunIn, responses={201: forms.ExecuteOut})
    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, pk: UUID) -> Response:
        """Start an execution that does this one again: from its start, from a node on, or from where it failed.

        One that did not succeed goes on in its own lineage unless the input is another: a write whose outcome is
        unknown is sent under the same idempotency key, or asked about first. 409 with what does not fit.
        """
        asked = checked(forms.RerunIn, request.data)
        again = rerun.Again(
            **rerun.begins_at(asked["from"]),
            version=asked["version"],
            input=asked.get("input"),
            has_input="input" in asked,
        )
        started = rerun.execution_rerun(
            workspace_id=self.workspace.id, execution_id=pk, actor=self.actor, now=now(), again=again
        )
        found = state_of(selectors.execution_get(workspace_id=self.workspace.id, execution_id=started.id))
        return Response(found, status=201, headers={"Location": f"/api/v1/app/executions/{started.id}/"})


def response_of(execution: Execution) -> dict[str, Any] | None:
    """The stored response; without one, the output of an execution that succeeded; else None."""
    stored: dict[str, Any] | None = selectors.execution_value(execution=execution, name="response")
    if stored is not None:
        return {"status": 200, "headers": {}, "body": None} | stored
    if execution.status == Status.SUCCESS:
        body = selectors.execution_value(execution=execution, name="output")
        return {"status": 200, "headers": {}, "body": body}
    return None


def state_of(execution: Execution) -> dict[str, Any]:
    """An execution as those see it who have just started or ended it."""
    return {
        "execution_id": str(execution.id),
        "id": str(execution.id),
        "workflow_id": str(execution.workflow_id),
        "version": execution.version.number,
        "mode": execution.mode,
        "status": execution.status,
        "created_at": execution.created_at,
        "started_at": execution.started_at,
        "finished_at": execution.finished_at,
        "output": selectors.execution_value(execution=execution, name="output"),
        "error": execution.error,
        "response": selectors.execution_value(execution=execution, name="response"),
    }


def checked(form: type[S], given: Any) -> dict[str, Any]:
    """The values of a form. Raises DRF's `ValidationError`."""
    made = form(data=given)
    made.is_valid(raise_exception=True)
    found: dict[str, Any] = made.validated_data
    return found


def statuses_split(given: QueryDict) -> QueryDict:
    """The query with `status=A,B` written as `status=A&status=B`."""
    found = given.copy()
    if "status" in given:
        found.setlist(
            "status", [part.strip() for raw in given.getlist("status") for part in raw.split(",") if part.strip()]
        )
    return found
