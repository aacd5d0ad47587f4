"""`GET workflows/<id>/test-data/`: what a workflow can be tested with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.executions.trial_data import trial_data
from apps.workflows import selectors as workflows


class RecordedOut(serializers.Serializer[Any]):
    """What an earlier execution began with, as it would be given again."""

    execution_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    mode = serializers.CharField()
    input = serializers.JSONField()


class TestDataOut(serializers.Serializer[Any]):
    """A trigger of the draft, and what it could be given."""

    node_id = serializers.CharField()
    name = serializers.CharField()
    subtype = serializers.CharField()
    icon = serializers.CharField()
    example = serializers.JSONField(
        allow_null=True, help_text="Guessed from what the draft reads of it; null where it reads nothing."
    )
    recorded = RecordedOut(many=True, help_text="The latest different ones first.")


class TestData(WorkspaceAPIView):
    """What a workflow can be tested with."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="workflow_test_data", responses=TestDataOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """The triggers of the draft, the one by hand first, each with an example and with what it delivered before."""
        workflow = workflows.workflow_get(self.workspace.id, pk)
        return Response(TestDataOut(trial_data(workflow=workflow), many=True).data)
