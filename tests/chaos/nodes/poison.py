"""A node that takes its process with it."""

from __future__ import annotations

import os
import signal
from typing import Any, Literal

from apps.nodes.contract import Context, Done, Effect, Node, NodeOutput, NodeParams, NodeType, Result


class Poison(Node):
    """Kill the process it runs in, as a crash of the interpreter would."""

    type, subtype, icon, name = NodeType.ACTION, "CHAOS_POISON", "skull", "Poison"

    class Params(NodeParams):
        effect: Literal["pure", "read"] = "read"
        """What it says it does."""

    class Output(NodeOutput):
        killed: Any
        """Never."""

    def effect(self, params: Params) -> Effect:
        """As its parameter says."""
        return Effect(params.effect)

    def run(self, params: Params, ctx: Context) -> Result:
        """End."""
        os.kill(os.getpid(), signal.SIGKILL)
        return Done({"killed": False})
