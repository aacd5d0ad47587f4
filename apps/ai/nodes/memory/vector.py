"""What was said, found again by its meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from apps.ai.memory import sessions
from apps.ai.memory.remembering import MemoryParams, as_note, session_of, transcript
from apps.ai.models import MemoryKind
from apps.nodes.contract import Context, Example, Memory, Message, asked

_LONGEST_PIECE, _LONGEST_QUESTION = 8_000, 8_000


class Vector(Memory):
    """Remember everything, and be reminded of what is alike: an agent is shown what was said before about the same.

    What a user said and what the agent answered become one piece, kept as a point in the space of the workspace's
    default model for embeddings. Before the next run the pieces nearest to its input are looked up. A change of that
    model begins a new memory: points of two models cannot be compared.
    """

    subtype, icon, name = "VECTOR", "search", "Recall by meaning"
    summary = "{session}"
    keywords = ("memory", "semantic", "embedding", "vector", "recall", "similar", "long-term")

    class Params(MemoryParams):
        most: Annotated[int, Field(ge=1, le=50), asked("Pieces at most")] = 5
        """How many pieces the agent is reminded of."""
        least_alike: Annotated[float, Field(ge=0, le=1), asked("Alike at least")] = 0.3
        """How alike a piece must be to the input: 1 is the same, 0 has nothing to do with it."""

    examples = (
        Example(
            "Recall what was said about the parcel",
            params={"session": "customer 7"},
            input=[
                {"role": "user", "text": "Where is my parcel?"},
                {"role": "assistant", "text": "On its way."},
            ],
            answers=[{"vectors": [[1.0, 0.0]]}, {"vectors": [[0.8, 0.6]]}],
            returns=[
                {
                    "role": "user",
                    "text": '<data from="memory">\nFrom earlier conversations:\n'
                    "- User: Where is my parcel?\nAssistant: On its way.\n</data>",
                },
            ],
        ),
    )

    def load(self, params: Params, ctx: Context, text: str) -> Sequence[Message]:
        """The pieces that are nearest to the input."""
        if not text.strip():
            return ()
        asked_for = ctx.models.embed([text[:_LONGEST_QUESTION]], step="recall")
        session = session_of(params, ctx, MemoryKind.VECTOR)
        found = sessions.near(session, asked_for.model, asked_for.vectors[0], most=params.most)
        pieces = [piece for piece, alike in found if alike >= params.least_alike]
        return [as_note("From earlier conversations:", (f"- {piece}" for piece in pieces))] if pieces else ()

    def save(self, params: Params, ctx: Context, said: Sequence[Message]) -> None:
        """Keep what the user said and what the agent answered."""
        session = session_of(params, ctx, MemoryKind.VECTOR)
        words = [message for message in said if message.role in ("user", "assistant") and not message.calls]
        piece = transcript(words, most_characters=_LONGEST_PIECE)
        if piece and not sessions.has_piece(session):
            made = ctx.models.embed([piece], step="remember")
            sessions.put_piece(session, piece, made.model, made.vectors[0])
