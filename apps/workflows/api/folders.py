"""Folders of workflows over HTTP."""

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
from apps.workflows import arranging, selectors
from apps.workflows.models import Folder


class FolderIn(Strict):
    """A folder by its path."""

    path = serializers.CharField(
        max_length=arranging.MAX_PATH, help_text="Its name after those of the folders it is in: `Finance/Invoices`."
    )


class FolderOut(serializers.ModelSerializer[Folder]):
    """A folder."""

    class Meta:
        model = Folder
        fields = ["id", "path", "created_at"]


class Folders(WorkspaceViewSet):
    """Places for workflows in the list. A workflow is put into one by its own `folder`."""

    queryset = Folder.objects.none()
    serializer_class = FolderOut
    filters = {"list": ("q",)}
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.WORKFLOW_READ,
        "retrieve": Permission.WORKFLOW_READ,
        "create": Permission.WORKFLOW_UPDATE,
        "partial_update": Permission.WORKFLOW_UPDATE,
        "destroy": Permission.WORKFLOW_UPDATE,
    }

    @extend_schema(parameters=[OpenApiParameter("q", description="Part of the path.")])
    def list(self, request: Request) -> Response:
        """The folders, the newest first."""
        return self.page(selectors.folder_rows(self.workspace.id, q=request.query_params.get("q", "")), FolderOut)

    @extend_schema(request=FolderIn, responses={201: FolderOut})
    def create(self, request: Request) -> Response:
        """A new folder, and those it is in as far as they are missing."""
        made = arranging.folder_create(workspace_id=self.workspace.id, actor=self.actor, **_read(request))
        return Response(FolderOut(made).data, status=201)

    @extend_schema(responses=FolderOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One folder."""
        return Response(FolderOut(selectors.folder_get(self.workspace.id, pk)).data)

    @extend_schema(request=FolderIn, responses=FolderOut)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Give it another name or place. What is in it goes with it."""
        found = arranging.folder_rename(
            workspace_id=self.workspace.id, folder_id=pk, actor=self.actor, **_read(request)
        )
        return Response(FolderOut(found).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Take it away with the folders in it. Their workflows go where it was."""
        arranging.folder_delete(workspace_id=self.workspace.id, folder_id=pk, actor=self.actor)
        return Response(status=204)


def _read(request: Request) -> dict[str, Any]:
    filled = FolderIn(data=request.data)
    filled.is_valid(raise_exception=True)
    return dict(filled.validated_data)
