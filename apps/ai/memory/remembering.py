"""What every memory can be told, and how what it knows is put to a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from apps.ai.agents.calls import as_data
from apps.ai.memory.sessions import Session
from apps.ai.models import MemoryKind
from apps.ai.models.memories import LONGEST_KEY
from apps.core import jsonclean
from apps.nodes.contract import Context, Expr, Message, NodeError, NodeParams, asked

_DAY = 86_400.0


class MemoryParams(NodeParams):
    """What every memory can be told."""

    session: Expr[Annotated[str, Field(max_length=LONGEST_KEY)]] = ""
    """Who or what is remembered, such as `{{ $trigger.body.customer }}`: runs with the same text share what they know.
    Left out: each execution has a memory of its own, so that nobody's words reach somebody else."""
    scope: Annotated[
        Literal["workflow", "workspace"],
        asked("Shared by", words={"workflow": "This workflow", "workspace": "All workflows"}),
    ] = "workflow"
    """Who shares it: the agents of this workflow, or all agents of the workspace that have a memory of this kind."""
    ttl_days: Annotated[Annotated[int, Field(ge=1, le=3_650)] | None, asked("Forgotten after days", group="More")] = 30
    """How many days after its last use it is forgotten. Empty: never."""


def session_of(params: MemoryParams, ctx: Context, kind: MemoryKind) -> Session:
    """The session that a run reads and writes. Raises `NodeError` for a key that cannot be one."""
    key = jsonclean.cleaned(params.session).strip() or f"execution {ctx.place.execution_id}"
    if not key.isprintable():
        raise NodeError(
            "ai.memory_key", "The session has line breaks or control characters.", "Use an id, a name or an address."
        )
    return Session(
        ctx.place,
        kind,
        key,
        ctx.place.workflow_id if params.scope == "workflow" else None,
        None if params.ttl_days is None else params.ttl_days * _DAY,
    )


def as_note(title: str, lines: Iterable[str]) -> Message:
    """What is known, as a message that a model can tell from what its user asks: data from elsewhere."""
    return Message.of("user", as_data("memory", "\n".join([title, *lines])))


def transcript(said: Sequence[Message], *, most_characters: int) -> str:
    """A conversation as text, for a model that is to read and not to continue it. Of a long one its end."""
    lines = []
    for message in said:
        if message.text:
            who = {"user": "User", "assistant": "Assistant", "tool": "Tool result"}.get(message.role, "System")
            lines.append(f"{who}: {message.text}")
        lines += [f"Assistant calls {call.name}" for call in message.calls]
    return "\n".join(lines)[-most_characters:]
