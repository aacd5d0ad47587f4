"""What the engine itself wants to be told, and what it sends outward."""

from __future__ import annotations

from apps.accounts import selectors
from apps.accounts.services.workspaces import CLOSED
from apps.core import clock
from apps.core.models import Event
from apps.executions import children, closing, completion, notices


def child_ended(event: Event) -> None:
    """An execution that another one waits for has ended."""
    if event.data["parent_wait_id"]:
        children.child_ended(event=event, now=clock.now())


def children_abandoned(event: Event) -> None:
    """Nobody waits for these children any more."""
    children.children_abandoned(event=event, now=clock.now())


def completion_announce(event: Event) -> None:
    """Whoever the workflow's settings name is told."""
    if event.data["mode"] == "production":
        completion.completion_announce(event=event, now=clock.now())


def failure_told(event: Event) -> None:
    """Those whose workflow failed are told."""
    notices.failure_notice(event=event, now=clock.now())


def workspace_closed(event: Event) -> None:
    """A workspace was closed, and not opened again meanwhile: what it runs is cancelled."""
    if selectors.is_closed(event.workspace_id):
        closing.executions_end(workspace_id=event.workspace_id, now=clock.now())


SUBSCRIBERS = {
    CLOSED: (workspace_closed,),
    "execution.finished": (child_ended, completion_announce),
    children.ABANDONED: (children_abandoned,),
    "execution.failed": (failure_told,),
}
SENDERS = {completion.CHANNEL: completion.completion_send}
