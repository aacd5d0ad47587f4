"""Identifiers: UUID version 7 (RFC 9562, section 5.7), so that rows sort by the time they were made."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7(*, unix_ms: int | None = None) -> UUID:
    """A new UUIDv7 of this moment (or of `unix_ms`, milliseconds since 1970). Unique everywhere: 74 random bits."""
    ms = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    rand = int.from_bytes(os.urandom(10), "big")
    value = (ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (rand >> 62 & 0xFFF) << 64 | 0b10 << 62 | rand & (1 << 62) - 1
    return UUID(int=value)


def uuid7_in_order() -> UUID:
    """As `uuid7`, with the moment to a quarter of a microsecond (method 3 of the RFC): what one process makes one after
    the other sorts so, even within a millisecond. 62 random bits.
    """
    ms, rest = divmod(time.time_ns(), 1_000_000)
    value = uuid7(unix_ms=ms).int & ~(0xFFF << 64)
    return UUID(int=value | (rest * 4096 // 1_000_000) << 64)
