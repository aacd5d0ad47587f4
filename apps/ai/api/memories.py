"""What agents remember, over HTTP: find, look, clear."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.ai import selectors, services
from apps.ai.models import MemoryFact, MemoryKind, MemoryMessage, MemoryPiece, MemorySession
from apps.ai.models.memories import LONGEST_KEY
from apps.ai.services.memories import MOST_AT_ONCE
from apps.core.api.serializers import Strict


class MemoryOut(serializers.ModelSerializer[MemorySession]):
    """What one kind of memory keeps under one key."""

    key = serializers.CharField(help_text="The session: who or what is remembered.")
    workflow_id = serializers.UUIDField(allow_null=True, help_text="Null: shared by the whole workspace.")
    used_by_workflow = serializers.UUIDField(allow_null=True, help_text="Whose agent used it last.")
    used_by_node = serializers.CharField(help_text="The agent: the id of its node.")

    class Meta:
        model = MemorySession
        fields = [
            "id",
            "kind",
            "key",
            "workflow_id",
            "entries",
            "size",
            "summary",
            "used_by_workflow",
            "used_by_node",
            "used_by_execution",
            "used_at",
            "expires_at",
            "created_at",
        ]


class MemoryMessageOut(serializers.ModelSerializer[MemoryMessage]):
    """One message of a conversation."""

    message = serializers.JSONField(help_text="Its role, parts and calls of tools.")

    class Meta:
        model = MemoryMessage
        fields = ["id", "seq", "message", "tokens", "run", "at"]


class MemoryFactOut(serializers.ModelSerializer[MemoryFact]):
    """One thing that is known."""

    class Meta:
        model = MemoryFact
        fields = ["id", "subject", "name", "value", "run", "at"]


class MemoryPieceOut(serializers.ModelSerializer[MemoryPiece]):
    """What was said in one run, to be found by its meaning."""

    class Meta:
        model = MemoryPiece
        fields = ["id", "text", "model", "dimensions", "run", "at"]


class ListQuery(serializers.Serializer[Any]):
    """Filters of the list."""

    q = serializers.CharField(required=False, max_length=LONGEST_KEY, help_text="Stands in the session's key.")
    kind = serializers.ChoiceField(required=False, choices=MemoryKind.choices, help_text="Only this kind.")
    workflow = serializers.UUIDField(required=False, help_text="Only those of this workflow.")


class ClearIn(Strict):
    """Which sessions."""

    ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_AT_ONCE)


class ClearedOut(serializers.Serializer[Any]):
    """What became of it."""

    cleared = serializers.IntegerField(help_text="How many of them there were.")


class Memories(WorkspaceViewSet):
    """What the agents of the workspace remember."""

    permissions = {
        "list": Permission.EXECUTION_READ,
        "retrieve": Permission.EXECUTION_READ,
        "messages": Permission.EXECUTION_READ,
        "facts": Permission.EXECUTION_READ,
        "pieces": Permission.EXECUTION_READ,
        "destroy": Permission.WORKFLOW_UPDATE,
        "clear": Permission.WORKFLOW_UPDATE,
        "entry": Permission.WORKFLOW_UPDATE,
    }
    filters = {"list": ("q", "kind", "workflow")}
    serializer_class = MemoryOut
    queryset = MemorySession.objects.none()

    @extend_schema(parameters=[ListQuery], responses=MemoryOut(many=True))
    def list(self, request: Request) -> Response:
        """The sessions, the last used first."""
        asked = _checked(ListQuery, request.query_params)
        found = selectors.memories(
            self.workspace.id, sought=asked.get("q", ""), kind=asked.get("kind", ""), workflow_id=asked.get("workflow")
        )
        return self.page(found, MemoryOut)

    @extend_schema(responses=MemoryOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One session, with its summary."""
        return Response(MemoryOut(selectors.memory(self.workspace.id, pk)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Forget a session with all that is in it, on record."""
        services.memory_clear(workspace_id=self.workspace.id, session_ids=[pk], actor=self.actor)
        return Response(status=204)

    @extend_schema(request=ClearIn, responses=ClearedOut)
    @action(detail=False, methods=["post"])
    def clear(self, request: Request) -> Response:
        """Forget many sessions, on record."""
        asked = _checked(ClearIn, request.data)
        cleared = services.memory_clear(workspace_id=self.workspace.id, session_ids=asked["ids"], actor=self.actor)
        return Response({"cleared": cleared})

    @extend_schema(responses=MemoryMessageOut(many=True))
    @action(detail=True)
    def messages(self, request: Request, pk: UUID) -> Response:
        """The conversation, from its beginning."""
        self.is_newest_first = False
        return self.page(selectors.memory_messages(selectors.memory(self.workspace.id, pk)), MemoryMessageOut)

    @extend_schema(responses=MemoryFactOut(many=True))
    @action(detail=True)
    def facts(self, request: Request, pk: UUID) -> Response:
        """What is known, the newest first."""
        return self.page(selectors.memory_facts(selectors.memory(self.workspace.id, pk)), MemoryFactOut)

    @extend_schema(responses=MemoryPieceOut(many=True))
    @action(detail=True)
    def pieces(self, request: Request, pk: UUID) -> Response:
        """What can be recalled by its meaning, the newest first."""
        return self.page(selectors.memory_pieces(selectors.memory(self.workspace.id, pk)), MemoryPieceOut)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path="entries/<uuid:entry>")
    def entry(self, request: Request, pk: UUID, entry: UUID) -> Response:
        """Take one message, fact or piece out, on record."""
        services.memory_entry_delete(workspace_id=self.workspace.id, session_id=pk, entry_id=entry, actor=self.actor)
        return Response(status=204)


def _checked(form: type[serializers.Serializer[Any]], given: Any) -> dict[str, Any]:
    """What was asked, checked. Raises DRF's validation error."""
    asked = form(data=given)
    asked.is_valid(raise_exception=True)
    found: dict[str, Any] = asked.validated_data
    return found
