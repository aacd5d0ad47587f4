"""Agents on any other model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from apps.ai.nodes.agents.agent import Agent, AgentOutput, AgentParams
from apps.nodes.contract import Context, CredentialRef, Example, Expr, Json, ModelRef, Provider, asked, takes


class Custom(Agent):
    """Let the workspace's own model answer, or one of any endpoint that speaks as OpenAI does.

    With `workspace` it is whatever stands under Settings, Models, with its fallbacks: the workflow then works with any
    provider. It works with the tools and memories attached to it, in turns; every answer of the model and every call
    of a tool is done and paid for once. A person is asked before a call that changes something, unless the tool says
    otherwise.
    """

    subtype, name = "CUSTOM", "Any model"
    keywords = (
        "openai-compatible",
        "groq",
        "together",
        "vllm",
        "lm studio",
        "openrouter",
        "llm",
        "ai",
        "agent",
        "chat",
    )

    class Params(AgentParams):
        source: Annotated[
            Literal["workspace", "custom", "groq", "together"],
            asked(
                "Model of",
                words={"workspace": "The workspace", "custom": "Own address", "groq": "Groq", "together": "Together"},
            ),
        ] = "workspace"
        """Whose model it is: the one the workspace has chosen, or one of these."""
        credential: Annotated[
            Annotated[CredentialRef, takes("model")] | None, asked(when={"source": ["custom", "groq", "together"]})
        ] = None
        """The key and address it is called with. Empty: the one the workspace uses there."""
        model: Annotated[Expr[str], asked(widget="model", when={"source": ["custom", "groq", "together"]})] = ""
        """The model, as it is called there. Empty: the workspace's default model of this provider."""

    class Output(AgentOutput):
        """The answer, and what it took."""

    examples = (
        Example(
            "What a ticket is about, by whatever model there is",
            params={"prompt": "In one word, what is this about? {{ $json.subject }}"},
            input={"subject": "Invoice 7 is wrong"},
            answers=({"text": "Billing"},),
            returns={
                "text": "Billing",
                "result": None,
                "model": "small",
                "usage": {"input": 10, "output": 5, "cached": 0, "written": 0, "reasoning": 0},
                "cost": 0.001,
                "turns": 1,
                "repairs": 0,
                "tools_used": [],
                "finish": "stop",
                "limit": None,
            },
        ),
    )

    @classmethod
    def borrows(cls, params: Mapping[str, Json]) -> str | None:
        """The workspace's choice, or the key of the provider that is named."""
        source = params.get("source", "workspace")
        if source == "workspace" or not params.get("model"):
            return "workspace"
        return None if params.get("credential") else str(source)

    def provider_of(self, params: Params) -> Provider:
        """As it says; the workspace's own is not asked for by provider."""
        return "custom" if params.source == "workspace" else params.source

    def chain(self, params: Params, ctx: Context) -> tuple[ModelRef, ...]:
        """The workspace's models, or the one that is named."""
        if params.source != "workspace":
            return super().chain(params, ctx)
        return (*ctx.models.default_chain(), *self.fallbacks(params))
