"""When to try again. Pure."""

from __future__ import annotations

from collections.abc import Sequence

EVENT_ATTEMPTS = 20


def event_pause(attempts: int) -> float | None:
    """Seconds until an event that failed so many times is told again; None when it is given up.

    Twice as long each time, at most ten minutes: 20 attempts in about two hours.
    """
    return None if attempts >= EVENT_ATTEMPTS else min(600.0, 2.0 ** (attempts - 1))


def message_pause(attempts: int, delays: Sequence[float]) -> float | None:
    """Seconds until a message that failed so many times is sent again; None when it is given up.

    `delays` holds the pause before each attempt, the first one included.
    """
    return delays[attempts] if attempts < len(delays) else None
