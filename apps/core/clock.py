"""Time, asked for at the edge and passed in from there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_correction = timedelta()


def now() -> datetime:
    """This moment, in UTC."""
    return machine_now() + _correction


def machine_now() -> datetime:
    """What this machine takes for this moment."""
    return datetime.now(UTC)


def correct(by: timedelta) -> None:
    """Let `now` be so much later than this machine thinks, in this whole process."""
    global _correction
    _correction = by
