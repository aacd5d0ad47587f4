"""Writes of the ground floor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.core.models import Pulse


def pulse_beat(*, name: str, at: datetime, detail: dict[str, Any] | None = None) -> None:
    """Note that `name` was alive at `at`. One row per name, overwritten."""
    Pulse.objects.update_or_create(name=name, defaults={"at": at, "detail": detail or {}})
