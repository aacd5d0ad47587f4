"""`limits` and `circuits`: how much the workspace may have at once, and which systems it leaves alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView, WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core.api.serializers import Strict
from apps.executions import circuits, quotas
from apps.executions.models import Circuit


class LimitOut(serializers.Serializer[Any]):
    """One limit: what the owner wishes (`own`), what the operator allows (`most`), what counts, and what is used."""

    own = serializers.IntegerField(allow_null=True)
    most = serializers.IntegerField(allow_null=True)
    effective = serializers.IntegerField(allow_null=True)
    used = serializers.IntegerField()


class LimitsOut(serializers.Serializer[Any]):
    """The limits of a workspace. Null: no limit."""

    max_concurrent = LimitOut()
    queue_depth = LimitOut()


class LimitsIn(Strict):
    """What the owner wishes. Null: as much as the operator allows."""

    max_concurrent = serializers.IntegerField(allow_null=True, min_value=1, max_value=quotas.MOST)
    queue_depth = serializers.IntegerField(allow_null=True, min_value=1, max_value=quotas.MOST)


class WorkspaceLimits(WorkspaceAPIView):
    """The limits of the workspace."""

    permissions = {"get": Permission.WORKFLOW_READ, "put": Permission.WORKSPACE_MANAGE}

    @extend_schema(operation_id="limits_retrieve", responses=LimitsOut)
    def get(self, request: Request) -> Response:
        """What the workspace may have at once, and has."""
        return Response(LimitsOut(quotas.quota_get(self.workspace.id)).data)

    @extend_schema(operation_id="limits_update", request=LimitsIn, responses=LimitsOut)
    def put(self, request: Request) -> Response:
        """Change what the owner wishes. More than the operator allows is refused."""
        form = LimitsIn(data=request.data)
        form.is_valid(raise_exception=True)
        found = quotas.quota_set(workspace_id=self.workspace.id, actor=self.actor, **form.validated_data)
        return Response(LimitsOut(found).data)


class CircuitOut(serializers.ModelSerializer[Circuit]):
    """A system that failed lately. `until`: open, when it is tried again; half open, when the trial is over."""

    state = serializers.ChoiceField(choices=["closed", "open", "half_open"])

    class Meta:
        model = Circuit
        fields = ["id", "target", "state", "failures", "changed_at", "failed_at", "until", "last_error"]


class Circuits(WorkspaceViewSet):
    """The systems that workflows of the workspace call and that failed lately."""

    permissions = {"list": Permission.EXECUTION_READ, "reset": Permission.WORKFLOW_EXECUTE}
    serializer_class = CircuitOut
    queryset = Circuit.objects.none()

    @extend_schema(responses=CircuitOut(many=True))
    def list(self, request: Request) -> Response:
        """Systems that failed lately, newest first: whether they are called, since when, and what they failed with."""
        return self.page(circuits.circuit_list(self.workspace.id).order_by("-id"), CircuitOut)

    @extend_schema(request=None, responses=CircuitOut)
    @action(detail=True, methods=["post"])
    def reset(self, request: Request, pk: UUID) -> Response:
        """Call a system again at once."""
        row = circuits.circuit_reset(workspace_id=self.workspace.id, circuit_id=pk, actor=self.actor)
        return Response(CircuitOut(row).data)
