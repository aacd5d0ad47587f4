"""Taking large values out of rows and bringing them back."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, TypedDict
from uuid import UUID

from django.db import connection

from apps.core.tenancy import tenant
from apps.executions.payloads.storage import storage

INLINE_BYTES = 65_536
HEAD_CHARACTERS = 500
# Far below the day that retention leaves an object which nobody refers to yet.
_KNOWN_SECONDS = 3_600.0
_KNOWN_COUNT = 10_000


class Reference(TypedDict):
    """What a row holds of a value that is kept elsewhere. `size` in bytes; `head`: how its JSON begins."""

    sha256: str
    size: int
    head: str


class Row(Protocol):
    """A row that may hold references."""

    workspace_id: UUID
    by_reference: Any


def dump(value: Any) -> str:
    """A value as the JSON text that is stored."""
    return json.dumps(value, default=_text, ensure_ascii=False, separators=(",", ":"))


def is_large(text: str) -> bool:
    """Whether a JSON text has more than 64 KB. Costs nothing for what is short."""
    if len(text) > INLINE_BYTES:
        return True
    return len(text) * 4 > INLINE_BYTES and not text.isascii() and len(text.encode()) > INLINE_BYTES


def taken_out(workspace_id: UUID, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Reference]]:
    """The values with None in place of large ones, and references to those, which are in storage by then.

    Call it before the transaction that writes the row. Raises `StorageAway`.
    """
    left, references = dict(values), {}
    for name, value in values.items():
        if type(value) in (str, dict, list):
            text = dump(value)
            if is_large(text):
                references[name] = _keep(workspace_id, text)
                left[name] = None
    return left, references


def brought_back(workspace_id: UUID, values: Mapping[str, Any], references: Mapping[str, Reference]) -> dict[str, Any]:
    """The values as they were before `taken_out`. Raises `StorageAway`, or `ObjectMissing` for what was lost."""
    return dict(values) | {name: json.loads(read(workspace_id, reference)) for name, reference in references.items()}


def value_of(row: Row, name: str) -> Any:
    """The value of a row's column, wherever it is kept. Raises `StorageAway` or `ObjectMissing`."""
    reference = (row.by_reference or {}).get(name)
    return json.loads(read(row.workspace_id, reference)) if reference else getattr(row, name)


def read(workspace_id: UUID, reference: Reference) -> bytes:
    """The JSON text of a value that is kept elsewhere. Raises `StorageAway` or `ObjectMissing`."""
    return storage().get(key_of(workspace_id, reference["sha256"]))


def key_of(workspace_id: UUID, sha256: str) -> str:
    """Where a value lies."""
    return f"{workspace_id}/payloads/{sha256[:2]}/{sha256}"


def _keep(workspace_id: UUID, text: str) -> Reference:
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()
    if not _known.has(workspace_id, digest):
        # The row first and committed, then the object: retention locks the row while it removes the object, so what is
        # written after this cannot be removed by somebody who found it unused before.
        with tenant(workspace_id), connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO executions_payload (workspace_id, sha256, size, touched_at)
                   VALUES (%s, %s, %s, clock_timestamp())
                   ON CONFLICT (workspace_id, sha256) DO UPDATE SET touched_at = EXCLUDED.touched_at""",
                [workspace_id, digest, len(content)],
            )
        storage().put(key_of(workspace_id, digest), content, content_type="application/json")
        if not connection.in_atomic_block:  # else its row may still be rolled back
            _known.add(workspace_id, digest)
    return {"sha256": digest, "size": len(content), "head": text[:HEAD_CHARACTERS]}


class _Known:
    """What this process has stored lately, so that a value which is written several times is sent once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: OrderedDict[tuple[UUID, str], float] = OrderedDict()

    def has(self, workspace_id: UUID, digest: str) -> bool:
        with self._lock:
            at = self._since.get((workspace_id, digest))
        return at is not None and time.monotonic() - at < _KNOWN_SECONDS

    def add(self, workspace_id: UUID, digest: str) -> None:
        with self._lock:
            self._since[workspace_id, digest] = time.monotonic()
            self._since.move_to_end((workspace_id, digest))
            while len(self._since) > _KNOWN_COUNT:
                self._since.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._since.clear()


_known = _Known()


def forget() -> None:
    """Take nothing for stored any more: another storage is used from now on."""
    _known.clear()


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
