"""Large values and artifacts: lists, and what they hold as downloads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.executions import artifacts, downloads, selectors


class ArtifactOut(serializers.Serializer[Any]):
    """A file that a node kept."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    url = serializers.URLField(help_text="Where its content is.")
    execution_id = serializers.UUIDField()
    node_id = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class ArtifactList(serializers.Serializer[Any]):
    """The files of an execution."""

    results = ArtifactOut(many=True)


class ExecutionArtifacts(WorkspaceAPIView):
    """The files that an execution's nodes kept."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="execution_artifacts", responses=ArtifactList)
    def get(self, request: Request, pk: UUID) -> Response:
        """All of them, in the order they came."""
        execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)
        rows = artifacts.of_execution(workspace_id=self.workspace.id, execution_id=execution.id)
        return Response({"results": [artifacts.as_listed(row) for row in rows]})


class ArtifactDetail(WorkspaceAPIView):
    """One file."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="artifact", responses=ArtifactOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """What is known of it."""
        return Response(artifacts.as_listed(downloads.artifact_get(workspace_id=self.workspace.id, artifact_id=pk)))


class ArtifactDownload(WorkspaceAPIView):
    """One file's content."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="artifact_download", responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """The content, always as an attachment."""
        row = downloads.artifact_get(workspace_id=self.workspace.id, artifact_id=pk)
        return downloads.artifact_response(row)


class PayloadDownload(WorkspaceAPIView):
    """A value that is too large for its row: see `large` of an execution and of its node runs."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="execution_payload", responses={(200, "application/json"): OpenApiTypes.ANY})
    def get(self, request: Request, pk: UUID, sha256: str) -> HttpResponse:
        """The value's JSON, as an attachment."""
        selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)
        return downloads.payload_response(workspace_id=self.workspace.id, execution_id=pk, sha256=sha256)
