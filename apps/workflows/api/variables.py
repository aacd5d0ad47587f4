"""Variables over HTTP: list, make, change, delete."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core.api.serializers import Strict
from apps.workflows import selectors, variables
from apps.workflows.models import Variable


class VariableIn(Strict):
    """A new variable."""

    key = serializers.CharField(max_length=variables.MAX_KEY, help_text="Letters, digits and _; read as $vars.<key>.")
    value = serializers.JSONField(help_text="Any JSON but null. Not for secrets: every member reads it.")
    note = serializers.CharField(max_length=variables.MAX_NOTE, required=False, allow_blank=True, default="")


class VariablePatch(Strict):
    """What is left out stays as it is."""

    value = serializers.JSONField(required=False, help_text="Any JSON but null.")
    note = serializers.CharField(max_length=variables.MAX_NOTE, required=False, allow_blank=True)


class VariableOut(serializers.ModelSerializer[Variable]):
    """A variable. `updated_by` is who changed it last."""

    value = serializers.JSONField()
    updated_by = serializers.CharField(source="updated_by_label")

    class Meta:
        model = Variable
        fields = ["id", "key", "value", "note", "created_at", "updated_at", "updated_by"]


class Variables(WorkspaceViewSet):
    """Settings of the workspace that expressions read as `$vars.<key>`."""

    queryset = Variable.objects.none()
    serializer_class = VariableOut
    filters = {"list": ("q",)}
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.WORKFLOW_READ,
        "retrieve": Permission.WORKFLOW_READ,
        "create": Permission.WORKSPACE_MANAGE,
        "partial_update": Permission.WORKSPACE_MANAGE,
        "destroy": Permission.WORKSPACE_MANAGE,
    }

    @extend_schema(parameters=[OpenApiParameter("q", description="Part of the key or the note.")])
    def list(self, request: Request) -> Response:
        """The variables, the newest first."""
        return self.page(selectors.variable_list(self.workspace.id, q=request.query_params.get("q", "")), VariableOut)

    @extend_schema(request=VariableIn, responses={201: VariableOut})
    def create(self, request: Request) -> Response:
        """A new variable. Executions that are taken up from now on read it."""
        made = variables.variable_create(
            workspace_id=self.workspace.id, actor=self.actor, **self._read(VariableIn, request)
        )
        return Response(VariableOut(made).data, status=201)

    @extend_schema(responses=VariableOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One variable."""
        return Response(VariableOut(selectors.variable_get(self.workspace.id, pk)).data)

    @extend_schema(request=VariablePatch, responses=VariableOut)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change value or note. Executions in hand go on with what they began with, until they wait."""
        found = variables.variable_update(
            workspace_id=self.workspace.id, variable_id=pk, actor=self.actor, **self._read(VariablePatch, request)
        )
        return Response(VariableOut(found).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Take a variable away. Expressions find null there."""
        variables.variable_delete(workspace_id=self.workspace.id, variable_id=pk, actor=self.actor)
        return Response(status=204)

    def _read(self, form: type[Strict], request: Request) -> dict[str, Any]:
        filled = form(data=request.data)
        filled.is_valid(raise_exception=True)
        return dict(filled.validated_data)
