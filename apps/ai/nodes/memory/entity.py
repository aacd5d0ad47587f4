"""Facts about people and things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Annotated

from pydantic import Field

from apps.ai.memory import sessions
from apps.ai.memory.extracting import extracted
from apps.ai.memory.remembering import MemoryParams, as_note, session_of
from apps.ai.memory.sessions import Fact
from apps.ai.models import MemoryKind
from apps.nodes.contract import Context, Example, Memory, Message, asked


class Entity(Memory):
    """Remember facts about people and things: after a run a model takes them out of what was said.

    The workspace's default model names what each fact is about, which property, and its value; a newer value takes the
    place of an older one. The next run is shown what is known of those its input names, then what was learnt last.
    """

    subtype, icon, name = "ENTITY", "users", "Facts"
    summary = "{session}"
    keywords = ("memory", "facts", "people", "entities", "profile", "knowledge")

    class Params(MemoryParams):
        most_shown: Annotated[int, Field(ge=1, le=200), asked("Facts shown")] = 40
        """How many facts the agent is shown."""
        most_kept: Annotated[int, Field(ge=1, le=2_000), asked("Facts kept", group="More")] = 500
        """How many facts are kept; past that the oldest are forgotten."""

    examples = (
        Example(
            "Learn a name and a city",
            params={"session": "customer 7"},
            input=[
                {"role": "user", "text": "I am Ada, and I live in London."},
                {"role": "assistant", "text": "Hello Ada."},
            ],
            answers=[{"text": '{"facts": [{"entity": "Ada", "name": "city", "value": "London"}]}'}],
            returns=[
                {"role": "user", "text": '<data from="memory">\nWhat is known:\n- Ada: city = London\n</data>'},
            ],
        ),
    )

    def load(self, params: Params, ctx: Context, text: str) -> Sequence[Message]:
        """What is known of those the input names, then the newest."""
        known = sessions.facts(session_of(params, ctx, MemoryKind.ENTITY))
        words = text.casefold()
        known.sort(key=lambda fact: fact.subject.casefold() not in words)  # stable: the newest first within both
        shown = known[: params.most_shown]
        return [as_note("What is known:", _lines(shown))] if shown else ()

    def save(self, params: Params, ctx: Context, said: Sequence[Message]) -> None:
        """Have the facts in what was said taken out, and keep them."""
        session = session_of(params, ctx, MemoryKind.ENTITY)
        known = list(dict.fromkeys(fact.subject for fact in sessions.facts(session)))
        if found := extracted(said, known, ctx):
            sessions.learn(session, found, most=params.most_kept)


def _lines(facts: Sequence[Fact]) -> Iterator[str]:
    for subject, own in groupby(sorted(facts, key=lambda fact: fact.subject), key=lambda fact: fact.subject):
        yield f"- {subject}: {'; '.join(f'{fact.name} = {fact.value}' for fact in own)}"
