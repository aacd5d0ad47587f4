"""How much an agent may do, what it has done, and whether it goes round in circles. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from apps.nodes.contract import Json, NodeError, Usage

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "turns": ("{:g} turns", "Allow more turns, or make the task smaller."),
    "seconds": ("{:g} s of work", "Allow more seconds, or make the task smaller. Waiting for people does not count."),
    "tokens": ("{:,} tokens", "Allow more tokens, give it less to read, or make the task smaller."),
    "money": ("${:g}", "Allow more money, take a cheaper model, or make the task smaller."),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run of an agent may use. None: as much as it likes. `repeats`: the same call so often is enough."""

    turns: int = 20
    seconds: float | None = None
    tokens: int | None = None
    money: float | None = None
    repeats: int = 3


@dataclass(slots=True)
class Meter:
    """What one run of an agent has used so far; the same after a crash, since it is counted from its steps."""

    limits: Limits
    turns: int = 0
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    is_cost_known: bool = True
    calls: Counter[str] = field(default_factory=Counter)
    """How often each function was called with the same arguments."""
    tools: dict[str, dict[str, Json]] = field(default_factory=dict)
    """By function: `name`, `title`, `calls`, `errors`."""

    def turn(self, kept: Mapping[str, Json]) -> None:
        """Count a turn, as its step keeps it."""
        self.turns += 1
        self.seconds += kept["seconds"]
        self.usage += Usage.model_validate(kept["usage"])
        if kept["cost"] is None:
            self.is_cost_known = False
        else:
            self.cost += kept["cost"]

    def call(self, kept: Mapping[str, Json]) -> None:
        """Count a call, as its step keeps it."""
        self.seconds += kept["seconds"]
        used = self.tools.setdefault(
            kept["name"], {"name": kept["name"], "title": kept["title"], "calls": 0, "errors": 0}
        )
        used["calls"] += 1
        used["errors"] += "error" in kept

    @property
    def reached(self) -> str:
        """The limit that forbids another turn; empty where none does."""
        limits = self.limits
        used = {
            "turns": (self.turns, limits.turns),
            "seconds": (self.seconds, limits.seconds),
            "tokens": (self.usage.input + self.usage.output, limits.tokens),
            "money": (self.cost, limits.money),
        }
        return next((name for name, (so_far, most) in used.items() if most is not None and so_far >= most), "")

    def refusal(self, name: str) -> NodeError:
        """The error of an agent that has reached this limit."""
        words, hint = _WORDS[name]
        most = getattr(self.limits, name)
        used = f"{self.turns} turns, {self.usage.input + self.usage.output:,} tokens"
        return NodeError(
            f"ai.limit_{name}",
            f"The agent had no answer within {words.format(most)} ({used}).",
            hint,
            details={"limit": name, "most": most, "turns": self.turns, "cost": round(self.cost, 8)},
        )

    def repeated(self, name: str, arguments: Mapping[str, Json]) -> bool:
        """Count a call before it is made. Whether it was made often enough: the model is told, once.

        Raises `NodeError` when it was told already.
        """
        key = json.dumps([name, arguments], sort_keys=True, ensure_ascii=False)
        self.calls[key] += 1
        if self.calls[key] > self.limits.repeats + 1:
            raise NodeError(
                "ai.going_in_circles",
                f"The agent called “{name}” {self.calls[key]} times with the same arguments, "
                "also after it was told not to.",
                "Say in its prompt what to do with the result, or give it a tool that does what is missing.",
                details={"name": name, "arguments": arguments},
            )
        return self.calls[key] > self.limits.repeats
