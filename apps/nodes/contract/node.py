"""The node itself: one class per node type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from apps.nodes.contract.context import Context
from apps.nodes.contract.declare import (
    Effect,
    Example,
    Json,
    Migration,
    NodeOutput,
    NodeParams,
    NodeType,
    OnUnknown,
    Retry,
)
from apps.nodes.contract.results import Done, Result

Nested: TypeAlias = "Mapping[str, tuple[type[Node], Mapping[str, Json]]]"


class Node:
    """Base of every node type. Subclass it in a file of its own inside a `nodes` (or `nodes/builtin`) folder."""

    type: ClassVar[NodeType]
    subtype: ClassVar[str]
    icon: ClassVar[str]
    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""  # second line of the card, with parameters in braces: "{method} {url}"
    keywords: ClassVar[tuple[str, ...]] = ()
    ports: ClassVar[tuple[str, ...]] = ("main",)
    is_container: ClassVar[bool] = False  # whether other nodes may stand inside it
    is_inner: ClassVar[bool] = False  # whether it can only stand inside a container
    on_unknown: ClassVar[OnUnknown] = OnUnknown.ASK
    retry: ClassVar[Retry] = Retry()
    timeout_seconds: ClassVar[float] = 300.0
    examples: ClassVar[Sequence[Example]] = ()
    migrations: ClassVar[Sequence[Migration]] = ()

    class Params(NodeParams):
        """No parameters."""

    class Output(NodeOutput):
        """Anything."""

    @classmethod
    def ports_of(cls, params: Mapping[str, Json]) -> tuple[str, ...]:
        """The output ports for these stored (unresolved) parameters."""
        return cls.ports

    @classmethod
    def output_of(cls, params: Mapping[str, Json]) -> dict[str, Json] | None:
        """JSON Schema of what it gives for these stored parameters, where they decide it. None: as `Output` says."""
        return None

    @classmethod
    def needs_of(cls, params: Mapping[str, Json]) -> int | None:
        """How many deliveries are enough to run, for these stored parameters. None: every branch still alive."""
        return None

    @classmethod
    def callback_method(cls, params: Mapping[str, Json]) -> str | None:
        """By which HTTP method the node's own address is called, for these stored parameters. None: it has none.

        For nodes that suspend with `Callback`. Expressions see the address as `$execution.callback_url["Node name"]`.
        """
        return None

    @classmethod
    def cancels_others(cls, params: Mapping[str, Json]) -> bool:
        """Whether, once it runs, the branches that lead here alone and have not arrived are ended."""
        return False

    @classmethod
    def late_of(cls, params: Mapping[str, Json]) -> frozenset[str]:
        """The parameters whose expressions the node evaluates itself with `ctx.resolve`, for these stored parameters.

        They arrive as they are stored, so their types must admit texts.
        """
        return frozenset()

    @classmethod
    def borrows(cls, params: Mapping[str, Json]) -> str | None:
        """Whose model it asks by what the workspace has connected, for these stored parameters: a provider, or
        `workspace` for the model the workspace has chosen. None: it needs nothing of the workspace's.
        """
        return None

    @classmethod
    def nested_of(cls, params: Mapping[str, Json]) -> Nested:
        """By name those of these stored parameters that are the parameters of another node type, with that type."""
        return {}

    def effect(self, params: Any) -> Effect:
        """What running with these resolved parameters does to the world. Must not do anything itself."""
        return Effect.PURE

    def honours_key(self, params: Any) -> bool:
        """Whether the receiver of this write makes a repeat with the same key (or the same call) harmless."""
        return False

    def run(self, params: Any, ctx: Context) -> Result:
        """Do the work. Raises `NodeError` when it cannot be done."""
        raise TypeError(f"{type(self).__name__} does not say what it does: write its run().")

    def resume(self, params: Any, ctx: Context, state: Json, answer: Json) -> Result:
        """Go on after a wait. Only for nodes that suspend."""
        raise TypeError(f"{type(self).__name__} suspends but cannot go on: write its resume().")


class Container(Node):
    """Base of nodes that have children: their `run` answers with `Rounds`."""

    is_container: ClassVar[bool] = True

    def collect(self, params: Any, results: Sequence[Json]) -> Json:
        """The output, from what the rounds gave, in their order."""
        return list(results)


class Trigger(Node):
    """Base of trigger nodes: how an execution starts. Its run delivers what came in."""

    type: ClassVar[NodeType] = NodeType.TRIGGER

    @classmethod
    def address(cls, params: Mapping[str, Json], *, node_id: str) -> str | None:
        """What this trigger listens to while its workflow is active, unique in the workspace for its subtype.

        None: it listens to nothing (started by hand only).
        """
        return None

    @classmethod
    def addresses(cls, params: Mapping[str, Json], *, node_id: str) -> tuple[str, ...]:
        """All it listens to, its `address` first."""
        found = cls.address(params, node_id=node_id)
        return () if found is None else (found,)

    @classmethod
    def accept(cls, params: Mapping[str, Json], given: Json) -> Json:
        """What the trigger delivers when someone starts it by hand or API with `given` as input."""
        return given

    def run(self, params: Any, ctx: Context) -> Result:
        """Hand on what came in."""
        return Done(ctx.trigger_input)
