"""Facts the model keeps by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from apps.ai.memory import sessions
from apps.ai.memory.remembering import MemoryParams, as_note, session_of
from apps.ai.memory.sessions import LONGEST_VALUE, Fact
from apps.ai.models import MemoryKind
from apps.ai.models.memories import LONGEST_NAME
from apps.core import jsonclean
from apps.nodes.contract import (
    Context,
    Done,
    Effect,
    Example,
    Function,
    Json,
    Memory,
    Message,
    NodeError,
    Offer,
    Tool,
    asked,
)

_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "description": "Short and lasting: “city”."}
_VALUE = {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE, "description": "What is to be known."}


class KeyValue(Memory, Tool):
    """Let an agent keep notes: it writes down what is worth knowing, under names, and forgets what is wrong.

    The model gets two functions, `remember` and `forget`; all notes are shown to it when a run begins. What it notes
    may come from what a stranger wrote, so notes are shown as data, never as instructions.
    """

    type = Memory.type
    subtype, icon, name = "KEY_VALUE", "sticky-note", "Notes"
    summary = "{session}"
    keywords = ("memory", "notes", "facts", "key", "value", "preferences", "remember")

    class Params(MemoryParams):
        most_kept: Annotated[int, Field(ge=1, le=500), asked("Notes at most")] = 100
        """How many notes there may be; past that the oldest are forgotten."""
        approval: Annotated[
            Literal["never", "always"],
            asked("Ask a person", group="Approval", words={"never": "Never", "always": "Before every note"}),
        ] = "never"
        """Whether a person must agree before something is written down or forgotten."""

    examples = (
        Example(
            "Note the customer's city",
            params={"session": "customer 7"},
            input={"name": "city", "value": "London"},
            returns="Noted.",
        ),
    )

    def load(self, params: Params, ctx: Context, text: str) -> Sequence[Message]:
        """All notes."""
        known = sessions.facts(session_of(params, ctx, MemoryKind.KEY_VALUE))
        return [as_note("Your notes:", (f"- {fact.name}: {fact.value}" for fact in known))] if known else ()

    def save(self, params: Params, ctx: Context, said: Sequence[Message]) -> None:
        """Nothing: what is to be kept, the model has noted."""

    def offers(self, params: Params, ctx: Context) -> Sequence[Offer]:
        """Noting and forgetting. Done twice they change nothing more."""
        return [
            self._offer(
                params,
                "remember",
                "Write down something worth knowing in later conversations. The same name replaces what was noted.",
                {"name": _NAME, "value": _VALUE},
            ),
            self._offer(params, "forget", "Forget what was noted under a name.", {"name": _NAME}),
        ]

    def call(self, params: Params, ctx: Context, name: str, arguments: Mapping[str, Json]) -> Done:
        """Note or forget."""
        session = session_of(params, ctx, MemoryKind.KEY_VALUE)
        what = jsonclean.cleaned(str(arguments["name"])).strip()
        if not what:
            raise NodeError("ai.memory_key", "A note needs a name.")
        if name == "forget":
            return Done("Forgotten." if sessions.unlearn(session, what) else "There was no such note.")
        value = jsonclean.cleaned(str(arguments["value"]))
        sessions.learn(session, [Fact("", what, value)], most=params.most_kept)
        return Done("Noted.")

    def _offer(self, params: Params, name: str, description: str, properties: dict[str, Json]) -> Offer:
        schema = {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
        return Offer(
            function=Function(name=name, description=description, parameters=schema),
            effect=Effect.WRITE,
            honours_key=True,
            needs_approval=params.approval == "always",
            title="Note something" if name == "remember" else "Forget a note",
        )
