"""The last part of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from apps.ai.memory import sessions
from apps.ai.memory.remembering import MemoryParams, session_of
from apps.ai.memory.window import fitted
from apps.ai.models import MemoryKind
from apps.nodes.contract import Context, Example, Memory, Message, asked


class Buffer(Memory):
    """Remember the conversation: an agent is shown its last part again.

    Everything is kept, with the tools that were called and what they answered. Shown are the newest exchanges that fit
    within both limits, each of them whole: an answer of a tool never stands there without its call.
    """

    subtype, icon, name = "BUFFER", "message-square", "Conversation"
    summary = "{session}"
    keywords = ("memory", "history", "chat", "window", "buffer", "remember")

    class Params(MemoryParams):
        most_messages: Annotated[int, Field(ge=2, le=500), asked("Messages at most")] = 40
        """How many of the last messages the agent is shown. Calls of tools and their answers count."""
        most_tokens: Annotated[int, Field(ge=100, le=1_000_000), asked("Tokens at most")] = 8_000
        """How many tokens they may have together, by estimate."""

    examples = (
        Example(
            "Keep the last exchange",
            params={"session": "customer 7", "most_messages": 2},
            input=[
                {"role": "user", "text": "I am Ada."},
                {"role": "assistant", "text": "Hello Ada."},
                {"role": "user", "text": "Where is my parcel?"},
                {"role": "assistant", "text": "On its way."},
            ],
            returns=[
                {"role": "user", "text": "Where is my parcel?"},
                {"role": "assistant", "text": "On its way."},
            ],
        ),
    )

    def load(self, params: Params, ctx: Context, text: str) -> Sequence[Message]:
        """The newest exchanges that fit."""
        said = sessions.read(session_of(params, ctx, MemoryKind.BUFFER), most=params.most_messages + 1)
        messages = [message for _, message in said.messages]
        return fitted(messages, most_messages=params.most_messages, most_tokens=params.most_tokens)

    def save(self, params: Params, ctx: Context, said: Sequence[Message]) -> None:
        """Add what was said."""
        sessions.add(session_of(params, ctx, MemoryKind.BUFFER), said)
