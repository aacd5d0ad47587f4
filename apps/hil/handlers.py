"""How the engine's waits for people become questions. Called inside the engine's transactions: database only."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from apps.executions.wait_kinds import OpenWait
from apps.hil import services


class _Inbox:
    def due(self, wait_ids: Sequence[UUID]) -> None:
        """Nobody answered in time."""
        services.interaction_time_out(wait_ids=wait_ids)

    def withdrawn(self, wait_ids: Sequence[UUID]) -> None:
        """The executions ended first."""
        services.interaction_withdraw(wait_ids=wait_ids)


class Questions(_Inbox):
    """Waits of kind `human`: a node asks a person."""

    def opened(self, wait: OpenWait) -> None:
        """Put the question into the inbox."""
        services.interaction_open(wait=wait)


class Doubts(_Inbox):
    """Waits of kind `review`: the engine asks what became of a step whose outcome nobody saw."""

    def opened(self, wait: OpenWait) -> None:
        """Put the doubt into the inbox."""
        services.review_open(wait=wait)
