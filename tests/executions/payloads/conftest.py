"""A storage of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.executions import payloads
from apps.executions.payloads import values
from tests.fakes.s3 import Bucket, bucket


@pytest.fixture
def objects(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The folder that the product keeps its objects in during this test."""
    yield from _use(settings, {"kind": "folder", "path": str(tmp_path / "objects")}, tmp_path / "objects")


@pytest.fixture
def pail(settings: Any) -> Iterator[Bucket]:
    """The bucket that the product keeps its objects in during this test."""
    with bucket() as found:
        yield from _use(settings, found.settings, found)


def _use(settings: Any, kept: dict[str, str], found: Any) -> Iterator[Any]:
    settings.OBJECT_STORAGE = kept
    payloads.storage.cache_clear()
    values.forget()
    yield found
    payloads.storage.cache_clear()
    values.forget()
