"""Telling events and sending messages: what a worker does beside running executions."""

from __future__ import annotations

from apps.core import events, outbox


def tend() -> None:
    """Let this process tell and send what is due, from now on: the sweep of a worker, once a second.

    Harmless at any time, in any number of processes. Returns at once.
    """
    events.pump.tend()
    outbox.pump.tend()


def rest() -> None:
    """Begin nothing more in this process, and wait up to five seconds for what is under way."""
    events.pump.rest()
    outbox.pump.rest()
