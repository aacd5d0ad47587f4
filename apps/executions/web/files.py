"""Downloads for people who are signed in: the address names the workspace, so that a link is enough."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.executions import downloads, selectors


class ArtifactFile(WorkspacePage):
    """A file that a node kept."""

    permission = Permission.EXECUTION_READ

    def get(self, request: HttpRequest, execution: UUID, artifact: UUID) -> HttpResponse:
        """Its content."""
        row = downloads.artifact_get(workspace_id=self.workspace.id, artifact_id=artifact)
        if row.execution_id != execution:
            raise downloads.ArtifactNotFound
        return downloads.artifact_response(row)


class PayloadFile(WorkspacePage):
    """A value that is too large for its row."""

    permission = Permission.EXECUTION_READ

    def get(self, request: HttpRequest, execution: UUID, sha256: str) -> HttpResponse:
        """Its JSON."""
        selectors.execution_get(workspace_id=self.workspace.id, execution_id=execution)
        return downloads.payload_response(workspace_id=self.workspace.id, execution_id=execution, sha256=sha256)
