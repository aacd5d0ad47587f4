"""What is done to the ledger with time: lost calls are written down, old ones go. Any number of processes may do it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

LOST_AFTER = timedelta(hours=1)
"""Whoever began a call and did not end it for so long is taken for dead."""
TICK_SECONDS = 5.0
_BATCH = 2_000


def calls_lose(*, now: datetime, seconds: float = TICK_SECONDS) -> int:
    """Write down calls whose process died, and give back what was set aside for them; how many. Each in its own
    transaction.
    """
    until, lost = time.monotonic() + seconds, 0
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT ai_call_lose(%s)", [now - LOST_AFTER])
            if not cursor.fetchone()[0]:
                break
            lost += 1
    return lost


def calls_forget(*, now: datetime, seconds: float = TICK_SECONDS) -> int:
    """Delete calls that are older than this installation keeps them, in batches; how many rows. Their sums by day stay.

    AI_LEDGER_DAYS=0 keeps everything.
    """
    if not settings.AI_LEDGER_DAYS:
        return 0
    before = now - timedelta(days=settings.AI_LEDGER_DAYS)
    first_kept = UUID(int=int(before.timestamp() * 1000) << 80)  # ids are made when the call begins, and sort by time
    until, gone = time.monotonic() + seconds, 0
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT ai_calls_forget(%s, %s, %s)", [before, first_kept, _BATCH])
            (found,) = cursor.fetchone()
            gone += found
            if found < _BATCH:
                break
    return gone
