"""Finding things by a few letters."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core.api.query import refuse_unknown
from apps.insights.search import TAIL, search


class SearchQuery(serializers.Serializer[Any]):
    """What is looked for."""

    q = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)


class FoundWorkflow(serializers.Serializer[Any]):
    """A workflow; `run_url` is the page that starts it, where the asker may."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    status = serializers.CharField()
    url = serializers.CharField()
    run_url = serializers.CharField(allow_null=True)


class FoundExecution(serializers.Serializer[Any]):
    """An execution; `short_id` is what pages show of its id."""

    id = serializers.UUIDField()
    short_id = serializers.CharField()
    workflow_name = serializers.CharField()
    status = serializers.CharField()
    mode = serializers.CharField()
    created_at = serializers.DateTimeField()
    url = serializers.CharField()


class FoundMember(serializers.Serializer[Any]):
    """A person of the workspace."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.CharField()
    url = serializers.CharField()


class SearchOut(serializers.Serializer[Any]):
    """What fits, best first, up to eight of each kind."""

    workflows = FoundWorkflow(many=True)
    executions = FoundExecution(many=True)
    members = FoundMember(many=True)


class Search(WorkspaceAPIView):
    """What the command palette asks."""

    permissions = {"get": Permission.WORKFLOW_READ}
    may_lag = ("get",)

    @extend_schema(operation_id="search", parameters=[SearchQuery], responses=SearchOut)
    def get(self, request: Request) -> Response:
        """Workflows, executions and people by a few letters of their names, or of an execution's id.

        The letters of a name need only stand in their order. Without any: what was changed or started last.
        """
        refuse_unknown(request.query_params, SearchQuery().fields)
        asked = SearchQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = search(self.workspace.id, q=asked.validated_data["q"], actor=self.actor)
        slug = self.workspace.slug
        can_run = self.actor.can(Permission.WORKFLOW_EXECUTE)
        members_url = reverse("members", args=[slug])
        data = {
            "workflows": [
                {
                    "id": row.id,
                    "name": row.name,
                    "status": row.status,
                    "url": reverse("workflow", args=[slug, row.id]),
                    "run_url": reverse("execution-start", args=[slug, row.id]) if can_run else None,
                }
                for row in found.workflows
            ],
            "executions": [
                {
                    "id": row.id,
                    "short_id": str(row.id)[-TAIL:],
                    "workflow_name": row.workflow.name,
                    "status": row.status,
                    "mode": row.mode,
                    "created_at": row.created_at,
                    "url": reverse("execution", args=[slug, row.id]),
                }
                for row in found.executions
            ],
            "members": [
                {
                    "id": row.id,
                    "name": row.user.label,
                    "email": row.user.email,
                    "role": row.role,
                    "url": members_url,
                }
                for row in found.members
            ],
        }
        return Response(SearchOut(data).data)
