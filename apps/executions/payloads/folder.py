"""Objects as files of a folder: one machine, or a folder that all machines share."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from apps.core.ids import uuid7
from apps.executions.payloads.storage import ObjectMissing, StorageAway

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")


class FolderStorage:
    """Files below `root`, readable by the product's account only."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, content: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Written beside its place, flushed to the disk, then moved there: it is whole or not there at all."""
        path = self._path(key)
        fresh = path.parent / f".{uuid7().hex}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, path)
            _flush_folder(path.parent)
        except OSError as failed:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise StorageAway(f"The folder for objects cannot be written: {failed.strerror or failed}.") from failed

    def get(self, key: str) -> bytes:
        """The file's bytes."""
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectMissing(key) from None
        except OSError as failed:
            raise StorageAway(f"The folder for objects cannot be read: {failed.strerror or failed}.") from failed

    def delete(self, key: str) -> None:
        """Remove the file, and the folders that are empty then."""
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
        except NotADirectoryError:
            return
        except OSError as failed:
            raise StorageAway(f"The folder for objects cannot be written: {failed.strerror or failed}.") from failed
        for folder in path.parents:
            if folder == self.root:
                return
            try:
                folder.rmdir()
            except OSError:  # not empty, or somebody was quicker
                return

    def keys(self, prefix: str, *, after: str = "", limit: int = 1_000) -> Iterator[str]:
        """The files below the folder that `prefix` names."""
        found = (key for key in self._walk(self.root / prefix) if key.startswith(prefix) and key > after)
        yield from islice(found, limit)

    def _walk(self, folder: Path) -> Iterator[str]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name + "/" * entry.is_dir())
        except FileNotFoundError:
            return
        except OSError as failed:
            raise StorageAway(f"The folder for objects cannot be read: {failed.strerror or failed}.") from failed
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path))
            elif not entry.name.startswith("."):
                yield Path(entry.path).relative_to(self.root).as_posix()

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of an object.")
        return self.root / key


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
