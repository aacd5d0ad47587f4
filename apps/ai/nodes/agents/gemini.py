"""Agents on Google's models."""

from __future__ import annotations

from typing import Annotated

from apps.ai.nodes.agents.agent import Agent, AgentOutput, AgentParams
from apps.nodes.contract import CredentialRef, Example, takes


class Gemini(Agent):
    """Let a Gemini model of Google answer, think, and work with the tools it is given.

    It works with the tools and memories attached to it, in turns; every answer of the model and every call of a tool
    is done and paid for once. A person is asked before a call that changes something, unless the tool says otherwise.
    """

    subtype, name = "GEMINI", "Gemini"
    keywords = ("google", "llm", "ai", "agent", "chat", "prompt", "vision", "model")
    provider = "gemini"

    class Params(AgentParams):
        credential: Annotated[CredentialRef, takes("model:gemini")] | None = None
        """The key it is called with. Empty: the one the workspace uses for Gemini."""

    class Output(AgentOutput):
        """The answer, and what it took."""

    examples = (
        Example(
            "What is in a picture",
            params={"model": "gemini-2.5-flash", "prompt": "What is this?", "images": "{{ $json.photo }}"},
            input={"photo": "https://example.com/lamp.jpg"},
            answers=({"text": "A lamp of brass."},),
            returns={
                "text": "A lamp of brass.",
                "result": None,
                "model": "gemini-2.5-flash",
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
