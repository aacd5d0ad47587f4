"""A conversation in short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from apps.ai.memory import sessions
from apps.ai.memory.remembering import MemoryParams, as_note, session_of
from apps.ai.memory.summarising import fold
from apps.ai.memory.window import fitted
from apps.ai.models import MemoryKind
from apps.nodes.contract import Context, Example, Memory, Message, asked


class Summary(Memory):
    """Remember a long conversation in short: a summary of what is long past, and the last messages as they were.

    The workspace's default model writes the summary when twice as many messages as are shown have come together. What
    that costs stands in the ledger with the run. Nothing is lost meanwhile: what the summary does not cover yet is
    shown as it was.
    """

    subtype, icon, name = "SUMMARY", "file-text", "Summary"
    summary = "{session}"
    keywords = ("memory", "history", "chat", "summarise", "compress", "long")

    class Params(MemoryParams):
        keeps: Annotated[int, Field(ge=2, le=200), asked("Last messages")] = 12
        """How many of the last messages stay as they were."""
        summary_tokens: Annotated[int, Field(ge=50, le=4_000), asked("Longest summary")] = 500
        """How many tokens the summary may have, by estimate."""
        most_tokens: Annotated[int, Field(ge=100, le=1_000_000), asked("Tokens at most", group="More")] = 16_000
        """How many tokens the last messages may have together, by estimate."""

    examples = (
        Example(
            "Two messages and what was before",
            params={"session": "customer 7", "keeps": 2},
            input=[
                {"role": "user", "text": "I am Ada."},
                {"role": "assistant", "text": "Hello Ada."},
                {"role": "user", "text": "My order is 4711."},
                {"role": "assistant", "text": "Thank you."},
                {"role": "user", "text": "Where is it?"},
                {"role": "assistant", "text": "On its way."},
            ],
            answers=[{"text": "Ada asks about order 4711."}],
            returns=[
                {
                    "role": "user",
                    "text": '<data from="memory">\nWhat was said before, in short:\n'
                    "Ada asks about order 4711.\n</data>",
                },
                {"role": "user", "text": "Where is it?"},
                {"role": "assistant", "text": "On its way."},
            ],
        ),
    )

    def load(self, params: Params, ctx: Context, text: str) -> Sequence[Message]:
        """The summary, and what was said since."""
        said = sessions.read(session_of(params, ctx, MemoryKind.SUMMARY))
        recent = fitted(
            [message for _, message in said.messages], most_messages=params.keeps * 4, most_tokens=params.most_tokens
        )
        before = [as_note("What was said before, in short:", [said.summary])] if said.summary else []
        return [*before, *recent]

    def save(self, params: Params, ctx: Context, said: Sequence[Message]) -> None:
        """Add what was said, and shorten what is long past."""
        session = session_of(params, ctx, MemoryKind.SUMMARY)
        sessions.add(session, said)
        fold(session, ctx, keeps=params.keeps, most_tokens=params.summary_tokens)
