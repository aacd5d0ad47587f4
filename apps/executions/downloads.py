"""What a browser gets of values and files: always a download, never a page of this origin."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponse

from apps.core.errors import NotFound
from apps.executions import artifacts, payloads, selectors
from apps.executions.models import Artifact


class ArtifactNotFound(NotFound):
    """There is no such file in this workspace."""

    code = "executions.artifact_not_found"


def artifact_get(*, workspace_id: UUID, artifact_id: UUID) -> Artifact:
    """A file's row. Raises `ArtifactNotFound`."""
    row = Artifact.objects.filter(workspace_id=workspace_id, id=artifact_id, is_stored=True).first()
    if row is None:
        raise ArtifactNotFound
    return row


def artifact_response(row: Artifact) -> HttpResponse:
    """A file as a download. Raises `ArtifactNotFound` when its content was lost, or `StorageAway`."""
    try:
        content = artifacts.content_of(row)
    except payloads.ObjectMissing:
        raise ArtifactNotFound("The object storage does not hold this file any more.") from None
    return _attachment(content, row.content_type, row.name)


def payload_response(*, workspace_id: UUID, execution_id: UUID, sha256: str) -> HttpResponse:
    """A large value as a JSON file. Raises `PayloadNotFound` or `StorageAway`."""
    content = selectors.payload_get(workspace_id=workspace_id, execution_id=execution_id, sha256=sha256)
    return _attachment(content, "application/json", f"{str(execution_id)[-6:]}-{sha256[:8]}.json")


def _attachment(content: bytes, content_type: str, name: str) -> HttpResponse:
    plain = name.encode("ascii", "replace").decode().replace('"', "_").replace("?", "_")
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
