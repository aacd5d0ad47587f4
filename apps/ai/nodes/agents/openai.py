"""Agents on OpenAI's models."""

from __future__ import annotations

from typing import Annotated

from apps.ai.nodes.agents.agent import Agent, AgentOutput, AgentParams
from apps.nodes.contract import CredentialRef, Example, takes


class OpenAi(Agent):
    """Let a model of OpenAI answer, think, and work with the tools it is given.

    Attach tools and memories to it. It calls the tools as it sees fit, as often as its limits allow; before a call that
    changes something a person is asked, unless the tool says otherwise. Each answer of the model and each call of a
    tool is done and paid for once, also when the server is restarted in between.
    """

    subtype, name = "OPENAI", "OpenAI"
    keywords = ("gpt", "chatgpt", "llm", "ai", "agent", "chat", "prompt", "model")
    provider = "openai"

    class Params(AgentParams):
        credential: Annotated[CredentialRef, takes("model:openai")] | None = None
        """The key it is called with. Empty: the one the workspace uses for OpenAI."""

    class Output(AgentOutput):
        """The answer, and what it took."""

    examples = (
        Example(
            "A summary",
            params={
                "model": "gpt-5-mini",
                "system_prompt": "You write for busy people.",
                "prompt": "Sum this up in one sentence: {{ $json.text }}",
            },
            input={"text": "The meeting was moved from Monday to Tuesday, because Mara is away."},
            answers=({"text": "The meeting is on Tuesday."},),
            returns={
                "text": "The meeting is on Tuesday.",
                "result": None,
                "model": "gpt-5-mini",
                "usage": {"input": 10, "output": 5, "cached": 0, "written": 0, "reasoning": 0},
                "cost": 0.001,
                "turns": 1,
                "repairs": 0,
                "tools_used": [],
                "finish": "stop",
                "limit": None,
            },
        ),
        Example(
            "Data out of a letter",
            params={
                "model": "gpt-5-mini",
                "prompt": "Who writes, and what do they want?\n\n{{ $json.letter }}",
                "result_schema": {
                    "type": "object",
                    "required": ["name", "wish"],
                    "additionalProperties": False,
                    "properties": {
                        "name": {"type": "string"},
                        "wish": {"type": "string", "enum": ["refund", "repair", "other"]},
                    },
                },
            },
            input={"letter": "The lamp is broken, please send my money back. Ada"},
            answers=({"text": '{"name": "Ada", "wish": "refund"}'},),
            returns={
                "text": '{"name": "Ada", "wish": "refund"}',
                "result": {"name": "Ada", "wish": "refund"},
                "model": "gpt-5-mini",
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
