"""What workflows want to be told."""

from __future__ import annotations

from apps.accounts import selectors
from apps.accounts.services.workspaces import CLOSED
from apps.core.models import Event
from apps.workflows import services


def workspace_closed(event: Event) -> None:
    """A workspace was closed, and not opened again meanwhile: its triggers are switched off."""
    if selectors.is_closed(event.workspace_id):
        services.workflows_silence(workspace_id=event.workspace_id)


SUBSCRIBERS = {CLOSED: (workspace_closed,)}
