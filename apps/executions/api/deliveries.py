"""What was sent outward about an execution: every try with its answer, and sending it again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core.models import Message
from apps.executions import deliveries


class TryOut(serializers.Serializer[Any]):
    """One try to deliver it."""

    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    seconds = serializers.FloatField()
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status; null when there was no answer.")
    error = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True, help_text="How the answer began.")


class CompletionOut(serializers.ModelSerializer[Message]):
    """A webhook on its way, delivered or given up."""

    state = serializers.ChoiceField(choices=["pending", "delivered", "dead"])
    next_try_at = serializers.DateTimeField(source="due_at", allow_null=True)
    tries = TryOut(many=True)

    class Meta:
        model = Message
        fields = ["id", "channel", "target", "state", "created_at", "next_try_at", "delivered_at", "tries"]


class Deliveries(WorkspaceAPIView):
    """What was sent outward about an execution."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="execution_deliveries", responses=CompletionOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Every webhook that the workflow's `completion` asked for, the oldest first."""
        found = deliveries.delivery_list(workspace_id=self.workspace.id, execution_id=pk)
        return Response(CompletionOut(found, many=True).data)


class DeliverAgain(WorkspaceAPIView):
    """Sending a webhook again."""

    permissions = {"post": Permission.WORKFLOW_EXECUTE}

    @extend_schema(operation_id="execution_deliver_again", request=None, responses={202: CompletionOut})
    def post(self, request: Request, pk: UUID, delivery: UUID) -> Response:
        """Put it on its way once more, with the same `webhook-id` and the whole schedule before it."""
        found = deliveries.delivery_send_again(
            workspace_id=self.workspace.id, execution_id=pk, message_id=delivery, actor=self.actor
        )
        return Response(CompletionOut(found).data, status=202)
