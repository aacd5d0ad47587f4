"""Asking a model, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from apps.nodes.contract import (
    ChatReply,
    ChatRequest,
    CredentialRef,
    Embedded,
    Json,
    ModelRef,
    NodeError,
    Place,
)

OpenCredential = Callable[[CredentialRef], Mapping[str, Json]]
"""Gives a credential's fields in plain text, and sees to it that they are cleaned out of what is kept or shown."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for the ledger and the budgets: a node of an execution, or a page of the workspace."""

    workspace_id: UUID
    workflow_id: UUID | None = None
    execution_id: UUID | None = None
    node_id: str = ""
    path: str = ""
    is_test: bool = False

    @classmethod
    def of(cls, place: Place) -> Self:
        """The node that runs there."""
        return cls(place.workspace_id, place.workflow_id, place.execution_id, place.node_id, place.path, place.is_test)


class Gateway:
    """`nodes.contract.Models` for one caller. May be used by several threads at once; holds no database connection."""

    __slots__ = ("_caller", "_opened")

    def __init__(self, caller: Caller, opened: OpenCredential) -> None:
        self._caller, self._opened = caller, opened

    def chat(
        self,
        request: ChatRequest,
        *,
        step: str = "",
        purpose: str = "agent",
        on_text: Callable[[str], None] | None = None,
    ) -> ChatReply:
        """See `nodes.contract.Models.chat`."""
        raise _nothing_connected()

    def embed(self, texts: Sequence[str], *, model: ModelRef | None = None, step: str = "") -> Embedded:
        """See `nodes.contract.Models.embed`."""
        raise _nothing_connected()

    def default_chain(self) -> tuple[ModelRef, ...]:
        """See `nodes.contract.Models.default_chain`."""
        raise _nothing_connected()


def _nothing_connected() -> NodeError:
    return NodeError(
        "ai.no_credential",
        "No model is connected to this workspace.",
        "Connect one under Settings, Models.",
        details={"link": "settings/models/"},
    )
