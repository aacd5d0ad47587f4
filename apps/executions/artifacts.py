"""Files that nodes keep: in object storage, below `<workspace>/artifacts/<workflow>/<execution>/`, with a row each.

The row is committed before the object is written and marked after it, so that retention finds every object. An id is
made of the node run, the name and the content: a node that runs again after a crash keeps the same files once.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid5

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import payloads
from apps.executions.models import Artifact
from apps.nodes.contract import Json, NodeError

MAX_BYTES = 100_000_000
MAX_NAME = 200
PATIENCE_SECONDS = 30.0
UNKNOWN_TYPE = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,100}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

T = TypeVar("T")


def reference_of(row: Artifact) -> dict[str, Json]:
    """A file as workflows, the API and pages see it."""
    return {
        "id": str(row.id),
        "name": row.name,
        "content_type": row.content_type,
        "size": row.size,
        "sha256": row.sha256,
        "url": f"{settings.BASE_URL}/api/v1/app/artifacts/{row.id}/download/",
    }


def key_of(row: Artifact) -> str:
    """Where its content lies."""
    return f"{row.workspace_id}/artifacts/{row.workflow_id}/{row.execution_id}/{row.id}"


def fitting_name(name: str, content_type: str) -> str:
    """A file's name that any system takes: no path, no control characters, at most 200 characters, an extension."""
    found = _UNFIT.sub("_", name).strip(" ._")[-MAX_NAME:] or "file"
    if "." not in found:
        found += mimetypes.guess_extension(content_type) or ""
    return found


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The files of one node run: the engine's side of `nodes.contract.Artifacts`."""

    workspace_id: UUID
    workflow_id: UUID
    execution_id: UUID
    node_id: str
    path: str

    def put(self, content: bytes | Iterable[bytes], *, name: str, content_type: str = UNKNOWN_TYPE) -> dict[str, Json]:
        """See the contract. Raises `NodeError` for too much, and when the storage stays away for 30 s."""
        body = _joined(content)
        digest = hashlib.sha256(body).hexdigest()
        kind = content_type.partition(";")[0].strip().lower()
        kind = kind if _TYPE.fullmatch(kind) else UNKNOWN_TYPE
        name = fitting_name(name, kind)
        row = Artifact(
            id=uuid5(self.execution_id, f"{self.node_id}\0{self.path}\0{name}\0{digest}"),
            workspace_id=self.workspace_id,
            workflow_id=self.workflow_id,
            execution_id=self.execution_id,
            node_id=self.node_id,
            path=self.path,
            name=name,
            content_type=kind,
            size=len(body),
            sha256=digest,
            created_at=clock.now(),
        )
        _patiently(lambda: self._store(row, body))
        return reference_of(row)

    def get(self, artifact: str | Mapping[str, Json]) -> bytes:
        """See the contract. Raises `NodeError` when this workspace has no such file."""
        named = artifact.get("id") if isinstance(artifact, Mapping) else artifact
        return _patiently(lambda: content_of(self._find(named)))

    def _store(self, row: Artifact, body: bytes) -> None:
        with tenant(self.workspace_id):
            Artifact.objects.bulk_create([row], ignore_conflicts=True)
        _let_go()
        payloads.storage().put(key_of(row), body, content_type=row.content_type)
        with tenant(self.workspace_id):
            Artifact.objects.filter(id=row.id).update(is_stored=True)
        _let_go()

    def _find(self, named: Json) -> Artifact:
        try:
            wanted = UUID(str(named))
        except ValueError:
            raise _unknown() from None
        with tenant(self.workspace_id):
            row = Artifact.objects.filter(id=wanted, workspace_id=self.workspace_id, is_stored=True).first()
        _let_go()
        if row is None:
            raise _unknown()
        return row


def content_of(row: Artifact) -> bytes:
    """A file's bytes. Raises `ObjectMissing` or `StorageAway`."""
    return payloads.storage().get(key_of(row))


def _unknown() -> NodeError:
    return NodeError(
        "executions.artifact_not_found",
        "There is no such file in this workspace.",
        "It may have been deleted with its execution.",
    )


def _joined(content: bytes | Iterable[bytes]) -> bytes:
    if isinstance(content, bytes | bytearray | memoryview):
        content = [bytes(content)]
    parts, size = [], 0
    for part in content:
        size += len(part)
        if size > MAX_BYTES:
            raise NodeError(
                "executions.artifact_too_large",
                f"A file may have at most {MAX_BYTES // 1_000_000} MB.",
                "Keep a link to it instead.",
            )
        parts.append(part)
    return b"".join(parts)


def _patiently(work: Callable[[], T]) -> T:
    """What a node did elsewhere must not be lost because database or storage are away for a moment."""
    until, pause = time.monotonic() + PATIENCE_SECONDS, 0.2
    while True:
        try:
            return work()
        except payloads.ObjectMissing:
            raise _unknown() from None
        except (OperationalError, InterfaceError) as away:
            connection.close()
            if time.monotonic() + pause >= until:
                raise NodeError(
                    "executions.storage_away", f"The file could not be kept or read: {away}", retryable=True
                ) from None
            time.sleep(pause)
            pause = min(pause * 2, 5.0)


def _let_go() -> None:
    """A thread that goes on to the network holds no database connection."""
    if not connection.in_atomic_block:
        connection.close()


def of_execution(*, workspace_id: UUID, execution_id: UUID) -> list[Artifact]:
    """The files of an execution in the order they came."""
    rows = Artifact.objects.filter(workspace_id=workspace_id, execution_id=execution_id, is_stored=True)
    return list(rows.order_by("created_at", "id"))


def as_listed(row: Artifact) -> dict[str, Any]:
    """A file in the list of its execution."""
    return reference_of(row) | {
        "execution_id": str(row.execution_id),
        "node_id": row.node_id,
        "path": row.path,
        "created_at": row.created_at.isoformat(),
    }
