"""What an agent may use: tools its model calls, and memories it is given. Attached to it, they run inside of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from apps.nodes.contract.context import Context
from apps.nodes.contract.declare import Effect, Json, NodeParams, NodeType, asked
from apps.nodes.contract.messages import Function, Message
from apps.nodes.contract.node import Node
from apps.nodes.contract.results import Done, Result, Suspend

Approval: TypeAlias = Literal["writes", "always", "never"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing a tool can do, as the model sees it and as the product treats it."""

    function: Function
    effect: Effect = Effect.WRITE
    """What a call does to the world. When in doubt it writes."""
    honours_key: bool = False
    """Whether a repeat of a write with the same key is harmless."""
    needs_approval: bool = True
    """Whether a person must agree to each call."""
    title: str = ""
    """What people read instead of the function's name."""
    own: str = ""
    """What the tool's `call` gets as its `name`; no model sees it. Empty: the function's name."""


class ToolParams(NodeParams):
    """What every tool can be told."""

    approval: Annotated[
        Literal["writes", "always", "never"],
        asked(
            "Ask a person",
            group="Approval",
            words={"writes": "Before a call that changes something", "always": "Before every call", "never": "Never"},
        ),
    ] = "writes"
    """When the run waits until a person has agreed to a call of the model, with its arguments shown and editable.
    “Never” grants the model to do it by itself."""
    approvers: Annotated[
        list[Annotated[str, Field(max_length=300)]], asked("Who agrees", group="Approval", widget="lines")
    ] = []
    """Members by e-mail address, `role:admin`, other addresses. Left out: everybody who may answer."""

    def needs_approval(self, effect: Effect) -> bool:
        """Whether a call with this effect waits for a person."""
        return self.approval == "always" or (self.approval == "writes" and effect is Effect.WRITE)


class Tool(Node):
    """Base of TOOL nodes. An agent offers to its model what `offers` gives, and has `call` do what the model wants.

    Each call is a step of the agent: done once, its result kept. What `call` returns is shown to the model as data.
    """

    type: ClassVar[NodeType] = NodeType.TOOL

    @classmethod
    def may_ask(cls, params: Mapping[str, Json]) -> bool:
        """Whether the run may wait for a person because of it, for these stored parameters."""
        return params.get("approval") != "never"

    def offers(self, params: Any, ctx: Context) -> Sequence[Offer]:
        """What the model may call. May ask others (an MCP server for its list): it runs in a step of its own, so that
        its answer stays the same for the whole run of the agent. Raises `NodeError`.
        """
        raise TypeError(f"{type(self).__name__} does not say what it offers: write its offers().")

    def call(self, params: Any, ctx: Context, name: str, arguments: Mapping[str, Json]) -> Done | Suspend:
        """Do it. `name` is the offer's `own`, `arguments` keep to its function's schema. `ctx.idempotency_key` is this
        call's own.

        Raises `NodeError`; the model is told, unless the outcome of a write is unknown.
        """
        raise TypeError(f"{type(self).__name__} does not say what it does: write its call().")

    def answered(
        self, params: Any, ctx: Context, name: str, arguments: Mapping[str, Json], state: Json, answer: Json
    ) -> Done | Suspend:
        """Go on after a wait. Only for tools that suspend."""
        raise TypeError(f"{type(self).__name__} suspends but cannot go on: write its answered().")

    def run(self, params: Any, ctx: Context) -> Result:
        """Tools do not run by themselves."""
        raise TypeError(f"{type(self).__name__} is a tool: an agent calls it.")


class Memory(Node):
    """Base of MEMORY nodes: what an agent is reminded of before it begins, and what it remembers when it has ended."""

    type: ClassVar[NodeType] = NodeType.MEMORY

    def load(self, params: Any, ctx: Context, text: str) -> Sequence[Message]:
        """What stands before the input `text` in the conversation. Called once per run, in a step.

        Raises `NodeError`.
        """
        raise TypeError(f"{type(self).__name__} does not say what it remembers: write its load().")

    def save(self, params: Any, ctx: Context, said: Sequence[Message]) -> None:
        """Remember what was said in this run: the input, calls and answers of tools, the answer.

        Called once, in a step. Must do no harm when it is called again for the same run. Raises `NodeError`.
        """
        raise TypeError(f"{type(self).__name__} does not say how it remembers: write its save().")

    def run(self, params: Any, ctx: Context) -> Result:
        """Memories do not run by themselves."""
        raise TypeError(f"{type(self).__name__} is a memory: an agent uses it.")


@dataclass(frozen=True, slots=True)
class Attached:
    """A tool or memory as its agent gets it: its parameters resolved among what the agent sees, and checked."""

    id: str
    name: str
    node: Node
    params: Any
    stored: Mapping[str, Json] = field(default_factory=dict)
    """The parameters as they are stored."""
