"""Agents on models of your own machine."""

from __future__ import annotations

from typing import Annotated

from apps.ai.nodes.agents.agent import Agent, AgentOutput, AgentParams
from apps.nodes.contract import CredentialRef, Example, takes


class Ollama(Agent):
    """Let a model answer that runs on your own machine, by Ollama: nothing leaves it.

    It works with the tools and memories attached to it, in turns; every answer of the model and every call of a tool
    is done and paid for once. A person is asked before a call that changes something, unless the tool says otherwise.
    """

    subtype, name = "OLLAMA", "Ollama"
    keywords = ("local", "llama", "mistral", "qwen", "private", "llm", "ai", "agent", "chat", "model")
    provider = "ollama"

    class Params(AgentParams):
        credential: Annotated[CredentialRef, takes("model:ollama")] | None = None
        """Where Ollama runs. Empty: the one the workspace uses."""

    class Output(AgentOutput):
        """The answer, and what it took."""

    examples = (
        Example(
            "A word for a thing",
            params={"model": "qwen3:8b", "prompt": "One word for: {{ $json.about }}"},
            input={"about": "a place where books are lent"},
            answers=({"text": "Library."},),
            returns={
                "text": "Library.",
                "result": None,
                "model": "qwen3:8b",
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
