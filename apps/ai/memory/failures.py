"""Why a memory could not be read or written, and what the codes mean for the page of error codes."""

from __future__ import annotations

from apps.core.error_codes import ErrorCode, declare

declare(
    ErrorCode(
        "ai.memory_away",
        None,
        "What an agent remembers could not be reached in the database.",
        "It is tried again; what is remembered is remembered once.",
    ),
    ErrorCode(
        "ai.memory_key",
        None,
        "The session of a memory, or the name of a note, is no text on one line.",
        "Use an id, a name or an address.",
    ),
    ErrorCode(
        "ai.memories_full",
        None,
        "The workspace has as many memories as it may have.",
        "Clear those nobody needs under Settings, Memories, or let them be forgotten sooner.",
    ),
    ErrorCode(
        "ai.memory_unreadable",
        None,
        "A model named no facts that can be read, not the second time either.",
        "Choose a default model that can answer in JSON, under Settings, Models.",
    ),
)
