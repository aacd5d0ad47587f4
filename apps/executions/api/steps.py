"""What a node did in parts, over HTTP: `GET executions/<id>/steps`."""

from __future__ import annotations

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
from apps.executions import selectors, steps
from apps.executions.api.iterations import PathField
from apps.executions.api.serializers import LargeOut
from apps.executions.api.views import checked


class StepsQuery(serializers.Serializer[Any]):
    """Of which node run."""

    node = serializers.CharField(max_length=100, help_text="Node id.")
    path = PathField(
        required=False,
        allow_blank=True,
        default="",
        max_length=2_000,
        help_text="The iteration the node run belongs to; empty for one of the workflow itself.",
    )
    after = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=100_000, help_text="Leave out so many of the first."
    )
    page_size = serializers.IntegerField(
        required=False, default=steps.PAGE_SIZE, min_value=1, max_value=steps.MAX_PAGE_SIZE
    )


class StepOut(serializers.Serializer[Any]):
    """A part of a node's work that is done once, such as a turn of an agent or a call of its tool."""

    key = serializers.CharField(help_text="What the node calls it; an agent's are described with the agents.")
    state = serializers.ChoiceField(choices=["STARTED", "FAILED", "DONE"])
    effect = serializers.ChoiceField(choices=["pure", "read", "write"])
    failures = serializers.IntegerField(help_text="How often it failed before.")
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    result = serializers.JSONField(allow_null=True)
    large = LargeOut(allow_null=True, help_text="`result` is null because it is too large: where to get it.")


class StepPage(serializers.Serializer[Any]):
    """A page of steps, the first one first."""

    results = StepOut(many=True)
    next = serializers.URLField(allow_null=True)
    page_size = serializers.IntegerField()


class Steps(WorkspaceAPIView):
    """The steps of one node run."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="execution_steps", parameters=[StepsQuery], responses=StepPage)
    def get(self, request: Request, pk: UUID) -> Response:
        """What a node did in parts, in the order they began: an agent's turns and calls of tools, with their results.

        What only reads stands here when it is done, a write from when it is sent.
        """
        refuse_unknown(request.query_params, StepsQuery().fields)
        asked = checked(StepsQuery, request.query_params)
        execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)
        found, has_more = steps.step_list(
            workspace_id=self.workspace.id,
            execution_id=execution.id,
            node_id=asked["node"],
            path=asked["path"],
            after=asked["after"],
            limit=asked["page_size"],
        )
        following = None
        if has_more:
            behind = str(asked["after"] + len(found))
            following = replace_query_param(request.build_absolute_uri(), "after", behind)
        return Response({"results": found, "next": following, "page_size": asked["page_size"]})
