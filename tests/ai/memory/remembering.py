"""Sessions with something in them, without an agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from apps.accounts.models import Workspace
from apps.ai.memory import sessions
from apps.ai.memory.sessions import Session
from apps.ai.models import MemoryKind, MemorySession
from apps.core.tenancy import tenant
from apps.nodes.contract import Message, Place, ToolCall

EXCHANGE = (
    Message.of("user", "Where is order 4711?"),
    Message(role="assistant", calls=(ToolCall(id="c1", name="find_order", arguments={"number": 4711}),)),
    Message.of("tool", '<data from="find_order">\nin transit\n</data>', call_id="c1"),
    Message.of("assistant", "It is on its way."),
)


def session(workspace: Workspace, key: str = "ada@example.com", **given: Any) -> Session:
    """A session as a run of its own sees it."""
    place = Place(workspace.id, given.get("workflow_id") or uuid4(), uuid4(), "agent", "")
    usual: dict[str, Any] = {"kind": MemoryKind.BUFFER, "workflow_id": None, "ttl_seconds": None}
    return Session(place, key=key, **(usual | given))


def remembered(
    workspace: Workspace, key: str = "ada@example.com", said: Sequence[Message] = EXCHANGE, **given: Any
) -> MemorySession:
    """A conversation that is kept."""
    made = session(workspace, key, **given)
    sessions.add(made, said)
    return row(made)


def row(made: Session) -> MemorySession:
    """Its row."""
    with tenant(made.place.workspace_id):
        return MemorySession.objects.get(kind=made.kind, key=made.key, workflow_id=made.workflow_id)


def texts(made: Session) -> list[str]:
    """What was said in it."""
    return [message.text for _, message in sessions.read(made).messages]


def another_run(made: Session, execution_id: UUID | None = None) -> Session:
    """The same session as a later run sees it."""
    place = Place(made.place.workspace_id, made.place.workflow_id, execution_id or uuid4(), "agent", "")
    return Session(place, made.kind, made.key, made.workflow_id, made.ttl_seconds)
