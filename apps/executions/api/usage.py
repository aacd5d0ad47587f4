"""Usage and retention of the workspace."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core.api.serializers import Strict
from apps.core.clock import now
from apps.executions.retention.policy import LONGEST_DAYS, policy_change, policy_get, standard
from apps.executions.usage import usage_of


class PolicyOut(serializers.Serializer[Any]):
    """For how many days after its end an execution is kept."""

    success_days = serializers.IntegerField()
    failure_days = serializers.IntegerField(help_text="Also of what was cancelled or timed out.")
    test_days = serializers.IntegerField(help_text="Of test runs, however they ended.")
    is_archived = serializers.BooleanField(help_text="Whether it is written to object storage before it is deleted.")


class RetentionOut(serializers.Serializer[Any]):
    """The policy that counts, and the installation's, which fills its gaps."""

    policy = PolicyOut()
    standard = PolicyOut()


class RetentionIn(Strict):
    """What to change; null: as the installation says."""

    success_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=LONGEST_DAYS)
    failure_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=LONGEST_DAYS)
    test_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=LONGEST_DAYS)
    is_archived = serializers.BooleanField(required=False, allow_null=True)


class UsageDayOut(serializers.Serializer[Any]):
    """What was started on a day (UTC)."""

    day = serializers.DateField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    tested = serializers.IntegerField()
    unfinished = serializers.IntegerField()


class KeptOut(serializers.Serializer[Any]):
    """How much of one kind is kept."""

    kind = serializers.ChoiceField(choices=["rows", "payloads", "artifacts"])
    count = serializers.IntegerField()
    size = serializers.IntegerField(help_text="Bytes; of rows an estimate.")


class TopOut(serializers.Serializer[Any]):
    """A workflow among those with the most executions in 30 days."""

    workflow_id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True, help_text="Empty when it was deleted.")
    count = serializers.IntegerField()
    failed = serializers.IntegerField()
    size = serializers.IntegerField(help_text="Bytes of data.")


class NextOut(serializers.Serializer[Any]):
    """What retention will delete of one kind."""

    kind = serializers.ChoiceField(choices=["succeeded", "failed", "tested"])
    days = serializers.IntegerField()
    kept = serializers.IntegerField()
    soon = serializers.IntegerField(help_text="Within seven days.")
    first = serializers.DateField(allow_null=True, help_text="Day of the oldest that is kept.")


class UsageOut(serializers.Serializer[Any]):
    """What a workspace runs and keeps."""

    days = UsageDayOut(many=True)
    storage = KeptOut(many=True)
    top = TopOut(many=True)
    next = NextOut(many=True)
    counted_at = serializers.DateTimeField(allow_null=True)


class UsageFigures(WorkspaceAPIView):
    """Usage of the workspace."""

    permissions = {"get": Permission.EXECUTION_READ}
    may_lag = ("get",)

    @extend_schema(operation_id="usage", responses=UsageOut)
    def get(self, request: Request) -> Response:
        """Executions by day, storage, the busiest workflows, and what will be deleted next."""
        return Response(UsageOut(usage_of(workspace_id=self.workspace.id, now=now())).data)


class RetentionPolicy(WorkspaceAPIView):
    """How long the workspace keeps what has ended."""

    permissions = {"get": Permission.EXECUTION_READ, "patch": Permission.WORKSPACE_MANAGE}

    @extend_schema(operation_id="retention", responses=RetentionOut)
    def get(self, request: Request) -> Response:
        """The policy."""
        return self._answer()

    @extend_schema(operation_id="retention_change", request=RetentionIn, responses=RetentionOut)
    def patch(self, request: Request) -> Response:
        """Change some of it. Owners only; on record."""
        form = RetentionIn(data=request.data)
        form.is_valid(raise_exception=True)
        changes = dict(form.validated_data)
        policy_change(workspace_id=self.workspace.id, actor=self.actor, changes=changes, now=now())
        return self._answer()

    def _answer(self) -> Response:
        policy = policy_get(workspace_id=self.workspace.id)
        return Response({"policy": asdict(policy), "standard": asdict(standard())})
