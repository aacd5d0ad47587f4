"""Values too large for a row: in object storage, content-addressed per workspace; the row holds a reference.

References live in a column of their own (`by_reference`), which nothing that users send ever reaches: no user's JSON
can become one, whatever it looks like. A value is stored before the transaction that refers to it, under its own hash,
so storing it twice is harmless, and what a crash leaves behind is known by its row and removed after a day.
"""

from __future__ import annotations

from apps.executions.payloads.storage import ObjectMissing, Storage, StorageAway, storage, storage_check
from apps.executions.payloads.values import (
    INLINE_BYTES,
    Reference,
    Row,
    brought_back,
    dump,
    is_large,
    key_of,
    read,
    taken_out,
    value_of,
)

__all__ = [
    "INLINE_BYTES",
    "ObjectMissing",
    "Reference",
    "Row",
    "Storage",
    "StorageAway",
    "brought_back",
    "dump",
    "is_large",
    "key_of",
    "read",
    "storage",
    "storage_check",
    "taken_out",
    "value_of",
]
