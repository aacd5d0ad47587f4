"""Where objects are kept: a folder, or a bucket that speaks S3. One small interface for both."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import OperationalError

from apps.core.errors import Unavailable
from apps.core.ids import uuid7


class StorageAway(Unavailable, OperationalError):
    """The object storage cannot be reached right now.

    Also an `OperationalError`: whoever waits for the database to come back waits for the storage in the same way.
    """

    code = "executions.storage_away"


class ObjectMissing(Exception):
    """The storage does not hold this object, though a row says so: it was lost, or another storage was configured."""


class Storage(Protocol):
    """Objects under keys such as `<workspace>/payloads/ab/abcd…`. Keys are made by the product, never by users."""

    def put(self, key: str, content: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Keep an object, durably, replacing what was there. Raises `StorageAway`."""
        ...

    def get(self, key: str) -> bytes:
        """An object's content. Raises `ObjectMissing` or `StorageAway`."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error. Raises `StorageAway`."""
        ...

    def keys(self, prefix: str, *, after: str = "", limit: int = 1_000) -> Iterator[str]:
        """Up to `limit` keys that begin with `prefix` and come after `after`, in order. Raises `StorageAway`."""
        ...


def storage_check() -> str:
    """Write, read and remove a small object. Returns where; raises `StorageAway`, or `ObjectMissing`."""
    key, found = f"check/{uuid7().hex}", settings.OBJECT_STORAGE
    storage().put(key, b"whole")
    try:
        if storage().get(key) != b"whole":
            raise StorageAway("The object storage gives back something else than was kept.")
    finally:
        storage().delete(key)
    return found["path"] if found["kind"] == "folder" else f"{found['endpoint']}, bucket {found['bucket']}"


@cache
def storage() -> Storage:
    """The installation's storage, as the settings name it."""
    from apps.executions.payloads.folder import FolderStorage
    from apps.executions.payloads.s3 import S3Storage

    found: dict[str, Any] = settings.OBJECT_STORAGE
    if found["kind"] == "s3":
        return S3Storage(
            endpoint=found["endpoint"],
            bucket=found["bucket"],
            prefix=found["prefix"],
            region=found["region"],
            access_key_id=found["access_key_id"],
            secret_access_key=found["secret_access_key"],
        )
    return FolderStorage(Path(found["path"]))
