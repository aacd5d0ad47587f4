"""The attempts of a node run, as pages and watchers see them. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

Attempt = dict[str, Any]


class Tried(Protocol):
    """What is known of a node run's attempts: the failed ones in `attempts`, the present or last one in its fields."""

    state: Any
    attempt: int
    attempts: Any
    error: Any
    started_at: datetime | None
    attempt_at: datetime | None
    finished_at: datetime | None


def attempts_of(run: Tried) -> list[Attempt]:
    """Every attempt in order: `{"number", "started_at", "finished_at", "error"}`.

    The present one has no `finished_at`. A person's answer belongs to the attempt that asked.
    """
    found = list(run.attempts or [])
    if run.attempt and all(each["number"] != run.attempt for each in found):
        began_at = run.started_at if run.attempt == 1 else run.attempt_at
        found.append(
            {
                "number": run.attempt,
                "started_at": began_at and began_at.isoformat(),
                "finished_at": run.finished_at and run.finished_at.isoformat(),
                "error": run.error if run.finished_at else None,
            }
        )
    return found


def without_words(attempts: list[Attempt]) -> list[Attempt]:
    """The same without what the errors say, which can quote payloads: only their codes travel live."""
    return [each | {"error": {"code": each["error"]["code"]} if each["error"] else None} for each in attempts]
