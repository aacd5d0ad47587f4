"""What workflows keep: list, look, delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.executions import values
from apps.executions.api.views import checked
from apps.executions.models import Value


class ValueOut(serializers.ModelSerializer[Value]):
    """What is kept under a key."""

    workflow_id = serializers.UUIDField(allow_null=True, help_text="Null: shared by the whole workspace.")
    value = serializers.JSONField(allow_null=True)
    revision = serializers.IntegerField(help_text="How often it was written since it was made.")

    class Meta:
        model = Value
        fields = ["id", "key", "workflow_id", "value", "revision", "expires_at", "created_at", "updated_at"]


class ListQuery(serializers.Serializer[Any]):
    """Filters of the list."""

    prefix = serializers.CharField(required=False, max_length=200, help_text="How the key begins.")
    workflow = serializers.UUIDField(required=False, help_text="Only those of this workflow.")


class Values(WorkspaceViewSet):
    """What the workflows of the workspace keep under keys."""

    permissions = {
        "list": Permission.EXECUTION_READ,
        "retrieve": Permission.EXECUTION_READ,
        "destroy": Permission.WORKFLOW_UPDATE,
    }
    filters = {"list": ("prefix", "workflow")}
    serializer_class = ValueOut
    queryset = Value.objects.none()

    @extend_schema(parameters=[ListQuery], responses=ValueOut(many=True))
    def list(self, request: Request) -> Response:
        """The keys, the newest first."""
        asked = checked(ListQuery, request.query_params)
        found = values.value_list(self.workspace.id, workflow_id=asked.get("workflow"), prefix=asked.get("prefix", ""))
        return self.page(found, ValueOut)

    @extend_schema(responses=ValueOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One key and its value."""
        return Response(ValueOut(values.value_get(self.workspace.id, pk)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Take a key away, on record. Workflows find nothing there from now on."""
        values.value_delete(workspace_id=self.workspace.id, value_id=pk, actor=self.actor)
        return Response(status=204)
