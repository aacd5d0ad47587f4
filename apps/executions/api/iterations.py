"""What runs inside containers, over HTTP: `GET executions/<id>/iterations` and `GET executions/<id>/node-runs`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core.api.query import refuse_unknown
from apps.executions import calls, iterations, launch, selectors
from apps.executions.api import serializers as forms
from apps.executions.api.views import checked
from apps.executions.graphs import graph_of


class PathField(serializers.CharField):
    """The path of an iteration, as node runs carry it; empty for the workflow itself."""

    def to_internal_value(self, data: Any) -> str:
        """The path. Raises DRF's `ValidationError`."""
        text = super().to_internal_value(data)
        if text and not iterations.is_path(text):
            raise serializers.ValidationError("This is no path of an iteration. One looks like “lines[3]/sizes[0]”.")
        return text


class IterationsQuery(serializers.Serializer[Any]):
    """Which iterations of which container."""

    container = serializers.CharField(max_length=100, help_text="Node id of a LOOP or WHILE.")
    path = PathField(
        required=False,
        allow_blank=True,
        default="",
        max_length=2_000,
        help_text="The iteration the container itself is in; empty for a container of the workflow itself.",
    )
    state = serializers.ChoiceField(
        choices=forms.STATES,
        required=False,
        help_text="Keeps the iterations in this state; WAITING_INPUT, RETRYING and NEEDS_REVIEW those that hold a node "
        "in it.",
    )
    after = serializers.IntegerField(
        required=False, default=-1, min_value=-1, max_value=10**9, help_text="Begin behind the iteration of this index."
    )
    page_size = serializers.IntegerField(
        required=False, default=iterations.PAGE_SIZE, min_value=1, max_value=iterations.MAX_PAGE_SIZE
    )


class NodeRunsQuery(serializers.Serializer[Any]):
    """Which iteration."""

    path = PathField(max_length=2_000, help_text="Path of the iteration, such as `lines[3]`.")
    node = serializers.CharField(required=False, max_length=100, help_text="Payloads of this node only.")


class IterationOut(serializers.Serializer[Any]):
    """One iteration of a container. `index` counts from 0."""

    index = serializers.IntegerField()
    path = serializers.CharField()
    state = serializers.ChoiceField(choices=forms.STATES)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    error = forms.ErrorOut(allow_null=True)


class IterationPage(serializers.Serializer[Any]):
    """A page of iterations, the first one first."""

    results = IterationOut(many=True)
    next = serializers.URLField(allow_null=True)
    page_size = serializers.IntegerField()


class IterationSnapshot(serializers.Serializer[Any]):
    """One iteration as of checkpoint `seq`; what has settled in containers inside it is only counted."""

    path = serializers.CharField()
    seq = serializers.IntegerField()
    node_runs = forms.NodeRunOut(many=True)
    counts = forms.CountOut(many=True)
    waits = forms.WaitOut(many=True)


class Iterations(WorkspaceAPIView):
    """The iterations of one container."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="execution_iterations", parameters=[IterationsQuery], responses=IterationPage)
    def get(self, request: Request, pk: UUID) -> Response:
        """The iterations of a container in order. Any part can be asked for: their indexes have no gaps."""
        refuse_unknown(request.query_params, IterationsQuery().fields)
        asked = checked(IterationsQuery, request.query_params)
        execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)
        size = asked["page_size"]
        found = iterations.iteration_list(
            workspace_id=self.workspace.id,
            execution_id=execution.id,
            container=asked["container"],
            path=asked["path"],
            states=[asked["state"]] if "state" in asked else [],
            after=asked["after"],
            limit=size + 1,
        )
        following = None
        if len(found) > size:
            following = replace_query_param(request.build_absolute_uri(), "after", str(found[size - 1].index))
        return Response({"results": [asdict(one) for one in found[:size]], "next": following, "page_size": size})


class IterationNodeRuns(WorkspaceAPIView):
    """The node runs of one iteration."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="execution_node_runs", parameters=[NodeRunsQuery], responses=IterationSnapshot)
    def get(self, request: Request, pk: UUID) -> Response:
        """What ran in one iteration of a container; empty when it has not begun. `?node=<id>` adds its payloads."""
        refuse_unknown(request.query_params, NodeRunsQuery().fields)
        asked = checked(NodeRunsQuery, request.query_params)
        execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)
        found = selectors.iteration_snapshot(execution=execution, path=asked["path"], node_id=asked.get("node"))
        if launch.may_execute(self.workspace.id, execution.workflow_id, self.actor):
            graph = graph_of(workspace_id=self.workspace.id, version_id=execution.version_id)
            calls.with_addresses(found["waits"], graph, execution.id)
        return Response(found)
