"""How the engine's own kinds of wait take part in its transactions."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from apps.core import clock
from apps.executions import calls, services
from apps.executions.wait_kinds import OpenWait


class Callbacks:
    """Waits of kind `callback`: a node waits for a call of its own address."""

    def opened(self, wait: OpenWait) -> None:
        """A call that came before resolves the wait in the moment it opens."""
        early = calls.early_call_take(execution_id=wait.execution_id, node_id=wait.node_id, path=wait.path)
        if early is not None:
            services.wait_resolve(
                workspace_id=wait.workspace_id, wait_id=wait.id, answer=early, by=calls.CALLER, now=clock.now()
            )

    def due(self, wait_ids: Sequence[UUID]) -> None:
        """Nothing is kept beside the wait."""

    def withdrawn(self, wait_ids: Sequence[UUID]) -> None:
        """Nothing is kept beside the wait."""
