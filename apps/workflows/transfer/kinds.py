"""The thirteen kinds of connection other products know, and what each is here.

Data flows by MAIN, AI_AGENT and AI_CHAIN: they are edges. AI_TOOL and AI_MEMORY attach a node to an agent, which has no
edge and no run of its own. The others set up such nodes, and mean nothing without them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

FLOWS: Final = ("MAIN", "AI_AGENT", "AI_CHAIN")
ATTACHES: Final = ("AI_TOOL", "AI_MEMORY")
SETS_UP: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "AI_LANGUAGE_MODEL": ("the model of an agent", ("AI_AGENT",)),
    "AI_OUTPUT_PARSER": ("the form of an agent's answer", ("AI_AGENT",)),
    "AI_EMBEDDING": ("how knowledge is looked up", ("TOOL", "MEMORY")),
    "AI_VECTOR_STORE": ("where knowledge is kept", ("TOOL", "MEMORY")),
    "AI_RETRIEVER": ("how knowledge is looked up", ("TOOL", "MEMORY")),
    "AI_RERANKER": ("how what is found is put in order", ("TOOL", "MEMORY")),
    "AI_DOCUMENT": ("what knowledge is made of", ("TOOL", "MEMORY")),
    "AI_TEXT_SPLITTER": ("how knowledge is cut up", ("TOOL", "MEMORY")),
}
"""What a kind sets up, and the types of node it needs."""
KINDS: Final = (*FLOWS, *ATTACHES, *SETS_UP)
_BY_LETTERS: Final = {kind.replace("_", "").lower(): kind for kind in KINDS}


def kind_of(text: object) -> str | None:
    """The kind a name means, however it is written: `ai_languageModel`, `AI_LANGUAGE_MODEL`. None: it is none."""
    if not isinstance(text, str):
        return None
    return _BY_LETTERS.get(re.sub(r"[^a-z]", "", text.lower().removeprefix("connection_type")))


def missing_types(kind: str, types: Collection[str]) -> list[str]:
    """The types of node a kind needs and the product does not have."""
    needed = ("AI_AGENT", kind.removeprefix("AI_")) if kind in ATTACHES else SETS_UP.get(kind, ("", ()))[1]
    return [type_ for type_ in needed if type_ not in types]
