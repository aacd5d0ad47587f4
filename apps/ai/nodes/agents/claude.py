"""Agents on Anthropic's models."""

from __future__ import annotations

from typing import Annotated

from apps.ai.nodes.agents.agent import Agent, AgentOutput, AgentParams
from apps.nodes.contract import CredentialRef, Example, takes


class Claude(Agent):
    """Let a model of Anthropic answer, think, and work with the tools it is given.

    It works with the tools and memories attached to it, in turns; every answer of the model and every call of a tool
    is done and paid for once. A person is asked before a call that changes something, unless the tool says otherwise.
    """

    subtype, name = "CLAUDE", "Claude"
    keywords = ("anthropic", "sonnet", "opus", "haiku", "llm", "ai", "agent", "chat", "prompt", "model")
    provider = "anthropic"

    class Params(AgentParams):
        credential: Annotated[CredentialRef, takes("model:anthropic")] | None = None
        """The key it is called with. Empty: the one the workspace uses for Anthropic."""

    class Output(AgentOutput):
        """The answer, and what it took."""

    examples = (
        Example(
            "A kind answer",
            params={"model": "claude-sonnet-4-5", "prompt": "Answer this kindly: {{ $json.message }}"},
            input={"message": "Where is my order?"},
            answers=({"text": "I am sorry for the wait. I will look for it."},),
            returns={
                "text": "I am sorry for the wait. I will look for it.",
                "result": None,
                "model": "claude-sonnet-4-5",
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
