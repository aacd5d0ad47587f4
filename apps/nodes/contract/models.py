"""What a node may ask of language models. Which library speaks to them is nobody's business here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Literal, Protocol, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from apps.nodes.contract.declare import Json
from apps.nodes.contract.messages import Function, Message, Usage

Provider: TypeAlias = Literal["openai", "anthropic", "gemini", "ollama", "groq", "together", "custom"]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ModelRef(_Value):
    """One model of one provider, called with one credential."""

    provider: Provider
    model: Annotated[str, Field(min_length=1, max_length=200)]
    """As the provider calls it: `gpt-5-mini`."""
    credential: UUID | None = None
    """None: the workspace's default credential for this provider."""


class Sampling(_Value):
    """How a model writes. None leaves it to the provider; what a model does not know is left out and said so."""

    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: tuple[str, ...] = ()
    reasoning: Literal["none", "low", "medium", "high"] | None = None


class ChatRequest(_Value):
    """What is asked of a model."""

    models: Annotated[tuple[ModelRef, ...], Field(min_length=1, max_length=10)]
    """The first is asked; each further one when those before it could not answer. After an answer nobody is asked."""
    messages: tuple[Message, ...]
    functions: tuple[Function, ...] = ()
    choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the function that must be called."""
    is_parallel: bool = True
    """Whether several functions may be called in one answer."""
    result_schema: dict[str, Json] | None = None
    """JSON Schema the answer's text has to keep to, by the provider's own means where it has some. Not checked here."""
    sampling: Sampling = Sampling()
    timeout_seconds: float = 120.0
    """For one attempt at one model, from the first byte sent to the last one received."""


class Attempt(_Value):
    """One call of one model, as it went. Each stands in the ledger, too."""

    provider: str
    model: str
    outcome: str
    """`answered`, or the code of the error: `ai.rate_limited`."""
    message: str = ""
    usage: Usage = Usage()
    cost: Decimal | None = None
    """In US dollars; None where the price is not known."""
    seconds: float = 0.0


class ChatReply(_Value):
    """What a model answered."""

    message: Message
    finish: Literal["stop", "length", "tools", "refused"]
    provider: str
    model: str
    usage: Usage
    cost: Decimal | None
    """Of all attempts together, in US dollars; None where a price is not known."""
    attempts: tuple[Attempt, ...]
    notes: tuple[str, ...] = ()
    """What of the request the model does not know and was left out."""


class Embedded(_Value):
    """Texts as points in space, in their order."""

    vectors: tuple[tuple[float, ...], ...]
    model: str
    usage: Usage
    cost: Decimal | None


class Models(Protocol):
    """Language models, with their costs written down and limits kept. Not for pure nodes: it is I/O.

    Every method raises `NodeError`: `ai.no_credential` (nothing is connected; `details["link"]` is where to),
    `ai.budget_reached` (nothing was sent; `details` names the budget and whether it asks or stops), `ai.rate_limited`,
    `ai.overloaded`, `ai.no_answer`, `ai.too_long`, `ai.refused_key`, `ai.model_unknown`, `ai.bad_request`,
    `ai.answer_unreadable`. With several models the error is the last one's, and `details["attempts"]` tells of all.
    """

    def chat(
        self,
        request: ChatRequest,
        *,
        step: str = "",
        purpose: str = "agent",
        on_text: Callable[[str], None] | None = None,
    ) -> ChatReply:
        """Ask. `step` names the part of the node's work in the ledger, `purpose` what it is for.

        With `on_text` the answer is streamed: it gets each piece of text as it arrives, and "" when an attempt broke
        off and what was shown is void.
        """
        ...

    def embed(self, texts: Sequence[str], *, model: ModelRef | None = None, step: str = "") -> Embedded:
        """The texts as vectors. `model` None: the workspace's default for embeddings."""
        ...

    def allow(self, budget: str, *, key: str, by: str, usd: float = 0, tokens: int = 0) -> None:
        """Let calls go so far beyond the budget that refused one, in its present period: a person said so, namely `by`.

        Under the same `key` it happens once. Raises `NodeError` when there is no such budget any more.
        """
        ...

    def default_chain(self) -> tuple[ModelRef, ...]:
        """The workspace's default model and its fallbacks, best first. Raises `NodeError` `ai.no_credential`."""
        ...
