"""Executions that executions start: a node calls a workflow, once per input, and waits for all of them.

The children are inserted in the transaction that parks the parent. The end of each is an event; telling it locks the
parent, makes the next child due, or hands the results over. Lock order: event, parent, wait, child.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from apps.executions.children.ending import ABANDONED, child_ended, children_abandon, children_abandoned
from apps.executions.children.starting import MAX_DEPTH, children_start
from apps.executions.wait_kinds import OpenWait
from apps.nodes.contract import RunChild

__all__ = ["ABANDONED", "MAX_DEPTH", "Children", "child_ended", "children_abandoned", "children_start"]


class Children:
    """Waits of kind `child`: a node waits for executions it started."""

    def opened(self, wait: OpenWait) -> None:
        """Insert the children, in the same transaction."""
        assert isinstance(wait.request, RunChild)
        children_start(wait=wait, asked=wait.request)

    def due(self, wait_ids: Sequence[UUID]) -> None:
        """They took too long: nobody waits for them any more."""
        children_abandon(wait_ids)

    def withdrawn(self, wait_ids: Sequence[UUID]) -> None:
        """The parent ended first."""
        children_abandon(wait_ids)
