"""How the engine's waits for events take part in its transactions. Database only."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from apps.core import clock
from apps.executions.wait_kinds import OpenWait
from apps.triggers import events


class Events:
    """Waits of kind `event`."""

    def opened(self, wait: OpenWait) -> None:
        """Somebody waits for an event, or had it a moment ago."""
        events.event_wait_open(wait=wait, now=clock.now())

    def due(self, wait_ids: Sequence[UUID]) -> None:
        """It did not happen in time."""
        events.event_waits_close(list(wait_ids))

    def withdrawn(self, wait_ids: Sequence[UUID]) -> None:
        """The executions ended first."""
        events.event_waits_close(list(wait_ids))
