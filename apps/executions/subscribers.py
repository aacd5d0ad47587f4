"""What the engine itself wants to be told, and what it sends outward."""

from __future__ import annotations

from uuid import UUID

from apps.core import clock
from apps.core.models import Event
from apps.executions import children, completion


def child_ended(event: Event) -> None:
    """An execution that another one waits for has ended."""
    wait_id = event.data["parent_wait_id"]
    if wait_id:
        children.child_ended(
            workspace_id=event.workspace_id, execution_id=event.subject_id, wait_id=UUID(wait_id), now=clock.now()
        )


def children_abandoned(event: Event) -> None:
    """Nobody waits for these children any more."""
    children.children_abandoned(event=event, now=clock.now())


def completion_announce(event: Event) -> None:
    """Whoever the workflow's settings name is told."""
    if event.data["mode"] == "production":
        completion.completion_announce(event=event, now=clock.now())


SUBSCRIBERS = {
    "execution.finished": (child_ended, completion_announce),
    children.ABANDONED: (children_abandoned,),
}
SENDERS = {completion.CHANNEL: completion.completion_send}
