"""Telling events and sending messages: what a worker does beside running executions."""

from __future__ import annotations

import time

from django.db import connection

from apps.core import events, outbox
from apps.core.pump import Pump

MESSAGE_DAYS, EVENT_DAYS = 30, 90
"""How long what was delivered or given up is kept, and events that were given up."""
_FORGET_SECONDS = 3_600.0
_FORGET_BATCH = 1_000


def tend() -> None:
    """Let this process tell and send what is due, from now on: the sweep of a worker, once a second.

    Harmless at any time, in any number of processes. Returns at once.
    """
    global _forgot_at
    events.pump.tend()
    outbox.pump.tend()
    if time.monotonic() - _forgot_at > _FORGET_SECONDS:
        _forgot_at = time.monotonic()
        _forgetting.tend()


def rest() -> None:
    """Begin nothing more in this process, and wait up to five seconds for what is under way."""
    events.pump.rest()
    outbox.pump.rest()
    _forgetting.rest()


def forget() -> bool:
    """Delete some of what was settled long ago, in any workspace. Returns whether there may be more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_forget(%s, %s, %s)", [MESSAGE_DAYS, EVENT_DAYS, _FORGET_BATCH])
        (gone,) = cursor.fetchone()
    return bool(gone >= _FORGET_BATCH)


_forgetting = Pump("forgetting", forget, most=1)
_forgot_at = -_FORGET_SECONDS
